import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import type http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { createCounts } from '../src/gateway/counts';
import { createHttpServer, createHttpsServer } from '../src/http-server';
import { createAuthority } from './support/certificates';
import { eventually, startProgram } from './support/harness';
import { NOBODY_ASKED, TOKENS, ask, createFolder, startGuarded } from './support/guarded-gateway';
import type { GuardedGateway } from './support/guarded-gateway';
import { valueIn } from './support/metrics';

/* Who may knock at the gateway, from where, how often, with what, and how long it may take. */

let gateway: GuardedGateway;
beforeAll(async () => {
  gateway = await startGuarded();
});
afterAll(() => gateway.stop());

/** Another file, from when it holds. */
const change = async (settings: object) => {
  const taken = () => gateway.program.output().split('and is taken').length;
  const before = taken();
  gateway.write({ gateway: settings });
  await eventually(() => taken() > before || undefined, 'the other file');
};

const errorsOf = ({ text }: { text: string }): unknown => {
  const answer: unknown = JSON.parse(text);
  return Reflect.get(Object(answer), 'errors');
};

describe('addresses', () => {
  const from = async (forwarded: string | undefined) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return gateway.post('validate', 'finance-token', {}, { headers });
  };
  const statusFrom = async (forwarded: string | undefined) => (await from(forwarded)).status;

  test('without a proxy the connection tells, whatever a header says', async () => {
    await change({ auth: TOKENS, allowFrom: ['127.0.0.0/8'] });
    expect([await statusFrom(undefined), await statusFrom('192.0.2.1')]).toEqual([200, 200]);
    await change({ auth: TOKENS, allowFrom: ['192.0.2.0/24'] });
    expect([await statusFrom(undefined), await statusFrom('192.0.2.1')]).toEqual([403, 403]);
    const refused = await from('192.0.2.1');
    expect([errorsOf(refused), refused.headers['www-authenticate']]).toEqual([
      ['address: is not one that this provisioner answers'],
      undefined,
    ]);
  });

  test('no method is answered before who calls is asked', async () => {
    const other = await startGuarded();
    for (const method of ['OPTIONS', 'HEAD', 'PUT', 'TRACE']) {
      const { status } = await other.call('/v1/provision', { method });
      expect([method, status]).toEqual([method, 401]);
    }
    await other.stop();
  });

  test('probes and metrics are answered from everywhere, the documents are not', async () => {
    const asked = ['/livez', '/readyz', '/metrics', '/openapi.json', '/docs/', '/none'];
    const answers = await Promise.all(asked.map((at) => gateway.call(at)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 403, 403, 403]);
  });

  test('behind proxies those count that they have added, and nothing that a caller has', async () => {
    await change({
      auth: TOKENS,
      trustProxies: 2,
      // That of the nearest proxy, too: it is nobody's who has called past the others.
      allowFrom: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7', '127.0.0.1'],
    });
    const expected: [string | undefined, number][] = [
      ['192.0.2.9, 10.0.0.1', 200],
      ['203.0.113.1, 10.0.0.1', 403],
      // The caller's own entries stand before those of the proxies.
      ['192.0.2.9, 203.0.113.1, 10.0.0.1', 403],
      ['203.0.113.1, 192.0.2.9, 10.0.0.1', 200],
      // Another form of the same address, with the port of some proxies, one address alone.
      ['::ffff:192.0.2.9, 10.0.0.1', 200],
      ['::ffff:203.0.113.1, 10.0.0.1', 403],
      ['::FFFF:C000:0209, 10.0.0.1', 200],
      ['192.0.2.9:51812, 10.0.0.1', 200],
      ['[2001:db8::1]:51812, 10.0.0.1', 200],
      ['2001:db8:1::7, 10.0.0.1', 200],
      ['2001:db9::1, 10.0.0.1', 403],
      ['198.51.100.7, 10.0.0.1', 200],
      ['198.51.100.8, 10.0.0.1', 403],
      // Fewer entries than proxies, none, and what is no address.
      ['192.0.2.9', 403],
      [undefined, 403],
      ['garbage, 10.0.0.1', 403],
      ['unknown, 10.0.0.1', 403],
      [', 10.0.0.1', 403],
      ['192.0.2, 10.0.0.1', 403],
      ['0300.0.2.9, 10.0.0.1', 403],
      ['3221225993, 10.0.0.1', 403],
      ['192.0.2.9%eth0, 10.0.0.1', 403],
    ];
    const got = await Promise.all(
      expected.map(async ([forwarded]) => [forwarded, await statusFrom(forwarded)]),
    );
    expect(got).toEqual(expected);
  });
});

