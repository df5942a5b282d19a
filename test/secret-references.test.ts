import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../src/contract/problems';
import { createPlatformFabrics } from '../src/fabrics/platform';
import { platformSnowflake } from '../src/fabrics/snowflake/platform';
import { createSecretLookup } from '../src/secrets/lookup';
import { createSecretReferences } from '../src/secrets/references';
import { createRedactor } from '../src/secrets/masking';

let folder: string;
let directory: string;

/** As Kubernetes mounts a secret: each name a link into `..data`, which is a link itself. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  directory = path.join(folder, 'secrets');
  await mkdir(path.join(directory, '..2026_11_21'), { recursive: true });
  await symlink('..2026_11_21', path.join(directory, '..data'));
  for (const [name, text] of Object.entries({
    PASSWORD: 'from a file\n',
    'tls.key': 'line one\nline two\r\n',
    EMPTY: '\n',
    FULL: 'x'.repeat(64 * 1024),
    HUGE: 'x'.repeat(64 * 1024 + 1),
  })) {
    await writeFile(path.join(directory, '..data', name), text);
    await symlink(path.join('..data', name), path.join(directory, name));
  }
  await writeFile(path.join(folder, 'outside'), 'geheim');
  await symlink(path.join('..', 'outside'), path.join(directory, 'ESCAPED'));
  await mkdir(path.join(directory, 'FOLDER'));
});
afterAll(() => rm(folder, { recursive: true }));

const VARIABLES = { VARIABLE: 'from the environment', PASSWORD: 'not this one' };
const ALLOWED = [
  'VARIABLE',
  'PASSWORD',
  'tls.key',
  'EMPTY',
  'FULL',
  'HUGE',
  'ESCAPED',
  'FOLDER',
  'ABSENT',
];
const MORE = ['..data', '..', 'a/b', '../outside'];

const referencesTo = (redactor = createRedactor(), where: string | undefined = directory) =>
  createSecretReferences(
    createSecretLookup(
      { directory: where, variable: (name) => new Map(Object.entries(VARIABLES)).get(name) },
      redactor,
    ),
    {
      namesFor: () => [...ALLOWED, ...MORE],
      remedyFor: (name) =>
        `Name another secret, or ask the platform operator to add ${name} to SECRETS_ALLOWED.`,
    },
  );

const AT = {
  at: ['specific', 'source', 'connectionConfiguration'],
  key: 'development/finance.cashflow.0.pipeline',
};
const resolve = (configuration: Record<string, unknown>) =>
  referencesTo().resolve(configuration, AT);

const refusal = async (configuration: Record<string, unknown>) => {
  try {
    await resolve(configuration);
  } catch (err) {
    if (err instanceof Refusal) return { message: err.message, solution: err.solution };
    throw err;
  }
  return undefined;
};

test('a reference is resolved wherever it stands, a file before a variable', async () => {
  expect(
    await resolve({
      password: { secretRef: 'PASSWORD' },
      list: [{ key: { secretRef: 'tls.key' } }, 7],
      deep: { token: { secretRef: 'VARIABLE' }, secretRef: 'is a field here', other: 1 },
    }),
  ).toEqual({
    password: 'from a file',
    list: [{ key: 'line one\nline two' }, 7],
    deep: { token: 'from the environment', secretRef: 'is a field here', other: 1 },
  });
});

test.each([
  ['OTHER', 'is not one that descriptors may use', 'add OTHER to SECRETS_ALLOWED'],
  ['..data', 'is not one that descriptors may use', 'Name another secret'],
  ['..', 'is not one that descriptors may use', 'Name another secret'],
  ['../outside', 'is not one that descriptors may use', 'Name another secret'],
  ['a/b', 'is not one that descriptors may use', 'Name another secret'],
  ['ABSENT', 'is not there', 'provide the secret ABSENT, as a file in SECRETS_DIR'],
  ['EMPTY', 'is empty', 'provide the secret EMPTY'],
  ['ESCAPED', 'is a link out of its directory', 'look at the file ESCAPED'],
  ['FOLDER', 'is no file', 'look at the file FOLDER'],
  ['HUGE', 'is larger than 64 KiB', 'look at the file HUGE'],
])('the reference to %s is refused: it %s', async (name, why, remedy) => {
  const found = await refusal({ ssl: { key: { secretRef: name } } });
  expect(found?.message).toMatch(/^specific\.source\.connectionConfiguration\.ssl\.key: /);
  expect(found?.message).toContain(`"${name}" ${why}.`);
  expect(found?.solution).toContain(remedy);
  expect(JSON.stringify(found)).not.toContain('geheim');
});

test('a secret in a file is as large as it may be', async () => {
  const { key } = await resolve({ key: { secretRef: 'FULL' } });
  expect(key).toHaveLength(64 * 1024);
});

test('all that cannot be had are told at once', async () => {
  const found = await refusal({ a: { secretRef: 'OTHER' }, b: [{ secretRef: 'ABSENT' }] });
  expect(found?.message).toBe(
    'specific.source.connectionConfiguration.a: the secret "OTHER" is not one that descriptors may use. specific.source.connectionConfiguration.b[0]: the secret "ABSENT" is not there.',
  );
});

test('what was resolved is remembered, the secrets in a JSON document too', async () => {
  const redactor = createRedactor();
  const account = JSON.stringify({ type: 'service_account', private_key: 'k1\nk2' }, null, 2);
  await writeFile(path.join(directory, '..data', 'PASSWORD'), `${account}\n`);
  await referencesTo(redactor).resolve({ key: { secretRef: 'PASSWORD' } }, AT);
  expect(redactor.redact('bad key k1\nk2 of service_account')).toBe(
    'bad key ********** of service_account',
  );
  await writeFile(path.join(directory, '..data', 'PASSWORD'), 'rotated');
  expect(await resolve({ key: { secretRef: 'PASSWORD' } })).toEqual({ key: 'rotated' });
});

test('a file that is being written is waited for', async () => {
  const file = path.join(directory, '..data', 'PASSWORD');
  await writeFile(file, '');
  const [resolved] = await Promise.all([
    resolve({ key: { secretRef: 'PASSWORD' } }),
    pause(50).then(() => writeFile(file, 'written in place')),
  ]);
  expect(resolved).toEqual({ key: 'written in place' });
});

test('however often a secret is named, it is looked up once', async () => {
  const asked: string[] = [];
  const lookUp = createSecretLookup({ directory, variable: () => undefined }, createRedactor());
  const references = createSecretReferences(
    (name) => {
      asked.push(name);
      return lookUp(name);
    },
    { namesFor: () => ALLOWED, remedyFor: () => '' },
  );
  const named = ['EMPTY', 'ABSENT', 'FULL'].flatMap((secretRef) =>
    Array.from({ length: 400 }, () => ({ secretRef })),
  );
  await expect(references.resolve({ named }, AT)).rejects.toThrow(/named\[799\]: .* not there/);
  expect(asked).toEqual(['EMPTY', 'ABSENT', 'FULL']);
});

const platform = (privateKeyFile: string) => {
  const account = {
    host: 'acme.snowflakecomputing.com',
    role: 'LOADER',
    warehouse: 'LOAD_WH',
    username: 'AIRBYTE',
    password: undefined,
    privateKeyFile,
    privateKeyPassword: undefined,
  };
  const fabrics = createPlatformFabrics([platformSnowflake(account, createRedactor())]);
  return fabrics({ connector: 'snowflake', configuration: {} }, undefined);
};

test('the key of the platform’s Snowflake is waited for in the same way, and told where it stays empty', async () => {
  const file = path.join(directory, '..data', 'PASSWORD');
  await writeFile(file, '');
  await expect(platform(file)).rejects.toThrow('SNOWFLAKE_PRIVATE_KEY_FILE names is empty');
  await writeFile(file, '\n');
  await expect(platform(file)).rejects.toThrow('SNOWFLAKE_PRIVATE_KEY_FILE names is empty');
  const [configuration] = await Promise.all([
    platform(file),
    pause(50).then(() => writeFile(file, 'a key in place')),
  ]);
  expect(JSON.stringify(configuration)).toContain('a key in place');
});
