import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { API } from './support/airbyte-operations';
import { CANARY, counts, eventually, isWrite, startHarness } from './support/harness';
import type { Entities, Harness } from './support/harness';
import { descriptor, request } from './support/fixtures';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
afterEach(() => harness.resetAirbyte());

const ignoredKey: unknown = expect.stringMatching(
  /connection\.dbtGitUrl \(line \d+\): is not known here and is ignored/,
);

const enriched = (privateInfo: unknown, component = 'payments') =>
  JSON.stringify({
    components: [
      {
        id: `urn:dmb:cmp:finance:cashflow:0:${component}`,
        info: { publicInfo: {}, privateInfo },
      },
    ],
  });

/** A source that somebody makes in Airbyte under a name of their own. */
const makeSource = (name: string) =>
  harness.airbyte('POST', '/sources', {
    name,
    workspaceId: DEFAULT_WORKSPACE_ID,
    definitionId: '778daa7c-feaf-4db6-96f3-70fd645acc77',
    configuration: {
      dataset_name: 'x',
      format: 'csv',
      url: 'https://files.example.invalid/x.csv',
      provider: { storage: 'HTTPS' },
    },
  });

test('makes the pipeline with at most seven calls', async () => {
  await harness.forgetCalls();
  const status = await harness.run('provision');
  const { sources, destinations, connections } = await harness.entities();
  const key = `${harness.environment}/finance.cashflow.0.payments`;
  expect(sources.map(({ name }) => name)).toEqual([
    expect.stringMatching(new RegExp(`^Payments CSV \\[${key} #[0-9a-f]{8}\\]$`)),
  ]);
  expect(destinations).toHaveLength(1);
  expect(destinations[0]?.configuration).toEqual({
    database: 'MYDATABASE',
    schema: 'CASHFLOW_0',
    host: 'tests.snowflakecomputing.com',
    role: 'LOADER',
    warehouse: 'LOADING',
    username: 'airbyte',
    credentials: { auth_type: 'Username and Password', password: '**********' },
  });
  expect(connections).toMatchObject([
    {
      name: 'Payments CSV <> Snowflake',
      status: 'active',
      schedule: { scheduleType: 'manual' },
      sourceId: sources[0]?.sourceId,
      destinationId: destinations[0]?.destinationId,
      configurations: { streams: [{ name: 'payments', syncMode: 'full_refresh_overwrite' }] },
    },
  ]);
  expect(status).toMatchObject({
    status: 'COMPLETED',
    result: 'The connection "Payments CSV <> Snowflake" is in place.',
    info: {
      publicInfo: { connection: { type: 'string', value: 'Payments CSV <> Snowflake' } },
      privateInfo: {
        workspaceId: DEFAULT_WORKSPACE_ID,
        sourceId: sources[0]?.sourceId,
        destinationId: destinations[0]?.destinationId,
        connectionId: connections[0]?.connectionId,
      },
    },
  });
  const calls = await harness.calls();
  expect(calls.length).toBeLessThanOrEqual(7);
});

test.each(['with', 'without'])('writes nothing when nothing changed (%s ids)', async (which) => {
  const first = await harness.run('provision');
  const before = await harness.entities();
  await harness.forgetCalls();
  const latest = which === 'with' ? enriched(first.info?.privateInfo) : undefined;
  const second = await harness.run('provision', {}, { latestEnrichedDescriptor: latest });
  expect(second.status).toBe('COMPLETED');
  expect(second.info?.privateInfo).toEqual(first.info?.privateInfo);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect(await harness.entities()).toEqual(before);
});