describe('how often', () => {
  const limited = (perMinute: number, more: object = {}) => ({
    auth: TOKENS,
    rateLimit: { perMinute },
    ...more,
  });
  const validate = (token: Parameters<GuardedGateway['post']>[1], headers = {}) =>
    gateway.post('validate', token, {}, { headers });
  const statuses = async (count: number, token: Parameters<GuardedGateway['post']>[1]) => {
    const seen: number[] = [];
    for (let index = 0; index < count; index += 1) seen.push((await validate(token)).status);
    return seen;
  };

  test('a caller beyond the limit waits, and no other one', async () => {
    await change(limited(3));
    const first = await validate('finance-token');
    expect(first.headers.ratelimit).toMatch(/^"3-in-1min"; r=2; t=\d+$/);
    expect(first.headers['ratelimit-policy']).toMatch(/^"3-in-1min"; q=3; w=60; pk=:/);
    expect(await statuses(3, 'finance-token')).toEqual([200, 200, 429]);
    const refused = await validate('finance-token');
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(JSON.parse(refused.text)).toMatchObject({
      errors: ['request: is one too many of its caller in this minute'],
      userMessage: 'The caller has sent too many requests in this minute.',
      moreInfo: {
        solutions: [
          `Send it again in ${String(seconds)} s: nothing was done, and repeating it is safe.`,
        ],
      },
    });
    expect(await statuses(3, 'marketing-token')).not.toContain(429);
    const { text } = await gateway.call('/metrics');
    expect(valueIn(text, 'provisioner_http_refusals_total', { reason: 'rate_limited' })).toBe(2);
  });

  test('guesses have a bound of their own where no rate is set', async () => {
    const other = await startGuarded();
    const guess = (token?: 'finance-token') => other.post('validate', token);
    for (let round = 0; round < 6; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => guess()));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    }
    expect([(await guess()).status, (await guess('finance-token')).status]).toEqual([429, 429]);
    await other.stop();
  });

  test('another limit holds as soon as the file has it, and none at all', async () => {
    await change(limited(1000));
    expect(await statuses(2, 'finance-token')).toEqual([200, 200]);
    await change({ auth: TOKENS });
    const { status, headers } = await validate('finance-token');
    expect([status, headers.ratelimit]).toEqual([200, undefined]);
  });

  test('guesses at tokens are limited by their address, right ones are not counted', async () => {
    await change(limited(5, { trustProxies: 1 }));
    const at = (address: string) => ({ 'x-forwarded-for': address });
    const right = await Promise.all(
      Array.from({ length: 5 }, () => validate('coordinator-token', at('192.0.2.1'))),
    );
    expect(right.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const guess = (index: number, address: string) =>
      gateway.call('/v1/provision/x/status', {
        token: `guess-${String(index)}`,
        headers: at(address),
      });
    const seen: number[] = [];
    for (let index = 0; index < 7; index += 1) seen.push((await guess(index, '192.0.2.1')).status);
    expect(seen).toEqual([401, 401, 401, 401, 401, 429, 429]);
    // Not even a right one now: or guessing would go on.
    const locked = await validate('finance-token', at('192.0.2.1'));
    expect(locked.status).toBe(429);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
    expect((await validate('marketing-token', at('192.0.2.2'))).status).not.toBe(429);
    // A host has a whole network of IPv6.
    for (let index = 0; index < 5; index += 1) await guess(index, `2001:db8:0:${String(index)}::1`);
    expect((await guess(9, '2001:db8:0:9::1')).status).toBe(429);
    expect((await guess(9, '2001:db8:1:9::1')).status).toBe(401);
  });

  test('a hundred thousand are counted at once, and for one more the earlier half is forgotten', () => {
    const counts = createCounts(60_000);
    const seen = (...of: number[]) =>
      of.map((index) => counts.get(`caller ${String(index)}`)?.totalHits);
    for (let index = 0; index < 100_000; index += 1) counts.increment(`caller ${String(index)}`);
    expect(seen(0, 49_999, 50_000, 99_999)).toEqual([1, 1, 1, 1]);
    counts.increment('caller 100000');
    expect(seen(0, 49_999, 50_000, 99_999, 100_000)).toEqual([undefined, undefined, 1, 1, 1]);
  });

  test('a million addresses are counted as well as a few, those with long names too', () => {
    const counts = createCounts(60_000);
    for (let index = 0; index < 1_000_000; index += 1) counts.increment(`address ${String(index)}`);
    const long = 'x'.repeat(16_000);
    expect([`${long}1`, `${long}2`, `${long}1`].map((key) => counts.increment(key))).toMatchObject([
      { totalHits: 1 },
      { totalHits: 1 },
      { totalHits: 2 },
    ]);
    expect([0, 999_999].map((index) => counts.get(`address ${String(index)}`)?.totalHits)).toEqual([
      undefined,
      1,
    ]);
  });

  test('counts end with their minute', () => {
    jest.useFakeTimers({ now: 0 });
    const counts = createCounts(60_000);
    expect([counts.increment('a'), counts.increment('a')]).toMatchObject([
      { totalHits: 1 },
      { totalHits: 2 },
    ]);
    jest.setSystemTime(30_000);
    counts.increment('b');
    jest.setSystemTime(60_000);
    expect(counts.get('a')).toBeUndefined();
    expect([counts.increment('a'), counts.increment('b')]).toMatchObject([
      { totalHits: 1 },
      { totalHits: 2 },
    ]);
    jest.useRealTimers();
  });
});

