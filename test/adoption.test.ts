import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { countOf } from '../src/contract/drift';
import { ReverseProvisioningStatus, ValidationStatus } from '../src/contract/coordinator';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';
import {
  AS_MADE,
  BY_HAND,
  REFERRED,
  SECRETS,
  connect,
  idsOf,
  makeActor,
  makeAsScala,
  makeByHand,
  onlyThese,
  world,
} from './support/adoption-world';

const PREFIXED = { ...AS_MADE, connection: { ...AS_MADE.connection, prefix: 'o_' } };

const adopting = (adopt: string, more: object = {}): Changes => ({
  ...PREFIXED,
  connection: { ...PREFIXED.connection, adopt, ...more },
});

const errorsOf = async (harness: Harness, changes: Changes) => {
  const text = descriptor({ environment: harness.environment, ...changes });
  const token = (await harness.post('/v2/validate', request(text))).text;
  const status = await eventually(async () => {
    const answer = await harness.call('GET', `/v2/validate/${token}/status`);
    const seen = ValidationStatus.parse(answer.json());
    return seen.status === 'RUNNING' ? undefined : seen;
  }, token);
  return status.info?.publicInfo.error?.errors ?? [];
};

const secretsIn = async (harness: Harness): Promise<unknown[]> => {
  const { sources, destinations } = await harness.entities('?secrets=true');
  return [
    ...sources.map(({ configuration }) => configuration.password),
    ...destinations.map(({ configuration }): unknown =>
      Reflect.get(Object(configuration.credentials), 'password'),
    ),
  ];
};

