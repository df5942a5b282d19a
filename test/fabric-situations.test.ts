import { keyPair, startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* What a run comes upon in a fabric, or what changes there while it goes on: by others and by hand. What holds
 * for each type is in fabric-types.test.ts and fabric-access.test.ts. */

const PEOPLE = ['jane.doe', 'john.roe', 'mary.major'];
const refOf = (name: string) => `user:${name}_example.com`;
const userOf = (name: string) => `${name.toUpperCase()}@EXAMPLE.COM`;

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({ snowflake: { running: 10, people: PEOPLE.map(userOf) } });
  await world.control('/seed', {
    schemas: 1000,
    roles: 1000,
    users: 1000,
    database: 'ANALYTICS',
    name: 'THEIRS',
  });
});
afterAll(async () => {
  await world.stop();
});
afterEach(async () => {
  await world.clearFaults();
  await world.clearAirbyteFaults();
});

const tagOf = (component: string) =>
  `provisioner:${world.environment}/finance.cashflow.0.${component}`;
const roleOf = async (component: string) => {
  const { roles } = await world.warehouse();
  return roles.find(({ comment }) => comment === tagOf(component))?.name ?? '';
};
const schemasOf = async (component: string) =>
  (await world.warehouse()).databases.flatMap(({ schemas }) =>
    schemas.filter(({ comment }) => comment === tagOf(component)).map(({ name }) => name),
  );
/** Of the component's role, whoever granted it. */
const readersOf = async (component: string) => {
  const role = await roleOf(component);
  return (await world.warehouse()).members
    .filter((each) => each.role === role)
    .map(({ name }) => name)
    .sort();
};
const provisioned = async (component: string, more: object = {}) => {
  const { status, result } = await world.run('provision', { component, ...more });
  expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
};
const give = (names: string[], component: string) =>
  world.giveAccess(names.map(refOf), { component });
const given = async (names: string[], component: string) => {
  const { status, result } = await give(names, component);
  expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
};
describe('of others', () => {
  test('whom somebody else has granted keeps it through growing and shrinking', async () => {
    await provisioned('keeps');
    const role = await roleOf('keeps');
    await world.sql(`GRANT ROLE "${role}" TO USER "${userOf('john.roe')}"`);
    await world.sql(`GRANT ROLE "${role}" TO ROLE "THEIRS_1"`);
    const theirs = ['THEIRS_1', userOf('john.roe')];
    await given(['jane.doe', 'john.roe'], 'keeps');
    expect(await readersOf('keeps')).toEqual([...theirs, userOf('jane.doe')].sort());
    await given(['mary.major'], 'keeps');
    expect(await readersOf('keeps')).toEqual([...theirs, userOf('mary.major')].sort());
    await given([], 'keeps');
    expect(await readersOf('keeps')).toEqual(theirs.sort());
  });

  test('what somebody else has granted on the schema stays with its data', async () => {
    await provisioned('shared');
    await world.control('/objects', { database: 'ANALYTICS', schema: 'SHARED', name: 'ROWS' });
    await world.sql('GRANT USAGE ON SCHEMA "ANALYTICS"."SHARED" TO ROLE "THEIRS_2"');
    const { status } = await world.run('unprovision', { component: 'shared' });
    expect(status).toBe('COMPLETED');
    const { databases } = await world.warehouse();
    const schema = databases
      .flatMap(({ schemas }) => schemas)
      .find(({ name }) => name === 'SHARED');
    expect(schema?.grants.filter(({ role }) => role !== schema.owner)).toMatchObject([
      { privilege: 'USAGE', role: 'THEIRS_2' },
    ]);
    expect(schema?.objects).toHaveLength(1);
  });

  test('among 1,000 schemas and 1,000 roles of others nothing but the component’s is touched', async () => {
    const theirs = async () => {
      const { databases, roles, members } = await world.warehouse();
      return {
        schemas: databases.flatMap(({ schemas }) =>
          schemas.filter(({ name }) => name.startsWith('THEIRS_')),
        ),
        roles: roles.filter(({ name }) => name.startsWith('THEIRS_')),
        members: members.filter(({ role }) => role.startsWith('THEIRS_')),
      };
    };
    const before = await theirs();
    expect([before.schemas.length, before.roles.length]).toEqual([1000, 1000]);
    await provisioned('among');
    await given(['jane.doe'], 'among');
    const gone = await world.run('unprovision', { component: 'among', removeData: true });
    expect(gone.status).toBe('COMPLETED');
    expect(await roleOf('among')).toBe('');
    expect(await theirs()).toEqual(before);
  });
});