describe('headers', () => {
  test('answers are told to be nobody else’s, and no page', async () => {
    await change({ auth: TOKENS });
    const answers = await Promise.all([
      gateway.post('validate', 'finance-token'),
      gateway.post('validate', undefined),
      gateway.call('/livez'),
      gateway.call('/none'),
    ]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
    const { headers } = await gateway.call('/docs/');
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    expect([headers['strict-transport-security'], headers['x-powered-by']]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('two hundred headers are read, and one more is refused', async () => {
    const withHeaders = (count: number) => {
      // Host and Connection are among them.
      const more = Object.fromEntries(
        Array.from({ length: count - 2 }, (_, index) => [`x-h-${String(index)}`, '1']),
      );
      return gateway.call('/v1/provision/x/status', { headers: more });
    };
    expect((await withHeaders(200)).status).toBe(401);
    const refused = await withHeaders(201);
    expect([refused.status, errorsOf(refused)]).toEqual([431, ['headers: are more than 200']]);
  });

  test('over 16 KiB of headers are refused before they are read', async () => {
    const withBytes = (bytes: number) =>
      gateway.call('/livez', { headers: { 'x-long': 'x'.repeat(bytes) } });
    expect((await withBytes(15 * 1024)).status).toBe(200);
    expect((await withBytes(16 * 1024)).status).toBe(431);
  });
});

describe('who takes his time', () => {
  const TIMES = { headers: 200, request: 400, handshake: 200, look: 50 };
  const serve = async (server: http.Server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  /** What is answered to somebody who sends a beginning, and then a character now and then. */
  const drip = (port: number, beginning: string) =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.write(beginning, 'latin1');
      });
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('data', (piece) => (answer += piece.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(timer);
        resolve(answer.split('\r\n')[0] ?? '');
      });
    });

  test('is cut off: in the headers, in the body, in the handshake', async () => {
    const app: http.RequestListener = (req, res) => {
      req.resume().on('end', () => res.end());
    };
    const folder = createFolder();
    folder.write();
    const credentials = createAuthority(folder.at('.'), 'slow').issue();
    const plain = createHttpServer(app, TIMES);
    const secure = createHttpsServer(app, { ...TIMES, credentials });
    const [port, securePort] = await Promise.all([serve(plain), serve(secure)]);
    const began = Date.now();
    const seen = await Promise.all([
      drip(port, 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: '),
      drip(port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n'),
      // The beginning of a greeting of 16 KiB.
      drip(securePort, '\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03'),
    ]);
    expect(seen).toEqual(['HTTP/1.1 408 Request Timeout', 'HTTP/1.1 408 Request Timeout', '']);
    // With the times of the product it would be ten seconds at least.
    expect(Date.now() - began).toBeLessThan(8000);
    plain.close();
    secure.close();
    folder.remove();
  });
});

describe('a gateway that asks nobody who he is', () => {
  const started = async (settings: object, host: string) => {
    const other = createFolder();
    other.write({ gateway: settings });
    try {
      const program = await startProgram('server', { env: { ...other.env, HOST: host } });
      await program.end('SIGKILL');
      return program.output();
    } catch (err) {
      return String(err);
    } finally {
      other.remove();
    }
  };
  const SAID = 'nobody is asked who he is: whoever reaches this address may do everything';

  test('listens on this machine only, unless the file says otherwise', async () => {
    const [here, there, exposed, asked] = await Promise.all([
      started({ auth: NOBODY_ASKED }, '127.0.0.1'),
      started({ auth: NOBODY_ASKED }, '0.0.0.0'),
      started({ auth: { ...NOBODY_ASKED, exposed: true } }, '0.0.0.0'),
      started({ auth: TOKENS }, '0.0.0.0'),
    ]);
    expect(here).toMatch(new RegExp(`"level":30,.*${SAID}`));
    expect(there).toContain(
      'gateway.auth.mode: is none, so whoever reaches 0.0.0.0 (HOST) may do everything: set tokens or oidc, or say exposed: true beside it',
    );
    expect(exposed).toMatch(new RegExp(`"level":40,.*${SAID}`));
    expect(asked).not.toContain(SAID);
    expect(asked).toContain('gateway listens');
  });

  test.each(['0.0.0.0', '127.0.0.1'])(
    'does not become one by a change of the file: %s',
    async (host) => {
      const open = await startGuarded({ env: { HOST: host } });
      open.write({ gateway: { auth: NOBODY_ASKED } });
      await open.warned('what it said before still holds');
      expect(open.program.output()).toContain('gateway.auth.mode: is none');
      expect((await open.post('validate', undefined)).status).toBe(401);
      const { text } = await open.call('/metrics');
      expect([
        valueIn(text, 'provisioner_settings_broken', {}),
        valueIn(text, 'provisioner_settings_reloads_total', { outcome: 'refused' }),
        valueIn(text, 'provisioner_settings_reloads_total', { outcome: 'taken' }),
      ]).toEqual([1, 1, 0]);
      await open.stop();
    },
  );

  test('serves operators only where that is switched on, and all of it as soon as it asks', async () => {
    const open = await startGuarded({ gateway: { auth: NOBODY_ASKED } });
    const list = async (token?: 'platform-token') =>
      (await open.call('/operations/runs', { token })).status;
    const isDocumented = async () =>
      (await open.call('/openapi.json')).text.includes('/operations/runs');
    expect([await list(), await isDocumented()]).toEqual([404, false]);
    open.write({ gateway: { auth: TOKENS } });
    await eventually(async () => (await list()) === 401 || undefined, 'who is asked');
    expect([await list('platform-token'), await isDocumented()]).toEqual([200, true]);
    await open.stop();
  });
});

test('a worker, too, tells of a file that is wrong since it changed', async () => {
  const { env, file, write, remove } = createFolder();
  write();
  const worker = await startProgram('worker', {
    env: { ...env, WORKER_PORT: '0', FINGERPRINT_KEY: 'of these tests' },
  });
  const [, url = ''] = /"url":"([^"]+)","msg":"worker probes listen"/.exec(worker.output()) ?? [];
  const seen = async () => {
    const { text } = await ask(`${url}/metrics`);
    return [
      valueIn(text, 'provisioner_settings_broken', {}),
      valueIn(text, 'provisioner_settings_reloads_total', { outcome: 'refused' }),
      valueIn(text, 'provisioner_settings_reloads_total', { outcome: 'taken' }),
    ].join();
  };
  expect(await seen()).toBe('0,0,0');
  writeFileSync(file, 'environments: {}');
  await eventually(async () => (await seen()) === '1,1,0' || undefined, 'the refusal');
  expect((await ask(`${url}/readyz`)).text).toContain('The configuration file is wrong');
  write({ gateway: { auth: NOBODY_ASKED } });
  await eventually(async () => (await seen()) === '0,1,1' || undefined, 'the mended file');
  await worker.end('SIGKILL');
  remove();
});

test('without a file it is said at start, and served as before', async () => {
  const { env, remove } = createFolder();
  const program = await startProgram('server', { env: { ...env, PROVISIONER_CONFIG: '' } });
  expect(program.output()).toMatch(/"level":30,.*nobody is asked who he is/);
  expect((await ask(`${program.found}/v1/provision/x/status`)).status).toBe(400);
  await program.end('SIGKILL');
  remove();
});

const chromium = (process.env.PATH ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'chromium'))
  .find((program) => existsSync(program));
if (!chromium)
  process.stderr.write('SKIPPED: the page is shown in no browser, as there is no chromium.\n');

(chromium ? test : test.skip)(
  'the page of the documents works in a browser, which has nothing against it',
  async () => {
    const profile = gateway.at('browser');
    const { stdout, stderr } = await promisify(execFile)(
      chromium ?? '',
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`],
        ...['--enable-logging=stderr', '--virtual-time-budget=15000', '--dump-dom'],
        `${gateway.url}/docs/#/Contract/provision`,
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    expect(stdout).toContain(
      'class="opblock opblock-post is-open" id="operations-Contract-provision"',
    );
    // What a page says, and what a browser has against it.
    expect(stderr.split('\n').filter((line) => /CONSOLE|Security Policy/.test(line))).toEqual([]);
  },
);
