import type { Thing } from '../src/fabrics/fabric';
import { eventually } from './support/harness';
import {
  KEY,
  MANAGE,
  OTHER_KEY,
  ROLE,
  like,
  prepared,
  startWorld,
  step,
} from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* The database: of the domain, where the fabric may make it, or another’s. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

describe('in a database that is not ours', () => {
  const unprovisioned = async (database: string) => {
    const component = world.component(KEY, { database });
    const { present, staying } = await prepared(component);
    await component.cleanup(present, step());
    return { staying, airbyte: (await world.left()).airbyte };
  };

  /** The managing role may make schemas in it, and lets others in by MANAGE GRANTS alone. */
  const withoutOption = async () => {
    await world.sql('CREATE DATABASE "SHARED"', 'SYSADMIN');
    await world.sql('GRANT USAGE, CREATE SCHEMA ON DATABASE "SHARED" TO ROLE "PROVISIONER"');
    return 'SHARED';
  };

  test('its use goes that was granted with the grant option, and more than its use is not ours', async () => {
    await world.sql(
      'GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "PROVISIONER" WITH GRANT OPTION',
    );
    await world.sql(
      'GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "AIRBYTE"',
      'PROVISIONER',
    );
    expect(await unprovisioned('ANALYTICS')).toEqual({ staying: [], airbyte: ['CREATE SCHEMA'] });
  });

  test('its use that its owner has granted, or we in his name, stays and is told', async () => {
    expect(await unprovisioned(await withoutOption())).toEqual({
      staying: [
        'USAGE on the database SHARED for the role AIRBYTE stays: SYSADMIN has granted it, or somebody in its name (by MANAGE GRANTS). Where nothing else needs it, REVOKE USAGE ON DATABASE "SHARED" FROM ROLE "AIRBYTE"; takes it away.',
      ],
      airbyte: ['USAGE'],
    });
  });

  test('nothing is told as long as another component needs it, or of one that has nothing there', async () => {
    const database = await withoutOption();
    await prepared(world.component(OTHER_KEY, { database, schema: 'OTHER_0' }));
    expect((await world.component(KEY, { database }).look(step())).staying).toEqual([]);
    expect((await prepared(world.component(KEY, { database }))).staying).toEqual([]);
  });
});

describe('a database of the domain that goes', () => {
  const managed = { manage: { ...MANAGE, database: true } };
  const one = () => world.component(KEY, { database: 'FINANCE' }, managed);
  const other = () =>
    world.component(OTHER_KEY, { database: 'FINANCE', schema: 'OTHER_0' }, managed);
  const finance = async () =>
    (await world.entities()).databases.find(({ name }) => name === 'FINANCE');

  /** While the statement of one is on its way, another does all of this. */
  const whileUnderWay = async (
    given: { operation: string; statement?: string },
    removal: () => Promise<void>,
    work: () => Promise<unknown>,
  ) => {
    await world.control('/faults', { ...given, delay: 1500 });
    const removed = removal();
    await eventually(async () => {
      const requests = await world.requests();
      return (
        requests.some(({ statement }) => statement?.includes(given.statement ?? '')) || undefined
      );
    }, 'the statement to be sent');
    await Promise.all([work(), removed]);
  };

  const removal = async (present: Thing[]) => {
    const component = one();
    await component.cleanup(present, step());
  };

  test('keeps who has come after the look that it is empty', async () => {
    const { present } = await prepared(one());
    const statement = 'COMMENT ON DATABASE "FINANCE" IS \'provisioner:development/finance (';
    await whileUnderWay(
      { operation: 'commentOn', statement },
      () => removal(present),
      () => prepared(other()),
    );
    expect(await finance()).toMatchObject({
      comment: 'provisioner:development/finance',
      schemas: [{ name: 'OTHER_0' }],
    });
    expect((await other().look(step())).missing).toEqual([]);
  });

  test('makes who comes while it is dropped wait, and is made anew', async () => {
    const { present } = await prepared(one());
    const id = 'comes.late';
    let waited: unknown;
    const attempts = async () => {
      await prepared(other(), id).catch((err: unknown) => {
        waited = err;
      });
    };
    await whileUnderWay(
      { operation: 'dropDatabase', statement: 'DROP DATABASE' },
      () => removal(present),
      attempts,
    );
    expect(waited).toMatchObject({
      kind: 'again',
      message: 'The database FINANCE is being removed with the last of its domain.',
      solution: like(/COMMENT ON DATABASE "FINANCE" IS 'provisioner:development\/finance'; opens/),
    });
    expect((await prepared(other(), id)).missing).toEqual([]);
    expect(await finance()).toMatchObject({ schemas: [{ name: 'OTHER_0' }] });
  });

  test('is opened again by the undo of a removal that ended in its middle', async () => {
    const { present } = await prepared(one());
    await world.control('/faults', { operation: 'dropDatabase', code: '003001' });
    await expect(removal(present)).rejects.toThrow(/003001/);
    expect((await finance())?.comment).toBe('provisioner:development/finance (being removed)');
    const undone = await one().restore(present, step());
    expect(undone.left).toEqual([]);
    expect((await finance())?.comment).toBe('provisioner:development/finance');
    expect((await one().look(step())).missing).toEqual([]);
  });

  test('another’s of its name that was dropped last is not brought back', async () => {
    const { present } = await prepared(one());
    await removal(present);
    await world.sql('CREATE DATABASE "FINANCE"', 'SYSADMIN');
    await world.sql('DROP DATABASE "FINANCE"', 'SYSADMIN');
    const { left: gone } = await one().restore(present, step());
    expect(gone.map(({ what }) => what)).toContain(
      'the database FINANCE (the last that had its name was another’s)',
    );
    expect(await finance()).toBeUndefined();
  });
});

test('a database that the fabric may make is the domain’s, and goes with the last that is in it', async () => {
  const managed = { manage: { ...MANAGE, database: true } };
  const component = world.component(KEY, { database: 'FINANCE' }, managed);
  const { present } = await prepared(component);
  const { databases } = await world.entities();
  expect(databases.find(({ name }) => name === 'FINANCE')).toMatchObject({
    comment: 'provisioner:development/finance',
    grants: [
      { privilege: 'USAGE', role: 'AIRBYTE', grantedBy: 'PROVISIONER' },
      { privilege: 'CREATE SCHEMA', role: 'AIRBYTE', grantedBy: 'PROVISIONER' },
      { privilege: 'USAGE', role: like(ROLE), grantedBy: 'PROVISIONER' },
    ],
  });
  const other = world.component(OTHER_KEY, { database: 'FINANCE', schema: 'OTHER_0' }, managed);
  const others = await prepared(other);
  await component.cleanup(present, step());
  const kept = (await world.entities()).databases.find(({ name }) => name === 'FINANCE');
  expect(kept?.grants.filter(({ role }) => role === 'AIRBYTE')).toHaveLength(2);
  const last = await other.look(step());
  expect(others.missing).toEqual([]);
  await other.cleanup(last.present, step());
  const after = await world.entities();
  expect(after.databases.map(({ name }) => name)).toEqual(['ANALYTICS']);
  const foreign = world.component('development/marketing.x.0.y', { database: 'FINANCE' }, managed);
  await prepared(component);
  expect((await foreign.look(step())).foreign).toContainEqual({
    kind: 'database',
    name: 'FINANCE',
    at: 'specific.destination.connectionConfiguration.database',
    problem: 'The database FINANCE was made for another domain.',
    solution:
      'Give another database in the descriptor (specific.destination.connectionConfiguration.database).',
  });
});
