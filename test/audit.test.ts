import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { createAuditLog, lineOf } from '../src/gateway/audit-log';
import { eventually, startProgram } from './support/harness';
import { TOKENS, createFolder, startGuarded } from './support/guarded-gateway';
import type { GuardedGateway, Token } from './support/guarded-gateway';
import { descriptor, request } from './support/fixtures';
import { valueIn } from './support/metrics';

/* Who asked for what, and what came of it: one line for each request, or no answer. */

const Entry = z.looseObject({ audit: z.literal(true), time: z.iso.datetime() });
type Entry = z.infer<typeof Entry>;

const entriesIn = (text: string): Entry[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"audit"'))
    .map((line) => Entry.parse(JSON.parse(line)));

const folder = createFolder();
const FILE = folder.at('audit.jsonl');
const written = (file = FILE) => entriesIn(existsSync(file) ? readFileSync(file, 'utf8') : '');

let gateway: GuardedGateway;
beforeAll(async () => {
  gateway = await startGuarded({ more: { audit: { log: FILE } } }, folder);
});
afterAll(() => gateway.stop());

/** What is written of a request; the answer has come, so it is there. */
const entryOf = async (ask: () => Promise<unknown>) => {
  const before = written().length;
  await ask();
  const [entry, ...more] = written().slice(before);
  expect(more).toEqual([]);
  const { time: _time, ...rest } = Entry.parse(entry);
  return rest;
};

const about = () => ({
  environment: folder.environment,
  dataProduct: 'finance.cashflow.0',
  component: 'finance.cashflow.0.payments',
});
const FINANCE = {
  audit: true,
  caller: 'finance-deployer',
  teams: ['finance'],
  address: '127.0.0.1',
};
const post = (token: Token | undefined, operation = 'validate', changes = {}, asked = {}) =>
  gateway.post(operation, token, changes, asked);

describe('what is written', () => {
  test.each<[string, () => Promise<unknown>, () => object]>([
    [
      'of a validation',
      () => post('finance-token'),
      () => ({ ...FINANCE, operation: 'validate', ...about(), status: 200 }),
    ],
    [
      'of a descriptor that is not valid',
      () => post('finance-token', 'validate', { connection: { namespaceDefinition: 'x' } }),
      () => ({ ...FINANCE, operation: 'validate', ...about(), status: 200, reason: 'invalid' }),
    ],
    [
      'of a refused one',
      () => post('finance-token', 'provision', { connection: { namespaceDefinition: 'x' } }),
      () => ({ ...FINANCE, operation: 'provision', ...about(), status: 400, reason: 'invalid' }),
    ],
    [
      'of one of another team',
      () => post('marketing-token', 'provision'),
      () => ({
        ...FINANCE,
        caller: 'marketing-deployer',
        teams: ['marketing'],
        operation: 'provision',
        ...about(),
        status: 403,
        reason: 'forbidden',
      }),
    ],
    [
      'of a coordinator',
      () => post('coordinator-token'),
      () => ({
        audit: true,
        caller: 'witboost',
        rank: 'coordinator',
        address: '127.0.0.1',
        operation: 'validate',
        ...about(),
        status: 200,
      }),
    ],
    [
      'of nobody',
      () => post(undefined, 'unprovision'),
      () => ({
        audit: true,
        address: '127.0.0.1',
        operation: 'unprovision',
        status: 401,
        reason: 'unauthenticated',
      }),
    ],
    [
      'of what is not served',
      () => gateway.call('/v1/secret?q=1', { token: 'finance-token', method: 'PUT' }),
      () => ({
        ...FINANCE,
        operation: 'none',
        method: 'PUT',
        path: '/v1/secret',
        status: 404,
        reason: 'not_understood',
      }),
    ],
    [
      'of a body that is none',
      () => gateway.call('/v1/provision', { token: 'finance-token', body: '{' }),
      () => ({ ...FINANCE, operation: 'provision', status: 400, reason: 'not_understood' }),
    ],
    [
      'of a wrong token in a path, whoever asks',
      () => gateway.call('/v1/provision/nonsense/status'),
      () => ({
        audit: true,
        address: '127.0.0.1',
        operation: 'getStatus',
        token: 'nonsense',
        status: 401,
        reason: 'unauthenticated',
      }),
    ],
    [
      'of the trace of a caller',
      () => post('finance-token', 'validate', {}, { headers: { traceId: 'a'.repeat(32) } }),
      () => ({
        ...FINANCE,
        operation: 'validate',
        ...about(),
        status: 200,
        traceId: 'a'.repeat(32),
      }),
    ],
  ])('%s', async (_case, ask, expected) => {
    expect(await entryOf(ask)).toEqual(expected());
  });

  test('of a run, and all that is asked of it: by its token', async () => {
    let token = '';
    const started = await entryOf(async () => {
      token = (await post('finance-token', 'provision')).text;
    });
    const run = () => ({ token, ...about() });
    expect(started).toEqual({ ...FINANCE, operation: 'provision', ...run(), status: 202 });
    const asked = async (caller: Token, method: string, at: string, body?: object) => {
      const {
        operation,
        caller: name,
        status,
        reason,
        ...rest
      } = await entryOf(() => gateway.call(at, { token: caller, method, body }));
      expect(rest).toMatchObject(run());
      return [name, operation, status, reason];
    };
    const status = `/v1/provision/${token}/status`;
    const operated = `/operations/runs/${token}`;
    expect([
      await asked('finance-token', 'GET', status),
      await asked('marketing-token', 'GET', status),
      await asked('finance-operator-token', 'GET', operated),
      await asked('finance-token', 'POST', `${operated}/cancel`, {}),
      await asked('finance-operator-token', 'POST', `${operated}/replay`, {}),
      await asked('finance-operator-token', 'POST', `${operated}/cancel`, {}),
      await asked('finance-operator-token', 'DELETE', `/v1/provision/${token}`),
      await asked('finance-token', 'DELETE', `/v1/provision/${token}`),
    ]).toEqual([
      ['finance-deployer', 'getStatus', 200, undefined],
      ['marketing-deployer', 'getStatus', 400, 'unknown_run'],
      ['finance-operator', 'showRun', 200, undefined],
      ['finance-deployer', 'cancelRun', 403, 'forbidden'],
      ['finance-operator', 'replayRun', 200, undefined],
      ['finance-operator', 'cancelRun', 202, undefined],
      ['finance-operator', 'terminateProvisioning', 403, 'forbidden'],
      ['finance-deployer', 'terminateProvisioning', 202, undefined],
    ]);
    const list = await entryOf(() =>
      gateway.call(`/operations/runs?environment=${folder.environment}`, {
        token: 'platform-token',
      }),
    );
    expect(list).toEqual({
      audit: true,
      caller: 'platform',
      rank: 'platform operator',
      address: '127.0.0.1',
      operation: 'listRuns',
      environment: folder.environment,
      status: 200,
    });
  });

  test('of a caller that has left before the answer', async () => {
    const before = written().length;
    const { hostname, port } = new URL(gateway.url);
    const socket = net.connect(Number(port), hostname);
    const body = JSON.stringify(request(descriptor({ environment: folder.environment })));
    socket.write(
      `POST /v1/provision HTTP/1.1\r\nhost: a\r\nauthorization: Bearer finance-token\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length + 10)}\r\n\r\n${body}`,
    );
    await eventually(async () => {
      const { text } = await gateway.call('/metrics');
      return valueIn(text, 'provisioner_http_open_requests', {}) === 1 || undefined;
    }, 'the request to be open');
    socket.destroy();
    const entry = await eventually(() => written()[before], 'the entry');
    expect(entry).toMatchObject({ ...FINANCE, operation: 'provision', status: 'left' });
  });

  test('of a refused address, and of one too many', async () => {
    const change = async (settings: object, isSo: () => Promise<boolean>) => {
      gateway.write({ gateway: settings, more: { audit: { log: FILE } } });
      await eventually(async () => (await isSo()) || undefined, 'the other file');
    };
    const statusOf = async () => (await post('finance-token')).status;
    await change(
      { auth: TOKENS, allowFrom: ['192.0.2.1'] },
      async () => (await statusOf()) === 403,
    );
    expect(await entryOf(() => post('finance-token'))).toEqual({
      audit: true,
      address: '127.0.0.1',
      operation: 'validate',
      status: 403,
      reason: 'elsewhere',
    });
    await change(
      // More than have failed here in this minute: they would all be refused without being asked.
      { auth: TOKENS, rateLimit: { perMinute: 20 } },
      async () => (await statusOf()) === 429,
    );
    expect(await entryOf(() => post('finance-token'))).toEqual({
      ...FINANCE,
      operation: 'validate',
      status: 429,
      reason: 'rate_limited',
    });
    await change({ auth: TOKENS }, async () => (await statusOf()) === 200);
  });

  test('not of probes and documents, and never a payload, a credential or a query', async () => {
    const before = written().length;
    await Promise.all(
      ['/livez', '/readyz', '/metrics', '/docs/', '/docs/swagger-ui.css', '/openapi.json'].map(
        (at) => gateway.call(at),
      ),
    );
    expect(written()).toHaveLength(before);
    await post('finance-token', 'provision', { sourceName: 'canary-in-descriptor' });
    await gateway.call('/v1/none?token=canary-in-query', { token: 'canary-as-token' });
    const text = readFileSync(FILE, 'utf8');
    expect(text).not.toContain('canary');
    expect(text).not.toContain('finance-token');
  });

  test('is one line of ASCII below 4,096 bytes, whatever a caller sends', async () => {
    const hostile = encodeURIComponent('\n\r\u0000\u001b[31m\u2028\u2029\u202e"}\\'.repeat(200));
    const lines = () => readFileSync(FILE, 'utf8').split('\n');
    const before = lines().length;
    await gateway.call(`/v1/provision/${hostile}/status`, {
      token: 'finance-token',
      headers: { traceId: 'x'.repeat(3000), 'x-forwarded-for': 'x\ty' },
    });
    await gateway.call(`/${hostile}`, { token: 'finance-token' });
    const added = lines().slice(before - 1, -1);
    expect(added).toHaveLength(2);
    for (const line of added) {
      expect(line).toMatch(/^[ -~]{100,4095}$/);
      expect(Entry.safeParse(JSON.parse(line)).success).toBe(true);
    }
  });
});

test('a line says what it was given, in ASCII', () => {
  const given = { name: 'Zoë\u2028\n\u0000\u007f\ud83d\ude00"\\\u202e' };
  const line = lineOf(given);
  expect(line).toMatch(/^[ -~]+$/);
  expect(JSON.parse(line)).toEqual(given);
});

describe('where it cannot be written', () => {
  const UNWRITTEN = 'Who asked for this cannot be written down, so it is not answered.';
  /** Another gateway, whose audit is at the end of a link. */
  const startLinked = async () => {
    const other = createFolder();
    const link = other.at('link');
    const point = (to: string) => {
      symlinkSync(to, other.at('next'));
      renameSync(other.at('next'), link);
    };
    point(other.at('first'));
    const started = await startGuarded({ more: { audit: { log: link } } }, other);
    return { ...started, point, written: (name: string) => written(other.at(name)) };
  };

  test('nothing is answered, nothing more is begun, and it goes on by itself afterwards', async () => {
    const other = await startLinked();
    const status = async () => (await other.post('validate', 'finance-token')).status;
    expect(await status()).toBe(200);
    // A disk without room.
    other.point('/dev/full');
    const first = await other.post('provision', 'finance-token');
    expect([first.status, JSON.parse(first.text)]).toEqual([
      503,
      {
        error: UNWRITTEN,
        userMessage: UNWRITTEN,
        moreInfo: {
          problems: [UNWRITTEN],
          solutions: [
            'Send the request again in a minute: repeating it is safe.',
            'If it goes on, ask the platform operator to see to the place where the audit is written.',
          ],
        },
      },
    ]);
    expect(first.headers['content-length']).toBe(String(Buffer.byteLength(first.text)));
    const again = await Promise.all([
      other.post('provision', 'finance-token', { component: 'never-begun' }),
      other.call('/v1/provision/nonsense/status', { token: 'finance-token' }),
      other.post('validate', undefined),
      other.call('/none'),
    ]);
    expect(again.map((answer) => answer.status)).toEqual([503, 503, 503, 503]);
    const ready = await other.readiness();
    expect([ready.status, ready.text]).toEqual([
      503,
      JSON.stringify({
        ready: false,
        problem: `the audit's ${other.at('link')} cannot be written (ENOSPC)`,
      }),
    ]);
    const { text } = await other.call('/metrics');
    expect(
      valueIn(text, 'provisioner_http_refusals_total', { reason: 'unaudited' }),
    ).toBeGreaterThan(0);

    other.point(other.at('second'));
    expect((await other.readiness()).status).toBe(200);
    expect(other.written('second')).toMatchObject([{ event: 'resumed', unwritten: 5 }]);
    // The first one had been begun: it is joined, and written down now.
    const joined = await other.post('provision', 'finance-token');
    expect(joined.status).toBe(202);
    const runs = await eventually(async () => {
      const list = await other.call('/operations/runs?limit=10', { token: 'platform-token' });
      return list.text.includes(joined.text) ? list.text : undefined;
    }, 'the run');
    expect(runs).not.toContain('never-begun');
    expect(other.written('second').map(({ status: of }) => of)).toContain(202);
    expect(other.program.output().match(/the audit cannot be written/g)).toHaveLength(1);
    await other.stop();
  });

  test('a folder that is gone is the same, and the process stays', async () => {
    const other = createFolder();
    mkdirSync(other.at('logs'));
    const file = path.join(other.at('logs'), 'audit');
    const started = await startGuarded({ more: { audit: { log: file } } }, other);
    const status = async () => (await started.post('validate', 'finance-token')).status;
    rmSync(other.at('logs'), { recursive: true });
    expect([await status(), await status()]).toEqual([503, 503]);
    mkdirSync(other.at('logs'));
    expect(await status()).toBe(200);
    expect(written(file)).toMatchObject([{ event: 'resumed' }, { status: 200 }]);
    await started.stop();
  });

  test.each([
    ['a folder', () => folder.at('.'), 'EISDIR'],
    ['a file in no folder', () => folder.at('none/audit'), 'ENOENT'],
    [
      'a pipe that nobody reads',
      () => {
        execFileSync('mkfifo', [folder.at('pipe')]);
        return folder.at('pipe');
      },
      'ENXIO',
    ],
  ])('with %s the gateway does not start, and says why', async (_case, place, code) => {
    const other = createFolder();
    const log = place();
    other.write({ more: { audit: { log } } });
    await expect(startProgram('server', { env: other.env })).rejects.toThrow(
      `The audit cannot be written: audit.log, ${log}, cannot be opened (${code}).`,
    );
    other.remove();
  });
});

test('who rotates the file finds all lines in the one and the other', async () => {
  const before = written().length;
  const validations = async (count: number) => {
    for (let index = 0; index < count; index += 1) await post('finance-token');
  };
  const load = validations(60);
  const first = folder.at('rotated.1');
  await eventually(() => written().length > before + 10 || undefined, 'some lines');
  renameSync(FILE, first);
  await load;
  const [rotated, current] = [written(first), written()];
  expect(rotated.length + current.length).toBe(before + 60);
  expect(current.length).toBeGreaterThan(0);
});

test('the file of now says where it goes; a place that cannot be opened is not taken', async () => {
  const other = folder.at('elsewhere');
  gateway.write({ more: { audit: { log: other } } });
  await eventually(async () => {
    await post('finance-token');
    return written(other)[0];
  }, 'a line elsewhere');
  gateway.write({ more: { audit: { log: '/none/audit' } } });
  const { status, warning } = await gateway.warned('The audit still goes where it went');
  expect([status, warning]).toEqual([
    200,
    'The audit still goes where it went: audit.log cannot be opened. The log of this program says why.',
  ]);
  await gateway.logged('"file":"/none/audit"');
  const before = written(other).length;
  expect((await post('finance-token')).status).toBe(200);
  expect(written(other)).toHaveLength(before + 1);
  gateway.write();
  await gateway.warned('takes a restart');
  expect((await post('finance-token')).status).toBe(200);
  expect(written(other)).toHaveLength(before + 2);
  gateway.write({ more: { audit: { log: 'stdout' } } });
  await gateway.warned('');
  await post('finance-token');
  await gateway.logged('{"audit":true');
  expect(entriesIn(gateway.program.output())).toMatchObject([{ operation: 'validate' }]);
  expect(written(other)).toHaveLength(before + 2);
});

test('a line that broke off, as on a full disk, does not spoil the next, nor that of another process', () => {
  const file = folder.at('torn');
  const program = `
    const { truncateSync } = require('node:fs');
    const { createAuditLog } = require(${JSON.stringify(path.resolve('dist/src/gateway/audit-log'))});
    const audit = createAuditLog(${JSON.stringify(file)}, { error() {}, info() {} });
    process.on('SIGXFSZ', () => {});
    const seen = [];
    const write = (index) => seen.push(audit.write({ index, text: 'x'.repeat(100) }));
    for (let index = 0; index < 40; index += 1) write(index);
    truncateSync(${JSON.stringify(file)}, 500);
    write('after');
    process.stdout.write(JSON.stringify(seen));
  `;
  // The system lets this process write 2 KiB into a file, as a disk would that has no more.
  const text = execFileSync(
    'bash',
    ['-c', 'ulimit -f 2; exec "$0" -e "$1"', process.execPath, program],
    { encoding: 'utf8' },
  );
  const seen = z.array(z.boolean()).parse(JSON.parse(text));
  expect([seen[0], seen[39], seen[40]]).toEqual([true, false, true]);
  appendFileSync(file, '{"audit":true,"broken');
  expect(createAuditLog(file, pino({ level: 'silent' })).write({ index: 'next' })).toBe(true);
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.slice(-5, -3).map((line): unknown => JSON.parse(line))).toMatchObject([
    { event: 'resumed' },
    { index: 'after' },
  ]);
  expect(lines.slice(-3)).toEqual(['{"audit":true,"broken', '{"audit":true,"index":"next"}', '']);
});
