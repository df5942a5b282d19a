import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { createRedactor, maskRecord } from '../src/secrets/masking';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { CANARY, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  `${CANARY}/line+of+a+key+that+is+long+enough`,
  '-----END PRIVATE KEY-----',
].join('\n');

const GZIP = [0x1f, 0x8b];
const textOf = (bytes: Uint8Array) =>
  (GZIP.every((byte, index) => bytes[index] === byte)
    ? gunzipSync(bytes)
    : Buffer.from(bytes)
  ).toString();

/** Every text in a value, those kept as bytes included, compressed or not. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [textOf(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

const leaksIn = (texts: string[]) => {
  const forms = [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -3), 'simulator-secret'];
  return texts.filter((text) => forms.some((form) => text.includes(form)));
};

const everythingTold = async (harness: Harness, tokens: string[]) => {
  const connection = await Connection.connect({ address: harness.env.TEMPORAL_ADDRESS ?? '' });
  const client = new Client({ connection });
  const histories = await Promise.all(
    tokens.map((token) => client.workflow.getHandle(token).fetchHistory()),
  );
  const runs = await Promise.all(
    tokens.map((token) => client.workflow.getHandle(token).describe()),
  );
  const answers = await Promise.all(tokens.map((token) => harness.status(token)));
  await connection.close();
  return [
    ...textsIn(histories),
    ...textsIn(runs.map(({ raw }) => raw)),
    ...textsIn(answers),
    harness.logs(),
  ];
};

/** Airbyte that repeats what it was sent, in several ways, as its connectors' messages may. */
const echo = (secret: string) => ({
  title: 'unprocessable-entity',
  data: {
    message: `bad credentials "${secret}" ${JSON.stringify(secret)} ${encodeURIComponent(secret)}`,
  },
});

const runAll = async (harness: Harness, secret: string) => {
  const tokens = [await harness.start('provision')];
  await harness.finished(tokens[0] ?? '');
  for (const operation of ['putDestination', 'patchConnection'])
    await harness.fault({ operation, status: 422, body: echo(secret) });
  for (const database of ['one', 'two']) {
    const token = await harness.start('provision', { database, connection: { prefix: database } });
    await harness.finished(token);
    tokens.push(token);
  }
  const removal = await harness.start('unprovision');
  await harness.finished(removal);
  return [...tokens, removal];
};

test('a password is in Airbyte and nowhere else, also when Airbyte repeats it', async () => {
  const harness = await startHarness({ env: { LOG_LEVEL: 'trace' } });
  try {
    const tokens = await runAll(harness, CANARY);
    const told = await everythingTold(harness, tokens);
    expect(told.length).toBeGreaterThan(100);
    expect(leaksIn(told)).toEqual([]);
  } finally {
    await harness.stop();
  }
});

test('a key file is read when it is needed, and its lines are nowhere else', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  const keyFile = path.join(folder, 'key.p8');
  await writeFile(keyFile, KEY);
  const harness = await startHarness({
    env: {
      LOG_LEVEL: 'trace',
      SNOWFLAKE_PASSWORD: '',
      SNOWFLAKE_PRIVATE_KEY_FILE: keyFile,
      SNOWFLAKE_PRIVATE_KEY_PASSWORD: `${CANARY}-passphrase`,
    },
  });
  try {
    await harness.run('provision');
    const { destinations } = await harness.entities('?secrets=true');
    expect(destinations[0]?.configuration.credentials).toEqual({
      auth_type: 'Key Pair Authentication',
      private_key: KEY,
      private_key_password: `${CANARY}-passphrase`,
    });
    const told = await everythingTold(harness, await runAll(harness, KEY));
    expect(leaksIn(told)).toEqual([]);

    await harness.run('provision');
    await writeFile(keyFile, KEY.replace('line', 'other'));
    await harness.run('provision');
    const rotated = await harness.entities('?secrets=true');
    expect(JSON.stringify(rotated.destinations)).toContain('/other+of+a+key');
  } finally {
    await harness.stop();
    await rm(folder, { recursive: true });
  }
});

const sftp = (name: string, more: object = {}) => ({
  source: {
    name: 'Orders',
    connectionConfiguration: {
      dataset_name: 'orders',
      url: '/data/orders.csv',
      provider: {
        storage: 'SFTP',
        host: 'files.example.com',
        user: 'loader',
        password: { secretRef: name },
        ...more,
      },
    },
  },
});

const namesOf = async (harness: Harness) => {
  const { sources, destinations } = await harness.entities();
  return [sources[0]?.name, destinations[0]?.name];
};

const passwordIn = async (harness: Harness) =>
  (await harness.entities('?secrets=true')).sources[0]?.configuration.provider;