const driftOf = async (harness: Harness) => {
  const { client, environment: taskQueue } = harness;
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = 'provision' AND ExecutionStatus = 'Completed'`;
  await eventually(
    async () => (await client.workflow.count(query)).count > 0 || undefined,
    'the run in the list',
  );
  return countOf(await createDrift({ client, queues: oneQueue(taskQueue) }).check());
};

const withHarness = async (
  options: Parameters<typeof startHarness>[0],
  act: (harness: Harness) => Promise<void>,
) => {
  const harness = await startHarness(options);
  try {
    await act(harness);
  } finally {
    await harness.stop();
  }
};

describe.each(['public', 'config'] as const)('with the %s API of Airbyte', (api) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ api, env: SECRETS });
  });
  afterAll(() => harness.stop());
  afterEach(async () => {
    await harness.clearFaults();
    await harness.resetAirbyte();
  });

  const key = () => `${harness.environment}/finance.cashflow.0.payments`;

  test('what is in the way is refused before any write, and said how to take over', async () => {
    const made = await makeByHand(harness);
    const before = await world(harness);
    await harness.forgetCalls();
    const { status, result } = await harness.run('provision', PREFIXED);
    expect(status).toBe('FAILED');
    for (const words of [
      `"Orders to warehouse" (${made.connectionId})`,
      `"Orders of old" (${made.sourceId})`,
      `"Warehouse of old" (${made.destinationId})`,
      `specific.connection.adopt: ${made.connectionId}`,
      'ADOPT_EXISTING=adopt',
      `/connections/${made.connectionId}`,
    ])
      expect(result).toContain(words);
    expect(result).not.toContain('Undone');
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await world(harness)).toEqual(before);
    const [error = '', ...more] = await errorsOf(harness, PREFIXED);
    expect(more).toEqual([]);
    const [problem = ''] = error.split('. To take it over');
    expect(result).toContain(problem);
  });

  test('one that is named is taken over: ids, state and history stay, and nothing is doubled', async () => {
    const made = await makeByHand(harness);
    await harness.airbyte('POST', '/jobs', { connectionId: made.connectionId, jobType: 'sync' });
    const { jobs } = await harness.entities();
    expect(await errorsOf(harness, adopting(made.connectionId))).toEqual([]);
    const run = await harness.run('provision', adopting(made.connectionId));
    expect(run.result).toMatch(/^The connection "Orders to warehouse" is in place\. It was taken/);
    const after = await harness.entities();
    expect(idsOf(after)).toEqual(onlyThese(made));
    expect(after.jobs.map(({ jobId }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId));
    expect(after.sources[0]?.name).toMatch(new RegExp(`^Orders \\[${key()} #[0-9a-f]{8}\\]$`));
    expect(after.destinations[0]?.name).toMatch(/^Warehouse \[/);
    expect(after.connections[0]).toMatchObject({
      schedule: { scheduleType: 'manual' },
      status: 'active',
    });
    expect(await secretsIn(harness)).toEqual([REFERRED, expect.not.stringContaining('by-hand')]);
    expect(run.info?.privateInfo).toMatchObject(made);

    await harness.forgetCalls();
    for (const again of [adopting(made.connectionId, { syncOnProvision: false }), PREFIXED])
      expect(await harness.run('provision', again)).toMatchObject({ status: 'COMPLETED' });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await driftOf(harness)).toBe(0);

    await harness.run('unprovision');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('made by hand, read, provisioned: the same ids, and as it was but for its names', async () => {
    const made = await makeByHand(harness);
    const [before] = (await harness.entities()).connections;
    const password = { secretRef: 'ORDERS_PASSWORD' };
    const source = { connectionConfiguration: { password } };
    const answer = await harness.post('/v1/reverse-provisioning', {
      useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
      environment: harness.environment,
      params: { connectionId: made.connectionId },
      catalogInfo: { spec: { mesh: { specific: { source } } } },
    });
    const { updates } = await eventually(async () => {
      const at = `/v1/reverse-provisioning/${answer.text}/status`;
      const seen = ReverseProvisioningStatus.parse((await harness.call('GET', at)).json());
      return seen.status === 'RUNNING' ? undefined : seen;
    }, answer.text);
    const specific = Object.entries(updates).reduce<Record<string, Record<string, unknown>>>(
      (all, [at, value]) => {
        const [part = '', field = ''] = at.replace('spec.mesh.specific.', '').split('.');
        return { ...all, [part]: { ...all[part], [field]: value } };
      },
      {},
    );
    expect(specific.connection?.adopt).toBe(made.connectionId);
    expect(await harness.run('provision', specific)).toMatchObject({ status: 'COMPLETED' });
    const after = await harness.entities();
    expect(idsOf(after)).toEqual(onlyThese(made));
    expect(after.connections).toEqual([before]);
    expect(after.sources[0]?.name).toMatch(/^Orders of old \[/);
    expect(await secretsIn(harness)).not.toContain(BY_HAND);
    await harness.forgetCalls();
    const again = { ...specific.connection, syncOnProvision: false };
    await harness.run('provision', { ...specific, connection: again });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await driftOf(harness)).toBe(0);
  });

  const OTHERS: [string, (made: { connectionId: string }) => Promise<unknown>, RegExp][] = [
    [
      'of no workspace',
      async ({ connectionId }) => harness.airbyte('DELETE', `/connections/${connectionId}`),
      /specific\.connection\.adopt: Airbyte has no connection \S+ in this workspace/,
    ],
    [
      'whose source is of another connector',
      async ({ connectionId }) => {
        const sourceId = await makeActor(harness, 'source', {
          name: 'Samples',
          definitionId: 'dfd88b22-b603-4c3d-aad7-3701784586b1',
          configuration: { count: 10 },
        });
        await harness.airbyte('DELETE', `/connections/${connectionId}`);
        const destinationId = await makeActor(harness, 'destination', { name: 'Another' });
        const ends = { sourceId, destinationId };
        return connect(harness, ends, { configurations: { streams: [] } });
      },
      /its source "Samples" \(\S+\) is of another connector/,
    ],
    [
      'of another component',
      async ({ connectionId }) => {
        const { connections } = await harness.entities();
        const sourceId = connections.find((one) => one.connectionId === connectionId)?.sourceId;
        const name = 'Orders [production/finance.cashflow.0.payments]';
        return harness.airbyte('PATCH', `/sources/${sourceId ?? ''}`, { name });
      },
      /its source .* belongs to the component production\/finance\.cashflow\.0\.payments/,
    ],
    [
      'whose source others read too',
      async ({ connectionId }) => {
        const { connections } = await harness.entities();
        const one = connections.find((each) => each.connectionId === connectionId);
        const destinationId = await makeActor(harness, 'destination', { name: 'Another' });
        return connect(
          harness,
          { sourceId: one?.sourceId ?? '', destinationId },
          { name: 'Their own' },
        );
      },
      /its source "Orders of old" \(\S+\) is used by "Their own" \(\S+\) too.*adoptShared: anew/s,
    ],
    [
      'whose destination others write to too',
      async ({ connectionId }) => {
        const { connections } = await harness.entities();
        const one = connections.find((each) => each.connectionId === connectionId);
        const sourceId = await makeActor(harness, 'source', { name: 'Another' });
        const destinationId = String(one?.destinationId);
        return connect(harness, { sourceId, destinationId }, { name: 'Their own' });
      },
      /its destination "Warehouse of old" \(\S+\) is used by "Their own" \(\S+\) too/,
    ],
  ];
  test.each(OTHERS)('a connection %s is not taken over', async (_what, change, problem) => {
    const { connectionId } = await makeByHand(harness);
    const changed = await change({ connectionId });
    const other: unknown = Reflect.get(Object(changed), 'connectionId');
    const isAnother = problem.source.includes('another connector');
    const adopt = isAnother && typeof other === 'string' ? other : connectionId;
    const before = await world(harness);
    await harness.forgetCalls();
    const { status, result } = await harness.run('provision', adopting(adopt));
    expect([status, result]).toEqual(['FAILED', expect.stringMatching(problem)]);
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await world(harness)).toEqual(before);
    expect(await errorsOf(harness, adopting(adopt))).toEqual([expect.stringMatching(problem)]);
  });

  test('a component that has a pipeline takes no other', async () => {
    const own = await harness.run('provision', { ...PREFIXED, connection: { name: 'Own' } });
    const made = await makeByHand(harness);
    const wants = adopting(made.connectionId, { name: 'Own' });
    const before = await world(harness);
    const { status, result } = await harness.run('provision', wants);
    expect(status).toBe('FAILED');
    expect(result).toContain(String(own.info?.privateInfo.connectionId));
    expect(result).toContain(made.connectionId);
    expect(await world(harness)).toEqual(before);
    expect(await errorsOf(harness, wants)).toHaveLength(1);
  });

  test('two of the name are refused, both named', async () => {
    const made = [await makeByHand(harness), await makeByHand(harness)];
    const before = await world(harness);
    const { status, result } = await harness.run('provision', PREFIXED);
    expect(status).toBe('FAILED');
    for (const { connectionId } of made) expect(result).toContain(connectionId);
    expect(await world(harness)).toEqual(before);
  });

  test.each([
    ['the connection', 'patchConnection', { prefix: 'x_' }],
    ['the destination', 'putDestination', {}],
  ])(
    'when Airbyte refuses %s all is given back as it was, secrets included',
    async (_what, operation, more) => {
      const made = await makeByHand(harness);
      const before = await world(harness);
      await harness.fault({ operation, status: 422 });
      const { status, result } = await harness.run('provision', adopting(made.connectionId, more));
      expect(status).toBe('FAILED');
      expect(result).not.toContain('Left behind');
      expect(await world(harness)).toEqual(before);
    },
  );

  test('a seal that fails names the secret that cannot be had back; the rest is given back', async () => {
    const made = await makeByHand(harness);
    const before = await world(harness);
    // The first write of the destination renames it, the second would be the seal.
    await harness.fault({ operation: 'putDestination', status: 422, skip: 1 });
    const { status, result } = await harness.run('provision', adopting(made.connectionId));
    expect(status).toBe('FAILED');
    expect(result).toMatch(
      /Left behind in Airbyte: the source "Orders of old".*configuration\.password/,
    );
    const after = await world(harness);
    expect(after.destinations).toEqual(before.destinations);
    expect(after.connections).toEqual(before.connections);
    expect(after.sources[0]?.name).toBe('Orders of old');
  });

  test("with other hosts the descriptor's secrets go at once, and never the stored ones", async () => {
    const made = await makeByHand(harness);
    const elsewhere = {
      ...adopting(made.connectionId),
      source: {
        ...AS_MADE.source,
        connectionConfiguration: {
          ...AS_MADE.source.connectionConfiguration,
          host: 'new.example.invalid',
        },
      },
    };
    const before = await world(harness);
    await harness.fault({ operation: 'patchConnection', status: 422 });
    const failed = await harness.run('provision', elsewhere);
    expect(failed.result).toMatch(
      /Left behind in Airbyte: .*configuration\.password cannot be had/,
    );
    const [source] = (await world(harness)).sources;
    expect(source).toMatchObject({ name: 'Orders of old' });
    expect(source?.configuration).toMatchObject({
      host: 'new.example.invalid',
      password: REFERRED,
    });
    expect((await world(harness)).destinations).toEqual(before.destinations);
    await harness.run('provision', elsewhere);
    expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
    expect(JSON.stringify(await world(harness))).not.toContain(BY_HAND);
  });

  test('made anew beside what is shared: the old one is paused, and comes back when it fails', async () => {
    const made = await makeByHand(harness);
    const sourceId = await makeActor(harness, 'source', { name: 'Another' });
    const { destinationId } = made;
    const theirs = await connect(harness, { sourceId, destinationId }, { name: 'Their own' });
    const wants = adopting(made.connectionId, { adoptShared: 'anew' });
    const before = await world(harness);
    expect(await errorsOf(harness, wants)).toEqual([]);
    await harness.fault({ operation: 'createConnection', status: 422 });
    expect(await harness.run('provision', wants)).toMatchObject({ status: 'FAILED' });
    expect(await world(harness)).toEqual(before);

    const run = await harness.run('provision', wants);
    expect(run.result).toMatch(/takes the place of the connection "Orders to warehouse"/);
    const after = await world(harness);
    expect(after.sources).toEqual(expect.arrayContaining(before.sources));
    expect(after.destinations).toEqual(expect.arrayContaining(before.destinations));
    const of = (id: string) => after.connections.find(({ connectionId }) => connectionId === id);
    expect(of(theirs.connectionId)).toEqual(
      before.connections.find(({ connectionId }) => connectionId === theirs.connectionId),
    );
    expect(of(made.connectionId)).toMatchObject({
      name: `Orders to warehouse (now ${key()})`,
      status: 'inactive',
    });
    expect(counts(await harness.entities())).toEqual([3, 2, 3]);
    await harness.forgetCalls();
    expect(await harness.run('provision', wants)).toMatchObject({ status: 'COMPLETED' });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
  });

  test('an old one that cannot be set back is named, also where the new source is deleted', async () => {
    const made = await makeByHand(harness);
    const sourceId = await makeActor(harness, 'source', { name: 'Another' });
    const { destinationId } = made;
    await connect(harness, { sourceId, destinationId }, { name: 'Their own' });
    const wants = adopting(made.connectionId, { adoptShared: 'anew' });
    await harness.fault({ operation: 'createConnection', status: 422 });
    // The first write of the old one pauses it, the next would set it back.
    await harness.fault({ operation: 'patchConnection', status: 403, skip: 1, times: 0 });
    const { result } = await harness.run('provision', wants);
    expect(result).toContain(
      `Left behind in Airbyte: the connection "Orders to warehouse" (${made.connectionId})`,
    );
    expect(result).not.toMatch(/Orders to warehouse" \(\S+\) \(put back/);
    await harness.clearFaults();
  });

  test('what was set by hand at the old one stands at the new one too, and is told', async () => {
    const mappers = [
      {
        type: 'hashing',
        mapperConfiguration: { targetField: 'name', method: 'SHA-256', fieldNameSuffix: '_h' },
      },
    ];
    const made = await makeByHand(harness, {
      configurations: {
        streams: [{ name: 'customers', syncMode: 'full_refresh_overwrite', mappers }],
      },
    });
    const sourceId = await makeActor(harness, 'source', { name: 'Another' });
    const { destinationId } = made;
    await connect(harness, { sourceId, destinationId }, { name: 'Their own' });
    const { status, logs, info } = await harness.run(
      'provision',
      adopting(made.connectionId, { adoptShared: 'anew', streams: [{ name: 'customers' }] }),
    );
    expect(status).toBe('COMPLETED');
    expect(logs?.map(({ message }) => message).join()).toMatch(/customers keeps .*hashing of name/);
    const { connections } = await harness.entities();
    const own = connections.find(
      ({ connectionId }) => connectionId === info?.privateInfo.connectionId,
    );
    expect(own?.configurations).toMatchObject({
      streams: [{ name: 'customers', mappers: [{ type: 'hashing' }] }],
    });
  });

  test('a pipeline of the existing provisioner is taken over by its name, where the platform says so', async () => {
    const made = await makeAsScala(harness);
    const changes: Changes = {
      sourceName: 'finance.cashflow.0.payments',
      database: 'finance',
      connection: { name: 'finance.cashflow.0.payments' },
    };
    expect(await harness.run('provision', changes)).toMatchObject({ status: 'FAILED' });
    const before = await world(harness);
    await harness.worker()?.end();
    await harness.startWorker({ ADOPT_EXISTING: 'adopt' });
    try {
      await harness.fault({ operation: 'patchConnection', status: 422 });
      const other = { ...changes, connection: { ...changes.connection, prefix: 'x_' } };
      expect(await harness.run('provision', other)).toMatchObject({ status: 'FAILED' });
      expect(await world(harness)).toEqual(before);
      expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
      expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
      expect((await world(harness)).destinations[0]?.configuration).not.toHaveProperty(
        'loading_method',
      );
      await harness.forgetCalls();
      const again = { ...changes, connection: { ...changes.connection, syncOnProvision: false } };
      expect(await harness.run('provision', again)).toMatchObject({ status: 'COMPLETED' });
      expect((await harness.calls()).filter(isWrite)).toEqual([]);
      expect(await driftOf(harness)).toBe(0);
    } finally {
      await harness.worker()?.end();
      await harness.startWorker();
    }
  });

  test('when another component of the data product fails, what was taken over is given back', async () => {
    const made = await makeByHand(harness);
    const before = await world(harness);
    const products = productsOf(harness);
    const token = await products.start('provision', [
      { component: 'payments', ...adopting(made.connectionId) },
      { component: 'another', connection: { name: 'Another', streams: [{ name: 'nowhere' }] } },
    ]);
    expect(await products.finished(token)).toMatchObject({ status: 'FAILED' });
    expect(await world(harness)).toEqual(before);
  });

  test('of two components that want one connection, one has it', async () => {
    const made = await makeByHand(harness);
    const wants = adopting(made.connectionId);
    await harness.fault({ operation: 'putSource', delay: 300, times: 1 });
    const runs = await Promise.all([
      harness.run('provision', { ...wants, component: 'one' }),
      harness.run('provision', { ...wants, component: 'two' }),
    ]);
    expect(runs.map(({ status }) => status).sort()).toEqual(['COMPLETED', 'FAILED']);
    expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
    const owner = runs[0].status === 'COMPLETED' ? 'one' : 'two';
    const { sources, destinations } = await harness.entities();
    for (const { name } of [...sources, ...destinations]) expect(name).toContain(`.${owner} #`);
  });
});

test.each(['before', 'after'])(
  'a worker killed %s a write of what it takes over is no loss',
  (moment) =>
    withHarness(
      { env: { ...SECRETS, AIRBYTE_REQUEST_TIMEOUT: '30s', AIRBYTE_GIVE_UP_AFTER: '90s' } },
      async (harness) => {
        const made = await makeByHand(harness);
        await harness.fault({ operation: 'putDestination', hang: moment });
        const token = await harness.start('provision', adopting(made.connectionId));
        await eventually(
          async () => (await harness.calls('putDestination')).length > 0 || undefined,
          'the write',
        );
        await harness.worker()?.end('SIGKILL');
        await harness.startWorker();
        expect(await harness.finished(token)).toMatchObject({ status: 'COMPLETED' });
        expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
        expect(await secretsIn(harness)).not.toContain(BY_HAND);
      },
    ),
);
