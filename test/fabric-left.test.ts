import { z } from 'zod';
import { parseJson } from '../src/contract/json';
import { listIn, stateOf } from './support/environments';
import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { eventually } from './support/harness';
import { startFabricWorld } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';
import { catalog, personalToken } from './support/lakehouse';

/* What a removal leaves in fabrics: it is told, with what to do, and a later removal finds it. */

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({
    lakehouse: {},
    snowflake: { people: ['JANE.DOE@EXAMPLE.COM'] },
    fabric: {
      manage: {
        database: true,
        schema: true,
        access: true,
        by: { user: 'PROVISIONER', role: 'PROVISIONER', privateKey: { secretRef: 'ADMIN_KEY' } },
      },
    },
  });
});
afterAll(() => world.stop());
afterEach(() => world.clearFaults());

const OLD = 'finance-old';

/** With a second fabric, as the first is. */
const withOld = () => {
  const { fabrics } = world.settings;
  return world.rewrite({
    ...world.settings,
    fabrics: { ...fabrics, [OLD]: fabrics['finance-dev'] },
  });
};

/** As Witboost gives what the last run has told. */
const telling = (component: string, status: { info?: unknown }) => ({
  latestEnrichedDescriptor: JSON.stringify({
    dataProduct: {
      components: [{ id: `urn:dmb:cmp:finance:cashflow:0:${component}`, info: status.info }],
    },
  }),
});

type Told = Awaited<ReturnType<FabricWorld['run']>>;

const run = async (operation: 'provision' | 'unprovision', changes: FabricChanges, before?: Told) =>
  world.run(operation, changes, before && telling(changes.component ?? '', before));

const provisioned = async (changes: FabricChanges, before?: Told) => {
  const told = await run('provision', changes, before);
  expect(told).toMatchObject({ status: 'COMPLETED' });
  return told;
};

const databases = async () => (await world.warehouse()).databases.map(({ name }) => name).sort();
const schemas = async (component: string) =>
  (await world.warehouse()).databases.flatMap(({ schemas: all }) =>
    all.filter(({ comment }) => comment?.endsWith(`.${component}`)).map(({ name }) => name),
  );

test('a database that has something else in it is told as left, and is found again', async () => {
  const before = await world.state();
  const component = 'keeps';
  await provisioned({ component, database: 'KEPT' });
  await world.control('/syncs', { database: 'KEPT', schema: 'KEEPS', role: 'AIRBYTE' });
  await world.control('/objects', { database: 'KEPT', schema: 'PUBLIC', name: 'THEIRS' });
  const removal = { component, database: 'KEPT', removeData: true };
  const told = await run('unprovision', removal);
  expect(told).toMatchObject({
    status: 'COMPLETED',
    result: `Nothing of the component is left in Airbyte.
Left behind in the fabric: the database KEPT (its schema PUBLIC has 1 table or view).
What to do: Where nothing in it is needed, DROP DATABASE IF EXISTS "KEPT"; takes it away; or empty it, and unprovision again with removeData.`,
    info: {
      privateInfo: {
        leftBehind: ['the database KEPT (its schema PUBLIC has 1 table or view)'],
      },
    },
  });
  const lines = told.logs?.map(({ message }) => message) ?? [];
  const took = lines.find((line) => line.startsWith('Took away'));
  expect(took).toContain('the schema KEPT.KEEPS');
  expect(took).not.toContain('the database');
  expect(await databases()).toEqual(['ANALYTICS', 'KEPT']);
  await world.sql('DROP SCHEMA "KEPT"."PUBLIC"', 'PROVISIONER');
  // Whatever the descriptor names by then.
  const elsewhere = { component, database: 'ANALYTICS', removeData: true };
  const gone = await run('unprovision', elsewhere, told);
  expect(gone).toMatchObject({
    status: 'COMPLETED',
    result: 'Nothing of the component is left in Airbyte and its fabric.',
    info: { privateInfo: {} },
  });
  expect(await world.state()).toEqual(before);
});

