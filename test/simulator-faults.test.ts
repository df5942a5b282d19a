import { z } from 'zod';
import {
  DEFAULT_WORKSPACE_ID,
  type SimulatorOptions,
  startSimulator,
} from '../simulator/simulator';
import { slowness } from './support/harness';
import { API, createClient, json } from './support/simulator-client';

const operationNames: unknown = expect.arrayContaining(['*', 'createSource', 'createAccessToken']);
const aNumber: unknown = expect.any(Number);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const source = {
  name: 'orders',
  workspaceId: DEFAULT_WORKSPACE_ID,
  configuration: { sourceType: 'faker' },
};

type Client = Awaited<ReturnType<typeof connect>>;

const connect = async (options: SimulatorOptions) => {
  const simulator = await startSimulator(options);
  const { request } = createClient(() => simulator.url);
  return {
    simulator,
    request,
    token: (client_secret: string) =>
      request('POST', `${API}/applications/token`, json({ client_id: 'simulator', client_secret })),
    createSource: (signal: AbortSignal | null = null) =>
      request('POST', `${API}/sources`, { ...json(source), signal }),
    addFault: (fault: unknown) => request('POST', '/_simulator/faults', json(fault)),
    sourceCount: async () => {
      const { body } = await request('GET', '/_simulator/entities');
      return z.object({ sources: z.array(z.unknown()) }).parse(body).sources.length;
    },
  };
};

const withSimulator = async (options: SimulatorOptions, use: (client: Client) => Promise<void>) => {
  const client = await connect(options);
  try {
    await use(client);
  } finally {
    await client.simulator.close();
  }
};

/** Asks again until it holds; the test's own time limit ends it. */
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  if (!(await holds())) await eventually(holds);
};

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const Token = z.object({
  access_token: z.string(),
  token_type: z.string(),
  expires_in: z.number(),
});

describe('authentication', () => {
  test.each([
    ['JSON', 'application/json', '{"client_id":"simulator","client_secret":"simulator-secret"}'],
    [
      'a form',
      'application/x-www-form-urlencoded',
      'grant_type=client_credentials&client_id=simulator&client_secret=simulator-secret',
    ],
  ])('a token is given for credentials as %s', (_case, type, body) =>
    withSimulator({}, async ({ request }) => {
      const headers = { 'Content-Type': type };
      const answer = await request('POST', `${API}/applications/token`, { headers, body });
      const token = Token.parse(answer.body);
      expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
      const listed = await request('GET', `${API}/sources`, bearer(token.access_token));
      expect(listed).toMatchObject({ status: 200, body: { data: [] } });
    }),
  );

  test('a wrong secret is a 400 of the framework', () =>
    withSimulator({}, async ({ token }) => {
      expect(await token('wrong')).toMatchObject({
        status: 400,
        body: { _embedded: { errors: [{ message: 'Invalid client id or token' }] } },
      });
    }));

  test.each([
    ['no token', {}],
    ['an unknown token', bearer('a.b.c')],
  ])('%s is an empty 401, but for the health check', (_case, init) =>
    withSimulator({}, async ({ request }) => {
      expect(await request('GET', `${API}/sources`, init)).toMatchObject({
        status: 401,
        body: '',
      });
      expect(await request('GET', `${API}/health`)).toMatchObject({
        status: 200,
        body: 'Successful operation',
      });
    }),
  );

  test('an expired token is refused', () =>
    withSimulator({ tokenLifetime: 0 }, async ({ token, request }) => {
      const { access_token } = Token.parse((await token('simulator-secret')).body);
      const answer = await request('GET', `${API}/sources`, bearer(access_token));
      expect(answer).toMatchObject({ status: 401 });
    }));

  test('basic credentials are asked for with an HTML page', () =>
    withSimulator({ auth: 'basic' }, async ({ request }) => {
      const refused = await request('GET', `${API}/sources`);
      expect(refused).toMatchObject({ status: 401, type: 'text/html' });
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic/);
      const headers = { Authorization: `Basic ${btoa('airbyte:password')}` };
      expect(await request('GET', `${API}/sources`, { headers })).toMatchObject({ status: 200 });
    }));
});

