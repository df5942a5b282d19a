import type { ProvisioningStatus } from '../src/contract/coordinator';
import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/*
 * Who may read a component's data when the worker is killed in the middle, or two ask at once: all that
 * Airbyte and both fabrics have is compared with what is there when nothing comes between.
 */

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_none, index) => `${prefix}.${String(index)}`);
const MANY = numbered('many', 200);
const STRANGERS = numbered('stranger', 20);
const [JANE, JOHN] = ['jane.doe', 'john.roe'];
const PEOPLE = [JANE, JOHN, ...MANY];
const refOf = (name: string) => `user:${name}_example.com`;

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({
    snowflake: {
      running: 10,
      people: PEOPLE.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`),
    },
    lakehouse: { users: PEOPLE.map((name) => `${name}@example.com`) },
    env: { AIRBYTE_GIVE_UP_AFTER: '40s' },
  });
});
afterAll(() => world.stop());

const sides = [snowflakeSide(() => world), databricksSide(() => world)];
type Side = (typeof sides)[number];

afterEach(() => Promise.all(sides.map((side) => side.clearFaults())));

/** All that is anywhere, but for when a schema was written last; members of a role are in no order. */
const whole = async () => {
  const { snowflake: warehouse, databricks: lakehouse, ...others } = await world.state();
  const members = warehouse.members.map((member) => JSON.stringify(member)).sort();
  const schemas = lakehouse?.schemas.map((schema) => ({ ...schema, updatedAt: undefined }));
  return {
    ...others,
    snowflake: { ...warehouse, members },
    databricks: { ...lakehouse, schemas },
  };
};

const completed = async (run: Promise<ProvisioningStatus>) => {
  const ended = await run;
  if (ended.status !== 'COMPLETED') throw new Error(ended.result);
  return ended;
};

/** One component as its owner uses it. */
const componentOf = (side: Side, name: string) => {
  const of = side.of(`${name}-${side.system.slice(0, 4).toLowerCase()}`);
  const start = async (names: readonly string[]) => {
    const { status, text } = await world.startAccess(names.map(refOf), of);
    expect({ status, text }).toMatchObject({ status: 202 });
    return text;
  };
  return {
    start,
    provisioned: () => completed(world.run('provision', of)),
    given: async (names: readonly string[]) => completed(world.finished(await start(names))),
  };
};

/** Another worker goes on when one is killed after a fault has kept an answer from it. */
const killedAtFault = async (side: Side) => {
  await eventually(
    async () => ((await side.faults()).faults.length === 0 ? true : undefined),
    'the call that gets no answer',
  );
  await world.killWorker();
  await world.startWorker();
};

/** What a call changes is one member of a role, or all that may read a schema. */
const inTheMiddle = (side: Side) => ({
  hang: 'after' as const,
  skip: side.grantsAtOnce ? 0 : 20,
});

describe.each(sides)('$system', (side) => {
  test.each([
    ['grows', 'grant', [JANE, JOHN], [JOHN, ...MANY]],
    ['shrinks', 'revoke', MANY, [...MANY.slice(0, 20), JANE]],
    ['ends', 'revoke', MANY, []],
  ] as const)(
    'a worker killed while a set %s is followed by one that leaves what there is without',
    async (name, target, before, wanted) => {
      const component = componentOf(side, name);
      await component.provisioned();
      await component.given(before);
      const former = await whole();
      const undisturbed = await component.given(wanted);
      const expected = await whole();
      expect(expected).not.toEqual(former);
      await component.given(before);
      expect(await whole()).toEqual(former);

      await side.fault(target, inTheMiddle(side));
      const token = await component.start(wanted);
      await killedAtFault(side);
      const { status, result } = await world.finished(token);
      expect({ status, result }).toEqual({ status: 'COMPLETED', result: undisturbed.result });
      expect(await whole()).toEqual(expected);
    },
  );

  test('a worker killed while it takes back what it did is followed by one that puts all back', async () => {
    const component = componentOf(side, 'undoes');
    await component.provisioned();
    await component.given([JANE, JOHN]);
    const before = await whole();
    await side.fault('grant', { refused: true, skip: side.grantsAtOnce ? 0 : 30 });
    // In Databricks the first of these notes who is to read, in the step itself.
    await side.fault('first', { hang: 'after', skip: side.grantsAtOnce ? 1 : 10 });
    const token = await component.start([JANE, JOHN, ...MANY]);
    await killedAtFault(side);
    const { status, result } = await world.finished(token);
    expect({ status, result }).toMatchObject({ status: 'FAILED' });
    expect(result).toContain('What to do: ');
    expect(await whole()).toEqual(before);
  });

  test('of two at once the one that names 20 unknown fails, and the other’s set is what there is', async () => {
    const component = componentOf(side, 'twice');
    await component.provisioned();
    const wanted = [JOHN, ...MANY.slice(0, 50)];
    await component.given(wanted);
    const expected = await whole();
    await component.given([JANE, JOHN]);
    const tokens = await Promise.all([
      component.start([...MANY.slice(20), ...STRANGERS]),
      component.start(wanted),
      component.start(wanted),
    ]);
    expect(new Set(tokens).size).toBe(2);
    const ends = await Promise.all(tokens.map((token) => world.finished(token)));
    expect(ends.map(({ status }) => status)).toEqual(['FAILED', 'COMPLETED', 'COMPLETED']);
    expect(ends[0]?.result).toMatch(/stranger\.0@example\.com/i);
    expect(await whole()).toEqual(expected);
  });
});