const tookAway = ({ logs = [] }: Told) =>
  logs.filter(({ message }) => message.startsWith('Took away')).length;

const listOfJobs = z.array(z.looseObject({ jobType: z.string() }));
const Places = z.array(z.looseObject({ configuration: z.looseObject({ schema: z.string() }) }));

const placesOf = ({ info }: Told) => {
  const told: unknown = info?.privateInfo.places;
  const places = Places.parse(parseJson(typeof told === 'string' ? told : '[]'));
  return places.map(({ configuration }) => configuration.schema);
};

test('what two places of one fabric lead to is kept, told and taken away once, and both stay known', async () => {
  const before = await world.state();
  const of = (schema: string) => ({ component: 'twofold', fabric: 'lakehouse', schema });
  const now = of('later');
  const last = await provisioned(now, await provisioned(of('sooner')));
  const kept = await run('unprovision', now, last);
  expect(kept).toMatchObject({
    status: 'COMPLETED',
    result:
      'Nothing of the component is left in Airbyte. Kept with its data, as removeData was not asked for: the schema main.sooner and the schema main.later in Databricks.',
  });
  expect(tookAway(kept)).toBe(1);
  expect(placesOf(kept)).toEqual(['later', 'sooner']);
  const gone = await run('unprovision', { ...now, removeData: true }, kept);
  expect(gone).toMatchObject({
    status: 'COMPLETED',
    result: 'Nothing of the component is left in Airbyte and its fabric.',
  });
  expect(tookAway(gone)).toBe(1);
  expect(await world.state()).toEqual(before);
});

const linesTaking = (what: string, { logs = [] }: Told) =>
  logs.filter(({ message }) => message.startsWith('Took away') && message.includes(what));
const leftOf = ({ info }: Told) => info?.privateInfo.leftBehind ?? [];
const rawOf = (database: string, schema: string) =>
  `what Airbyte keeps of the schema ${database}.${schema} in its schema AIRBYTE_INTERNAL (${schema}_RAW__STREAM_ORDERS)`;

/** A database of somebody else's, whose use by Airbyte's role its owner has granted. */
const shared = async (name: string) => {
  await world.sql(`CREATE DATABASE "${name}"`, 'SYSADMIN');
  const all = `ON DATABASE "${name}" TO ROLE "PROVISIONER" WITH GRANT OPTION`;
  await world.sql(`GRANT USAGE, CREATE SCHEMA ${all}`, 'SYSADMIN');
  await world.sql(`GRANT CREATE SCHEMA ON DATABASE "${name}" TO ROLE "AIRBYTE"`, 'SYSADMIN');
};

test.each([
  ['in one database', 'RAWS', 'RAWS'],
  ['in two databases', 'RAWS_OLD', 'RAWS_NEW'],
])(
  'what Airbyte keeps of a former schema is told by each removal until it is gone, %s',
  async (_, older, newer) => {
    for (const name of new Set([older, newer])) await shared(name);
    const component = `raws${String(older.length)}`;
    const now = { component, schema: 'AFTER', database: newer };
    const first = await provisioned({ component, schema: 'BEFORE', database: older });
    const last = await provisioned(now, first);
    const sync = { database: older, schema: 'BEFORE', role: 'AIRBYTE', raw: true };
    await world.control('/syncs', sync);
    const removal = { ...now, removeData: true };
    const told = await run('unprovision', removal, last);
    expect(leftOf(told)).toEqual([rawOf(older, 'BEFORE')]);
    // The role is one, in whichever database it reads.
    expect(linesTaking('the role', told)).toHaveLength(1);
    const again = await run('unprovision', removal, told);
    expect(leftOf(again)).toEqual([rawOf(older, 'BEFORE')]);
    expect(again.result).not.toContain('Airbyte and its fabric');
    await world.sql(`DROP SCHEMA "${older}"."AIRBYTE_INTERNAL"`, 'AIRBYTE');
    const gone = await run('unprovision', removal, again);
    expect(gone.result).toBe('Nothing of the component is left in Airbyte and its fabric.');
    expect(gone.info?.privateInfo).toEqual({});
    for (const name of new Set([older, newer])) await world.sql(`DROP DATABASE "${name}"`);
  },
);