describe('other paths', () => {
  test.each([
    ['GET', `${API}/nothing`, 404, 'application/json'],
    ['PUT', `${API}/connections/x`, 405, 'application/json'],
    ['GET', `${API}/permissions`, 501, 'application/json'],
    ['GET', '/api/sources', 200, 'text/html; charset=utf-8'],
    ['POST', '/v1/sources', 200, 'text/html; charset=utf-8'],
  ])('%s %s answers %i as %s', (method, path, status, type) =>
    withSimulator({ auth: 'none' }, async ({ request }) => {
      expect(await request(method, path)).toMatchObject({ status, type });
    }),
  );

  test('malformed JSON is a 400', () =>
    withSimulator({ auth: 'none' }, async ({ request }) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await request('POST', `${API}/sources`, { headers, body: '{"name":' });
      expect(answer).toMatchObject({ status: 400, body: { message: 'Bad Request' } });
    }));
});

describe('faults', () => {
  test.each([
    [{ status: 404 }, { status: 404, body: { title: 'resource-not-found' } }, 0],
    [{ status: 500 }, { status: 500, body: { title: 'unexpected-problem' } }, 0],
    [{ status: 503, body: { odd: true } }, { status: 503, body: { odd: true } }, 0],
    [{ status: 401 }, { status: 401, body: '' }, 0],
    [{ status: 502 }, { status: 502, type: 'text/html' }, 0],
    [{ html: true, status: 200 }, { status: 200, type: 'text/html' }, 0],
    [{ html: true }, { status: 502, type: 'text/html' }, 0],
    [
      { status: 400, body: 'no', contentType: 'application/problem+json' },
      { status: 400, type: 'application/problem+json', body: 'no' },
      0,
    ],
    [{ status: 504, commit: true }, { status: 504, type: 'text/html' }, 1],
    [{ delay: 5 }, { status: 200, body: { name: 'orders' } }, 1],
    [{ delay: 5, status: 429 }, { status: 429 }, 0],
  ])('%j answers %j', (effect, answer, created) =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount }) => {
      expect(await addFault({ operation: 'createSource', ...effect })).toMatchObject({
        status: 200,
      });
      expect(await createSource()).toMatchObject(answer);
      expect(await sourceCount()).toBe(created);
      expect(await createSource()).toMatchObject({ status: 200 });
    }),
  );

  test.each([
    [{ reset: 'before' }, 0],
    [{ reset: 'after' }, 1],
    [{ truncate: true }, 1],
  ])('%j breaks the connection and leaves %i created', (effect, created) =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount }) => {
      await addFault({ operation: 'createSource', ...effect });
      await expect(createSource()).rejects.toThrow();
      expect(await sourceCount()).toBe(created);
    }),
  );

  test.each([
    [{ hang: 'before' }, 0],
    [{ hang: 'after' }, 1],
    [{ commitLater: 3000 }, 0],
  ])('%j never answers and leaves %i created when the client gives up', (effect, created) =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount }) => {
      await addFault({ operation: 'createSource', ...effect });
      // On a busy machine it takes a while until Airbyte has the call at all.
      await expect(
        createSource(AbortSignal.timeout(Math.ceil(100 * slowness()))),
      ).rejects.toThrow();
      expect(await sourceCount()).toBe(created);
    }),
  );

  test('commitLater does the operation after the client gave up, but not after a reset', () =>
    withSimulator({ auth: 'none' }, async (client) => {
      const { addFault, createSource, sourceCount, request, simulator } = client;
      const soon = Math.ceil(50 * slowness());
      const later = 2 * soon;
      await addFault({ operation: 'createSource', commitLater: later });
      await expect(createSource(AbortSignal.timeout(soon))).rejects.toThrow();
      const late = async () =>
        z.object({ late: z.number() }).parse((await request('GET', '/_simulator/faults')).body)
          .late;
      expect(await late()).toBe(1);
      await eventually(async () => (await late()) === 0);
      expect(await sourceCount()).toBe(1);
      await addFault({ operation: 'createSource', commitLater: later });
      await expect(createSource(AbortSignal.timeout(soon))).rejects.toThrow();
      simulator.reset();
      await createSource();
      await expect(createSource(AbortSignal.timeout(3 * soon))).resolves.toMatchObject({
        status: 200,
      });
      expect(await sourceCount()).toBe(2);
    }));

  test('a lying deletion deletes nothing', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount, request }) => {
      const { sourceId } = z.object({ sourceId: z.string() }).parse((await createSource()).body);
      await addFault({ operation: 'deleteSource', lie: true });
      expect(await request('DELETE', `${API}/sources/${sourceId}`)).toMatchObject({ status: 204 });
      expect(await sourceCount()).toBe(1);
    }));

  test('Retry-After is sent in seconds', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource }) => {
      await addFault({ operation: 'createSource', status: 429, retryAfter: 7 });
      const answer = await createSource();
      expect(answer.body).toEqual({ message: 'You are being rate limited.' });
      expect(answer.headers.get('retry-after')).toBe('7');
    }));

  test.each([
    ['once by default', {}, [503, 200, 200]],
    ['so many times', { times: 2 }, [503, 503, 200]],
    ['after so many calls', { skip: 1 }, [200, 503, 200]],
    ['until cleared', { times: 0 }, [503, 503, 503]],
    ['until cleared, for null', { times: null }, [503, 503, 503]],
    ['for every operation', { operation: '*' }, [503, 200, 200]],
    ['not for other operations', { operation: 'listSources' }, [200, 200, 200]],
  ])('hit %s', (_case, change, statuses) =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, request }) => {
      await addFault({ operation: 'createSource', status: 503, ...change });
      for (const status of statuses) expect(await createSource()).toMatchObject({ status });
      await request('DELETE', '/_simulator/faults');
      expect(await createSource()).toMatchObject({ status: 200 });
    }),
  );

  test('hit only after another operation was called', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, request }) => {
      const status = 503;
      await addFault({ operation: 'createSource', after: 'listSources', status });
      await addFault({ operation: 'listSources', after: 'listSources', status });
      expect(await createSource()).toMatchObject({ status: 200 });
      expect(await request('GET', `${API}/sources`)).toMatchObject({ status: 200 });
      expect(await createSource()).toMatchObject({ status });
      expect(await request('GET', `${API}/sources`)).toMatchObject({ status });
    }));

  test('tell how many calls they have hit', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, request }) => {
      await addFault({ operation: 'createSource', times: 0, status: 503 });
      await createSource();
      await createSource();
      expect(await request('GET', '/_simulator/faults')).toMatchObject({
        body: { faults: [{ operation: 'createSource', hits: 2 }] },
      });
    }));

  test('are not used up by a call without a good token', () =>
    withSimulator({}, async ({ addFault, createSource, request }) => {
      const { body } = await addFault({ operation: 'createSource', status: 503 });
      expect(await createSource()).toMatchObject({ status: 401 });
      expect(await request('GET', '/_simulator/faults')).toMatchObject({ body });
    }));

  test.each([
    ['an unknown operation', { operation: 'makeTea', status: 500 }, /^operation: makeTea/],
    [
      'an unknown predecessor',
      { operation: '*', after: 'makeTea', status: 500 },
      /^after: makeTea/,
    ],
    ['a text that is no fault', 'nonsense', /^body: /],
    ['no effect', { operation: '*' }, /^effect: one of/],
    ['two effects', { operation: '*', hang: 'before', reset: 'after' }, /hang and reset exclude/],
    ['an unknown key', { operation: '*', delay: 1, stats: 500 }, /stats/],
    ['a lie that is no deletion', { operation: 'createSource', lie: true }, /^lie: /],
    ['a body without a status', { operation: '*', body: 'x', hang: 'before' }, /^body: /],
  ])('with %s are refused', (_case, fault, message) =>
    withSimulator({ auth: 'none' }, async ({ addFault }) => {
      expect(await addFault(fault)).toMatchObject({
        status: 400,
        body: {
          errors: [matching(message)],
          operations: operationNames,
        },
      });
    }),
  );
});

