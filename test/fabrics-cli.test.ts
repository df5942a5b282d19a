import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { ROOT } from '../scripts/child';
import { eventually, runCli } from './support/harness';
import { startWorld } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* A fabric looked at from the command line, against a stand-in of Snowflake over HTTP. */

const CANARY = 'pat-that-nobody-may-read-0123456789';
const MASK = '**********';

let world: World;
let folder: string;
let env: Record<string, string>;

const password = { password: { secretRef: 'AIRBYTE_PASSWORD' } };
const key = { privateKey: { secretRef: 'ADMIN_KEY' } };
const account = {
  type: 'snowflake',
  team: 'finance',
  host: 'acme-fin.snowflakecomputing.com',
  account: 'SIMULATOR',
  warehouse: 'PROVISIONING',
  user: 'PROVISIONER',
  role: 'PROVISIONER',
};
const fabricsOf = (apiUrl: string) => ({
  'finance-dev': { ...account, apiUrl, credentials: key, manage: { schema: true, access: true } },
  lending: {
    ...account,
    apiUrl,
    sharedWith: ['marketing'],
    environments: ['development'],
    credentials: password,
  },
  token: { ...account, apiUrl, credentials: { token: { secretRef: 'PAT' } } },
  lacking: { ...account, apiUrl, credentials: { privateKey: { secretRef: 'NOWHERE' } } },
  nowhere: { ...account, apiUrl: 'http://127.0.0.1:1', credentials: key },
  idle: { ...account, apiUrl, warehouse: 'NONE', credentials: key },
});

const settingsOf = (fabrics: object) => ({
  environments: {
    development: {
      airbyte: {
        url: 'http://127.0.0.1:1',
        workspaceId: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6',
        auth: 'none',
      },
    },
  },
  teams: {
    finance: { domains: ['finance'], environments: ['development'] },
    marketing: { domains: ['marketing'], environments: ['development'] },
  },
  fabrics,
  gateway: { auth: { mode: 'none' } },
});

const configured = async (name: string, fabrics: object) => {
  const file = path.join(folder, name);
  await writeFile(file, stringify(settingsOf(fabrics)));
  return file;
};

beforeAll(async () => {
  world = await startWorld({ tokens: [CANARY] });
  folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  await Promise.all(
    [...world.secrets, ['PAT', CANARY] as const].map(([name, secret]) =>
      writeFile(path.join(folder, name), secret),
    ),
  );
  env = {
    PROVISIONER_CONFIG: await configured('provisioner.yaml', fabricsOf(world.url)),
    SECRETS_DIR: folder,
    // Nothing of it needs Temporal.
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  };
});
beforeEach(async () => {
  world.reset();
  await world.control('/faults', undefined, 'DELETE');
  await world.control('/requests', undefined, 'DELETE');
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const cli = (...args: string[]) => runCli(['fabrics', ...args], env);

const statements = async () => (await world.requests()).map(({ statement }) => statement ?? '');

describe('list', () => {
  test('says what the file says of each fabric, and calls none', async () => {
    const { code, stdout } = await cli('list');
    expect(code).toBe(0);
    expect(
      stdout
        .split('\n')
        .slice(0, 3)
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['NAME', 'TYPE', 'TEAM', 'SHARED WITH', 'ENVIRONMENTS', 'HOST', 'MANAGES'],
      [
        'finance-dev',
        'snowflake',
        'finance',
        '–',
        'all of its team',
        account.host,
        'schema, access',
      ],
      ['lending', 'snowflake', 'finance', 'marketing', 'development', account.host, '–'],
    ]);
    const json: unknown = JSON.parse((await cli('list', '--json')).stdout);
    expect(json).toContainEqual({
      name: 'lending',
      type: 'snowflake',
      team: 'finance',
      sharedWith: ['marketing'],
      environments: ['development'],
      host: account.host,
      manages: [],
    });
    expect(await world.requests()).toEqual([]);
  });

  test('without a configuration file it says so: 0', async () => {
    const { code, stdout } = await runCli(['fabrics', 'list'], {});
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'There is no configuration file, so there are no fabrics by name: PROVISIONER_CONFIG names one.\n',
    });
    expect((await runCli(['fabrics', 'list', '--json'], {})).stdout).toBe('[]\n');
  });

  test('a file without fabrics has none: 0', async () => {
    const file = await configured('none.yaml', {});
    const { stdout } = await runCli(['fabrics', 'list'], { PROVISIONER_CONFIG: file });
    expect(stdout).toBe('The configuration file has no fabrics.\n');
  });
});

