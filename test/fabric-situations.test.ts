import { keyPair, startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* What a run comes upon in a fabric, or what changes there while it goes on: by others, by hand, and twice at once. */

const CROWD = 200;
const UNKNOWN = 20;
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_none, index) => `${prefix}.${String(index)}`);
const PEOPLE = ['jane.doe', 'john.roe', 'mary.major', ...numbered('many', CROWD)];
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
const isWrite = (text: string) => !/^(SHOW|SELECT) /.test(text);
const writes = async () =>
  (await world.requests()).flatMap(({ statement }) =>
    statement && isWrite(statement) ? [statement] : [],
  );
const ask = async (names: string[], component: string) => {
  const { status, text } = await world.startAccess(names.map(refOf), { component });
  expect(status).toBe(202);
  return text;
};
const killedWhen = async (what: string, is: () => Promise<unknown>) => {
  await eventually(async () => ((await is()) ? true : undefined), what);
  await world.killWorker();
  await world.startWorker();
};
const asked = async (pattern: RegExp) =>
  (await writes()).filter((text) => pattern.test(text)).length;

describe('twice at once', () => {
  test('of two components that want one schema one has it, and the other leaves nothing', async () => {
    const before = await world.state();
    const wishes = ['one', 'other'].map((component) => ({ component, schema: 'CONTESTED' }));
    const ends = await Promise.all(wishes.map((wish) => world.run('provision', wish)));
    expect(ends.map(({ status }) => status).sort()).toEqual(['COMPLETED', 'FAILED']);
    const lost = ends.findIndex(({ status }) => status === 'FAILED');
    expect(ends[lost]?.result).toContain('ANALYTICS.CONTESTED');
    expect(await roleOf(wishes[lost]?.component ?? '')).toBe('');
    const [winner] = wishes.filter((_wish, index) => index !== lost);
    expect(await schemasOf(winner?.component ?? '')).toEqual(['CONTESTED']);
    expect((await world.run('unprovision', { ...winner, removeData: true })).status).toBe(
      'COMPLETED',
    );
    const after = await world.state();
    expect(after.airbyte).toEqual(before.airbyte);
    expect(after.snowflake.roles).toEqual(before.snowflake.roles);
    expect(after.snowflake.members).toEqual(before.snowflake.members);
  });

  test('two requests for access to one component end one after the other, as the later wants it', async () => {
    await provisioned('twice');
    const tokens = await Promise.all([ask(['jane.doe'], 'twice'), ask(['john.roe'], 'twice')]);
    const ends = await Promise.all(tokens.map((token) => world.finished(token)));
    expect(ends.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    const readers = await readersOf('twice');
    expect([[userOf('jane.doe')], [userOf('john.roe')]]).toContainEqual(readers);
    await given(['mary.major'], 'twice');
    expect(await readersOf('twice')).toEqual([userOf('mary.major')]);
  });
});

describe('many', () => {
  const all = numbered('many', CROWD);

  test('of 200 principals 20 are unknown: they are told in bounds, and nothing is changed', async () => {
    await provisioned('crowd');
    await given(['jane.doe'], 'crowd');
    const before = await world.state();
    await world.forgetRequests();
    const strangers = numbered('stranger', UNKNOWN);
    const { status, result } = await give([...all.slice(UNKNOWN), ...strangers], 'crowd');
    expect(status).toBe('FAILED');
    expect(result).toContain(
      'user:stranger.0_example.com: Snowflake has no user stranger.0@example.com',
    );
    expect(result.length).toBeLessThan(4000);
    expect(result.match(/stranger\.\d+@/g)?.length ?? 0).toBeGreaterThanOrEqual(5);
    expect(result).toMatch(/stranger\.19@|and \d+ more/);
    expect(await writes()).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('a worker killed in the middle of 200 grants is followed by one that ends them, once each', async () => {
    await provisioned('crowd');
    await world.forgetRequests();
    const token = await ask(all, 'crowd');
    await killedWhen('some grants', async () => (await asked(/^GRANT ROLE/)) > 20);
    const { status, result } = await world.finished(token);
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
    expect(await readersOf('crowd')).toEqual(all.map(userOf).sort());
    expect(await asked(/^REVOKE ROLE/)).toBeLessThanOrEqual(1);
    await world.forgetRequests();
    await given(all, 'crowd');
    expect(await writes()).toEqual([]);
  });

  test('a set that shrinks to none leaves none, but whom somebody else has granted', async () => {
    await given(all, 'crowd');
    await world.sql(`GRANT ROLE "${await roleOf('crowd')}" TO USER "${userOf('john.roe')}"`);
    await given([], 'crowd');
    expect(await readersOf('crowd')).toEqual([userOf('john.roe')]);
  });
});

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

describe('a worker that is killed', () => {
  test('in the middle of a cleanup is followed by one that ends it', async () => {
    const before = await world.state();
    await provisioned('cleans');
    await world.control('/objects', { database: 'ANALYTICS', schema: 'CLEANS', name: 'ROWS' });
    await world.fault({ operation: 'dropRole', hang: 'before' });
    const token = await world.start('unprovision', { component: 'cleans', removeData: true });
    await killedWhen('the drop', async () => (await schemasOf('cleans')).length === 0);
    expect(await world.finished(token)).toMatchObject({ status: 'COMPLETED' });
    expect(await world.state()).toEqual(before);
  });

  test('in the middle of an undo is followed by one that ends it', async () => {
    const before = await world.state();
    await world.airbyteFault({ operation: 'createConnection', status: 422 });
    await world.fault({ operation: 'dropRole', hang: 'after' });
    await world.forgetRequests();
    const token = await world.start('provision', { component: 'undoes' });
    await killedWhen('the undo', () => asked(/^DROP ROLE/));
    const { status, info } = await world.finished(token);
    expect(status).toBe('FAILED');
    expect(info?.privateInfo.leftBehind).toEqual([]);
    expect(await world.state()).toEqual(before);
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
    await world.sql(sql(changes.schema, await roleOf(component)));
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
    await world.sql(sql(changes.schema, await roleOf(component)));
    const { status } = await world.run('unprovision', { ...changes, removeData: true });
    expect(status).toBe('COMPLETED');
    expect(await world.state()).toEqual(before);
  });

  const commented = (comment: string) =>
    world.sql(`COMMENT ON SCHEMA "ANALYTICS"."COMMENTED" IS '${comment}'`);

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

test('a schema that has data by the time of its undo stays, and is told', async () => {
  const before = await world.state();
  await world.airbyteFault({ operation: 'createConnection', delay: 2000, status: 422 });
  const token = await world.start('provision', { component: 'filled' });
  await eventually(async () => (await roleOf('filled')) || undefined, 'the role');
  await world.control('/objects', { database: 'ANALYTICS', schema: 'FILLED', name: 'ROWS' });
  const { status, result, info } = await world.finished(token);
  expect(status).toBe('FAILED');
  expect(result).toMatch(
    /Left behind in the fabric: the schema ANALYTICS\.FILLED \(it has 1 table/,
  );
  expect(info?.privateInfo.leftBehind).toHaveLength(1);
  expect(await schemasOf('filled')).toEqual(['FILLED']);
  expect(await roleOf('filled')).toBe('');
  const gone = await world.run('unprovision', { component: 'filled', removeData: true });
  expect(gone.status).toBe('COMPLETED');
  expect((await world.state()).snowflake).toEqual(before.snowflake);
});