test('Airbyte’s own schema as a former place is no component’s, and nobody is told how to have it', async () => {
  const at = { database: 'BOTH', removeData: true };
  const mine = { component: 'inside', ...at };
  const last = await provisioned(mine);
  await world.control('/syncs', { database: 'BOTH', schema: 'INSIDE', role: 'AIRBYTE', raw: true });
  const [place = {}] = Places.parse(parseJson(String(last.info?.privateInfo.places)));
  const configuration = { database: 'BOTH', schema: 'AIRBYTE_INTERNAL' };
  const places = JSON.stringify([place, { ...place, configuration, isFormer: true }]);
  const told = await run('unprovision', mine, {
    ...last,
    info: { publicInfo: {}, privateInfo: { places } },
  });
  expect(told).toMatchObject({ status: 'COMPLETED', info: { privateInfo: {} } });
  expect(JSON.stringify(told)).not.toContain('COMMENT ON');
  expect(told.logs?.map(({ message }) => message)).toContain(
    'The schema BOTH.AIRBYTE_INTERNAL is where Airbyte keeps raw tables: it can be no component’s own.',
  );
});

test('what others have granted Airbyte is told by each removal until it is gone', async () => {
  await world.sql('CREATE DATABASE "LENT"', 'SYSADMIN');
  await world.sql('GRANT USAGE, CREATE SCHEMA ON DATABASE "LENT" TO ROLE "PROVISIONER"');
  const lent = { component: 'lent', database: 'LENT', removeData: true };
  const told = await run('unprovision', lent, await provisioned(lent));
  expect(leftOf(told)).toEqual([
    expect.stringContaining('USAGE on the database LENT for the role AIRBYTE'),
  ]);
  const again = await run('unprovision', lent, told);
  expect(leftOf(again)).toEqual(leftOf(told));
  await world.sql('REVOKE USAGE ON DATABASE "LENT" FROM ROLE "AIRBYTE"');
  const gone = await run('unprovision', lent, again);
  expect(gone.result).toBe('Nothing of the component is left in Airbyte and its fabric.');
  await world.sql('DROP DATABASE "LENT"');
});

/** How often a removal of a component without its data lists schemas before it takes anything away. */
const listsBeforeCleanup = async (component: string) => {
  await world.lakehouse?.control('/requests', undefined, 'DELETE');
  await run('unprovision', { component, fabric: 'lakehouse' });
  const calls = (await world.lakehouse?.requests()) ?? [];
  const first = calls.findIndex(({ operation, changes }) => changes && operation !== 'issueToken');
  expect(first).toBeGreaterThan(0);
  return calls.slice(0, first).filter(({ operation }) => operation === 'listSchemas').length;
};

const stepsOf = async (token: string) => {
  const { events = [] } = await world.client.workflow.getHandle(token).fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name ?? [],
  );
};

test('a removal that fails before it takes anything away from a fabric undoes nothing there', async () => {
  const early = { component: 'early', fabric: 'lakehouse' };
  await provisioned({ ...early, component: 'twin' });
  await provisioned(early);
  const lists = await listsBeforeCleanup('twin');
  const before = await world.lakehouse?.state();
  // The last of them is the first look of what takes away.
  const fault = { operation: 'listSchemas', status: 403, times: 0, skip: lists - 1 };
  await world.lakehouse?.control('/faults', fault);
  const token = await world.start('unprovision', early);
  expect(await world.finished(token)).toMatchObject({ status: 'FAILED' });
  await world.lakehouse?.control('/faults', undefined, 'DELETE');
  const steps = await stepsOf(token);
  expect(steps).toContain('cleanupFabric');
  expect(steps).not.toContain('restoreFabric');
  expect(await world.lakehouse?.state()).toEqual(before);
  expect(await run('unprovision', { ...early, removeData: true })).toMatchObject({
    status: 'COMPLETED',
  });
});

