import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { PlanStatus } from '../src/contract/plan';
import { descriptor } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { makeByHand } from './support/adoption-world';
import { counts, isWrite, runCli, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* The commands of who writes descriptors, through the gateway alone. */

let harness: Harness;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  harness = await startHarness({
    env: { BASE_PATH: '/base', SECRETS_ALLOWED: 'SHOP_PASSWORD', SHOP_PASSWORD: 'anything' },
  });
});
afterAll(async () => {
  await harness.stop();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const part = z.record(z.string(), z.unknown());
const Described = z.object({
  specific: z.object({ source: part, destination: part, connection: part }),
});
const Configured = z.looseObject({ connectionConfiguration: part });

/* Matchers, which jest types as any. */
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);

/** Neither Temporal nor Airbyte is known to it. */
const cli = (...args: string[]) =>
  runCli(args, { PROVISIONER_URL: harness.gateway().found, TEMPORAL_ADDRESS: '127.0.0.1:1' });

const written = async (text: string) => {
  const file = path.join(folder, 'descriptor.yaml');
  await writeFile(file, text);
  return file;
};
const fileOf = (changes: Changes = {}) =>
  written(descriptor({ environment: harness.environment, ...changes }));

const planOf = async (file: string, ...args: string[]) => {
  const { code, stdout } = await cli('plan', file, '--json', ...args);
  const [component] = PlanStatus.parse(JSON.parse(stdout)).components ?? [];
  return { code, component };
};

describe('validate', () => {
  test('a right descriptor is valid: 0', async () => {
    const file = await fileOf();
    const { code, stdout } = await cli('validate', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ is valid\.\n$/);
    expect(await cli('validate', file, '--no-airbyte')).toEqual({
      code: 0,
      stdout: `${file} is valid.\n`,
      stderr: '',
    });
  });

  test.each([[[]], [['--no-airbyte']]])(
    'problems have their line in the file: 1 (%j)',
    async (more) => {
      const text = descriptor({ url: 'cashflow.csv' });
      const line = text.split('\n').findIndex((each) => each.includes('cashflow.csv')) + 1;
      const file = await written(text);
      const { code, stdout } = await cli('validate', file, ...more);
      expect(code).toBe(1);
      const at = `${file}:${String(line)}: specific.source.connectionConfiguration.url: `;
      expect(stdout.split('\n')[0]).toBe(`${at}must be an https:// URL`);
      const json = await cli('validate', file, '--json', ...more);
      expect(JSON.parse(json.stdout)).toMatchObject({
        valid: false,
        problems: [{ line, path: 'specific.source.connectionConfiguration.url' }],
      });
    },
  );

  test('what only Airbyte tells has a line too', async () => {
    const source = {
      connector: 'custom',
      definitionName: 'Nothing',
      name: 'A',
      connectionConfiguration: {},
    };
    const text = descriptor({ source });
    const line = text.split('\n').findIndex((each) => each.includes('definitionName')) + 1;
    const file = await written(text);
    const { code, stdout } = await cli('validate', file);
    expect(code).toBe(1);
    expect(stdout).toContain(`${file}:${String(line)}: specific.source.definitionName: "Nothing"`);
  });
});

describe.each([401, 403])(
  'an Airbyte that answers %d to whatever the provisioner asks',
  (status) => {
    beforeEach(() => harness.fault({ operation: '*', status, times: 0 }));

    test('leaves open whether a descriptor is valid: 4', async () => {
      const file = await fileOf();
      const { code, stdout } = await cli('validate', file);
      expect(code).toBe(4);
      expect(stdout).toMatch(
        new RegExp(`: Airbyte: not checked: .*${String(status)} .*\\. Ask the platform operator`),
      );
      expect(stdout).toContain(`${file} was not checked to the end`);
      const json = await cli('validate', file, '--json');
      expect(JSON.parse(json.stdout)).toMatchObject({ valid: null, problems: [] });
    });

    test('does not hide what is wrong with it by itself: 1', async () => {
      const { code, stdout } = await cli('validate', await fileOf({ url: 'cashflow.csv' }));
      expect({ code, stdout }).toEqual({ code: 1, stdout: containing(' is not valid.') });
    });

    test('leaves no plan: 4', async () => {
      const { code, stdout, stderr } = await cli('plan', await fileOf({ component: 'unasked' }));
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(/^There is no plan\. .*\n.*credentials for Airbyte/);
    });
  },
);

test.each(['listSources', 'getStreamProperties'])(
  'an Airbyte that lets us do all but %s leaves open whether a descriptor is valid: 4',
  async (operation) => {
    const component = 'half-let-in';
    await harness.run('provision', { component });
    await harness.fault({ operation, status: 403, times: 0 });
    const { code, stdout } = await cli('validate', await fileOf({ component }));
    expect({ code, stdout }).toEqual({ code: 4, stdout: containing('Airbyte: not checked: ') });
  },
);

describe('plan', () => {
  test('what is not there is created, and nothing is written', async () => {
    const file = await fileOf({ component: 'new' });
    await harness.forgetCalls();
    const { code, component } = await planOf(file, '--exit-code');
    expect(code).toBe(3);
    expect(component?.entities.map(({ kind, action }) => [kind, action])).toEqual([
      ['source', 'create'],
      ['destination', 'create'],
      ['connection', 'create'],
    ]);
    expect(component?.open).toEqual([containing('streams are looked at')]);
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('what is as wanted is kept, and a provision then writes nothing', async () => {
    await harness.run('provision', { component: 'kept' });
    const file = await fileOf({ component: 'kept' });
    const { code, component } = await planOf(file, '--exit-code');
    expect(code).toBe(0);
    expect(component?.entities.map(({ action }) => action)).toEqual(['keep', 'keep', 'keep']);
    await harness.forgetCalls();
    expect((await harness.run('provision', { component: 'kept' })).status).toBe('COMPLETED');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  });

  test('what would be overwritten is named by its fields, edits by hand included; and so it is', async () => {
    await harness.run('provision', { component: 'changed' });
    const [connection] = (await harness.entities()).connections;
    await harness.airbyte('PATCH', `/connections/${connection?.connectionId ?? ''}`, {
      status: 'inactive',
    });
    const wish = { component: 'changed', database: 'another', connection: { prefix: 'new_' } };
    const file = await fileOf(wish);
    const before = await harness.entities();
    await harness.forgetCalls();
    const { code, component } = await planOf(file);
    expect(code).toBe(0);
    expect(component?.entities).toMatchObject([
      { kind: 'source', action: 'keep' },
      { kind: 'destination', action: 'change', differs: ['configuration.database'] },
      { kind: 'connection', action: 'change', differs: ['status', 'prefix'] },
    ]);
    expect(component?.warnings.join()).toContain('is inactive in Airbyte and is made active');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await harness.entities()).toEqual(before);

    const { stdout } = await cli('plan', file);
    expect(stdout).toMatch(/^ {2}change {4}connection ".*": status, prefix$/m);
    expect(stdout).toContain('create 0, change 2, take over 0, retire 0 and keep 1.');
    await harness.run('provision', wish);
    expect((await harness.calls()).filter(isWrite).length).toBe(2);
    for (const operation of ['putDestination', 'patchConnection'])
      expect((await harness.calls(operation)).length).toBe(1);
  });

  test('a pipeline that is taken over, as it is described, is told as such', async () => {
    await makeByHand(harness, { name: 'By hand' });
    const { stdout } = await cli('describe', 'By hand');
    const { specific } = Described.parse(parse(stdout));
    const { source, destination, connection } = specific;
    const password = { password: { secretRef: 'SHOP_PASSWORD' } };
    const configuration = Configured.parse(source).connectionConfiguration;
    const wish = {
      component: 'taken',
      source: { ...source, connectionConfiguration: { ...configuration, ...password } },
      destination,
      connection: { ...connection, status: 'active', prefix: 'taken_' },
    };
    const { code, component } = await planOf(await fileOf(wish));
    expect(component?.refused).toBeUndefined();
    expect(component?.entities.map(({ kind, action }) => [kind, action])).toEqual([
      ['source', 'take over'],
      ['destination', 'take over'],
      ['connection', 'take over'],
    ]);
    expect(component?.entities[2]?.differs).toEqual(['prefix']);
    expect(code).toBe(0);
  });

  test('what would be refused before anything is written is told with its line: 1', async () => {
    await harness.run('provision', { component: 'refused' });
    const connection = { streams: [{ name: 'nowhere' }] };
    const text = descriptor({ environment: harness.environment, component: 'refused', connection });
    const line = text.split('\n').findIndex((each) => each.includes('nowhere')) + 1;
    const file = await written(text);
    const { code, component } = await planOf(file);
    expect(code).toBe(1);
    expect(component?.refused?.problem).toContain('nowhere');
    const { stdout } = await cli('plan', file);
    expect(stdout).toContain(`${file}:${String(line)}: specific.connection.streams[0].name: `);
    const { result } = await harness.run('provision', { component: 'refused', connection });
    expect(result).toContain(component?.refused?.problem);
  });

  test('a descriptor that cannot be read is refused with its lines: 1', async () => {
    const file = await fileOf({ url: 'cashflow.csv' });
    const { code, stdout } = await cli('plan', file);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /descriptor\.yaml:\d+: specific\.source\.connectionConfiguration\.url: must/,
    );
  });

  test('an Airbyte that does not answer leaves no plan: 4', async () => {
    await harness.fault({ operation: 'listSources', status: 503, times: 0 });
    const { code, stdout, stderr } = await cli('plan', await fileOf({ component: 'down' }));
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^There is no plan\. Airbyte answered 503/);
  });
});

