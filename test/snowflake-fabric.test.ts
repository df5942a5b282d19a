import { Refusal } from '../src/contract/problems';
import type { Thing } from '../src/fabrics/fabric';
import { eventually } from './support/harness';
import { KEY, OTHER_KEY, keyPair, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What a component has in Snowflake: prepared, granted, taken away and taken back, by what exists afterwards. */

let world: World;
let goodKey: string;
beforeAll(async () => {
  world = await startWorld();
  goodKey = world.secrets.get('ADMIN_KEY') ?? '';
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const MANAGE = {
  schema: true,
  access: true,
  by: { user: 'provisioner', role: 'provisioner', privateKey: { secretRef: 'ADMIN_KEY' } },
};

const ROLE = /^CASHFLOW_0_INGESTION_READ_[0-9A-F]{8}$/;
const TAG = `provisioner:${KEY}`;

/** All that is the component's, or was granted to Airbyte's role. */
const left = async () => {
  const { databases, roles, members } = await world.entities();
  return {
    schemas: databases.flatMap(({ schemas }) =>
      schemas.map(({ name, comment }) => [name, comment]),
    ),
    airbyte: databases.flatMap(({ grants, schemas }) =>
      [...grants, ...schemas.flatMap((schema) => schema.grants)]
        .filter(({ role }) => role === 'AIRBYTE')
        .map(({ privilege }) => privilege),
    ),
    roles: roles.map(({ name }) => name),
    members: members.filter(({ role }) => ROLE.test(role)).map(({ name }) => name),
  };
};

const NOTHING = { schemas: [], airbyte: [], roles: ['PROVISIONER', 'AIRBYTE'], members: [] };

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const writes = async () =>
  (await world.requests()).filter(
    ({ statement }) => statement && !/^(SHOW|SELECT)/.test(statement),
  );

test('schema, role and grants are made in order, tagged, and all there after it', async () => {
  const component = world.component();
  const before = await component.look(step());
  expect(before.missing.map(({ what }) => what.replace(/READ_\w{8}/, 'READ_X'))).toEqual([
    'USAGE on the database ANALYTICS for the role AIRBYTE',
    'the schema ANALYTICS.CASHFLOW_0',
    'USAGE, CREATE TABLE, CREATE STAGE, CREATE FILE FORMAT on the schema ANALYTICS.CASHFLOW_0 for the role AIRBYTE',
    'the role CASHFLOW_0_INGESTION_READ_X',
    'USAGE on the database ANALYTICS for the role CASHFLOW_0_INGESTION_READ_X',
    'USAGE on the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
    'SELECT on the tables to come of the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
    'SELECT on the views to come of the schema ANALYTICS.CASHFLOW_0 for the role CASHFLOW_0_INGESTION_READ_X',
  ]);
  expect(before.present).toEqual([]);
  const after = await prepared(component);
  expect(after.missing).toEqual([]);
  expect(after.present.at(-1)).toMatchObject({
    kind: 'role',
    name: like(/^[A-Z0-9_]+_READ_/),
  });
  expect(after.shown).toEqual({
    schema: {
      label: 'Schema in Snowflake',
      value: 'ANALYTICS.CASHFLOW_0',
      href: undefined,
    },
    role: { label: 'Role that reads it', value: like(ROLE) },
  });
  const { databases, roles } = await world.entities();
  expect(databases[0]?.schemas).toMatchObject([
    { name: 'CASHFLOW_0', comment: TAG, owner: 'PROVISIONER', managedAccess: true },
  ]);
  expect(roles.find(({ name }) => ROLE.test(name))?.comment).toBe(TAG);
});

test('what is as wanted is left alone: looks only, and how many', async () => {
  const component = world.component();
  await prepared(component);
  await world.control('/requests', undefined, 'DELETE');
  const { missing } = await component.look(step());
  await component.prepare(missing, step());
  expect(missing).toEqual([]);
  expect(await writes()).toEqual([]);
  const calls = await world.requests();
  expect(calls.filter(({ operation }) => operation === 'submitStatement')).toHaveLength(17);
});

test('unprovisioned with its data nothing is left', async () => {
  const component = world.component();
  const { present } = await prepared(component);
  await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
  await component.cleanup(present, step());
  // Who may use a database that is not ours its owner says: he has granted it, by us.
  expect(await left()).toEqual({ ...NOTHING, airbyte: ['USAGE'] });
  await component.cleanup(present, step());
});

describe('in a database that is not ours', () => {
  const unprovisioned = async () => {
    const component = world.component();
    const { present, staying } = await prepared(component);
    await component.cleanup(present, step());
    return { staying, airbyte: (await left()).airbyte };
  };

  test('its use goes that was granted with the grant option, and more than its use is not ours', async () => {
    const rights = 'GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE';
    await world.sql(`${rights} "PROVISIONER" WITH GRANT OPTION`);
    await world.sql(`${rights} "AIRBYTE"`, 'PROVISIONER');
    expect(await unprovisioned()).toEqual({ staying: [], airbyte: ['CREATE SCHEMA'] });
  });

  test('its use that its owner has granted, or we in his name, stays and is told', async () => {
    expect(await unprovisioned()).toEqual({
      staying: [
        'USAGE on the database ANALYTICS for the role AIRBYTE stays: SYSADMIN has granted it, or somebody in its name (by MANAGE GRANTS). Where nothing else needs it, REVOKE USAGE ON DATABASE "ANALYTICS" FROM ROLE "AIRBYTE"; takes it away.',
      ],
      airbyte: ['USAGE'],
    });
  });

  test('nothing is told as long as another component needs it, or of one that has nothing there', async () => {
    await prepared(world.component(OTHER_KEY, { schema: 'OTHER_0' }));
    expect((await world.component().look(step())).staying).toEqual([]);
    expect((await prepared(world.component())).staying).toEqual([]);
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

test('a database that is not there is told, and not made, where the fabric makes none', async () => {
  const component = world.component(KEY, { database: 'NOWHERE' });
  const { foreign, missing, present } = await component.look(step());
  expect(foreign).toMatchObject([{ problem: like(/^The database NOWHERE is not there/) }]);
  await expect(component.prepare(missing, step())).rejects.toThrow(Refusal);
  expect(present).toEqual([]);
  await component.cleanup(present, step());
  expect(await writes()).toEqual([]);
});

const foreignSchema = async () =>
  (await world.entities()).databases[0]?.schemas.find(({ name }) => name === 'CASHFLOW_0');

test.each<[string, string[], RegExp, RegExp]>([
  [
    'nobody says whose it is',
    ['CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"'],
    /^The schema ANALYTICS\.CASHFLOW_0 is there already, and nothing says that it is/,
    /COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS 'provisioner:development\/finance\.cashflow\.0\.ingestion'; GRANT OWNERSHIP ON SCHEMA "ANALYTICS"."CASHFLOW_0" TO ROLE "PROVISIONER" COPY CURRENT GRANTS;$/,
  ],
  [
    'it is another’s of the domain',
    [`CREATE SCHEMA "ANALYTICS"."CASHFLOW_0" COMMENT = 'provisioner:${OTHER_KEY}'`],
    /belongs to development\/finance\.cashflow\.0\.other\.$/,
    /^To write elsewhere, give another schema in the descriptor \(specific\.destination/,
  ],
  [
    'it is another domain’s, whose names are not told',
    [`CREATE SCHEMA "ANALYTICS"."CASHFLOW_0" COMMENT = 'provisioner:development/marketing.a.0.b'`],
    /belongs to a component of another domain\.$/,
    /^To write elsewhere/,
  ],
])('a schema is left alone where %s', async (_case, statements, problem, solution) => {
  for (const statement of statements) await world.sql(statement);
  const before = await foreignSchema();
  const component = world.component();
  const { foreign, missing } = await component.look(step());
  expect(foreign).toEqual([
    {
      kind: 'schema',
      name: 'ANALYTICS.CASHFLOW_0',
      at: 'specific.destination.connectionConfiguration.schema',
      problem: like(problem),
      solution: like(solution),
    },
  ]);
  await expect(component.prepare(missing, step())).rejects.toThrow(problem);
  const mine = await prepared(world.component(KEY, { schema: 'MINE' }));
  await component.cleanup(
    mine.present
      .filter(({ kind }) => kind === 'schema')
      .map((thing) => ({ ...thing, id: thing.id.replace('MINE', 'CASHFLOW_0') })),
    step(),
  );
  await component.unprepare(missing, step());
  expect(before).toBeDefined();
  expect(await foreignSchema()).toEqual(before);
});

test('a schema that was handed over is the component’s', async () => {
  await world.sql('CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"');
  await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS '${TAG}'`);
  await world.control('/objects', {
    database: 'ANALYTICS',
    schema: 'CASHFLOW_0',
    name: 'OLD',
    owner: 'AIRBYTE',
  });
  const component = world.component();
  const { missing } = await component.look(step());
  expect(missing.map(({ what }) => what)).not.toContain('the schema ANALYTICS.CASHFLOW_0');
  expect((await prepared(component)).missing).toEqual([]);
});

test('a role of its name that is another’s is not granted to anybody', async () => {
  const { missing } = await world.component().look(step());
  const role = missing.find(({ kind }) => kind === 'role')?.name ?? '';
  await world.sql(`CREATE ROLE "${role}"`);
  const component = world.component();
  const { foreign } = await component.look(step());
  expect(foreign).toMatchObject([{ kind: 'role', name: role }]);
  await expect(component.prepare(missing, step())).rejects.toThrow(
    /is there already, and nothing says/,
  );
  await expect(component.grant(['user:JANE.DOE@EXAMPLE.COM'], step())).rejects.toThrow(Refusal);
  expect((await left()).members).toEqual([]);
  expect((await left()).schemas).toEqual([]);
});

test('of two components that want one schema at once one has it, and the other is refused by name', async () => {
  const all = [KEY, OTHER_KEY].map((key) => prepared(world.component(key)));
  const outcomes = await Promise.allSettled(all);
  const lost = outcomes.filter((each) => each.status === 'rejected');
  expect(lost).toHaveLength(1);
  expect(lost[0]?.reason).toBeInstanceOf(Refusal);
  expect(String(lost[0]?.reason)).toMatch(
    /The schema ANALYTICS\.CASHFLOW_0 belongs to development\/finance\.cashflow/,
  );
  const { databases } = await world.entities();
  expect(databases[0]?.schemas).toHaveLength(1);
});

test('prepared twice at once it is there once', async () => {
  await Promise.all([prepared(world.component()), prepared(world.component())]);
  const { missing } = await world.component().look(step());
  expect(missing).toEqual([]);
  const { databases, roles } = await world.entities();
  expect([databases[0]?.schemas.length, roles.length]).toEqual([1, 3]);
});

describe('taken back', () => {
  test('what was made goes, and nothing else', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    const { changed, left: kept } = await component.unprepare(missing, step());
    expect(kept).toEqual([]);
    expect([...changed].sort()).toEqual(missing.map(({ id }) => id).sort());
    const { databases } = await world.entities();
    expect(databases[0]?.schemas).toEqual([]);
    expect(await left()).toEqual(NOTHING);
    expect(await component.unprepare(missing, step())).toEqual({ changed: [], left: [] });
  });

  test('what was there before stays', async () => {
    const component = world.component();
    await prepared(component);
    await world.sql('REVOKE CREATE STAGE ON SCHEMA "ANALYTICS"."CASHFLOW_0" FROM ROLE "AIRBYTE"');
    const { missing } = await component.look(step());
    expect(missing.map(({ what }) => what)).toEqual([
      'CREATE STAGE on the schema ANALYTICS.CASHFLOW_0 for the role AIRBYTE',
    ]);
    await component.prepare(missing, step());
    await component.unprepare(missing, step());
    const { airbyte, schemas } = await left();
    expect(schemas).toHaveLength(1);
    expect(airbyte.sort()).toEqual([...['CREATE FILE FORMAT', 'CREATE TABLE', 'USAGE', 'USAGE']]);
  });

  test('a schema with tables by now stays, and its role with members', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
    const undone = await component.unprepare(missing, step());
    expect(undone.left.map(({ what }) => what.replace(/READ_\w{8}/, 'READ_X'))).toEqual([
      'the role CASHFLOW_0_INGESTION_READ_X (it has 1 member by now)',
      'the schema ANALYTICS.CASHFLOW_0 (it has 1 table or view by now)',
    ]);
    const { databases } = await world.entities();
    expect(databases[0]?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
  });

  test.each([
    ['STAGE', '1 stage'],
    ['FILE FORMAT', '1 file format'],
    ['SEQUENCE', '1 sequence'],
    ['PIPE', '1 pipe'],
    ['STREAM', '1 stream'],
    ['TASK', '1 task'],
    ['FUNCTION', '1 function'],
    ['PROCEDURE', '1 procedure'],
  ])('a schema with a %s by now stays', async (kind, words) => {
    const component = world.component();
    const { missing } = await component.look(step());
    const made = missing.filter(({ kind: each }) => each === 'schema');
    await component.prepare(made, step());
    const place = { database: 'ANALYTICS', schema: 'CASHFLOW_0', owner: 'AIRBYTE' };
    await world.control('/objects', { ...place, name: 'X', kind });
    const undone = await component.unprepare(made, step());
    expect(undone.left.map(({ what }) => what)).toEqual([
      `the schema ANALYTICS.CASHFLOW_0 (it has ${words} by now)`,
    ]);
    expect((await left()).schemas).toHaveLength(1);
  });

  test('a schema whose tables cannot be seen stays', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    const schema = missing.filter(({ kind }) => kind === 'schema');
    const blind = await component.unprepare(schema, step());
    expect(blind.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (it cannot be seen whether Airbyte has made tables in it: GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER" lets that be seen)',
    ]);
    await world.sql('GRANT ROLE "AIRBYTE" TO ROLE "PROVISIONER"');
    const seeing = await component.unprepare(schema, step());
    expect(seeing.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (it has 1 table or view by now)',
    ]);
  });

  test('Airbyte may use the database as long as another component is in it', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    await prepared(world.component(OTHER_KEY, { schema: 'OTHER_0' }));
    const undone = await component.unprepare(missing, step());
    expect(undone.left.map(({ what }) => what)).toEqual([
      'USAGE on the database ANALYTICS for the role AIRBYTE (others use the database by now)',
    ]);
    expect((await left()).airbyte).toContain('USAGE');
  });
});

describe('unprovisioned', () => {
  test('without its data schema and tables stay, and nobody may do anything with them', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
    });
    await component.cleanup(
      present.filter(({ hasData }) => !hasData),
      step(),
    );
    const { databases, roles } = await world.entities();
    expect(databases[0]?.schemas).toMatchObject([
      { name: 'CASHFLOW_0', comment: TAG, futureGrants: [], grants: [] },
    ]);
    expect(roles).toHaveLength(2);
    expect((await prepared(component)).missing).toEqual([]);
  });

  test('what was dropped is brought back with its data, its grants, and whom one gives', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
    const before = await component.look(step());
    await component.cleanup(before.present, step());
    expect((await left()).schemas).toEqual([]);
    const { changed, left: gone } = await component.restore(before.present, step());
    expect(gone).toEqual([]);
    expect((await left()).members).toEqual(['JANE.DOE@EXAMPLE.COM']);
    expect(changed.length).toBeGreaterThan(2);
    const after = await component.look(step());
    expect(after.missing).toEqual([]);
    expect(after.present.map(({ id }) => id)).toEqual(before.present.map(({ id }) => id));
    const { databases } = await world.entities();
    expect(databases[0]?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
    expect((await component.readers(step())).ours).toEqual(['user:JANE.DOE@EXAMPLE.COM']);
    expect(await component.restore(present, step())).toEqual({ changed: [], left: [] });
  });

  test('who had the role of others, or is no more, is told; the rest have it again', async () => {
    const component = world.component();
    await prepared(component);
    await world.control('/seed', { users: 3, name: 'S' });
    await component.grant(['user:S_1', 'user:S_2'], step());
    const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
    await world.sql(`GRANT ROLE "${role}" TO USER "S_3"`, 'SECURITYADMIN');
    const { present } = await component.look(step());
    expect(present.at(-1)?.had).toEqual({ ours: ['user:S_1', 'user:S_2'], others: ['user:S_3'] });
    await component.cleanup(present, step());
    await world.control('/faults', { operation: 'grantRole', statement: '"S_1"', code: '002003' });
    const { left: gone } = await component.restore(present, step());
    expect(gone.map(({ what }) => what)).toEqual([
      `the role ${role} of user:S_1`,
      `who had the role ${role} of others (user:S_3)`,
    ]);
    expect(gone[1]?.remedy).toBe(
      `Who has granted it grants it again, such as GRANT ROLE "${role}" TO USER "S_3";`,
    );
    expect((await left()).members).toEqual(['S_2']);
  });

  test('more members than a history has room for are told as unknown', async () => {
    const name = 'S'.repeat(245);
    await world.control('/seed', { users: 800, name });
    const component = world.component();
    await prepared(component);
    const role =
      (await world.entities()).roles.find(({ name: each }) => ROLE.test(each))?.name ?? '';
    for (let n = 1; n <= 800; n += 1)
      await world.sql(`GRANT ROLE "${role}" TO USER "${name}_${String(n)}"`, 'PROVISIONER');
    const { present } = await component.look(step());
    expect(present.at(-1)).toEqual({ ...present.at(-1), kind: 'role', had: undefined });
    await component.cleanup(present, step());
    const { left: gone } = await component.restore(present, step());
    expect(gone.map(({ what }) => what)).toEqual([`who had the role ${role}`]);
  });

  test('a database that went with it is brought back first', async () => {
    const component = world.component(
      KEY,
      { database: 'FINANCE' },
      { manage: { ...MANAGE, database: true } },
    );
    await prepared(component);
    await world.control('/objects', {
      database: 'FINANCE',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    const { present } = await component.look(step());
    await component.cleanup(present, step());
    expect((await world.entities()).databases.map(({ name }) => name)).toEqual(['ANALYTICS']);
    const { left: gone } = await component.restore(present, step());
    expect(gone).toEqual([]);
    const { databases } = await world.entities();
    const finance = databases.find(({ name }) => name === 'FINANCE');
    expect(finance?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
    expect((await component.look(step())).missing).toEqual([]);
  });

  test('what another has in its place by now is left alone, and told', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await component.cleanup(present, step());
    await world.sql('CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"');
    const { left: gone } = await component.restore(
      present.filter(({ kind }) => kind === 'schema'),
      step(),
    );
    expect(gone.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (another has its name by now)',
    ]);
    await world.sql('DROP SCHEMA "ANALYTICS"."CASHFLOW_0"');
    const again = await component.restore(
      present.filter(({ kind }) => kind === 'schema'),
      step(),
    );
    expect(again.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (the last that had its name was another’s)',
    ]);
    expect((await left()).schemas).toEqual([]);
  });

  test('a schema that it had before goes, too', async () => {
    await prepared(world.component(KEY, { schema: 'FORMER' }));
    const component = world.component();
    const { present } = await prepared(component);
    expect(present.filter(({ kind }) => kind === 'schema').map(({ what }) => what)).toEqual([
      ...['the schema ANALYTICS.CASHFLOW_0', 'the schema ANALYTICS.FORMER'],
    ]);
    await component.cleanup(present, step());
    expect((await left()).schemas).toEqual([]);
  });

  test('a tag that is not ours any more protects what has it', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS 'mine now'`, 'PROVISIONER');
    await component.cleanup(present, step());
    const { schemas, roles } = await left();
    expect(schemas).toEqual([['CASHFLOW_0', 'mine now']]);
    expect(roles).toHaveLength(2);
  });
});

describe('readers', () => {
  const granted = async (component: ReturnType<World['component']>, names: string[]) =>
    component.grant(
      names.map((name) => `user:${name}`),
      step(),
    );

  test('are exactly those that are given, of those that are ours; others keep what they have', async () => {
    const component = world.component();
    await prepared(component);
    const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
    await world.control('/seed', { users: 4, roles: 1, name: 'S' });
    await granted(component, ['S_1', 'S_2']);
    await world.sql(`GRANT ROLE "${role}" TO ROLE "S_1"`, 'SECURITYADMIN');
    await world.sql(`GRANT ROLE "${role}" TO USER "S_4"`, 'SECURITYADMIN');
    const changed = await granted(component, ['S_2', 'S_3', 'S_4']);
    expect(changed).toEqual({ granted: ['user:S_3'], revoked: ['user:S_1'] });
    const { ours, others } = await component.readers(step());
    expect([ours.sort(), others.sort()]).toEqual([
      ['user:S_2', 'user:S_3'],
      ['role:S_1', 'user:S_4'],
    ]);
    expect(await granted(component, ['S_2', 'S_3'])).toEqual({ granted: [], revoked: [] });
    expect(await granted(component, [])).toEqual({
      granted: [],
      revoked: ['user:S_2', 'user:S_3'],
    });
    expect((await left()).members.sort()).toEqual(['S_1', 'S_4']);
  });

  test('two hundred at once, twenty of them unknown', async () => {
    await world.control('/seed', { users: 180, name: 'S' });
    const component = world.component();
    await prepared(component);
    await world.control('/requests', undefined, 'DELETE');
    const settings = { principals: { strategy: 'template', user: '{LOCAL}' } };
    const named = world.component(KEY, {}, settings);
    const refs = Array.from({ length: 200 }, (_none, n) => `user:s_${String(n + 1)}@example.com`);
    const { known, unknown } = await named.principalsOf(refs, step());
    expect(Object.keys(known)).toHaveLength(180);
    expect(Object.keys(unknown)).toHaveLength(20);
    expect(unknown['user:s_200@example.com']).toBe('Snowflake has no user S_200');
    expect(
      (await world.requests()).filter(({ operation }) => operation === 'submitStatement'),
    ).toHaveLength(1);
    const changed = await component.grant(Object.values(known), step());
    expect(changed.granted).toHaveLength(180);
    expect((await left()).members).toHaveLength(180);
    const shrunk = await component.grant(Object.values(known).slice(0, 10), step());
    expect([shrunk.granted.length, shrunk.revoked.length]).toEqual([0, 170]);
  });

  test('of one component set twice at once are one of the two sets in the end, or both are told', async () => {
    await world.control('/seed', { users: 4, name: 'S' });
    const component = world.component();
    await prepared(component);
    await Promise.allSettled([
      granted(component, ['S_1', 'S_2']),
      granted(component, ['S_3', 'S_4']),
    ]);
    await granted(component, ['S_1']);
    expect((await left()).members).toEqual(['S_1']);
  });

  test('a component that was not provisioned has none, and nobody is given any', async () => {
    const component = world.component();
    expect(await component.readers(step())).toEqual({ ours: [], others: [] });
    expect(await component.grant([], step())).toEqual({ granted: [], revoked: [] });
    await expect(granted(component, ['X'])).rejects.toThrow(/There is no role .* to grant/);
  });

  test.each<[string, string, unknown]>([
    ['a user by his mail in any case', 'user:jane.doe_example.com', 'user:JANE.DOE@EXAMPLE.COM'],
    ['a group that is a role', 'group:airbyte', 'role:AIRBYTE'],
  ])('principals: %s', async (_case, ref, principal) => {
    const { known } = await world.component().principalsOf([ref], step());
    expect(known).toEqual({ [ref]: principal });
  });

  test('principals who are nobody, several, or everybody', async () => {
    await world.sql('CREATE ROLE "eng"');
    await world.sql('CREATE ROLE "Eng"');
    const refs = ['group:ENG', 'group:PUBLIC', 'user:nobody_example.com', 'user:none', 'group:eng'];
    const { known, unknown } = await world.component().principalsOf(refs, step());
    expect(known).toEqual({ 'group:eng': 'role:eng' });
    expect(unknown).toEqual({
      'group:ENG': 'ENG may be any of the roles Eng, eng of Snowflake',
      'group:PUBLIC': 'the role PUBLIC of Snowflake stands for everybody',
      'user:nobody_example.com': 'Snowflake has no user nobody@example.com',
      'user:none': like(/no underscore before the domain/),
    });
  });
});

describe('checks', () => {
  const outcomes = async (settings: Record<string, unknown> = {}) => {
    const checks = [
      ...(await world.fabric(settings).check(step())),
      ...(await world.component(KEY, {}, settings).check(step())),
    ];
    return checks.map(({ name, outcome }) => `${name}: ${outcome}`);
  };

  test('all that can be told', async () => {
    expect(await outcomes()).toEqual([
      'connection: passed',
      'connection of Airbyte: impossible',
      'warehouse: passed',
      'create role: passed',
      'users: passed',
      'create schema: passed',
      'tables: passed',
      'internal schema: impossible',
    ]);
  });

  test('what is wrong, and what to do', async () => {
    await world.control('/warehouses', {
      name: 'PROVISIONING',
      state: 'SUSPENDED',
      autoResume: false,
    });
    await world.sql('REVOKE CREATE ROLE ON ACCOUNT FROM ROLE "PROVISIONER"');
    await world.sql('REVOKE CREATE SCHEMA ON DATABASE "ANALYTICS" FROM ROLE "PROVISIONER"');
    await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
    expect(await outcomes()).toEqual([
      'connection: passed',
      'connection of Airbyte: impossible',
      'warehouse: failed',
      'create role: failed',
      'users: impossible',
      'create schema: failed',
      'tables: failed',
      'internal schema: impossible',
    ]);
    const before = await world.entities();
    expect(before.roles).toHaveLength(2);
  });

  test('credentials that are not taken', async () => {
    world.secrets.set('ADMIN_KEY', keyPair().privateKey);
    const checks = await world.fabric().check(step());
    expect(checks[0]).toMatchObject({
      name: 'connection',
      outcome: 'failed',
      message: like(
        /^Snowflake does not let in the user PROVISIONER of the fabric finance-dev: 390144/,
      ),
    });
    expect(checks.map(({ outcome }) => outcome)).toEqual(['failed', 'impossible', 'impossible']);
    world.secrets.set('ADMIN_KEY', goodKey);
  });
});

describe('a statement that is run', () => {
  test('is answered as a table, up to a bound', async () => {
    await world.sql('CREATE SCHEMA "ANALYTICS"."X"');
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'X',
      name: 'T',
      columns: ['A'],
      rows: 2500,
    });
    await world.sql('GRANT USAGE ON SCHEMA "ANALYTICS"."X" TO ROLE "PROVISIONER"');
    await world.sql('GRANT SELECT ON ALL TABLES IN SCHEMA "ANALYTICS"."X" TO ROLE "PROVISIONER"');
    const fabric = world.fabric({
      credentials: { privateKey: { secretRef: 'ADMIN_KEY' } },
      user: 'PROVISIONER',
      role: 'PROVISIONER',
      manage: {},
    });
    const text = 'SELECT * FROM "ANALYTICS"."X"."T"';
    const all = await fabric.run(text, { step: step(), maxRows: 10_000 });
    expect([all.columns, all.rows.length, all.isCut]).toEqual([['A'], 2500, false]);
    const some = await fabric.run(text, { step: step(), maxRows: 1500 });
    expect([some.rows.length, some.isCut, some.rows[1499]]).toEqual([1500, true, ['1500']]);
    await expect(fabric.run('SELEC 1', { step: step(), maxRows: 1 })).rejects.toThrow(
      /refuses SELEC 1: 001003/,
    );
  });

  test('is cancelled with the interest in it', async () => {
    await world.control('/faults', { operation: 'selectValues', runs: 60_000 });
    const over = new AbortController();
    const interest = { cancelled: over.signal, timeUp: new AbortController().signal };
    const running = world.fabric().run('SELECT 1', { step: step(undefined, interest), maxRows: 1 });
    const outcome = expect(running).rejects.toThrow();
    await eventually(
      async () =>
        (await world.requests()).some(({ operation }) => operation === 'getStatement') || undefined,
      'the statement to run',
    );
    over.abort();
    await outcome;
    expect((await world.requests()).map(({ operation }) => operation)).toContain('cancelStatement');
  });
});

test('a fabric that lends its credentials only is asked for nothing', async () => {
  const component = world.component(KEY, {}, { manage: {} });
  expect([component.manages, component.managesAccess]).toEqual([false, false]);
  expect(await component.look(step())).toMatchObject({ missing: [], present: [], foreign: [] });
  expect(await component.check(step())).toEqual([]);
  expect(await world.requests()).toEqual([]);
});

test('names that do harm without quotes are names', async () => {
  const schema = `x"; DROP ROLE airbyte;-- ' \\ % _ é 雪`;
  const component = world.component(KEY, { schema });
  const { present, missing } = await prepared(component);
  expect(missing).toEqual([]);
  const { databases, roles } = await world.entities();
  expect(databases[0]?.schemas.map(({ name }) => name)).toEqual([schema.toUpperCase()]);
  expect(roles).toHaveLength(3);
  await component.cleanup(present, step());
  expect((await left()).schemas).toEqual([]);
});

test('a schema that Snowflake cannot hold is refused before anything is asked', async () => {
  const component = world.component(KEY, { schema: 'a\u0000b' });
  await expect(component.look(step())).rejects.toThrow(
    'specific.destination.connectionConfiguration.schema: has characters that no name of Snowflake’s may have.',
  );
  expect(await world.requests()).toEqual([]);
});
