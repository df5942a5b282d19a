import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { anyWorkerConfig } from '../src/config/config';
import { NotInSettings, Refusal } from '../src/contract/problems';
import { readDescriptor } from '../src/descriptor/descriptor';
import { environmentOfFile } from '../src/environments/environment';
import { createOpenFabrics } from '../src/environments/fabrics';
import { createPlatformFabrics } from '../src/fabrics/platform';
import { platformSnowflake } from '../src/fabrics/snowflake/platform';
import { createRedactor } from '../src/secrets/masking';
import { readSettings } from '../src/settings/read';
import { ownedIn } from '../src/settings/tenancy';
import { descriptor } from './support/fixtures';

/* What a worker gives to a component, by its key, whatever the gateway has said of its descriptor. */

const SECRETS = { FIN: 'canary-fin', LENT: 'canary-lent', MKT: 'canary-mkt', ERP: 'canary-erp' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tenancy-worker-'));
  for (const [name, secret] of Object.entries(SECRETS))
    writeFileSync(path.join(folder, name), secret);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const snowflake = (team: string, secretRef: string, more: object = {}) => ({
  type: 'snowflake',
  team,
  host: `${team}.snowflakecomputing.com`,
  warehouse: 'W',
  user: 'U',
  role: 'R',
  credentials: { password: { secretRef } },
  ...more,
});

const airbyte = { url: 'http://127.0.0.1:1', workspaceId: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6' };

const FINANCE = {
  domains: ['finance'],
  environments: ['development'],
  secrets: ['ERP'],
  defaultFabric: { development: 'anywhere' },
};

const FILE = {
  gateway: { auth: { mode: 'none' } },
  environments: { development: { airbyte }, production: { airbyte } },
  teams: {
    finance: FINANCE,
    marketing: { domains: ['marketing'], environments: ['development', 'production'] },
  },
  fabrics: {
    anywhere: snowflake('finance', 'FIN'),
    lent: snowflake('marketing', 'LENT', { sharedWith: ['finance'] }),
    theirs: snowflake('marketing', 'MKT'),
    later: snowflake('finance', 'FIN', { environments: ['production'] }),
  },
};

/** A worker of such a file, or of the file as it has become since. */
const workerOf = (file: object = FILE, since = file) => {
  const { config } = anyWorkerConfig({
    PROVISIONER_CONFIG: 'provisioner.yaml',
    SECRETS_DIR: folder,
    FINGERPRINT_KEY: 'of these tests',
  });
  let now = file;
  const settings = () => readSettings(stringify(now));
  const { secrets, requestTimeout } = config;
  const log = pino({ level: 'silent' });
  const open = createOpenFabrics(settings, { secrets, requestTimeout, log });
  const environment = environmentOfFile({ name: 'development', settings, open }, config);
  if (!environment) throw new Error('The environment is missing.');
  now = since;
  return environment;
};

const keyIn = (place: string) => `${place}.cashflow.0.pipeline`;
const end = (fabric?: string) => ({ connector: 'snowflake', configuration: {}, fabric });

/** The credentials that a destination gets, or why none. */
const given = async (place: string, fabric?: string, worker = workerOf()) => {
  try {
    return await worker.fabrics(end(fabric), keyIn(place));
  } catch (err) {
    if (err instanceof NotInSettings) return err.message;
    throw err;
  }
};

const secret = async (place: string, worker = workerOf()) => {
  const at = ['specific', 'source', 'connectionConfiguration'];
  const configuration = { password: { secretRef: 'ERP' } };
  try {
    return await worker.references.resolve(configuration, { at, key: keyIn(place) });
  } catch (err) {
    if (err instanceof NotInSettings) return `${err.message} ${err.solution}`;
    throw err;
  }
};

const withPassword = (team: string, password: string) => ({
  host: `${team}.snowflakecomputing.com`,
  role: 'R',
  warehouse: 'W',
  username: 'U',
  credentials: { auth_type: 'Username and Password', password },
});

const AT = 'specific.destination.fabric: ';
const MAY = 'that the team finance may use for snowflake in development';

test.each<[string, string, string | undefined, object | string]>([
  ['the default', 'development/finance', undefined, withPassword('finance', SECRETS.FIN)],
  ['its own', 'development/finance', 'anywhere', withPassword('finance', SECRETS.FIN)],
  [
    'one that is shared with it',
    'development/finance',
    'lent',
    withPassword('marketing', SECRETS.LENT),
  ],
  [
    'another team’s',
    'development/finance',
    'theirs',
    `${AT}is not a fabric ${MAY}; there are anywhere, lent.`,
  ],
  [
    'one of nobody, in the same words',
    'development/finance',
    'nobodys',
    `${AT}is not a fabric ${MAY}; there are anywhere, lent.`,
  ],
  [
    'its own of another environment',
    'development/finance',
    'later',
    `${AT}is not a fabric ${MAY}; there are anywhere, lent.`,
  ],
  [
    'none, where there is no default',
    'development/marketing',
    undefined,
    `${AT}is required, as there is no default that the team marketing may use for snowflake in development; there are lent, theirs.`,
  ],
  [
    'one, for a domain of nobody',
    'development/hr',
    'anywhere',
    `${AT}is not there for a domain that belongs to no team.`,
  ],
])('a component writes to %s', async (_what, place, fabric, expected) => {
  expect(await given(place, fabric)).toEqual(expected);
});

const ELSEWHERE =
  'dataProduct.environment: is not an environment of the team finance; there are development.';

test.each([
  ['that others have', 'production/finance'],
  ['that nobody has', 'nowhere/finance'],
])('in an environment %s a team has no fabric and no secret', async (_whose, place) => {
  for (const fabric of [undefined, 'anywhere', 'lent', 'later'])
    expect([fabric, await given(place, fabric)]).toEqual([fabric, ELSEWHERE]);
  expect(await secret(place)).toContain(`is not one that descriptors may use. ${ELSEWHERE}`);
});

test('a secret is its team’s, where the team is', async () => {
  expect(await secret('development/finance')).toEqual({ password: SECRETS.ERP });
  expect(await secret('development/marketing')).toMatch(
    /"ERP" is not one .* the team marketing\.$/,
  );
  expect(await secret('development/hr')).toMatch(/ of the team that owns the domain\.$/);
});

test('what the file says since is what holds', async () => {
  const narrowed = workerOf(FILE, {
    ...FILE,
    teams: { ...FILE.teams, finance: { ...FINANCE, secrets: [], defaultFabric: {} } },
    fabrics: { theirs: FILE.fabrics.theirs },
  });
  const none = `is not a fabric ${MAY}; there is none.`;
  expect(await given('development/finance', 'anywhere', narrowed)).toBe(`${AT}${none}`);
  expect(await given('development/finance', undefined, narrowed)).toBe(
    `${AT}is required, as there is no default ${MAY}; there is none at all.`,
  );
  expect(await secret('development/finance', narrowed)).toContain('is not one that descriptors');
  const moved = workerOf(FILE, {
    ...FILE,
    teams: {
      ...FILE.teams,
      finance: { ...FINANCE, environments: ['production'], defaultFabric: {} },
    },
  });
  const gone = ELSEWHERE.replace('are development', 'are production');
  expect(await given('development/finance', 'anywhere', moved)).toBe(gone);
  expect(await secret('development/finance', moved)).toContain(gone);
});

test('what is no component’s writes to nothing; a missing credential is the operator’s to mend', async () => {
  expect(await workerOf().fabrics(end('anywhere'), undefined)).toEqual({});
  const lost = workerOf({
    ...FILE,
    fabrics: { anywhere: snowflake('finance', 'NOT_THERE') },
  });
  await expect(lost.fabrics(end(), keyIn('development/finance'))).rejects.toThrow(Refusal);
  await expect(lost.fabrics(end(), keyIn('development/finance'))).rejects.toThrow(
    /^Of the fabric anywhere the secret "NOT_THERE"/,
  );
});

const KEY = keyIn('development/finance');

test('a fabric’s credentials go to nobody whom parameters of the descriptor could name', async () => {
  const steering = { connector: 'snowflake', configuration: { jdbc_url_params: 'ssl=off' } };
  const refusal = /^specific\.destination\.connectionConfiguration\.jdbc_url_params: may only set /;
  await expect(workerOf().fabrics(steering, KEY)).rejects.toThrow(refusal);
  const account = { host: 'h', role: 'r', warehouse: 'w', username: 'u', password: SECRETS.FIN };
  const described = { ...account, privateKeyFile: undefined, privateKeyPassword: undefined };
  const platform = createPlatformFabrics([platformSnowflake(described, createRedactor())]);
  await expect(platform(steering, KEY)).rejects.toThrow(refusal);
  const harmless = { connector: 'snowflake', configuration: { jdbc_url_params: 'QUERY_TAG=a' } };
  expect(await platform(harmless, KEY)).toMatchObject({ host: 'h' });
  expect(await workerOf().fabrics(harmless, KEY)).toMatchObject({ username: 'U' });
});

test('a fabric and credentials of the descriptor’s own exclude each other', async () => {
  const own = { credentials: { auth_type: 'Username and Password', password: 'x' } };
  const { fabrics } = workerOf();
  expect(await fabrics({ connector: 'snowflake', configuration: own }, KEY)).toEqual({});
  for (const fabric of ['anywhere', 'theirs', 'nobodys'])
    await expect(
      fabrics({ connector: 'snowflake', configuration: own, fabric }, KEY),
    ).rejects.toThrow(/^specific\.destination\.fabric: and credentials .* exclude each other/);
});

test.each(['anywhere', 'theirs', 'nobodys', undefined])(
  'a descriptor with credentials of its own and the fabric %s',
  (fabric) => {
    const connectionConfiguration = {
      host: 'a.snowflakecomputing.com',
      role: 'r',
      warehouse: 'w',
      username: 'u',
      credentials: { auth_type: 'Username and Password', password: { secretRef: 'ERP' } },
    };
    const text = descriptor({ destination: { name: 'S', fabric, connectionConfiguration } });
    const reading = () =>
      readDescriptor(
        { descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: text },
        { tenancy: ownedIn(readSettings(stringify(FILE))) },
      );
    if (fabric === undefined) expect(reading).not.toThrow();
    else expect(reading).toThrow(/specific\.destination\.fabric.*exclude each other/);
  },
);