test('who reads gets back the role that two databases share where the second cannot be taken away', async () => {
  const component = 'shares';
  const of = (database: string) => ({ component, schema: 'SHARES', database });
  const now = of('NEWER');
  const last = await provisioned(now, await provisioned(of('OLDER')));
  const side = snowflakeSide(() => world);
  await world.giveAccess(['user:jane.doe_example.com'], now, JSON.stringify(last));
  await world.fault({ operation: 'dropDatabase', code: '003001', skip: 1 });
  const removal = { ...now, removeData: true };
  const failed = await run('unprovision', removal, last);
  expect(failed).toMatchObject({ status: 'FAILED' });
  expect(await side.readersOf(component)).toEqual([side.user('jane.doe')]);
  expect(await databases()).toEqual(['ANALYTICS', 'OLDER']);
  expect(await run('unprovision', removal, failed)).toMatchObject({ status: 'COMPLETED' });
  expect(await databases()).toEqual(['ANALYTICS']);
});

describe('a former fabric that the configuration file does not have any more', () => {
  test('keeps nothing else from being removed, is told as left, and is found when it is there again', async () => {
    await withOld();
    const before = await world.state();
    const component = 'moved';
    const first = await provisioned({
      component,
      schema: 'BEFORE',
      fabric: OLD,
      database: 'OLDER',
    });
    const moved = await provisioned({ component, schema: 'AFTER' }, first);
    expect(await schemas(component)).toEqual(['AFTER', 'BEFORE']);
    await world.rewrite();
    const removal = { component, schema: 'AFTER', removeData: true };
    const told = await run('unprovision', removal, moved);
    const what = 'what it had in the fabric finance-old (database OLDER, schema BEFORE)';
    expect(told).toMatchObject({
      status: 'COMPLETED',
      info: { privateInfo: { leftBehind: [what] } },
    });
    expect(told.result).toContain(`Nothing of the component is left in Airbyte.
Left behind in the fabric: ${what}.
What to do: The configuration file does not have this fabric any more, or not for the component’s team.`);
    expect(told.result).toContain(`provisioner:${world.environment}/finance.cashflow.0.moved`);
    expect(await schemas(component)).toEqual(['BEFORE']);
    // It stays known, and stays no obstacle.
    const again = await run('unprovision', removal, told);
    expect(again.status).toBe('COMPLETED');
    expect(again.info?.privateInfo).toEqual(told.info?.privateInfo);
    await withOld();
    const gone = await run('unprovision', removal, again);
    expect(gone).toMatchObject({
      status: 'COMPLETED',
      result: 'Nothing of the component is left in Airbyte and its fabric.',
    });
    expect(gone.info?.privateInfo).toEqual({});
    expect(await world.state()).toEqual(before);
    await world.rewrite();
  });

  test('is asked for by an update of access that a run has told of it, whatever the descriptor names', async () => {
    await withOld();
    const component = 'asked';
    const first = await provisioned({ component, schema: 'ASKED', fabric: OLD });
    await world.rewrite();
    const told = JSON.stringify(first);
    const changes = { component, schema: 'ASKED', fabric: 'unknown' };
    const known = await world.giveAccess([], changes, told);
    expect(known.status).toBe('FAILED');
    expect(known.result).toContain('The fabric finance-old, which this run is about, is not in');
    const unknown = await world.giveAccess([], changes, '');
    expect(unknown.status).toBe('FAILED');
    expect(unknown.result).toContain('specific.destination.fabric: is not a fabric that the team');
    const refused = await world.startAccess(['user:jane.doe_example.com'], changes, told);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('its fabric finance-old is not a fabric that the team finance');
    await withOld();
    const removal = { component, schema: 'ASKED', fabric: OLD, removeData: true };
    expect(await run('unprovision', removal)).toMatchObject({ status: 'COMPLETED' });
    await world.rewrite();
  });

  test('is asked for where it goes while a removal goes on', async () => {
    await withOld();
    const component = 'midway';
    const first = await provisioned({ component, schema: 'MIDWAY', fabric: OLD });
    const removal = { component, schema: 'MIDWAY', fabric: OLD, removeData: true };
    await world.forgetRequests();
    await world.fault({ operation: 'dropRole', status: 503, times: 0 });
    const token = await world.start('unprovision', removal, telling(component, first));
    await eventually(async () => {
      const asked = await world.requests();
      return asked.some(({ statement }) => statement?.startsWith('DROP ROLE')) || undefined;
    }, 'the drop of the role');
    await world.rewrite();
    await eventually(
      async () => ((await world.status(token)).result.includes('undoing') ? true : undefined),
      'the undo',
      60_000,
    );
    await world.clearFaults();
    await withOld();
    const failed = await world.finished(token);
    expect(failed.status).toBe('FAILED');
    expect(failed.result).toContain('The fabric finance-old, which this run is about, is not in');
    expect(failed.result).not.toContain('Name another fabric');
    expect(await run('unprovision', removal, failed)).toMatchObject({ status: 'COMPLETED' });
    expect(await schemas(component)).toEqual([]);
    await world.rewrite();
  });

  test('but where the component still writes to it nothing is removed', async () => {
    await withOld();
    const component = 'stays';
    const first = await provisioned({ component, schema: 'STAYS', fabric: OLD });
    const state = await world.state();
    await world.rewrite();
    const removal = { component, schema: 'STAYS', fabric: OLD, removeData: true };
    const failed = await run('unprovision', removal, first);
    expect(failed.status).toBe('FAILED');
    expect(failed.result).toContain('finance-old');
    expect(await world.state()).toEqual(state);
    await withOld();
    expect(await run('unprovision', removal, failed)).toMatchObject({
      status: 'COMPLETED',
      result: 'Nothing of the component is left in Airbyte and its fabric.',
    });
    await world.rewrite();
  });
});