test('a secret of the descriptor is in Airbyte and nowhere else, and its rotation is noticed', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  const put = (name: string, secret: string) => writeFile(path.join(directory, name), secret);
  await put('SFTP', `${CANARY}-one\n`);
  const harness = await startHarness({
    env: {
      LOG_LEVEL: 'trace',
      SECRETS_DIR: directory,
      SECRETS_ALLOWED: 'SFTP, FTP_OF_OLD',
      FTP_OF_OLD: `${CANARY}-old`,
    },
  });
  const tokens: string[] = [];
  const run = async (...given: Parameters<Harness['start']>) => {
    const token = await harness.start(...given);
    tokens.push(token);
    return harness.finished(token);
  };
  try {
    await run('provision', sftp('SFTP'));
    expect(await passwordIn(harness)).toMatchObject({ password: `${CANARY}-one` });
    const [source, destination] = await namesOf(harness);

    await put('SFTP', `${CANARY}-two`);
    await harness.forgetCalls();
    await run('provision', sftp('SFTP'));
    const writes = (await harness.calls()).filter(isWrite).map(({ operation }) => operation);
    expect(writes).toEqual(['putSource']);
    expect(await passwordIn(harness)).toMatchObject({ password: `${CANARY}-two` });
    const rotated = await namesOf(harness);
    expect(rotated[0]).not.toBe(source);
    expect(rotated[1]).toBe(destination);

    await harness.fault({ operation: 'putSource', status: 422, body: echo(`${CANARY}-old`) });
    const echoed = await run('provision', sftp('FTP_OF_OLD'));
    expect(echoed.result).toContain('bad credentials "**********"');

    await harness.fault({ operation: 'patchConnection', status: 422, body: echo(`${CANARY}-two`) });
    const undone = { ...sftp('SFTP', { user: 'other' }), connection: { prefix: 'x' } };
    expect((await run('provision', undone)).status).toBe('FAILED');
    expect(await passwordIn(harness)).toMatchObject({ user: 'loader', password: `${CANARY}-two` });

    const missing = await run('provision', sftp('NOT_ALLOWED'));
    expect(missing.result).toContain(
      'specific.source.connectionConfiguration.provider.password: the secret "NOT_ALLOWED" is not one that descriptors may use.',
    );
    expect(missing.result).not.toContain('Left behind');
    expect(await passwordIn(harness)).toMatchObject({ user: 'loader', password: `${CANARY}-two` });

    await run('unprovision');
    expect(leaksIn(await everythingTold(harness, tokens))).toEqual([]);
  } finally {
    await harness.stop();
    await rm(directory, { recursive: true });
  }
});

test('the check for drift knows secrets of descriptors, and goes on without one', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  const file = path.join(directory, 'SFTP');
  await writeFile(file, 'one');
  const harness = await startHarness({
    env: { SECRETS_DIR: directory, SECRETS_ALLOWED: 'SFTP', AIRBYTE_REQUEST_TIMEOUT: '10s' },
  });
  try {
    const token = await harness.start('provision', sftp('SFTP'));
    await harness.finished(token);
    await harness.run('provision', {
      component: 'samples',
      source: { connector: 'custom', name: 'Samples', definitionName: 'Sample Data' },
    });
    const query = `TaskQueue = '${harness.environment}' AND ExecutionStatus = 'Completed' AND WorkflowType = 'provision'`;
    const isListed = async () =>
      (await harness.client.workflow.count(query)).count > 1 || undefined;
    await eventually(isListed, 'both runs in the list');
    const check = async () => {
      const drift = createDrift({ client: harness.client, queues: oneQueue(harness.environment) });
      const { totals, findings } = await drift.check();
      const { components, unreadable } = totals;
      return { components, unreadable, differs: findings.map(({ differs }) => differs) };
    };
    expect(await check()).toEqual({ components: 2, unreadable: 0, differs: [] });
    await writeFile(file, 'two');
    expect(await check()).toEqual({ components: 2, unreadable: 0, differs: [['secrets']] });
    await rm(file);
    expect(await check()).toEqual({ components: 1, unreadable: 1, differs: [] });
  } finally {
    await harness.stop();
    await rm(directory, { recursive: true });
  }
});

test('masks what looks like a secret, and nothing else', () => {
  const given = {
    credentials: { auth_type: 'Key', private_key: 'k', private_key_password: 'p' },
    aws_secret_access_key: 's',
    aws_access_key_id: 'id',
    primaryKey: 'id',
    empty: { password: '' },
    list: [{ apiKey: 'a' }],
  };
  const mask = '**********';
  expect(maskRecord(given)).toEqual({
    ...given,
    credentials: { auth_type: 'Key', private_key: mask, private_key_password: mask },
    aws_secret_access_key: mask,
    list: [{ apiKey: mask }],
  });
});

test('redacts the longest first, each form, and bearer tokens', () => {
  const { redact } = createRedactor(['pass', 'password "x"']);
  expect(redact('password "x" password \\"x\\" pass%20 Bearer abc.def')).toBe(
    '********** ********** **********%20 **********',
  );
});
