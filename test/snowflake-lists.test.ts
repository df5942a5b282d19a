import type { Fabric } from '../src/fabrics/fabric';
import { KEY, ROLE, end, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* Snowflake tells no more of a list than its first 10,000 rows: what is beyond is not taken for absent. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

/** More than Snowflake tells, before those that are to come. */
const MANY = 10_050;
const crowd = (more: object) => world.control('/seed', { roles: MANY, name: 'AAA', ...more });

const USE = 'USAGE on the database ANALYTICS for the role AIRBYTE';
const withoutManageGrants = () =>
  world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
const whats = (things: readonly { what: string }[]) => things.map(({ what }) => what);

const ofAirbyte = async () => (await world.left()).airbyte;
const outcomeOf = async (fabric: Fabric | undefined, check: string) => {
  const verbs = fabric ?? world.component();
  return (await verbs.check(step())).find(({ name }) => name === check)?.outcome;
};

describe('in a database that 10,000 roles use', () => {
  beforeEach(() => crowd({ uses: 'ANALYTICS' }));

  test('a component is prepared, seen to be so, and changed no more', async () => {
    const component = world.component();
    const seen = await prepared(component);
    expect({ missing: seen.missing, warnings: seen.warnings.length }).toEqual({
      missing: [],
      warnings: 1,
    });
    const before = (await world.writes()).length;
    await prepared(component);
    expect((await world.writes()).length).toBe(before);
  });

  test('its undo takes back all of it', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await prepared(component);
    expect(await ofAirbyte()).toContain('USAGE');
    expect((await component.unprepare(missing, step())).left).toEqual([]);
    expect(await ofAirbyte()).toEqual([]);
  });

  test('its removal takes away all of it', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    expect(whats(present)).toContain(USE);
    await component.cleanup(present, step());
    expect(await ofAirbyte()).toEqual([]);
  });

  test('what its own role may is passed by its check', async () => {
    await world.sql('REVOKE USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" FROM ROLE "PROVISIONER"');
    await world.sql(
      'GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "PROVISIONER" WITH GRANT OPTION',
    );
    expect(await outcomeOf(undefined, 'create schema')).toBe('passed');
  });

  test('a grant that its role has lost is missing', async () => {
    const component = world.component();
    await prepared(component);
    const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
    await world.sql(`REVOKE USAGE ON DATABASE "ANALYTICS" FROM ROLE "${role}"`);
    expect(whats((await component.look(step())).missing)).toEqual([
      `USAGE on the database ANALYTICS for the role ${role}`,
    ]);
  });
});

describe('where Airbyte’s role has more grants than are told, too', () => {
  beforeEach(() => crowd({ uses: 'ANALYTICS', owner: 'AIRBYTE' }));

  test('what cannot be seen is granted once more, and said', async () => {
    const component = world.component();
    const seen = await prepared(component);
    expect(seen.missing).toEqual([expect.objectContaining({ what: USE, mayBeThere: true })]);
    expect(seen.warnings[0]).toBe(
      `There are more grants than Snowflake tells: ${USE} is not seen to be there, and is granted once more.`,
    );
    const before = (await world.writes()).length;
    await prepared(component);
    expect((await world.writes()).length).toBe(before + 1);
    expect(await ofAirbyte()).toContain('USAGE');
  });

  test('an undo says that it may be there still', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await prepared(component);
    const { left } = await component.unprepare(missing, step());
    expect(whats(left)).toContain(
      `${USE} (Snowflake tells too few of so many grants to see whether it is there)`,
    );
    expect(await ofAirbyte()).toEqual(['USAGE']);
  });
});

describe('where the role that manages owns 10,000 roles', () => {
  beforeEach(() => crowd({ owner: 'PROVISIONER' }));

  test('its rights on the account are found', async () => {
    expect(await outcomeOf(world.fabric(), 'create role')).toBe('passed');
  });

  test('those that it has not are told as not seen', async () => {
    await world.sql('REVOKE CREATE ROLE ON ACCOUNT FROM ROLE "PROVISIONER"');
    expect(await outcomeOf(world.fabric(), 'create role')).toBe('impossible');
  });

  test('it sees tables by a role that it has', async () => {
    await withoutManageGrants();
    expect(await outcomeOf(undefined, 'tables')).toBe('failed');
    await world.sql('GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER"', 'SECURITYADMIN');
    expect(await outcomeOf(undefined, 'tables')).toBe('passed');
  });

  test('the warehouse that it may use is passed', async () => {
    await crowd({ name: 'BBB' });
    for (let n = 1; n <= 3; n += 1)
      await world.sql(`GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "BBB_${String(n)}"`);
    expect(await outcomeOf(world.fabric(), 'warehouse')).toBe('passed');
  });
});

describe('what bears a tag', () => {
  const shared = () => ({ ...step(), sharing: {} });
  /** Names that are as long as those of our roles are 5 digits long: from the 10,000th on. */
  const readers = (roles: number) => world.control('/seed', { roles, name: 'A_READ_XY' });
  const bearers = () => world.fabric().tagged?.([{ ...end(), isWanted: true }], shared());

  test('is found behind 10,000 roles that read', async () => {
    await prepared(world.component());
    await readers(20_100);
    const found = await bearers();
    expect(found?.untold).toBeUndefined();
    expect(found?.tagged.map(({ key, thing }) => [key, thing.kind])).toEqual([
      [KEY, 'schema'],
      [KEY, 'role'],
    ]);
    expect((await world.component().look(shared())).missing).toEqual([]);
  });

  test('is said to be more than is listed', async () => {
    await prepared(world.component());
    await readers(60_100);
    expect(await bearers()).toEqual({
      tagged: [expect.objectContaining({ key: KEY })],
      untold: 'the account has more roles that read than are listed',
    });
    // It is looked for by its name.
    expect((await world.component().look(shared())).missing).toEqual([]);
  });
});

test('a role that reads more tables than are told reads all that are seen', async () => {
  const component = world.component();
  await prepared(component);
  const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
  await world.control('/seed', { roles: MANY, name: 'AAA', owner: role });
  await world.control('/objects', { database: 'ANALYTICS', schema: 'CASHFLOW_0', name: 'ORDERS' });
  await world.sql(`GRANT SELECT ON TABLE "ANALYTICS"."CASHFLOW_0"."ORDERS" TO ROLE "${role}"`);
  const seen = await component.look(step());
  expect(whats(seen.missing)).toEqual([]);
});
