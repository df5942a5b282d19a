import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';
import { catalog, clientId, loader } from './support/lakehouse';

/* Runs of one component that change what it has in a fabric, and who reads it, at once. */

/** Milliseconds that a call is held: others go on meanwhile, if nothing keeps them. */
const HELD = 6000;

const [JANE, JOHN, MARY] = ['jane.doe', 'john.roe', 'mary.major'];
const PEOPLE = [JANE, JOHN, MARY];
const refOf = (name: string) => `user:${name}_example.com`;

let world: FabricWorld;
const onCatalog = (change: object) =>
  world.lakehouse?.control('/grants', { on: 'catalog', name: catalog, ...change });

beforeAll(async () => {
  world = await startFabricWorld({
    snowflake: { people: PEOPLE.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`) },
    lakehouse: { users: PEOPLE.map((name) => `${name}@example.com`) },
    env: { AIRBYTE_REQUEST_TIMEOUT: '20s', AIRBYTE_GIVE_UP_AFTER: '1m' },
  });
  const { fabrics, ...settings } = world.settings;
  const manage = { schema: true, access: true, catalogUse: true };
  const lakehouse = { ...world.lakehouse?.fabric, manage };
  await world.rewrite({ ...settings, fabrics: { ...fabrics, lakehouse } });
  await onCatalog({ principal: 'account users', remove: ['USE_CATALOG'] });
  await onCatalog({ principal: clientId, add: ['MANAGE'] });
});
afterAll(() => world.stop());

/** Who has something of the lakehouse's catalog, and whom schemas remember. */
const lakehouse = async () => {
  const state = await world.lakehouse?.state();
  const isOne = (name: string) => name === loader || name.endsWith('@example.com');
  const schemas = state?.schemas.filter(({ comment }) => comment?.startsWith('provisioner:')) ?? [];
  return {
    schemas: schemas.map(({ name }) => name),
    users: Object.keys(state?.catalogs[0]?.grants ?? {}).filter(isOne),
    readers: schemas.flatMap(({ grants }) => Object.keys(grants)).filter(isOne),
    remembered: JSON.stringify(schemas.map(({ properties }) => properties)),
  };
};

describe.each([snowflakeSide(() => world), databricksSide(() => world)])('$system', (side) => {
  const named = (name: string) => `${name}-${side.system.toLowerCase().slice(0, 4)}`;
  const of = (name: string, changes = {}) => side.of(named(name), changes);
  const readersOf = (name: string) => side.readersOf(named(name));

  afterEach(async () => {
    await side.clearFaults();
    await world.clearAirbyteFaults();
  });

  const completed = async (token: string) => {
    const { status, result } = await world.finished(token);
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
  };
  const provisioned = async (name: string) => completed(await world.start('provision', of(name)));
  const ask = async (names: readonly string[], name: string) => {
    const { status, text } = await world.startAccess(names.map(refOf), of(name));
    expect({ status, text }).toMatchObject({ status: 202 });
    return text;
  };
  const given = async (names: readonly string[], name: string) => completed(await ask(names, name));
  const isHeld = () =>
    eventually(
      async () => ((await side.faults()).faults.length === 0 ? true : undefined),
      'a call that is held',
    );
  const waits = (token: string, first: string) =>
    eventually(async () => {
      const { result } = await world.status(token);
      return result.includes(`Waiting for ${first}`) ? true : undefined;
    }, `the wait for ${first}`);

  test('a removal takes nothing away while who reads is changed, and leaves nobody with anything', async () => {
    await provisioned('removed');
    // With USE CATALOG, and before what is granted on the schema.
    await side.fault('grant', { delay: HELD, skip: side.grantsAtOnce ? 1 : 0 });
    const access = await ask([JANE], 'removed');
    await isHeld();
    const removal = await world.start('unprovision', of('removed', { removeData: true }));
    await waits(removal, access);
    await completed(access);
    await completed(removal);
    expect(await side.schemasOf(named('removed'))).toEqual([]);
    expect(await readersOf('removed')).toEqual([]);
    expect((await lakehouse()).users).toEqual([]);
  });

  test('who reads is not changed while a removal goes on', async () => {
    await provisioned('removes');
    await given([JOHN], 'removes');
    await side.fault('drop', { delay: HELD });
    const removal = await world.start('unprovision', of('removes', { removeData: true }));
    await isHeld();
    const access = await ask([JANE], 'removes');
    await waits(access, removal);
    await completed(removal);
    expect(await world.finished(access)).toMatchObject({ status: 'FAILED' });
    expect(await readersOf('removes')).toEqual([]);
    expect((await lakehouse()).users).toEqual([]);
  });

  test('who reads is not changed while a fabric is prepared, and then is, before the run has ended', async () => {
    await world.airbyteFault({ operation: 'createSource', delay: 2 * HELD });
    await side.fault('prepare', { delay: HELD });
    const deployed = await world.start('provision', of('prepared'));
    await isHeld();
    const access = await ask([JANE], 'prepared');
    await waits(access, deployed);
    await completed(access);
    expect((await world.status(deployed)).status).toBe('RUNNING');
    await completed(deployed);
    expect(await readersOf('prepared')).toEqual([side.user(JANE)]);
    await completed(await world.start('unprovision', of('prepared', { removeData: true })));
  });

  test('whoever is first, and however long between, nobody has anything that is not remembered', async () => {
    await provisioned('both');
    await given([JANE, JOHN], 'both');
    for (const [index, delay] of [0, 100, 300, 900].entries()) {
      const begin = [
        () => world.start('unprovision', of('both')),
        () => ask([MARY, JOHN], 'both'),
      ] as const;
      const [first, second] = index % 2 === 0 ? begin : ([begin[1], begin[0]] as const);
      await side.fault('prepare', { delay: delay / 2 + 1, times: 3 });
      const one = await first();
      await new Promise((resolve) => setTimeout(resolve, delay));
      for (const token of [one, await second()]) await world.finished(token);
      await side.clearFaults();
      const { users, readers, remembered } = await lakehouse();
      expect([...users, ...readers].filter((each) => !remembered.includes(each))).toEqual([]);
      await provisioned('both');
    }
    await given([], 'both');
    await completed(await world.start('unprovision', of('both', { removeData: true })));
    expect(await lakehouse()).toMatchObject({ schemas: [], users: [], readers: [] });
  }, 240_000);

  test('who is granted something while a removal begins loses it with the rest', async () => {
    await provisioned('begins');
    await world.airbyteFault({ operation: 'deleteSource', delay: HELD });
    const removal = await world.start('unprovision', of('begins'));
    await eventually(
      async () => ((await world.status(removal)).result.includes('Deleting') ? true : undefined),
      'the removal',
    );
    await given([JANE], 'begins');
    await completed(removal);
    expect(await readersOf('begins')).toEqual([]);
    expect((await lakehouse()).users).toEqual([]);
  });
});

test('a removal that fails gives back the role only to those who had it when it was dropped, and says to whom', async () => {
  const side = snowflakeSide(() => world);
  const of = side.of('gives-back');
  expect(await world.run('provision', of)).toMatchObject({ status: 'COMPLETED' });
  await world.giveAccess([JANE, JOHN].map(refOf), of);
  await world.airbyteFault({ operation: 'deleteSource', delay: HELD });
  const removal = await world.start('unprovision', of);
  await eventually(
    async () => ((await world.status(removal)).result.includes('Deleting') ? true : undefined),
    'the removal',
  );
  expect(await world.giveAccess([refOf(JANE)], of)).toMatchObject({ status: 'COMPLETED' });
  await world.fault({ operation: 'showRoles', after: 'dropRole', code: '003001' });
  const { status, result } = await world.finished(removal);
  await world.clearAirbyteFaults();
  expect(status).toBe('FAILED');
  expect(result).toContain(`access to user:${side.user(JANE)}`);
  expect(result).not.toContain(side.user(JOHN));
  expect(await side.readersOf('gives-back')).toEqual([side.user(JANE)]);
});