describe('check', () => {
  test('all passed: 0, and nothing has changed', async () => {
    const before = await world.entities();
    const { code, stdout, stderr } = await cli('check', 'finance-dev');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^passed: connection: .*PROVISIONER/);
    expect(stdout).toMatch(/\nfinance-dev, Snowflake: \d passed\.\n$/);
    expect(await world.entities()).toEqual(before);
    for (const each of await statements()) expect(each).toMatch(/^(|SHOW .*|SELECT CURRENT_.*)$/);
  });

  test('what has failed is told with what to do: 1', async () => {
    const { code, stdout } = await cli('check', 'idle');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\nfailed: warehouse: The role PROVISIONER sees no warehouse NONE\.\n {2}What to do: .*GRANT USAGE, OPERATE ON WAREHOUSE "NONE" TO ROLE "PROVISIONER";/,
    );
    expect(stdout).toContain('idle, Snowflake: 1 passed, 1 failed.');
  });

  test('what could not be told leaves it open: 4', async () => {
    const { code, stdout } = await cli('check', 'lending');
    expect(code).toBe(4);
    expect(stdout).toMatch(/^impossible: connection: .*\n {2}What to do: /);
  });

  test('a secret that is not there is named, and one that is opens it', async () => {
    const { code, stdout } = await cli('check', 'lacking');
    expect(code).toBe(1);
    expect(stdout).toContain('the secret "NOWHERE" is not there');
    const variables = { ...env, NOWHERE: world.secrets.get('ADMIN_KEY') ?? '' };
    expect((await runCli(['fabrics', 'check', 'lacking'], variables)).code).toBe(0);
  });

  test('a fabric that is not there has failed, and nothing is run: 1', async () => {
    const { code, stdout } = await cli('check', 'nowhere', '--run', 'SELECT 1');
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed: connection: .*could not be reached/);
    expect(stdout).toContain('Nothing was run, as no check has passed.');
  });

  test('one that never answers is given up when its time is up: 1', async () => {
    await world.control('/faults', { operation: '*', hang: 'before', times: 0 });
    const { code, stdout } = await cli('check', 'finance-dev', '--timeout', '1s');
    expect(code).toBe(1);
    expect(stdout).toContain('when the time for this step was up');
  });

  test.each([
    [['finance-dve'], 'is not a fabric of the configuration file; did you mean finance-dev?'],
    [['constructor'], 'is not a fabric of the configuration file; there are finance-dev, idle'],
    [['finance-dev', '--language', 'sql'], '--language says what --run is written in'],
    [['finance-dev', '--run', '1', '--language', 'cobol'], 'Allowed choices are sql, python'],
    [['finance-dev', '--run', ' '], 'must have a statement or a command'],
    [['finance-dev', '--max-rows', '0'], 'must be a whole number from 1 to 1000'],
    [['finance-dev', '--max-rows', '1001'], 'must be a whole number from 1 to 1000'],
    [['finance-dev', '--timeout', '3'], 'must be a duration'],
  ])('%j is wrong usage: 2', async (args, problem) => {
    const { code, stdout, stderr } = await cli('check', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(await world.requests()).toEqual([]);
  });

  test('so is a name without a file, and a file that is wrong: 2', async () => {
    const none = await runCli(['fabrics', 'check', 'finance-dev'], {});
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('There is no configuration file');
    const file = await configured('wrong.yaml', { odd: { type: 'odd' } });
    const wrong = await runCli(['fabrics', 'check', 'odd'], { PROVISIONER_CONFIG: file });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('fabrics.odd.type');
  });
});

