import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* Who may read a component's data, for each type of fabrics: the end state, whatever comes between. */

const CROWD = 200;
const UNKNOWN = 20;
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_none, index) => `${prefix}.${String(index)}`);
const MANY = numbered('many', CROWD);
const [JANE, JOHN, MARY] = ['jane.doe', 'john.roe', 'mary.major'];
const PEOPLE = [JANE, JOHN, MARY, ...MANY];
const refOf = (name: string) => `user:${name}_example.com`;

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({
    snowflake: {
      running: 10,
      people: PEOPLE.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`),
    },
    lakehouse: { users: PEOPLE.map((name) => `${name}@example.com`) },
  });
});
afterAll(() => world.stop());

describe.each([snowflakeSide(() => world), databricksSide(() => world)])('$system', (side) => {
  const named = (name: string) => `${name}-${side.system.toLowerCase().slice(0, 4)}`;
  const of = (name: string, changes = {}) => side.of(named(name), changes);
  const usersOf = (names: readonly string[]) => names.map(side.user).sort();
  const readersOf = (name: string) => side.readersOf(named(name));

  afterEach(() => side.clearFaults());

  const provisioned = async (name: string) => {
    const { status, result } = await world.run('provision', of(name));
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
  };
  const give = (names: readonly string[], name: string) =>
    world.giveAccess(names.map(refOf), of(name));
  const given = async (names: readonly string[], name: string) => {
    const { status, result } = await give(names, name);
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
  };
  const ask = async (names: readonly string[], name: string) => {
    const { status, text } = await world.startAccess(names.map(refOf), of(name));
    expect({ status, text }).toMatchObject({ status: 202 });
    return text;
  };
  const killedWhen = async (what: string, is: () => Promise<unknown>) => {
    await eventually(async () => ((await is()) ? true : undefined), what);
    await world.killWorker();
    await world.startWorker();
  };

  test('exactly those that are named read, again and again; the same set writes nothing', async () => {
    await provisioned('set');
    for (const set of [[JANE], [JANE, JOHN], [MARY], [], [JANE, MARY]]) {
      await given(set, 'set');
      expect(await readersOf('set')).toEqual(usersOf(set));
    }
    const before = await world.state();
    await side.forget();
    await given([MARY, JANE], 'set');
    expect(await side.writes()).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('a provision of a component leaves those who read as they are', async () => {
    await provisioned('stays');
    await given([JANE, JOHN], 'stays');
    const before = await world.state();
    await provisioned('stays');
    expect(await world.state()).toEqual(before);
  });

  test('one who is not known is named, and nobody is granted or revoked anything', async () => {
    await provisioned('unknown');
    await given([JANE, JOHN], 'unknown');
    const before = await world.state();
    await side.forget();
    const { status, result } = await give([JANE, MARY, 'stranger'], 'unknown');
    expect(status).toBe('FAILED');
    expect(result).toMatch(/stranger@example\.com/i);
    expect(result).not.toMatch(/mary\.major/i);
    expect(await side.writes()).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('of 200 principals 20 are unknown: they are told in bounds, and nothing is changed', async () => {
    await provisioned('crowd');
    await given([JANE], 'crowd');
    const before = await world.state();
    await side.forget();
    const strangers = numbered('stranger', UNKNOWN);
    const { status, result } = await give([...MANY.slice(UNKNOWN), ...strangers], 'crowd');
    expect(status).toBe('FAILED');
    expect(result).toMatch(/stranger\.0@example\.com/i);
    expect(result.length).toBeLessThan(4000);
    expect(result.match(/stranger\.\d+@/gi)?.length ?? 0).toBeGreaterThanOrEqual(5);
    expect(result).toMatch(/stranger\.19@|and \d+ more/i);
    expect(await side.writes()).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('200 come and 180 go: the end state is as asked for', async () => {
    await provisioned('crowd');
    await given(MANY, 'crowd');
    expect(await readersOf('crowd')).toEqual(usersOf(MANY));
    const rest = MANY.slice(-UNKNOWN);
    await given(rest, 'crowd');
    expect(await readersOf('crowd')).toEqual(usersOf(rest));
  });

  test('a worker killed in the middle of 200 grants is followed by one that ends them', async () => {
    await provisioned('killed');
    await given([JANE, JOHN], 'killed');
    await side.forget();
    // Some are done, and then no answer comes.
    await side.fault('grant', { hang: 'after', skip: side.grantsAtOnce ? 0 : 20 });
    const token = await ask([JOHN, ...MANY], 'killed');
    await killedWhen('some grants', async () => (await readersOf('killed')).length > 20);
    const { status, result } = await world.finished(token);
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
    expect(await readersOf('killed')).toEqual(usersOf([JOHN, ...MANY]));
    await side.forget();
    await given([JOHN, ...MANY], 'killed');
    expect(await side.writes()).toEqual([]);
  });

  test('a worker killed while a set shrinks is followed by one that ends it', async () => {
    await provisioned('shrinks');
    await given(MANY, 'shrinks');
    await side.fault('revoke', { hang: 'after', skip: side.grantsAtOnce ? 0 : 20 });
    const token = await ask([JANE], 'shrinks');
    await killedWhen('some revokes', async () => (await readersOf('shrinks')).length < CROWD - 10);
    expect(await world.finished(token)).toMatchObject({ status: 'COMPLETED' });
    expect(await readersOf('shrinks')).toEqual(usersOf([JANE]));
    await given([], 'shrinks');
    expect(await readersOf('shrinks')).toEqual([]);
  });

  test('a change that comes about when its caller has given up is noticed before the run has ended', async () => {
    await provisioned('late');
    await given([JANE, JOHN], 'late');
    // Beyond the time of a call, and before it is settled.
    await side.fault('first', { commitLater: 2000 });
    await given([JANE], 'late');
    await eventually(async () => ((await side.faults()).late === 0 ? true : undefined), 'it');
    await side.forget();
    await given([JANE], 'late');
    expect(await side.writes()).toEqual([]);
    expect(await readersOf('late')).toEqual(usersOf([JANE]));
  });

  test('two requests for one component end one after the other, as the later wants it', async () => {
    await provisioned('twice');
    await given([MARY], 'twice');
    const tokens = await Promise.all([
      ask([JANE, ...MANY.slice(0, 30)], 'twice'),
      ask([JOHN, ...MANY.slice(20, 50)], 'twice'),
    ]);
    const ends = await Promise.all(tokens.map((token) => world.finished(token)));
    expect(ends.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect([
      usersOf([JANE, ...MANY.slice(0, 30)]),
      usersOf([JOHN, ...MANY.slice(20, 50)]),
    ]).toContainEqual(await readersOf('twice'));
    await given([MARY], 'twice');
    expect(await readersOf('twice')).toEqual(usersOf([MARY]));
  });

  test('access and an update of one component at once end one after the other, and both hold', async () => {
    await provisioned('both');
    const [access, update] = await Promise.all([
      ask([JANE, JOHN], 'both'),
      world.start('provision', of('both', { connection: { prefix: 'b_' } })),
    ]);
    const ends = await Promise.all([access, update].map((token) => world.finished(token)));
    expect(ends.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(await readersOf('both')).toEqual(usersOf([JANE, JOHN]));
  });

  test('one that fails midway for good leaves those who read as they were', async () => {
    await provisioned('undone');
    await given([JANE, JOHN], 'undone');
    await side.fault('grant', { refused: true, skip: side.grantsAtOnce ? 0 : 10 });
    const { status, result } = await give([JOHN, ...MANY.slice(0, 20)], 'undone');
    expect(status).toBe('FAILED');
    expect(result).toContain('What to do: ');
    expect(await readersOf('undone')).toEqual(usersOf([JANE, JOHN]));
    await given([JOHN], 'undone');
    expect(await readersOf('undone')).toEqual(usersOf([JOHN]));
  });

  test('whom somebody else has granted keeps it through growing, shrinking and the end of grants', async () => {
    await provisioned('keeps');
    await side.letRead(named('keeps'), side.user(JOHN));
    for (const set of [[JANE, JOHN], [MARY], []]) {
      await given(set, 'keeps');
      expect(await readersOf('keeps')).toEqual(usersOf([...new Set([JOHN, ...set])]));
    }
  });

  test('a component without its schema is told to be deployed first, and nothing is made', async () => {
    const before = await world.state();
    const { status, result } = await give([JANE], 'absent');
    expect(status).toBe('FAILED');
    expect(result).toMatch(/What to do: /);
    expect(await world.state()).toEqual(before);
  });
});

test('a removal from Databricks counts the grant of each who read', async () => {
  const side = databricksSide(() => world);
  const of = side.of('counted');
  await world.run('provision', of);
  await world.giveAccess(MANY.slice(0, UNKNOWN).map(refOf), of);
  const { status, logs } = await world.run('unprovision', of);
  expect(status).toBe('COMPLETED');
  const told = logs?.map(({ message }) => message).join('\n');
  // And that of Airbyte's user.
  expect(told).toContain(`Took away ${String(UNKNOWN + 1)} grants in Databricks`);
});