describe('a component whose descriptor names another place than it writes to, and no former run is known', () => {
  const snowflake = snowflakeSide(() => world);
  const databricks = databricksSide(() => world);
  const NOTHING = 'Nothing of the component is left in Airbyte and its fabric.';
  const read = (changes: FabricChanges) =>
    world.giveAccess(['user:jane.doe_example.com'], changes, '');

  test.each([
    ['of another system', snowflake.of('away-one'), databricks.of('away-one')],
    ['of the other system', databricks.of('away-two'), snowflake.of('away-two')],
    [
      'in another database',
      snowflake.of('away-three', { database: 'OLDER' }),
      snowflake.of('away-three'),
    ],
  ])('leaves nothing in one %s', async (_what, from, to) => {
    const before = await world.state();
    await provisioned(from);
    if (from.fabric === undefined) expect(await read(from)).toMatchObject({ status: 'COMPLETED' });
    const gone = await run('unprovision', { ...to, removeData: true });
    expect(gone).toMatchObject({ status: 'COMPLETED', result: NOTHING, info: { privateInfo: {} } });
    expect(await world.state()).toEqual(before);
  });

  test('keeps the data there, which is told, and found by what was told', async () => {
    const before = await world.state();
    const [from, to] = [snowflake.of('away-kept'), databricks.of('away-kept')];
    await provisioned(from);
    const kept = await run('unprovision', to);
    expect(kept.result).toContain(
      'Kept with its data, as removeData was not asked for: the schema',
    );
    expect(kept.info?.privateInfo.places).toContain('"AWAY_KEPT"');
    const gone = await run('unprovision', { ...to, removeData: true }, kept);
    expect(gone).toMatchObject({ status: 'COMPLETED', result: NOTHING });
    expect(await world.state()).toEqual(before);
  });

  test('is told where it is by a removal that fails there', async () => {
    const before = await world.state();
    const [from, to] = [snowflake.of('away-fails'), databricks.of('away-fails')];
    await provisioned(from);
    await world.fault({ operation: 'dropRole', code: '003001' });
    const failed = await run('unprovision', { ...to, removeData: true });
    expect(failed.status).toBe('FAILED');
    expect(failed.info?.privateInfo.places).toContain('"AWAY_FAILS"');
    const gone = await run('unprovision', { ...to, removeData: true }, failed);
    expect(gone).toMatchObject({ status: 'COMPLETED', result: NOTHING });
    expect(await world.state()).toEqual(before);
  });

  const elsewhere = () => ({
    ...world.settings.fabrics,
    'finance-dev': { ...world.settings.fabrics['finance-dev'], host: 'far.snowflakecomputing.com' },
  });
  const twice = () => ({
    ...world.settings.fabrics,
    [OLD]: world.settings.fabrics['finance-dev'],
  });
  const twiceAndLent = () => ({
    ...twice(),
    lakehouse: { ...world.lakehouse?.fabric, manage: undefined },
  });

  test.each([
    ['no fabric leads to', 'none', elsewhere, /No fabric that the component’s team may use/],
    ['several fabrics lead to', 'many', twice, /The fabrics finance-dev, finance-old lead there/],
    [
      'several fabrics lead to, while nothing is managed where the descriptor leads',
      'lent-many',
      twiceAndLent,
      /The fabrics finance-dev, finance-old lead there/,
    ],
  ])('is not said to have left nothing in one that %s', async (_what, name, fabrics, why) => {
    const before = await world.state();
    const from = snowflake.of(`away-${name}`);
    await provisioned(from);
    await world.rewrite({ ...world.settings, fabrics: fabrics() });
    const told = await run('unprovision', { ...databricks.of(`away-${name}`), removeData: true });
    await world.rewrite();
    const schema = snowflake.schema(`away-${name}`);
    const what = `what it may have in Snowflake (account SIMULATOR, database ANALYTICS, schema ${schema}), where its destination in Airbyte wrote to`;
    expect(told).toMatchObject({
      status: 'COMPLETED',
      info: { privateInfo: { leftBehind: [what] } },
    });
    expect(told.result).toContain(
      `Nothing of the component is left in Airbyte.\nLeft behind in the fabric: ${what}.`,
    );
    expect(told.result).toMatch(why);
    const gone = await run('unprovision', { ...from, removeData: true });
    expect(gone).toMatchObject({ status: 'COMPLETED', result: NOTHING });
    expect(await world.state()).toEqual(before);
  });

  test('is not said to have left nothing where its destination was led to what no component can have', async () => {
    const before = await world.state();
    const from = snowflake.of('away-unfit');
    await provisioned(from);
    const { airbyte } = await world.state();
    const all = listIn(airbyte, 'destinations');
    const written = all.find(({ name }) => name.includes('away-unfit'));
    await world.inAirbyte('PATCH', `/destinations/${written?.destinationId ?? ''}`, {
      configuration: { ...written?.configuration, schema: 'INFORMATION_SCHEMA' },
    });
    const told = await run('unprovision', { ...databricks.of('away-unfit'), removeData: true });
    const what =
      'what it may have in Snowflake (account SIMULATOR, database ANALYTICS, schema INFORMATION_SCHEMA), where its destination in Airbyte wrote to';
    expect(told).toMatchObject({
      status: 'COMPLETED',
      info: { privateInfo: { leftBehind: [what] } },
    });
    expect(told.result).toContain('is a word that Snowflake keeps for itself: INFORMATION_SCHEMA');
    const gone = await run('unprovision', { ...from, removeData: true });
    expect(gone).toMatchObject({ status: 'COMPLETED', result: NOTHING });
    expect(await world.state()).toEqual(before);
  });

  test('asks nothing of a fabric that manages nothing, and tells nothing of it', async () => {
    const from = snowflake.of('away-lent');
    const { manage: _none, ...lent } = world.settings.fabrics['finance-dev'];
    const { lakehouse } = world;
    await world.rewrite({
      ...world.settings,
      fabrics: {
        'finance-dev': { ...lent, credentials: { password: { secretRef: 'LOADER' } } },
        ...(lakehouse && { lakehouse: { ...lakehouse.fabric, manage: undefined } }),
      },
    });
    await world.forgetRequests();
    await provisioned(from);
    const gone = await run('unprovision', { ...databricks.of('away-lent'), removeData: true });
    expect(await world.requests()).toEqual([]);
    await world.rewrite();
    expect(gone).toMatchObject({
      status: 'COMPLETED',
      result: 'Nothing of the component is left in Airbyte.',
    });
  });
});