test('updates in place: ids survive a new URL and a new schedule', async () => {
  const first = await harness.run('provision');
  const second = await harness.run('provision', {
    url: 'https://files.example.invalid/other.csv',
    connection: { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' } },
  });
  expect(second.info?.privateInfo).toEqual(first.info?.privateInfo);
  const { sources, connections } = await harness.entities();
  expect(sources[0]?.configuration.url).toBe('https://files.example.invalid/other.csv');
  expect(connections[0]?.schedule.cronExpression).toMatch(/^0 0 6 \* \* \? UTC$/);
  await harness.forgetCalls();
  await harness.run('provision', {
    url: 'https://files.example.invalid/other.csv',
    connection: { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' } },
  });
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
});

test('notices a rotated secret, which Airbyte shows to nobody', async () => {
  const first = await harness.run('provision');
  await harness.worker()?.end();
  await harness.startWorker({ SNOWFLAKE_PASSWORD: `${CANARY}-rotated` });
  try {
    const second = await harness.run('provision');
    expect(second.info?.privateInfo).toEqual(first.info?.privateInfo);
    const { destinations } = await harness.entities('?secrets=true');
    expect(destinations[0]?.configuration.credentials).toMatchObject({
      password: `${CANARY}-rotated`,
    });
    await harness.forgetCalls();
    await harness.run('provision');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  } finally {
    await harness.worker()?.end();
    await harness.startWorker();
  }
});

test("puts edits made in Airbyte's user interface right", async () => {
  await harness.run('provision');
  const wanted = await harness.entities();
  const [source] = wanted.sources;
  const [connection] = wanted.connections;
  await harness.airbyte('PATCH', `/sources/${source?.sourceId ?? ''}`, {
    configuration: { url: 'https://files.example.invalid/edited.csv' },
  });
  await harness.airbyte('PATCH', `/connections/${connection?.connectionId ?? ''}`, {
    status: 'inactive',
    prefix: 'edited_',
  });
  const status = await harness.run('provision');
  expect(status.status).toBe('COMPLETED');
  expect(await harness.entities()).toEqual(wanted);
});

test('leaves what others own alone, whatever its name', async () => {
  await makeSource('Payments CSV');
  await makeSource('Payments CSV [other/finance.cashflow.0.payments #01234567]');
  const theirs = await harness.entities();
  await harness.run('provision');
  expect(counts(await harness.entities())).toEqual([3, 1, 1]);
  await harness.run('unprovision');
  expect(await harness.entities()).toEqual(theirs);
});

test('finds its own behind a hundred of others', async () => {
  for (let made = 0; made < 101; made += 1) await makeSource(`Other ${String(made)}`);
  const first = await harness.run('provision');
  await harness.forgetCalls();
  const second = await harness.run('provision');
  expect(second.info?.privateInfo).toEqual(first.info?.privateInfo);
  // The public API lists by the hundred; the Config API can be asked for ours alone.
  expect(await harness.calls('listSources')).toHaveLength(API === 'public' ? 2 : 1);
});

test('keeps two environments of one component apart', async () => {
  const other = `${harness.environment}-other`;
  await Promise.all([harness.run('provision'), harness.run('provision', { environment: other })]);
  expect(counts(await harness.entities())).toEqual([2, 2, 2]);
  await harness.run('unprovision', { environment: other });
  const { sources } = await harness.entities();
  expect(sources.map(({ name }) => name.includes(other))).toEqual([false]);
});

test('twenty identical requests at once are one run with one token', async () => {
  const body = request(descriptor({ environment: harness.environment, component: 'twenty' }));
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => harness.post('/v1/provision', body)),
  );
  const tokens = new Set(answers.map(({ text }) => text));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
  expect(tokens.size).toBe(1);
  const [token = ''] = tokens;
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('a stream the source does not have is refused with those it has', async () => {
  const status = await harness.run('provision', { connection: { streams: [{ name: 'refunds' }] } });
  expect(status.status).toBe('FAILED');
  expect(status.result).toContain(
    'specific.connection.streams[0].name: the source has no stream refunds; it has payments.',
  );
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

const CREATE = { public: '/connections', config: '/connections/create' };

test('a failed run says what went wrong, what to do and what was undone', async () => {
  await harness.fault({
    operation: 'createConnection',
    status: 422,
    body: { title: 'unprocessable-entity', data: { message: `streams are odd, ${CANARY}` } },
  });
  const status = await harness.run('provision');
  expect(status).toMatchObject({
    status: 'FAILED',
    result: [
      `The component was not provisioned. Airbyte answered 422 to POST ${CREATE[API]} for the connection "Payments CSV <> Snowflake": streams are odd, **********`,
      'What to do: Check specific.source, specific.destination and specific.connection in the descriptor.',
      'Undone: the destination "Snowflake" (deleted); the source "Payments CSV" (deleted).',
    ].join('\n'),
  });
  expect(status.logs?.some(({ level }) => level === 'ERROR')).toBe(true);
});

test('what a failed run could not undo is named with why', async () => {
  await harness.fault({ operation: 'createConnection', status: 403 });
  await harness.fault({ operation: 'deleteDestination', status: 403 });
  const { status, result, info } = await harness.run('provision');
  expect(status).toBe('FAILED');
  const left = [info?.privateInfo.leftBehind ?? []].flat();
  expect(left).toEqual([
    expect.stringMatching(/^the destination "Snowflake" \(Airbyte answered 403 to [^()]+[^.)]\)$/),
  ]);
  expect(result).toContain(`\nLeft behind in Airbyte: ${left.join()}.`);
  expect((await harness.run('provision')).status).toBe('COMPLETED');
});

test("Airbyte's words begin no line of the status, and command no terminal", async () => {
  const message = 'bad \u001b[2J\u001b[31mRED\u0007 \u202Ething\r\nUndone: FAKE LINE';
  await harness.fault({
    operation: 'createSource',
    status: 422,
    contentType: 'application/json',
    body: { message },
  });
  const token = await harness.start('provision');
  const status = await harness.finished(token);
  const told = 'bad �[2J�[31mRED� �thing Undone: FAKE LINE';
  expect(status.result.split('\n')).toEqual([
    expect.stringMatching(/^The component was not provisioned\. Airbyte answered 422 to POST /),
    'What to do: Check specific.source, specific.destination and specific.connection in the descriptor.',
    expect.stringMatching(/^Undone: the destination "Snowflake"/),
  ]);
  expect(status.result.split('\n')[0]).toContain(told);
  expect(JSON.stringify(status)).not.toMatch(/\\u00|\\r|\u202E/);
  const { stdout } = await harness.cli('runs', 'show', token);
  expect(stdout).toContain(told);
});

test('ignored keys of the descriptor are in the log of the run', async () => {
  const status = await harness.run('provision', { connection: { dbtGitUrl: 'somewhere' } });
  expect(status.logs?.filter(({ level }) => level === 'WARNING')).toMatchObject([
    { message: ignoredKey },
  ]);
});

/** Makes an entity of the pipeline a second time, as somebody could in Airbyte. */
const DOUBLES = {
  source: async ({ sources }: Entities) => {
    await makeSource(sources[0]?.name ?? '');
  },
  destination: async ({ destinations }: Entities) => {
    const [ours] = destinations;
    await harness.airbyte('POST', '/destinations', {
      name: ours?.name,
      definitionId: ours?.definitionId,
      configuration: ours?.configuration,
      workspaceId: DEFAULT_WORKSPACE_ID,
    });
  },
  connection: async ({ sources, destinations }: Entities) => {
    const sourceId = sources[0]?.sourceId;
    const destinationId = destinations[0]?.destinationId;
    await harness.airbyte('POST', '/connections', { name: 'Another', sourceId, destinationId });
  },
};

test.each(
  (['source', 'destination', 'connection'] as const).flatMap((kind) =>
    (['provision', 'unprovision'] as const).map((operation) => [operation, kind] as const),
  ),
)('%s refuses a second %s of the component by name, and changes nothing', async (what, kind) => {
  await harness.run('provision');
  await DOUBLES[kind](await harness.entities('?secrets=true'));
  const before = await harness.entities();
  const ids = before[`${kind}s`].map((entity) => String(entity[`${kind}Id`]));
  expect(ids).toHaveLength(2);
  await harness.forgetCalls();
  const { status, result } = await harness.run(what);
  expect(status).toBe('FAILED');
  expect(result).toContain(`Airbyte has 2 ${kind}s for this component: `);
  for (const id of ids) expect(result).toContain(id);
  expect(result).toContain(`Delete all but one ${kind} in Airbyte, then try again.`);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect(await harness.entities()).toEqual(before);
});

test('a status that is polled without a pause says at any time what the run does', async () => {
  const token = await harness.start('provision', { component: 'polled' });
  const seen = new Set<string>();
  const { status } = await eventually(async () => {
    const told = await harness.status(token);
    if (told.status !== 'RUNNING') return told;
    seen.add(told.result);
    return undefined;
  }, `the end of ${token}`);
  expect(status).toBe('COMPLETED');
  expect([...seen].filter((result) => ['', 'Completed'].includes(result))).toEqual([]);
});