describe('check with a statement', () => {
  /** A table as anybody may have made it, whose values say anything. */
  const withRows = async (rows: (string | null)[][]) => {
    await world.sql('CREATE SCHEMA "ANALYTICS"."SEEN"');
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'SEEN',
      name: 'ROWS',
      columns: ['ID', 'TEXT'],
      rows,
    });
    for (const on of ['DATABASE "ANALYTICS"', 'SCHEMA "ANALYTICS"."SEEN"'])
      await world.sql(`GRANT USAGE ON ${on} TO ROLE "PROVISIONER"`);
    await world.sql(
      'GRANT SELECT ON ALL TABLES IN SCHEMA "ANALYTICS"."SEEN" TO ROLE "PROVISIONER"',
    );
  };
  const READ = 'SELECT * FROM "ANALYTICS"."SEEN"."ROWS"';

  test('its result is a table, of so many rows as are wanted', async () => {
    await withRows([
      ['1', 'one\n\u001b[31mpassed: connection: fine'],
      ['2', null],
      ['3', 'x'.repeat(300)],
    ]);
    const { code, stdout } = await cli('check', 'finance-dev', '--run', READ);
    expect(code).toBe(0);
    const [, result = ''] = stdout.split('passed.\n\n');
    expect(result.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'TEXT'],
      ['1', 'one \uFFFD[31mpassed: connection: fine'],
      ['2', 'NULL'],
      ['3', `${'x'.repeat(199)}…`],
      [''],
    ]);
    const two = await cli('check', 'finance-dev', '--run', READ, '--max-rows', '2', '--json');
    expect(JSON.parse(two.stdout)).toMatchObject({
      fabric: 'finance-dev',
      system: 'Snowflake',
      run: {
        columns: ['ID', 'TEXT'],
        rows: [
          ['1', expect.stringContaining('fine')],
          ['2', null],
        ],
        isCut: true,
      },
    });
    const cut = await cli('check', 'finance-dev', '--run', READ, '--max-rows', '2');
    expect(cut.stdout).toMatch(/\nThere are more rows than these 2\.\n$/);
  });

  test('one that is refused has failed, with what Snowflake says: 1', async () => {
    const { code, stdout } = await cli('check', 'finance-dev', '--run', READ);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nfailed: run: Snowflake refuses SELECT \* FROM .*\n {2}What to do: /);
    const json = await cli('check', 'finance-dev', '--run', READ, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ run: { message: /./ } });
  });

  test('a language is refused where there is no cluster: 1', async () => {
    const { code, stdout } = await cli('check', 'token', '--run', '1', '--language', 'python');
    expect(code).toBe(1);
    expect(stdout).toContain('failed: run: The fabric token is a Snowflake, which has no cluster');
  });

  test.each([[[]], [['--json']]])('a secret in it is masked (%j)', async (more) => {
    await withRows([['1', `it is ${CANARY}`]]);
    const read = await cli('check', 'token', '--run', READ, ...more);
    expect(read.code).toBe(0);
    expect(read.stdout).toContain(`it is ${MASK}`);
    const refused = await cli('check', 'token', '--run', `SELECT ${CANARY}!`, ...more);
    expect(refused.code).toBe(1);
    for (const each of [read, refused])
      expect(`${each.stdout}${each.stderr}`).not.toContain(CANARY);
  });

  test.each([
    ['Ctrl-C', 'SIGINT'],
    ['the end of its terminal', 'SIGHUP'],
  ] as const)('%s cancels it: 130', async (_what, signal) => {
    await withRows([['1', 'one']]);
    await world.control('/faults', { operation: 'selectTable', runs: 60_000 });
    const program = path.join(ROOT, 'dist', 'src', 'provisioner.js');
    const child = spawn(program, ['fabrics', 'check', 'finance-dev', '--run', READ], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    child.stdout.on('data', (chunk) => (told += String(chunk)));
    child.stderr.on('data', (chunk) => (told += String(chunk)));
    const ended = once(child, 'close');
    await eventually(
      async () => ((await statements()).includes(READ) ? true : undefined),
      'the statement to be handed in',
    );
    child.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(told).toBe(
      'Ended before all was known. If what was to run had begun, Snowflake was asked to end it; what it had done by then stays, and shows there.\n',
    );
    const operations = (await world.requests()).map(({ operation }) => operation);
    expect(operations.filter((each) => each === 'cancelStatement')).toHaveLength(1);
    expect(await world.control('/faults')).toMatchObject({ running: 0 });
  });
});