describe('provision', () => {
  test('the log comes as it goes, and the result at its end: 0', async () => {
    const { code, stdout, stderr } = await cli('provision', await fileOf({ component: 'made' }));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Run: provision\.\S+\.made\.[0-9a-f]{12}\n$/);
    expect(stdout).toMatch(/\n\nCOMPLETED\nThe connection "\S+ CSV <> Snowflake" is in place\.\n$/);
    expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  });

  test('while it goes on each line of the log is told once', async () => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 3 });
    const { stdout } = await cli('provision', await fileOf({ component: 'slow' }));
    const lines = stdout.split('\n').filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    expect(lines.length).toBeGreaterThan(1);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.join('\n')).toContain('Created source');
  });

  test('a run that fails is told with what to do: 1', async () => {
    await harness.fault({ operation: 'createConnection', status: 422 });
    const { code, stdout } = await cli('provision', await fileOf({ component: 'fails' }), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'FAILED' });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('one that has not ended in time goes on: 4', async () => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const args = ['provision', await fileOf({ component: 'goes-on' }), '--timeout', '1s'];
    const { code, stderr } = await cli(...args);
    expect(code).toBe(4);
    expect(stderr).toMatch(/The run provision\.\S+ has not ended in time; it goes on\./);
  });
});

