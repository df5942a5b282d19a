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
        {
          what: 'USAGE on the database SHARED for the role AIRBYTE (SYSADMIN has granted it, or somebody in its name by MANAGE GRANTS)',
          remedy:
            'Where nothing else needs it, REVOKE USAGE ON DATABASE "SHARED" FROM ROLE "AIRBYTE"; takes it away.',
        },
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
    removal: () => Promise<unknown>,
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
    return component.cleanup(present, step());
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

describe('a database of the domain, and what is in it besides the component', () => {
  const managed = { manage: { ...MANAGE, database: true } };
  const one = (changes = {}) => world.component(KEY, { database: 'FINANCE', ...changes }, managed);
  const finance = async () =>
    (await world.entities()).databases.find(({ name }) => name === 'FINANCE');
  const sync = (more = {}) =>
    world.control('/syncs', {
      database: 'FINANCE',
      schema: 'CASHFLOW_0',
      role: 'AIRBYTE',
      ...more,
    });
  const wholeOf = async (component = one()) => {
    const { present } = await component.look(step());
    const told = await component.cleanup(present, step());
    const kept = present.filter(({ id }) => !told.removed.includes(id));
    return { left: told.left, kept: kept.map(({ what }) => what) };
  };

  test.each([
    ['empty', {}],
    ['with raw tables of its own', { raw: true }],
    ['of another name', { internal: 'RAW_OF_AIRBYTE' }],
  ])('Airbyte’s internal schema, %s, goes with the last component', async (_how, more) => {
    const changes = 'internal' in more ? { raw_data_schema: 'raw_of_airbyte' } : {};
    await prepared(one(changes));
    expect(await sync(more)).toEqual({ synced: 1 });
    expect((await finance())?.schemas).toHaveLength(2);
    expect(await wholeOf(one(changes))).toEqual({ left: [], kept: [] });
    expect(await finance()).toBeUndefined();
    const { present, staying } = await one(changes).look(step());
    expect([...present, ...(staying ?? [])]).toEqual([]);
  });

  test('its temporary tables, its stages and file formats go with it', async () => {
    await prepared(one());
    await sync();
    const digest = 'AB12'.repeat(8);
    for (const [name, kind] of [
      [`CASHFLOW_0ORDERS${digest}`, 'TABLE'],
      ['AIRBYTE_STAGE_ORDERS', 'STAGE'],
      ['AIRBYTE_FORMAT', 'FILE FORMAT'],
    ])
      await world.control('/objects', {
        database: 'FINANCE',
        schema: 'AIRBYTE_INTERNAL',
        name,
        kind,
        owner: 'AIRBYTE',
      });
    expect(await wholeOf()).toEqual({ left: [], kept: [] });
    expect(await finance()).toBeUndefined();
  });

  test('raw tables of others keep it, which is told by each removal until they are gone', async () => {
    await prepared(one());
    await sync({ raw: true });
    await world.sql(
      'CREATE TABLE "FINANCE"."AIRBYTE_INTERNAL"."OTHER_0_RAW__STREAM_ORDERS" ("ID" TEXT)',
      'AIRBYTE',
    );
    const told = {
      left: [
        {
          what: 'the database FINANCE (Airbyte’s schema AIRBYTE_INTERNAL in it has 1 table or view)',
          remedy:
            'Where nothing in it is needed, DROP DATABASE IF EXISTS "FINANCE"; takes it away; or empty it, and unprovision again with removeData.',
        },
        {
          what: 'what Airbyte keeps of the schema FINANCE.CASHFLOW_0 in its schema AIRBYTE_INTERNAL (CASHFLOW_0_RAW__STREAM_ORDERS)',
          remedy:
            'Where nobody needs it, DROP TABLE IF EXISTS "FINANCE"."AIRBYTE_INTERNAL"."CASHFLOW_0_RAW__STREAM_ORDERS"; takes it away.',
        },
      ],
      kept: ['the database FINANCE'],
    };
    expect(await wholeOf()).toEqual(told);
    expect(await wholeOf()).toMatchObject({
      kept: told.kept,
      left: [{ what: like(/^the database/) }],
    });
    expect(await finance()).toMatchObject({
      comment: 'provisioner:development/finance',
      grants: [],
      schemas: [{ name: 'AIRBYTE_INTERNAL' }],
    });
    await world.sql('GRANT USAGE ON DATABASE "FINANCE" TO ROLE "AIRBYTE"', 'PROVISIONER');
    await world.sql('DROP SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'AIRBYTE');
    expect(await wholeOf()).toEqual({ left: [], kept: [] });
    expect(await finance()).toBeUndefined();
  });

  test.each([
    [
      'something in PUBLIC',
      () => world.control('/objects', { database: 'FINANCE', schema: 'PUBLIC', name: 'T' }),
      'its schema PUBLIC has 1 table or view',
    ],
    [
      'a schema of somebody’s',
      () => world.sql('CREATE SCHEMA "FINANCE"."BY_HAND"', 'PROVISIONER'),
      'there is the schema BY_HAND in it',
    ],
    [
      'an internal schema that Airbyte does not own',
      () => world.sql('CREATE SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'PROVISIONER'),
      'there is the schema AIRBYTE_INTERNAL in it',
    ],
  ])('%s keeps it, and nothing says that it was taken away', async (_what, add, why) => {
    const { present } = await prepared(one());
    expect(present.map(({ what }) => what)).toContain('the database FINANCE');
    await add();
    const { left, kept } = await wholeOf();
    expect(left.map(({ what }) => what)).toEqual([`the database FINANCE (${why})`]);
    expect(kept).toEqual(['the database FINANCE']);
    const after = await finance();
    expect(after?.comment).toBe('provisioner:development/finance');
    expect(after?.grants).toEqual([]);
  });

  test('where what Airbyte has in it cannot be seen it stays', async () => {
    await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
    await prepared(one());
    await sync();
    const { left } = await wholeOf();
    expect(left.map(({ what }) => what)).toEqual([
      'the database FINANCE (it cannot be seen what Airbyte has in it: GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER" lets that be seen)',
    ]);
  });

  test('what an undo takes away goes with the internal schema that a check of Airbyte made', async () => {
    const { missing: made } = await one().look(step());
    await prepared(one());
    await world.sql('CREATE SCHEMA "FINANCE"."AIRBYTE_INTERNAL"', 'AIRBYTE');
    expect((await one().unprepare(made, step())).left).toEqual([]);
    expect(await finance()).toBeUndefined();
  });

  test('another component in it keeps it, and is nothing that is left of this one', async () => {
    await prepared(one());
    await prepared(world.component(OTHER_KEY, { database: 'FINANCE', schema: 'OTHER_0' }, managed));
    expect(await wholeOf()).toEqual({ left: [], kept: [] });
    expect((await finance())?.schemas.map(({ name }) => name)).toEqual(['OTHER_0']);
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