const clears = async () => {
  const { jobs } = await stateOf(world.airbyte);
  return listOfJobs.parse(jobs).filter(({ jobType }) => jobType === 'clear').length;
};

/** As its owner hands it to another component. */
const handTo = async (
  component: string,
  { system, schema }: { system: string; schema: string },
) => {
  const comment = `provisioner:${world.environment}/finance.cashflow.0.${component}`;
  if (system === 'Snowflake') {
    await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."${schema}" IS '${comment}'`, 'PROVISIONER');
    return;
  }
  const url = `${world.lakehouse?.url ?? ''}/api/2.1/unity-catalog/schemas/${catalog}.${schema}`;
  const headers = { authorization: `Bearer ${personalToken}` };
  const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ comment }) });
  expect(answer.status).toBe(200);
};

describe.each([
  { side: snowflakeSide(() => world), reader: 'jane.doe', readers: [] },
  {
    side: databricksSide(() => world),
    reader: 'alice',
    readers: [
      'the access of former readers to the schema main.taken_databricks, which is another component’s by now',
    ],
  },
])(
  'of a schema that is another component’s by now, in $side.system',
  ({ side, reader, readers }) => {
    const component = `taken-${side.system.toLowerCase()}`;
    const mine = side.of(component);
    const { system } = side;
    const schema = side.schema(component);
    const data = `what Airbyte has written to the schema ${side.place(component)}, which is another component’s by now`;

    const taken = async () => {
      const last = await provisioned(mine);
      await world.giveAccess([`user:${reader}_example.com`], mine, JSON.stringify(last));
      expect(await side.readersOf(component)).toHaveLength(1);
      await side.addTable(schema);
      await handTo('taker', { system, schema });
      return { last, schemas: await side.schemasOf('taker'), clears: await clears() };
    };
    afterEach(async () => {
      await side.dropSchema(schema);
      // The other component, which nobody has deployed, needed it.
      await world.sql('REVOKE USAGE ON DATABASE "ANALYTICS" FROM ROLE "AIRBYTE"', 'PROVISIONER');
    });

    test.each([
      ['that runs remember', true],
      ['that only the descriptor and Airbyte tell', false],
    ])('%s, nothing is cleared, and what stays is told', async (_, isRemembered) => {
      const { last, ...before } = await taken();
      const removal = { ...mine, removeData: true };
      const told = await run('unprovision', removal, isRemembered ? last : undefined);
      expect(told.status).toBe('COMPLETED');
      expect(leftOf(told)).toEqual([...readers, data]);
      expect(told.result).toContain('Nothing of the component is left in Airbyte.\n');
      expect(told.result).toContain('It was not cleared: that component may write there, too.');
      expect(told.info?.privateInfo.places).toBeUndefined();
      const after = await side.schemasOf('taker');
      expect(after.map(({ name, tables }) => ({ name, tables }))).toEqual(
        before.schemas.map(({ name, tables }) => ({ name, tables })),
      );
      expect(await clears()).toBe(before.clears);
      expect(leftOf(await run('unprovision', removal, told))).toEqual([]);
    });

    test('a removal without data tells who may read', async () => {
      const { last, clears: before } = await taken();
      const told = await run('unprovision', mine, last);
      expect(told.status).toBe('COMPLETED');
      expect(leftOf(told)).toEqual(readers);
      expect(await clears()).toBe(before);
    });

    test('and was left by the component, the present one is cleared', async () => {
      const { last, clears: before } = await taken();
      const now = side.of(component, { schema: side.schema('after') });
      const told = await run(
        'unprovision',
        { ...now, removeData: true },
        await provisioned(now, last),
      );
      expect(told.status).toBe('COMPLETED');
      expect(leftOf(told)).toEqual(readers);
      expect(await clears()).toBe(before + 1);
    });
  },
);