describe('credentials and settings', () => {
  const held = async (component: string) => {
    await world.fault({ operation: 'createRole', delay: 1500 });
    const token = await world.start('provision', { component });
    await eventually(async () => (await schemasOf(component)).length || undefined, 'the schema');
    return token;
  };

  test('a key that is rotated under a run is taken up by it', async () => {
    const token = await held('rotates');
    const next = keyPair();
    world.secret('ADMIN_KEY', next.privateKey);
    await world.control('/keys', { user: 'PROVISIONER', publicKeys: [next.publicKey] });
    await world.control('/tokens/expire');
    const { status, result } = await world.finished(token);
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
    world.secret('ADMIN_KEY', world.keys.privateKey);
    await world.control('/keys', { user: 'PROVISIONER', publicKeys: [world.keys.publicKey] });
  });

  test('a key that is lost under a run fails it by the name of its fabric, and what was made is told', async () => {
    const before = await world.state();
    const token = await held('loses');
    world.secret('ADMIN_KEY', '');
    const { status, result, info } = await world.finished(token);
    expect(status).toBe('FAILED');
    expect(result).toContain('finance-dev');
    expect(result).toContain('What to do: ');
    expect(info?.privateInfo.leftBehind).not.toEqual([]);
    expect(result).toContain('ANALYTICS.LOSES');
    world.secret('ADMIN_KEY', world.keys.privateKey);
    await provisioned('loses');
    await world.run('unprovision', { component: 'loses', removeData: true });
    expect((await world.state()).snowflake).toEqual(before.snowflake);
  });

  test('a fabric that is taken out of the file under a run fails it by its name; put back, it is undone', async () => {
    const before = await world.state();
    await world.fault({ operation: 'createRole', status: 503, times: 0 });
    const token = await world.start('provision', { component: 'without' });
    await eventually(async () => (await schemasOf('without')).length || undefined, 'the schema');
    const { fabrics: _fabrics, teams, ...rest } = world.settings;
    const { defaultFabric: _default, ...finance } = teams.finance;
    await world.rewrite({ ...rest, teams: { finance } });
    await world.clearFaults();
    // The undo is tried until the fabric is there again.
    await eventually(
      async () => (await world.status(token)).result.startsWith('Failed;') || undefined,
      'the undo',
    );
    await world.rewrite();
    const { status, result, info } = await world.finished(token);
    expect(status).toBe('FAILED');
    expect(result).toContain('specific.destination.fabric');
    expect(info?.privateInfo.leftBehind).toEqual([]);
    expect(await world.state()).toEqual(before);
  });
});

describe('changed by hand', () => {
  const BY_HAND = [
    ['the schema dropped', (schema: string) => `DROP SCHEMA "ANALYTICS"."${schema}"`],
    ['the role dropped', (_schema: string, role: string) => `DROP ROLE "${role}"`],
  ] as const;

  test.each(BY_HAND)('%s: an update makes it again, and nothing twice', async (what, sql) => {
    const component = what.includes('role') ? 'remade-role' : 'remade-schema';
    const changes = { component, schema: component.toUpperCase().replace('-', '_') };
    await provisioned(component, changes);
    const before = await world.state();
    await world.sql(sql(changes.schema, await roleOf(component)), 'PROVISIONER');
    await provisioned(component, changes);
    const after = await world.state();
    const grantsIn = (state: typeof after) =>
      state.snowflake.databases
        .flatMap(({ schemas }) => schemas)
        .filter(({ name }) => name === changes.schema)
        .map(({ grants, futureGrants }) => [grants, futureGrants].map((all) => all.length));
    expect(grantsIn(after)).toEqual(grantsIn(before));
    expect(after.snowflake.roles.length).toBe(before.snowflake.roles.length);
  });

  test.each(BY_HAND)('%s: an unprovision takes away the rest', async (what, sql) => {
    const component = what.includes('role') ? 'rest-role' : 'rest-schema';
    const changes = { component, schema: component.toUpperCase().replace('-', '_') };
    const before = await world.state();
    await provisioned(component, changes);
    await world.sql(sql(changes.schema, await roleOf(component)), 'PROVISIONER');
    const { status } = await world.run('unprovision', { ...changes, removeData: true });
    expect(status).toBe('COMPLETED');
    expect(await world.state()).toEqual(before);
  });

  const commented = (comment: string) =>
    world.sql(`COMMENT ON SCHEMA "ANALYTICS"."COMMENTED" IS '${comment}'`, 'PROVISIONER');

  test('a schema whose comment was changed is refused by name by an update, and stays at an unprovision', async () => {
    await provisioned('commented');
    await commented('nightly batch');
    const before = await world.state();
    const update = await world.run('provision', {
      component: 'commented',
      connection: { prefix: 'c_' },
    });
    expect(update.status).toBe('FAILED');
    expect(update.result).toContain('ANALYTICS.COMMENTED');
    expect(await world.state()).toEqual(before);
    const removal = await world.run('unprovision', { component: 'commented', removeData: true });
    expect(removal.status).toBe('COMPLETED');
    expect(removal.logs?.map(({ message }) => message).join('\n')).toContain('ANALYTICS.COMMENTED');
    const { databases } = await world.warehouse();
    const names = databases.flatMap(({ schemas }) => schemas).map(({ name }) => name);
    expect(names).toContain('COMMENTED');
    await commented(tagOf('commented'));
    await world.run('unprovision', { component: 'commented', removeData: true });
    expect(await schemasOf('commented')).toEqual([]);
  });
});
