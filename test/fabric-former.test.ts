import { parse } from 'yaml';
import { z } from 'zod';
import type { ProvisioningStatus } from '../src/contract/coordinator';
import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld, steered } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';
import { startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { eventually } from './support/harness';
import { catalog, startLakehouse } from './support/lakehouse';

/* Who may read where a component's data was before it moved to another schema or fabric. */

const [JANE, JOHN, MARY] = ['jane.doe', 'john.roe', 'mary.major'];
const PEOPLE = [JANE, JOHN, MARY];
/** Nobody in the fabrics that components have left. */
const ZOE = 'zoe.new';
const refOf = (name: string) => `user:${name}_example.com`;

let world: FabricWorld;
/** The same with other fabrics in their places: of another account, and another workspace. */
let far: FabricWorld;
let stop = () => Promise.resolve();
const snowflakeOf = (names: readonly string[]) => ({
  people: names.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`),
});
const lakehouseOf = (names: readonly string[]) => ({
  users: names.map((name) => `${name}@example.com`),
});

beforeAll(async () => {
  const all = [...PEOPLE, ZOE];
  world = await startFabricWorld({ snowflake: snowflakeOf(all), lakehouse: lakehouseOf(all) });
  const [account, workspace] = await Promise.all([
    startSnowflakeSimulator({
      publicKeys: [world.keys.publicKey],
      account: 'FAR',
      ...snowflakeOf(PEOPLE),
    }),
    startLakehouse({ ...lakehouseOf(PEOPLE), catalogs: ['other'] }),
  ]);
  far = { ...world, ...steered(account), lakehouse: workspace };
  const { fabrics } = world.settings;
  Object.assign(fabrics, {
    'far-dev': {
      ...fabrics['finance-dev'],
      host: 'far.snowflakecomputing.com',
      apiUrl: account.url,
    },
    'far-lakehouse': workspace.fabric,
  });
  await world.rewrite();
  stop = async () => {
    await Promise.all([world.stop(), account.close(), workspace.close()]);
  };
});
afterAll(() => stop());

const snowflake = snowflakeSide(() => world);
const databricks = databricksSide(() => world);
const farSnowflake = snowflakeSide(() => far);
const farDatabricks = databricksSide(() => far);

const Product = z.looseObject({
  componentIdToProvision: z.string(),
  dataProduct: z.looseObject({}),
});

/** What Witboost sends along of the last run. */
const after = ({ info }: ProvisioningStatus, changes: FabricChanges) => {
  const { componentIdToProvision: id } = Product.parse(parse(world.textOf(changes)));
  return { latestEnrichedDescriptor: JSON.stringify({ components: [{ id, info }] }) };
};

const completed = async (run: Promise<ProvisioningStatus>) => {
  const ended = await run;
  if (ended.status !== 'COMPLETED') throw new Error(ended.result);
  return ended;
};
const provisioned = (changes: FabricChanges, last?: ProvisioningStatus) =>
  completed(world.run('provision', changes, last && after(last, changes)));
const give = (names: readonly string[], changes: FabricChanges, last: ProvisioningStatus) =>
  world.giveAccess(names.map(refOf), changes, JSON.stringify(last));
const given = (...all: Parameters<typeof give>) => completed(give(...all));

/** The run that gives access, cancelled once this is so, and ended. */
const cancelled = async (
  names: readonly string[],
  changes: FabricChanges,
  { last, once }: { last: ProvisioningStatus; once: () => Promise<boolean> },
) => {
  const { text: token } = await world.startAccess(names.map(refOf), changes, JSON.stringify(last));
  await eventually(async () => ((await once()) ? true : undefined), 'the revocation');
  const handle = world.client.workflow.getHandle(token);
  await handle.cancel();
  expect(await world.finished(token)).toMatchObject({ status: 'FAILED' });
  return handle;
};

/** What a check for drift finds not to be as a run has left it. */
const changedOf = async (component: string) => {
  const queues = oneQueue(world.env.TEMPORAL_TASK_QUEUE);
  const { findings } = await createDrift({ client: world.client, queues }).check(world.environment);
  return findings
    .filter((each) => each.kind === 'changed' && each.component.endsWith(`.${component}`))
    .map(({ entity, fabric, differs }) => ({ entity, fabric, differs }));
};
/** Until so many provisions of a component are in Temporal's list, which lags behind, as completed. */
const listed = (component: string, count: number) =>
  eventually(async () => {
    const query = "WorkflowType = 'provision' AND ExecutionStatus = 'Completed'";
    let found = 0;
    for await (const { workflowId } of world.client.workflow.list({ query }))
      if (workflowId.includes(`.${component}.`)) found += 1;
    return found >= count || undefined;
  }, `${component} in the list`);

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const schemaReaders = async (schema: string, { lakehouse } = far) => {
  const { schemas } = (await lakehouse?.state()) ?? { schemas: [] };
  const grants = schemas.find(({ name }) => name === schema)?.grants ?? {};
  return PEOPLE.filter((name) => grants[`${name}@example.com`]?.includes('SELECT'));
};

afterEach(() =>
  Promise.all(
    [snowflake, databricks, farSnowflake, farDatabricks].map((side) => side.clearFaults()),
  ),
);

describe.each([
  { from: farSnowflake, to: snowflake, fabric: 'far-dev' as const, isNamedAlike: false },
  { from: farDatabricks, to: databricks, fabric: 'far-lakehouse' as const, isNamedAlike: true },
])('from one $from.system to another', ({ from, to, fabric, isNamedAlike }) => {
  const named = (name: string) => `${name}-${from.system.toLowerCase().slice(0, 4)}`;
  const users = (names: readonly string[]) => names.map(from.user).sort();
  const state = async () => [await from.state(), await to.state()];

  const moved = async (name: string, readers: readonly string[]) => {
    const [before, now] = [from.of(named(name), { fabric }), to.of(named(name))];
    const first = await provisioned(before);
    await given(readers, before, first);
    return { now, last: await provisioned(now, first) };
  };

  test('who is to read no more loses the former data, who stays keeps it, and nobody gains it', async () => {
    const { now, last } = await moved('moves', [JANE, JOHN]);
    const { result } = await given([JANE, MARY], now, last);
    expect(result).toContain(`1 revoked from the former data in ${from.system}`);
    expect(await from.readersOf(named('moves'))).toEqual(users([JANE]));
    expect(await to.readersOf(named('moves'))).toEqual(users([JANE, MARY]));
    const before = await state();
    await Promise.all([from.forget(), to.forget()]);
    await given([MARY, JANE], now, last);
    expect([...(await from.writes()), ...(await to.writes())]).toEqual([]);
    expect(await state()).toEqual(before);
    await given([], now, last);
    expect(await from.readersOf(named('moves'))).toEqual([]);
  });

  test('whom somebody else has let read the former data keeps it', async () => {
    const { now, last } = await moved('others', [JANE]);
    await from.letRead(named('others'), from.user(MARY));
    await given([], now, last);
    expect(await from.readersOf(named('others'))).toEqual(users([MARY]));
  });

  test('who does not exist there keeps nobody else in', async () => {
    const { now, last } = await moved('new', [JANE, JOHN]);
    const { result } = await given([JANE, ZOE], now, last);
    expect(result).not.toContain('Not so');
    expect(await from.readersOf(named('new'))).toEqual(users([JANE]));
    expect(await to.readersOf(named('new'))).toEqual(users([JANE, ZOE]));
  });

  test('who is named and not shown there keeps it, as do all others, and it is told', async () => {
    const { now, last } = await moved('unseen', [JANE, JOHN]);
    await from.hideUsers();
    const { result } = await given([JANE], now, last);
    expect(result).toMatch(
      /Not so where its data was before.*(does not show|shows no users).*may read there is not known/,
    );
    expect(await from.readersOf(named('unseen'))).toEqual(users([JANE, JOHN]));
    expect(await to.readersOf(named('unseen'))).toEqual(users([JANE]));
    // Where nobody is named nobody has to be known.
    await given([], now, last);
    expect(await from.readersOf(named('unseen'))).toEqual([]);
  });

  test.each([
    ['does not answer', 503, /503/],
    ['lets nobody in', 403, /403|not let in/],
  ])('one that %s is told, and keeps nobody from the present one', async (_what, status, why) => {
    const name = `shut-${String(status)}`;
    const { now, last } = await moved(name, [JANE, JOHN]);
    await given([JANE, JOHN], now, last);
    await from.silence(status);
    const { result } = await given([JANE, MARY], now, last);
    const [, untold = ''] = result.split('Not so where its data was before');
    expect(untold).toContain(from.system);
    expect(untold).toMatch(why);
    await from.clearFaults();
    expect(await to.readersOf(named(name))).toEqual(users([JANE, MARY]));
    expect(await from.readersOf(named(name))).toEqual(users([JANE, JOHN]));
    await given([JANE, MARY], now, last);
    expect(await from.readersOf(named(name))).toEqual(users([JANE]));
  });

  test.each([
    ['refuses to be changed', { refused: true as const }],
    ['does not answer when it is changed', { status: 503 }],
  ])('one that %s is told, and keeps nobody from the rest', async (_what, effect) => {
    const name = 'refused' in effect ? 'refused' : 'unchanged';
    const { now, last } = await moved(name, [JANE, JOHN]);
    await given([JANE, JOHN], now, last);
    await from.fault('revoke', { ...effect, times: 0 });
    const { result, logs } = await given([MARY], now, last);
    const [, unchanged = ''] = result.split(
      'Not so where its data was before, which could not be changed: ',
    );
    expect(unchanged).toContain(from.system);
    expect(result).not.toContain('revoked from the former data');
    expect(JSON.stringify(logs)).toContain('Who reads where the data was before is left: ');
    await from.clearFaults();
    expect(await to.readersOf(named(name))).toEqual(users([MARY]));
    expect(await from.readersOf(named(name))).toEqual(users([JANE, JOHN]));
    await given([MARY], now, last);
    expect(await from.readersOf(named(name))).toEqual([]);
  });

  test('a run that is cancelled waits for what the former one may still do, by its name', async () => {
    const { now, last } = await moved('waits', [JANE]);
    await from.fault('revoke', { hang: 'after' });
    const handle = await cancelled([], now, {
      last,
      once: async () => (await from.readersOf(named('waits'))).length === 0,
    });
    const { events } = await handle.fetchHistory();
    const summaries = (events ?? []).map(({ userMetadata }) =>
      Buffer.from(userMetadata?.summary?.data ?? []).toString(),
    );
    expect(summaries).toContain(`"${from.system} may still do what it gave no answer to"`);
    expect(await from.readersOf(named('waits'))).toEqual(users([JANE]));
  });

  test('one that is not in the file any more is told, and keeps nobody from the present one', async () => {
    const { now, last } = await moved('gone', [JANE, JOHN]);
    await changed({ [fabric]: undefined }, async () => {
      const { result } = await given([JANE], now, last);
      expect(result).toMatch(/Not so where its data was before.*specific\.destination\.fabric/);
    });
    expect(await to.readersOf(named('gone'))).toEqual(users([JANE]));
    expect(await from.readersOf(named('gone'))).toEqual(users([JANE, JOHN]));
    await listed(named('gone'), 2);
    // Names in one account say nothing of those in another.
    expect(await changedOf(named('gone'))).toEqual(
      isNamedAlike ? [{ entity: 'grant', fabric, differs: [like(/john\.roe/i)] }] : [],
    );
    const repaired = await world.cli('drift', '--repair', '--changed');
    expect(repaired.stdout).not.toMatch(/COMPLETED/);
    await given([JANE], now, last);
    expect(await changedOf(named('gone'))).toEqual([]);
    expect(await from.readersOf(named('gone'))).toEqual(users([JANE]));
  });
});

/** As of a run that remembers no places. */
const withoutPlaces = (last: ProvisioningStatus): ProvisioningStatus => {
  const { places: _places, ...privateInfo } = last.info?.privateInfo ?? {};
  return { ...last, info: { publicInfo: {}, ...last.info, privateInfo } };
};

describe.each([
  { how: 'that runs remember', prefix: 'known', told: (last: ProvisioningStatus) => last },
  { how: 'that nobody remembers', prefix: 'untold', told: withoutPlaces },
])('from one schema of a catalog to another, $how', ({ prefix, told }) => {
  const readersOf = async (name: string) => [
    await schemaReaders(`${prefix}_${name}_a`, world),
    await schemaReaders(`${prefix}_${name}_b`, world),
  ];
  const moved = async (name: string) => {
    const inSchema = (end: string) =>
      databricks.of(`${prefix}-${name}`, { schema: `${prefix}_${name}_${end}` });
    const [before, now] = [inSchema('a'), inSchema('b')];
    const first = await provisioned(before);
    await given([JANE, JOHN], before, first);
    return { now, last: told(await provisioned(now, first)) };
  };

  test('who read the former one is told as granted the present one, and as revoked from the former once', async () => {
    const { now, last } = await moved('told');
    const { result } = await given([JANE], now, last);
    expect(result).toMatch(
      /^Who has access is as asked: 1 granted the data in Databricks, 1 revoked from the former data in Databricks\.$/,
    );
    expect(await readersOf('told')).toEqual([[JANE], [JANE]]);
  });

  test('the undo of a grant that is refused lets nobody in who was not', async () => {
    const { now, last } = await moved('grant');
    await databricks.fault('grant', { refused: true });
    expect(await give([MARY], now, last)).toMatchObject({ status: 'FAILED' });
    await databricks.clearFaults();
    expect(await readersOf('grant')).toEqual([[JANE, JOHN], []]);
  });

  test('a revocation from the former one that is refused takes nothing from the present one', async () => {
    const { now, last } = await moved('kept');
    await databricks.fault('grant', { refused: true, skip: 1 });
    const { result } = await given([MARY], now, last);
    expect(result).toContain('which could not be changed: ');
    expect(await readersOf('kept')).toEqual([[JANE, JOHN], [MARY]]);
  });

  test('the undo of a revocation from the former one lets nobody in who was not', async () => {
    const { now, last } = await moved('late');
    await databricks.fault('grant', { hang: 'after', skip: 1 });
    await cancelled([MARY], now, {
      last,
      once: async () => (await schemaReaders(`${prefix}_late_a`, world)).length === 0,
    });
    await databricks.clearFaults();
    expect(await readersOf('late')).toEqual([[JANE, JOHN], []]);
  });
});

const changed = async (fabrics: object, work: () => Promise<void>) => {
  await world.rewrite({ ...world.settings, fabrics: { ...world.settings.fabrics, ...fabrics } });
  await work();
  await world.rewrite();
};

test.each([
  { from: farSnowflake, between: snowflake, to: databricks, fabric: 'far-dev' },
  { from: farDatabricks, between: databricks, to: snowflake, fabric: 'far-lakehouse' },
])(
  'drift does not compare names of people across types: from $from.system',
  async ({ from, between, to, fabric }) => {
    const name = `across-${from.system.toLowerCase().slice(0, 4)}`;
    const before = from.of(name, { fabric });
    const first = await provisioned(before);
    await given([JANE, JOHN], before, first);
    const next = between.of(name);
    const second = await provisioned(next, first);
    // Airbyte changes no destination's connector, so the component goes in between.
    let gone = second;
    await changed({ [fabric]: undefined }, async () => {
      gone = await completed(world.run('unprovision', next, after(second, next)));
    });
    const now = to.of(name);
    const last = await provisioned(now, gone);
    await given([JANE], now, last);
    expect(await from.readersOf(name)).toEqual([from.user(JANE)]);
    // Of one type, and newer in Temporal's list: what is told of it was looked for in the other, too.
    const own = farDatabricks.of(`${name}-own`, { fabric: 'far-lakehouse' });
    const left = await provisioned(own);
    await given([JANE], own, left);
    await provisioned(databricks.of(`${name}-own`), left);
    await eventually(
      async () => ((await changedOf(`${name}-own`)).length > 0 ? true : undefined),
      'the finding',
    );
    expect(await changedOf(name)).toEqual([]);
  },
);

test('of two former schemas the one that was done is given back when the run is cancelled at the other', async () => {
  const [first, second] = ['one_a', 'one_b'].map((schema) =>
    farDatabricks.of('twice', { schema, fabric: 'far-lakehouse' }),
  );
  const here = databricks.of('twice');
  const a = await provisioned(first ?? here);
  await given([JANE, JOHN], first ?? here, a);
  const b = await provisioned(second ?? here, a);
  await given([JANE, JOHN], second ?? here, b);
  const last = await provisioned(here, b);
  await given([JANE, JOHN], here, last);
  const readers = async () => [
    await schemaReaders('one_a'),
    await schemaReaders('one_b'),
    await databricks.readersOf('twice'),
  ];
  const before = await readers();
  await farDatabricks.fault('revoke', { hang: 'before', skip: 1 });
  await cancelled([JANE], here, {
    last,
    once: async () => {
      const left = [await schemaReaders('one_a'), await schemaReaders('one_b')];
      return left.some((names) => names.length === 1);
    },
  });
  expect(await readers()).toEqual(before);
  await farDatabricks.clearFaults();
  // One that refuses keeps nobody from losing the other.
  await farDatabricks.fault('revoke', { refused: true });
  await given([JANE], here, last);
  const left = [await schemaReaders('one_a'), await schemaReaders('one_b')];
  expect(left.map(({ length }) => length).sort()).toEqual([1, 2]);
  await farDatabricks.clearFaults();
  await given([JANE], here, last);
  expect(await readers()).toEqual([[JANE], [JANE], [databricks.user(JANE)]]);
});

test('a fabric that leads to another account by now is told, by access and removal, and not asked there', async () => {
  const before = farSnowflake.of('account', { fabric: 'far-dev' });
  const first = await provisioned(before);
  await given([JANE, JOHN], before, first);
  const now = snowflake.of('account');
  const last = await provisioned(now, first);
  const elsewhere = { ...world.settings.fabrics['finance-dev'] };
  await changed({ 'far-dev': elsewhere }, async () => {
    await farSnowflake.forget();
    const { result } = await given([JANE], now, last);
    expect(result).toMatch(/far-dev leads to account SIMULATOR .* at account FAR/);
    const removal = { ...now, removeData: true };
    const gone = await completed(world.run('unprovision', removal, after(last, removal)));
    expect(JSON.stringify(gone)).toMatch(/leads to account SIMULATOR/);
    expect(await far.requests()).toEqual([]);
  });
  expect(await farSnowflake.readersOf('account')).toEqual([JANE, JOHN].map(snowflake.user));
});

test('a fabric that has another catalog by now is reached in its former one', async () => {
  const before = farDatabricks.of('catalogs', { fabric: 'far-lakehouse' });
  const first = await provisioned(before);
  await given([JANE, JOHN], before, first);
  expect(first.info?.privateInfo.places).toContain(`"catalog":"${catalog}"`);
  const now = databricks.of('catalogs');
  const last = await provisioned(now, first);
  await changed({ 'far-lakehouse': { ...far.lakehouse?.fabric, catalog: 'other' } }, async () => {
    await given([JANE], now, last);
    expect(await farDatabricks.readersOf('catalogs')).toEqual([databricks.user(JANE)]);
    const removal = { ...now, removeData: true };
    await completed(world.run('unprovision', removal, after(last, removal)));
    expect(await farDatabricks.schemasOf('catalogs')).toEqual([]);
  });
});

test('what removals have kept is told of each catalog that a fabric leads or has led to', async () => {
  const keptBy = async (component: string) => {
    const changes = farDatabricks.of(component, { fabric: 'far-lakehouse' });
    const last = await provisioned(changes);
    const token = await world.start('unprovision', changes, after(last, changes));
    await world.finished(token);
    await eventually(async () => {
      const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
      return (await world.client.workflow.count(query)).count > 0 || undefined;
    }, `${token} in the list`);
  };
  await keptBy('formerly');
  await changed({ 'far-lakehouse': { ...far.lakehouse?.fabric, catalog: 'other' } }, async () => {
    await keptBy('presently');
    const queues = oneQueue(world.env.TEMPORAL_TASK_QUEUE);
    const { kept = [] } = await createDrift({ client: world.client, queues }).check(
      world.environment,
    );
    const here = kept.filter(({ fabric }) => fabric === 'far-lakehouse');
    expect(here.map(({ name, fabric }) => `${fabric}: ${name}`).toSorted()).toEqual([
      'far-lakehouse: main.formerly',
      'far-lakehouse: other.presently',
    ]);
  });
});