describe('control', () => {
  test('records every call, in order, with what was answered', () =>
    withSimulator({ latency: 30 }, async ({ token, addFault, createSource, request }) => {
      await token('simulator-secret');
      await Promise.all([createSource(), createSource()]);
      await addFault({ operation: 'getHealthCheck', reset: 'before' });
      await expect(request('GET', `${API}/health`)).rejects.toThrow();
      const call = { startedAt: aNumber, duration: aNumber };
      const refused = { ...call, operation: 'createSource', method: 'POST', status: 401 };
      expect(await request('GET', '/_simulator/requests')).toMatchObject({
        body: {
          requests: [
            { ...call, operation: 'createAccessToken', path: '/applications/token', status: 200 },
            { ...refused, path: '/sources' },
            { ...refused, path: '/sources' },
            { ...call, operation: 'getHealthCheck', status: null },
          ],
          maxInFlight: 2,
        },
      });
      await request('DELETE', '/_simulator/requests');
      expect(await request('GET', '/_simulator/requests')).toMatchObject({
        body: { requests: [] },
      });
    }));

  test('a reset forgets entities, faults and calls', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount, request }) => {
      await createSource();
      await addFault({ operation: '*', times: 0, status: 500 });
      expect(await request('POST', '/_simulator/reset')).toMatchObject({ status: 200 });
      expect(await sourceCount()).toBe(0);
      expect(await request('GET', '/_simulator/requests')).toMatchObject({
        body: { requests: [] },
      });
      expect(await createSource()).toMatchObject({ status: 200 });
    }));

  test('what was saved can be restored, without faults and calls', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, sourceCount, request }) => {
      const { sourceId } = z.object({ sourceId: z.string() }).parse((await createSource()).body);
      await request('POST', '/_simulator/save');
      for (const _round of [1, 2]) {
        await request('DELETE', `${API}/sources/${sourceId}`);
        await createSource();
        await createSource();
        await addFault({ operation: '*', times: 0, status: 500 });
        expect(await request('POST', '/_simulator/restore')).toMatchObject({ status: 200 });
        expect(await sourceCount()).toBe(1);
        expect(await request('GET', `${API}/sources/${sourceId}`)).toMatchObject({
          status: 200,
          body: { configuration: {} },
        });
      }
    }));

  test('serves a sample file and an index', () =>
    withSimulator({}, async ({ request }) => {
      const file = await request('GET', '/_simulator/files/cashflow.csv');
      expect(file).toMatchObject({ status: 200, type: 'text/csv; charset=utf-8' });
      expect(file.body).toMatch(/,NA,/);
      expect(await request('GET', '/_simulator/files/none.csv')).toMatchObject({ status: 404 });
      expect(await request('GET', '/_simulator')).toMatchObject({ body: { routes: {} } });
      expect(await request('GET', '/_simulator/tea')).toMatchObject({ status: 404 });
    }));

  test('closing ends calls that hang', () =>
    withSimulator({ auth: 'none' }, async ({ addFault, createSource, request, simulator }) => {
      await addFault({ operation: 'createSource', hang: 'before' });
      const hanging = expect(createSource()).rejects.toThrow();
      await eventually(async () => {
        const { body } = await request('GET', '/_simulator/requests');
        return z.object({ requests: z.array(z.unknown()) }).parse(body).requests.length === 1;
      });
      await simulator.close();
      await hanging;
    }));
});
