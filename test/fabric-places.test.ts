import { z } from 'zod';
import type { ProvisioningStatus } from '../src/contract/coordinator';
import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';

/* Where a component's data is and has been, as runs tell it to each other: nothing of that is lost unsaid. */

const [JANE, JOHN, MARY] = ['jane.doe', 'john.roe', 'mary.major'];
const PEOPLE = [JANE, JOHN, MARY];
const refOf = (name: string) => `user:${name}_example.com`;

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({
    snowflake: { people: PEOPLE.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`) },
    lakehouse: { users: PEOPLE.map((name) => `${name}@example.com`) },
  });
});
afterAll(() => world.stop());
afterEach(async () => {
  await Promise.all([world.clearFaults(), world.clearAirbyteFaults()]);
});

const idOf = (component = '') => `urn:dmb:cmp:finance:cashflow:0:${component}`;
const after = ({ info }: ProvisioningStatus, { component }: FabricChanges) => ({
  latestEnrichedDescriptor: JSON.stringify({ components: [{ id: idOf(component), info }] }),
});
const run = (
  operation: 'provision' | 'unprovision',
  changes: FabricChanges,
  last?: ProvisioningStatus,
) => world.run(operation, changes, last && after(last, changes));

const completed = async (ending: Promise<ProvisioningStatus>) => {
  const ended = await ending;
  if (ended.status !== 'COMPLETED') throw new Error(ended.result);
  return ended;
};
const provisioned = (changes: FabricChanges, last?: ProvisioningStatus) =>
  completed(run('provision', changes, last));
const removed = (changes: FabricChanges, last?: ProvisioningStatus) =>
  completed(run('unprovision', { ...changes, removeData: true }, last));
const give = (names: readonly string[], changes: FabricChanges, last: ProvisioningStatus) =>
  world.giveAccess(names.map(refOf), changes, JSON.stringify(last));

const Manage = z.looseObject({ schema: z.boolean(), access: z.boolean() });
const Places = z.array(z.looseObject({ configuration: z.record(z.string(), z.string()) }));
type Manage = z.infer<typeof Manage>;
const Fabrics = z.record(z.string(), z.looseObject({ manage: Manage }));
/** While `manage` of both fabrics is another. */
const managing = async (
  change: (manage: Manage) => Manage | undefined,
  work: () => Promise<void>,
) => {
  const all = Object.entries(Fabrics.parse(world.settings.fabrics));
  const fabrics = all.map(([name, { manage, ...rest }]) => {
    const now = change(manage);
    return [name, { ...rest, ...(now && { manage: now }) }] as const;
  });
  await world.rewrite({
    ...world.settings,
    fabrics: Object.fromEntries<unknown>(fabrics),
  });
  try {
    await work();
  } finally {
    await world.rewrite();
  }
};
const off = () => undefined;
const withoutAccess = (manage: Manage) => ({ ...manage, access: false });

/** Another comment of a schema, as its owner gives it. */
const comments: Record<string, (schema: string, comment: string) => Promise<unknown>> = {
  Snowflake: (schema, comment) =>
    world.sql(`COMMENT ON SCHEMA ${schema} IS '${comment}'`, 'PROVISIONER'),
  Databricks: async (schema, comment) => {
    const url = `${world.lakehouse?.url ?? ''}/api/2.1/unity-catalog/schemas/${schema}`;
    const headers = { authorization: 'Bearer dapi-simulator', 'content-type': 'application/json' };
    const answer = await fetch(url, {
      method: 'PATCH',
      headers,
      body: JSON.stringify({ comment }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  },
};

const NOTHING_LEFT = 'Nothing of the component is left in Airbyte and its fabric.';

const sides = [snowflakeSide(() => world), databricksSide(() => world)];

describe.each(sides)('in $system', (side) => {
  const named = (name: string) => `${name}-${side.system.toLowerCase().slice(0, 4)}`;
  const of = (name: string, changes?: FabricChanges) => side.of(named(name), changes);
  const schemas = async (name: string) =>
    (await side.schemasOf(named(name))).map((each) => each.name).sort();
  const readers = (name: string) => side.readersOf(named(name));
  const users = (names: readonly string[]) => names.map(side.user).sort();

  test('who reads data that a component has left loses it, and nobody gains it', async () => {
    const first = await provisioned(of('leaves'));
    await give([JANE, JOHN], of('leaves'), first);
    // As it is where it is removed while nothing is managed.
    await managing(off, async () => {
      const last = await removed(of('leaves'), first);
      expect(last.info?.privateInfo.places).toContain('"isFormer":true');
      first.info = last.info;
    });
    const refused = await world.startAccess([refOf(MARY)], of('leaves'), JSON.stringify(first));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('has left the places in fabrics where its data was');
    expect(refused.text).toContain('Deploy the component to a fabric');
    expect(await readers('leaves')).toEqual(users([JANE, JOHN]));
    await completed(give([], of('leaves'), first));
    expect(await readers('leaves')).toEqual([]);
    const gone = await removed(of('leaves'), first);
    expect(gone.result).toBe(NOTHING_LEFT);
  });

  test('where nothing is managed for a while the present place stays the present one', async () => {
    const [JANES, BOTHS] = [[JANE], [JANE, MARY]];
    const first = await provisioned(of('again'));
    await completed(give(JANES, of('again'), first));
    let last = first;
    await managing(off, async () => {
      last = await provisioned(of('again'), first);
      const refused = await world.startAccess([refOf(MARY)], of('again'), JSON.stringify(last));
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('the fabric grants no access to the data');
    });
    expect(last.info?.privateInfo.places).toBe(first.info?.privateInfo.places);
    const { result } = await completed(give(BOTHS, of('again'), last));
    expect(result).toBe(`Who has access is as asked: 1 granted the data in ${side.system}.`);
    expect(await readers('again')).toEqual(users(BOTHS));
    const none = await completed(give([], of('again'), last));
    expect(none.result).toBe(
      `Who has access is as asked: 2 revoked from the data in ${side.system}.`,
    );
    expect((await removed(of('again'), last)).result).toBe(NOTHING_LEFT);
  });

  test('one that is moved while nothing is managed has left the place where it was', async () => {
    const schema = side.schema(`${named('moves').replaceAll('-', '_')}_on`);
    const first = await provisioned(of('moves'));
    await completed(give([JANE], of('moves'), first));
    let last = first;
    await managing(off, async () => {
      last = await provisioned(of('moves', { schema }), first);
    });
    expect(last.info?.privateInfo.places).toContain('"isFormer":true');
    const deployed = await provisioned(of('moves', { schema }), last);
    const { result } = await completed(give([MARY], of('moves', { schema }), deployed));
    expect(result).toMatch(
      /: 1 granted the data in \w+, 1 revoked from the (former )?data in \w+\.$/,
    );
    expect(await readers('moves')).not.toContain(side.user(JANE));
    expect((await removed(of('moves', { schema }), deployed)).result).toBe(NOTHING_LEFT);
  });

  test('where nothing is managed any more that is told, and nothing is forgotten', async () => {
    const before = await world.state();
    const first = await provisioned(of('unmanaged'));
    await completed(give([JANE], of('unmanaged'), first));
    let told = first;
    await managing(off, async () => {
      const access = await completed(give([], of('unmanaged'), first));
      expect(access.result).toMatch(
        /Not so in a fabric: .*earlier runs have let read.*manage\.access/,
      );
      await side.forget();
      told = await removed(of('unmanaged'), first);
      expect(told.result).toMatch(/^Nothing of the component is left in Airbyte\.\nLeft behind in/);
      expect(told.result).toContain('(manage.schema of the fabric)');
      expect(told.info?.privateInfo).toMatchObject({
        places: String(first.info?.privateInfo.places).replace(/\}\]$/, ',"isFormer":true}]'),
      });
      expect(await side.writes()).toEqual([]);
    });
    expect(await readers('unmanaged')).toEqual(users([JANE]));
    const gone = await removed(of('unmanaged'), told);
    expect(gone).toMatchObject({ result: NOTHING_LEFT, info: { privateInfo: {} } });
    expect(await world.state()).toEqual(before);
  });

  test('where access alone is managed no more those who keep it are named', async () => {
    const first = await provisioned(of('access'));
    await completed(give([JANE, JOHN], of('access'), first));
    await managing(withoutAccess, async () => {
      const { result } = await completed(give([], of('access'), first));
      for (const name of [JANE, JOHN]) expect(result).toContain(side.user(name));
      expect(result).toContain('can read there still');
    });
    await completed(give([], of('access'), first));
    await managing(withoutAccess, async () => {
      const { result } = await completed(give([], of('access'), first));
      expect(result).not.toContain('Not so');
      expect((await removed(of('access'), first)).result).toBe(NOTHING_LEFT);
    });
  });

  test('a move that fails leaves the present place the present one', async () => {
    const [from, to] = ['one', 'other'].map((schema) =>
      of('fails', { schema: side.schema(`fails_${schema}`) }),
    );
    if (!from || !to) throw new Error('two places');
    const first = await provisioned(from);
    await world.airbyteFault({ operation: 'putDestination', status: 422, times: 0 });
    const failed = await run('provision', to, first);
    expect(failed.status).toBe('FAILED');
    await world.clearAirbyteFaults();
    const places = Places.parse(JSON.parse(String(failed.info?.privateInfo.places)));
    expect(places).toMatchObject([
      { configuration: { schema: side.schema('fails_one') } },
      { configuration: { schema: side.schema('fails_other') }, isFormer: true },
    ]);
    expect(places[0]).not.toHaveProperty('isFormer');
    await completed(give([JANE], to, failed));
    expect(await readers('fails')).toEqual(users([JANE]));
    expect((await removed(from, failed)).result).toBe(NOTHING_LEFT);
    expect(await schemas('fails')).toEqual([]);
  });

  test('what has lost its mark is told as left though no run is known, and is found by what was told', async () => {
    const before = await world.state();
    await provisioned(of('unknown'));
    await side.addTable(named('unknown'));
    const mark = (comment: string) =>
      comments[side.system]?.(side.place(named('unknown')), comment);
    await mark('');
    const told = await removed(of('unknown'));
    expect(told.result).toContain(
      `Left behind in the fabric: the schema ${side.place(named('unknown'))}.`,
    );
    await mark(`provisioner:${world.environment}/finance.cashflow.0.${named('unknown')}`);
    const gone = await removed(of('unknown'), told);
    expect(gone).toMatchObject({ result: NOTHING_LEFT, info: { privateInfo: {} } });
    expect(await world.state()).toEqual(before);
  });

  test('what has lost its mark before a removal is told as left, and is found when it bears it again', async () => {
    const before = await world.state();
    const first = await provisioned(of('unmarked'));
    await side.addTable(named('unmarked'));
    const mark = (comment: string) =>
      comments[side.system]?.(side.place(named('unmarked')), comment);
    const key = `${world.environment}/finance.cashflow.0.${named('unmarked')}`;
    await mark('');
    const told = await removed(of('unmarked'), first);
    expect(told.result).toContain(
      `Left behind in the fabric: the schema ${side.place(named('unmarked'))}.`,
    );
    expect(told.result).toContain(`IS 'provisioner:${key}'`);
    expect(told.info?.privateInfo.places).toContain(`"${side.schema(named('unmarked'))}"`);
    await mark(`provisioner:${key}`);
    const gone = await removed(of('unmarked'), told);
    expect(gone).toMatchObject({ result: NOTHING_LEFT, info: { privateInfo: {} } });
    expect(await world.state()).toEqual(before);
    const handedOver = await provisioned(of('unmarked'));
    await mark('provisioner:other/finance.cashflow.0.theirs');
    const { info } = await removed(of('unmarked'), handedOver);
    const written = `what Airbyte has written to the schema ${side.place(named('unmarked'))}, which is another component’s by now`;
    const kept: unknown = expect.stringContaining('It was not cleared');
    expect(info?.privateInfo).toEqual({ leftBehind: [written], solutions: [kept] });
    await side.dropSchema(named('unmarked'));
  });

  test('the eleventh place is not forgotten unsaid', async () => {
    const first = await provisioned(of('many'));
    const [here] = Places.parse(JSON.parse(String(first.info?.privateInfo.places)));
    const at = (index: number) => ({
      ...here,
      isFormer: true,
      configuration: { ...here?.configuration, schema: side.schema(`many_${String(index)}`) },
    });
    const told = (count: number): ProvisioningStatus => ({
      ...first,
      info: {
        publicInfo: {},
        privateInfo: { places: JSON.stringify([...Array(count).keys()].map(at)) },
      },
    });
    const oldest = side.schema('many_9');
    const ten = await provisioned(of('many'), told(9));
    expect(ten.result).not.toContain('not remembered');
    const { result, logs } = await provisioned(of('many'), told(10));
    expect(result).toContain(`the oldest is not remembered any more: `);
    expect(result).toContain(oldest);
    const warnings = (logs ?? []).filter(({ level }) => level === 'WARNING');
    expect(warnings.some(({ message }) => message.includes(oldest))).toBe(true);
    await removed(of('many'), first);
  });
});

test('an account that was given by another name before is the same, once the fabric says so', async () => {
  const changes = { component: 'renamed', schema: 'RENAMED' };
  const first = await provisioned(changes);
  const told: ProvisioningStatus = {
    ...first,
    info: {
      publicInfo: {},
      privateInfo: {
        places: String(first.info?.privateInfo.places).replace('"SIMULATOR"', '"XY12345-EU"'),
      },
    },
  };
  const refused = await give([JANE], changes, told);
  expect(refused.result).toContain('formerAccounts of the fabric');
  const fabrics = {
    ...world.settings.fabrics,
    'finance-dev': { ...world.settings.fabrics['finance-dev'], formerAccounts: ['xy12345.eu'] },
  };
  await world.rewrite({ ...world.settings, fabrics });
  const access = await give([JANE], changes, told);
  const gone = await run('unprovision', { ...changes, removeData: true }, told);
  await world.rewrite();
  expect(access.status).toBe('COMPLETED');
  expect(gone).toMatchObject({ result: NOTHING_LEFT, info: { privateInfo: {} } });
});