test.each(['tab\there', '\u202eturned', 'deleted\u007f'])(
  'describe writes %j so that no terminal obeys it, and YAML reads it as it was',
  async (prefix) => {
    await harness.run('provision', { component: 'odd-name', connection: { prefix } });
    const { stdout } = await cli('describe', 'Payments CSV <> Snowflake');
    expect(stdout).not.toContain(prefix);
    expect(parse(stdout)).toMatchObject({ specific: { connection: { prefix } } });
    await harness.run('unprovision', { component: 'odd-name' });
  },
);

test('a reader that has enough ends a command without a word: 141', async () => {
  const program = spawn(path.join(ROOT, 'dist', 'src', 'provisioner.js'), ['--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  program.stdout.destroy();
  let words = '';
  program.stderr.on('data', (some: Buffer) => (words += some.toString()));
  const ended: unknown[] = await once(program, 'close');
  expect({ code: ended[0], words }).toEqual({ code: 141, words: '' });
});

test('describe prints what a deployment takes for the connection that is there', async () => {
  await harness.run('provision', { component: 'described', connection: { prefix: 'seen_' } });
  const { code, stdout } = await cli('describe', 'Payments CSV <> Snowflake');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# Read the connection "Payments CSV <> Snowflake"\n/);
  expect(parse(stdout)).toMatchObject({
    specific: {
      source: { connector: 'file', name: 'Payments CSV' },
      destination: { connectionConfiguration: { database: 'MYDATABASE' } },
      connection: { name: 'Payments CSV <> Snowflake', prefix: 'seen_' },
    },
  });
  const [connection] = (await harness.entities()).connections;
  const byId = await cli('describe', connection?.connectionId ?? '', '--json');
  expect(JSON.parse(byId.stdout)).toMatchObject({ specific: { connection: { prefix: 'seen_' } } });
  const none = await cli('describe', 'Payments CSV <> Snowflak');
  expect({ ...none, code: none.code }).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('Did you mean "Payments CSV <> Snowflake"?');
});

test.each([
  [['plan'], 'file'],
  [['validate', 'x', '--timeout', 'long'], '--timeout must be a duration'],
  [['validate', 'x', '--gateway', 'nowhere'], '--gateway must be an http(s) URL'],
  [['provision', 'x', '--dry-run'], '--dry-run'],
  [['validate', 'x', '--timeout', '0s'], '--timeout must be longer than zero'],
  [['validate', 'x', '--gateway', 'http://u:SECRET@h'], '--gateway must have neither a user nor'],
])('%j is wrong usage: 2', async (args, problem) => {
  const { code, stdout, stderr } = await cli(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(problem);
  expect(stderr).not.toContain('SECRET');
});

test.each([
  { TEMPORAL_ADDRESS: 'http://127.0.0.1:1' },
  { TEMPORAL_ADDRESS: '' },
  { TEMPORAL_TLS_CLIENT_CERT_PATH: '/nope' },
  { TEMPORAL_PROFILE: 'nobody' },
])('what is wrong with %j does not concern who asks the gateway', async (wrong) => {
  const env = { PROVISIONER_URL: harness.gateway().found, ...wrong };
  const asked = await runCli(['validate', '--no-airbyte', await fileOf()], env);
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(await runCli(['--help'], env)).toMatchObject({ code: 0, stderr: '' });
});

test('who asks Temporal is told in one line which variable is wrong: 2', async () => {
  expect(await runCli(['runs', 'list'], { TEMPORAL_ADDRESS: 'http://127.0.0.1:1' })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'These environment variables need mending: TEMPORAL_ADDRESS must be a host and its port without a scheme, such as localhost:7233.\n',
  });
});

/** Something in front of a gateway, and the requests that came to it. */
const inFront = async (answer: (res: ServerResponse) => unknown) => {
  const seen: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    seen.push(req.headers.authorization);
    answer(res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  const url = `http://127.0.0.1:${String(typeof at === 'object' ? at?.port : at)}`;
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, seen, end };
};

const RUN = 'provision.a.run.0123456789ab';

describe('a proxy in front of the gateway', () => {
  const TOKEN = 'eyJ.of-an-engineer~+/';

  test('gets the token, from a variable or a file, and no message has it', async () => {
    const proxy = await inFront((res) => res.end('{"valid": true}'));
    const file = await fileOf();
    const tokenFile = path.join(folder, 'token');
    await writeFile(tokenFile, `${TOKEN}\n`);
    try {
      const ask = (env: Record<string, string>) =>
        runCli(['validate', '--no-airbyte', file], { PROVISIONER_URL: proxy.url, ...env });
      const answers = [
        await ask({ PROVISIONER_TOKEN: TOKEN }),
        await ask({ PROVISIONER_TOKEN_FILE: tokenFile }),
        await ask({}),
      ];
      expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(proxy.seen).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`, undefined]);
      const refused = await ask({ PROVISIONER_TOKEN: `${TOKEN}\nX-Other: 1` });
      expect(refused.stderr).toContain('PROVISIONER_TOKEN must be a token');
      expect(JSON.stringify([...answers, refused])).not.toContain(TOKEN);
    } finally {
      proxy.end();
    }
  });

  test.each([302, 307, 308])('that redirects with %d is not followed: 1', async (status) => {
    const other = await inFront((res) => res.end('{"valid": true}'));
    const proxy = await inFront((res) =>
      res.writeHead(status, { location: `${other.url}/login?state=secret` }).end(),
    );
    try {
      const { code, stdout, stderr } = await runCli(['provision', await fileOf()], {
        PROVISIONER_URL: proxy.url,
        PROVISIONER_TOKEN: TOKEN,
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`What answers at ${proxy.url} sends elsewhere: to ${other.url}.`);
      expect(stderr).not.toMatch(/eyJ|state=/);
      expect(other.seen).toEqual([]);
    } finally {
      proxy.end();
      other.end();
    }
  });

  test.each([401, 403])('that answers %d is told as such: 1', async (status) => {
    const proxy = await inFront((res) => res.writeHead(status).end('<html>'));
    const { code, stderr } = await runCli(['plan', await fileOf()], {
      PROVISIONER_URL: proxy.url,
      PROVISIONER_TOKEN: TOKEN,
    }).finally(proxy.end);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`does not let you through: ${String(status)}\\.\\n.*PROVISIONER_TOKEN`),
    );
    expect(stderr).not.toContain(TOKEN);
  });

  test.each(['validate', 'describe'])(
    'that answers nothing is waited for as long as --timeout says: %s',
    async (command) => {
      const proxy = await inFront(() => undefined);
      const began = Date.now();
      const { code, stderr } = await runCli([command, await fileOf(), '--timeout', '1s'], {
        PROVISIONER_URL: proxy.url,
      }).finally(proxy.end);
      expect(code).toBe(4);
      expect(stderr).toContain(`What is at ${proxy.url} did not answer in time.`);
      // Far from the 150 seconds that one answer may take.
      expect(Date.now() - began).toBeLessThan(60_000);
    },
  );

  test('that hangs in the middle of a wait does not make the run unknown', async () => {
    let asked = 0;
    const proxy = await inFront((res) => {
      asked += 1;
      if (asked === 1) res.writeHead(202).end(RUN);
      if (asked === 2) res.end('{"status": "RUNNING", "result": ""}');
    });
    const { code, stderr } = await runCli(['provision', await fileOf(), '--timeout', '3s'], {
      PROVISIONER_URL: proxy.url,
    }).finally(proxy.end);
    expect(code).toBe(4);
    expect(stderr).toContain(`The run ${RUN} has not ended in time; it goes on.`);
  });
});

test('a user in PROVISIONER_URL is refused by its name, without the password: 2', async () => {
  const { code, stderr } = await runCli(['validate', 'x'], {
    PROVISIONER_URL: 'http://u:SECRET@h',
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/PROVISIONER_URL must have neither a user nor a password in it\.\n$/);
});

describe('what is no gateway', () => {
  /** Answers the requests one after another, the last answer for ever. */
  const inTurn = (answers: ((res: ServerResponse) => unknown)[]) => {
    let asked = 0;
    return (res: ServerResponse) => answers[Math.min(asked++, answers.length - 1)]?.(res);
  };
  const start = (res: ServerResponse) => res.writeHead(202).end(RUN);
  const page = (status: number) => (res: ServerResponse) =>
    res.writeHead(status).end('<!doctype html>');

  test.each([
    ['answers a page to all', [page(200)], 200],
    ['starts nothing', [page(202)], 202],
    ['gives a token with 200', [(res: ServerResponse) => res.end(RUN)], 200],
    ['has no status of the run', [start, page(404)], 404],
    ['answers a page for the status', [start, page(200)], 200],
  ])('and %s is told at once: 4', async (_how, answers, status) => {
    const other = await inFront(inTurn(answers));
    const asking = runCli(['provision', await fileOf()], { PROVISIONER_URL: other.url });
    const { code, stdout, stderr } = await asking.finally(other.end);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`What answers at ${other.url} is no provisioner: ${String(status)}.`);
    expect(other.seen.length).toBe(answers.length);
  });

  test('for a moment only is waited out', async () => {
    const ended = (res: ServerResponse) => res.end('{"status": "COMPLETED", "result": "Done."}');
    const proxy = await inFront(inTurn([start, page(502), page(429), ended]));
    const asking = runCli(['provision', await fileOf()], { PROVISIONER_URL: proxy.url });
    expect(await asking.finally(proxy.end)).toMatchObject({ code: 0 });
  });
});

describe('a file that is none', () => {
  const withBytes = async (bytes: Uint8Array | string) => {
    const file = path.join(folder, 'none.yaml');
    await writeFile(file, bytes);
    return file;
  };

  test.each<[string, () => Promise<string>, string]>([
    ['a folder', () => Promise.resolve(folder), 'it is no regular file'],
    ['a device without an end', () => Promise.resolve('/dev/zero'), 'it is no regular file'],
    ['UTF-16', () => withBytes(Buffer.from('\uFEFFid: a', 'utf16le')), 'it is not UTF-8 text'],
    ['UTF-16 without a mark', () => withBytes(Buffer.from('id', 'utf16le')), 'is not UTF-8 text'],
    ['a binary', () => withBytes(Uint8Array.of(0x1f, 0x8b, 0x08, 0xff)), 'it is not UTF-8 text'],
  ])('such as %s is refused with the reason, with --json as JSON: 1', async (_what, make, why) => {
    const file = await make();
    const { code, stdout, stderr } = await cli('validate', file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${file}: cannot be read: `);
    expect(stderr).toContain(why);
    const json = await cli('plan', file, '--json');
    const told: unknown = JSON.parse(json.stdout);
    expect({ ...json, stdout: told }).toEqual({
      code: 1,
      stdout: { refused: true, problems: [{ path: file, message: containing(why) }] },
      stderr: '',
    });
  });

  test('such as a pipe that nobody writes to is not waited for', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { code, stderr } = await cli('validate', pipe);
    expect({ code, stderr }).toEqual({ code: 1, stderr: containing('it is no regular file') });
  });
});

test('a gateway that is not there is told with what to set: 4; a file that is not: 1', async () => {
  const nowhere = await cli('validate', await fileOf(), '--gateway', 'http://127.0.0.1:1');
  expect(nowhere).toEqual({
    code: 4,
    stdout: '',
    stderr: matching(/^No gateway answers at http:\/\/127\.0\.0\.1:1\.\n.*PROVISIONER_URL/),
  });
  const noFile = await cli('plan', path.join(folder, 'none.yaml'));
  expect(noFile).toMatchObject({
    code: 1,
    stderr: containing('cannot be read'),
  });
});
