import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import { OAUTH, PAT, callsTo, databricksBench, errorOf, step } from './support/databricks-fabric';

/* How a fabric is let in: tokens and secrets, made anew, refused, rotated. */

const { secrets, control, fault, calls, entra, open, componentIn, component } = databricksBench();
const { personalToken } = DEFAULTS;

describe('credentials', () => {
  const digest = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const issued = async () =>
    (await calls()).filter(({ operation }) => operation?.startsWith('issue')).length;

  test.each([
    ['OAuth', () => OAUTH],
    ['Entra ID', entra],
  ])(
    'of %s are one token for all who call at once, and a new one after it expired',
    async (_kind, auth) => {
      const fabric = open({ auth: auth(), airbyteAuth: OAUTH });
      await Promise.all([1, 2, 3].map(() => componentIn(fabric).look(step())));
      expect(await issued()).toBe(1);
      await control('tokens?how=expire', undefined, 'DELETE');
      await componentIn(fabric).look(step());
      expect(await issued()).toBe(2);
    },
  );

  test('a token is made anew before it ends', async () => {
    const brief = await startDatabricksSimulator({ tokenLifetime: 1 });
    const fabric = open({ host: brief.url });
    const seen = async () => (await callsTo(brief.url)).requests;
    const issuedThere = async () =>
      (await seen()).filter(({ operation }) => operation === 'issueToken').length;
    while ((await issuedThere()) < 3) await componentIn(fabric).look(step());
    const all = await seen();
    await brief.close();
    expect(all.filter(({ status }) => status === 401)).toEqual([]);
  });

  test('a rotated secret is noticed at once, a wrong one is told and never shown', async () => {
    const fabric = open();
    await componentIn(fabric).look(step());
    await control('client', { secret: 'another-secret-8812' });
    secrets.set('SECRET', 'another-secret-8812');
    await componentIn(fabric).look(step());
    const last = (await calls()).filter(({ operation }) => operation === 'issueToken').at(-1);
    expect(last).toMatchObject({ status: 200, secretSha256: digest('another-secret-8812') });
    secrets.set('SECRET', 'wrong-secret-1234');
    const err = await errorOf(componentIn(fabric).look(step()));
    expect(err).toMatchObject({ kind: 'refused', notLetIn: true });
    expect(err.solution).toContain('check auth of the fabric lakehouse (http');
    expect(JSON.stringify([err.message, err.solution])).not.toContain('wrong-secret');
    secrets.set('SECRET', 'another-secret-8812');
    await componentIn(fabric).look(step());
  });

  test('a token that stays refused is asked for once more, and then it is told', async () => {
    const fabric = open();
    await fault({ operation: 'listSchemas', status: 401, times: 2 });
    expect(await errorOf(componentIn(fabric).look(step()))).toMatchObject({
      kind: 'refused',
      status: 401,
      notLetIn: true,
    });
    expect(await issued()).toBe(2);
  });

  test.each(['Invalid access token. [ReqId: 1]', 'Token is expired or invalid.', 'Invalid token'])(
    'a token that is refused by a 403 that says "%s" is asked for once more',
    async (message) => {
      const fabric = open();
      const refusal = { operation: 'listSchemas', status: 403, body: { error_code: 403, message } };
      await fault({ ...refusal, times: 1 });
      await componentIn(fabric).look(step());
      expect(await issued()).toBe(2);
      await fault({ ...refusal, times: 2 });
      const err = await errorOf(componentIn(fabric).look(step()));
      expect(err).toMatchObject({ kind: 'refused', status: 403, notLetIn: true });
      expect(err.solution).toContain('auth of the fabric lakehouse: a new token');
      expect(await issued()).toBe(3);
    },
  );

  test('a privilege that is missing is no reason for another token', async () => {
    const message = 'User does not have USE SCHEMA on Schema token.';
    await fault({ operation: 'listSchemas', status: 403, body: { message } });
    expect((await errorOf(component().look(step()))).solution).toContain(
      'Have an owner run: GRANT',
    );
    expect(await issued()).toBe(1);
  });

  test('a personal token that is replaced while it is refused is tried once more', async () => {
    let reads = 0;
    // Who it is of, and the first call, have the former one.
    const secretOf = () => Promise.resolve((reads += 1) <= 2 ? 'dapi-former-7712' : personalToken);
    const mine = componentIn(open({ auth: PAT }, { secretOf }));
    expect((await mine.look(step())).foreign).toEqual([]);
    const statuses = (await calls()).map(({ status }) => status);
    expect(statuses.filter((status) => status === 403)).toHaveLength(1);
  });

  test('a personal token that is wrong is told as that, though it is answered 403', async () => {
    secrets.set('PAT', 'dapi-wrong-7712');
    const err = await errorOf(component({ auth: PAT }).look(step()));
    expect(err).toMatchObject({ kind: 'refused', notLetIn: true });
    expect(err.solution).toContain('a new token');
    expect(err.message).not.toContain('7712');
  });

  describe('of a principal of Entra ID that is no user of the workspace', () => {
    const resourceId =
      '/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/lake';
    let azure: DatabricksSimulator;
    beforeAll(async () => {
      azure = await startDatabricksSimulator({ resourceId });
    });
    afterAll(() => azure.close());
    const opened = (changes: object = {}) => {
      const { entra: given } = entra();
      const auth = { entra: { ...given, authority: azure.url, ...changes } };
      return open({ host: azure.url, auth, airbyteAuth: OAUTH });
    };
    const steer = (path: string, method: string) =>
      fetch(`${azure.url}/_simulator/${path}`, { method });
    const issuedThere = async () =>
      (await callsTo(azure.url)).requests.filter(({ operation }) => operation === 'issueEntraToken')
        .length;

    test('each call shows a token of Azure, made anew when it is refused, and the workspace', async () => {
      const mine = componentIn(opened({ workspaceResourceId: resourceId }));
      await Promise.all([mine.look(step()), mine.look(step())]);
      expect(await issuedThere()).toBe(2);
      await steer('tokens?how=expire&kind=azure', 'DELETE');
      expect((await mine.look(step())).foreign).toEqual([]);
      expect(await issuedThere()).toBe(4);
    });

    test.each([
      ['without its id', {}, 403],
      ['with the id of another', { workspaceResourceId: `${resourceId}2` }, 400],
    ])('a workspace %s lets nobody in', async (_which, changes, status) => {
      const err = await errorOf(componentIn(opened(changes)).look(step()));
      expect(err).toMatchObject({ kind: 'refused', status });
    });

    test('no token of Azure is shown in an error that repeats it', async () => {
      const mine = componentIn(opened({ workspaceResourceId: resourceId }));
      await mine.look(step());
      const seen: string[] = [];
      const proxy = createServer((req, res) => {
        seen.push(String(req.headers['x-databricks-azure-sp-management-token']));
        res.writeHead(400, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ error_code: 'ODD', message: `No ${seen.at(-1) ?? ''}` }));
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const { port } = z.object({ port: z.number() }).parse(proxy.address());
      const host = `http://127.0.0.1:${String(port)}`;
      const { entra: given } = entra();
      const auth = { entra: { ...given, authority: azure.url, workspaceResourceId: resourceId } };
      const err = await errorOf(componentIn(open({ host, auth, airbyteAuth: OAUTH })).look(step()));
      proxy.close();
      expect(seen[0]).toMatch(/^eyJ/);
      expect(JSON.stringify([err.message, err.solution])).not.toContain('eyJ');
    });

    test.each(['lake', '/subscriptions/s1/workspaces/lake', `${resourceId}/more`])(
      '%s is the id of no workspace',
      (workspaceResourceId) => {
        expect(() => opened({ workspaceResourceId })).toThrow(/must be the id of a workspace/);
      },
    );
  });

  test('a secret goes to the host of the fabric, wherever that says its tokens are made', async () => {
    const elsewhere = await startDatabricksSimulator();
    const token_endpoint = `${elsewhere.url}/oidc/v1/token`;
    await fault({ operation: 'getOAuthEndpoints', status: 200, body: { token_endpoint } });
    await component().look(step());
    expect((await callsTo(elsewhere.url)).requests).toEqual([]);
    await elsewhere.close();
  });
});
