import { DEFAULTS } from '../simulator/databricks/simulator';
import {
  LOADER,
  MANAGE,
  OTHER,
  databricksBench,
  errorOf,
  ids,
  step,
} from './support/databricks-fabric';

/* Who may read a component’s schema, and who they are in the workspace. */

const { control, fault, entities, schemaNamed, calls, maxInFlight, writes, component, made } =
  databricksBench();
const { catalog, clientId } = DEFAULTS;
const ALICE = 'alice@example.com';

describe('readers', () => {
  const on = { on: 'schema', name: `${catalog}.cash_flow_0` };
  const grantsNow = async () => (await schemaNamed('cash_flow_0'))?.grants;
  const READS = ['SELECT', 'USE_SCHEMA'];

  test('are exactly who is named; the same set writes nothing; what others granted stays', async () => {
    const mine = await made();
    await control('grants', {
      ...on,
      principal: 'bob@example.com',
      add: ['SELECT', 'USE_SCHEMA'],
      remove: [],
    });
    await control('grants', { ...on, principal: 'data-engineers', add: ['SELECT'], remove: [] });
    const first = await mine.grant(['alice@example.com', 'analysts', 'bob@example.com'], step());
    expect(first).toEqual({ granted: ['alice@example.com', 'analysts'], revoked: [] });
    expect(await mine.readers(step())).toEqual({
      ours: ['alice@example.com', 'analysts'],
      others: ['bob@example.com', 'data-engineers'],
    });
    await control('requests', undefined, 'DELETE');
    expect(await mine.grant(['analysts', 'alice@example.com', 'bob@example.com'], step())).toEqual({
      granted: [],
      revoked: [],
    });
    expect(await writes()).toEqual([]);
    expect(await mine.grant(['analysts'], step())).toEqual({
      granted: [],
      revoked: ['alice@example.com'],
    });
    expect(await mine.grant([], step())).toEqual({ granted: [], revoked: ['analysts'] });
    expect(await schemaNamed('cash_flow_0')).toMatchObject({
      properties: {},
      grants: { 'bob@example.com': READS, 'data-engineers': ['SELECT'] },
    });
  });

  test('who had one of the privileges by others lose only what was ours', async () => {
    const mine = await made();
    await control('grants', { ...on, principal: 'analysts', add: ['USE_SCHEMA'], remove: [] });
    await mine.grant(['analysts'], step());
    expect(await grantsNow()).toEqual({ analysts: READS });
    await mine.grant([], step());
    expect(await grantsNow()).toEqual({ analysts: ['USE_SCHEMA'] });
  });

  test('that nobody knows are refused, nobody else is granted anything, and the next set is right', async () => {
    const mine = await made();
    const failing = mine.grant(['alice@example.com', 'nobody@example.com'], step());
    const err = await errorOf(failing);
    expect(err).toMatchObject({ kind: 'refused' });
    expect(err.message).toContain('nobody@example.com');
    expect(await grantsNow()).toEqual({});
    expect(await mine.readers(step())).toEqual({ ours: [], others: [] });
    await mine.grant(['analysts'], step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ grants: { analysts: READS } });
    expect(Object.keys((await schemaNamed('cash_flow_0'))?.properties ?? {})).toHaveLength(1);
  });

  test('are taken away by a removal without data and given back by its undo', async () => {
    const mine = await made();
    await mine.grant(['alice@example.com', 'analysts'], step());
    const { present } = await mine.look(step());
    expect(ids(present)).toEqual(['readers', 'schema:cash_flow_0']);
    const grants = present.filter(({ kind }) => kind === 'grant');
    await mine.cleanup(grants, step());
    await mine.cleanup(grants, step());
    expect(await grantsNow()).toEqual({});
    expect(ids((await mine.look(step())).present)).toEqual(['schema:cash_flow_0']);
    expect((await mine.restore(grants, step())).changed).toEqual(['readers']);
    expect(await mine.readers(step())).toEqual({
      ours: ['alice@example.com', 'analysts'],
      others: [],
    });
    expect(await mine.restore(grants, step())).toEqual({ changed: [], left: [] });
  });

  test('whom somebody has taken it from before a removal do not have it again by its undo', async () => {
    const mine = await made();
    await mine.grant(['alice@example.com', 'analysts'], step());
    const { present } = await mine.look(step());
    await control('grants', { ...on, principal: 'alice@example.com', remove: READS });
    const taken = await mine.beforeCleanup(present.slice(0, 1), step());
    expect(taken).toMatchObject([
      { id: 'readers', hadIn: [{ schema: 'cash_flow_0', ours: ['analysts'] }] },
    ]);
    // The undo of one that has taken nothing yet, and of one that has.
    expect(await mine.restore(taken, step())).toEqual({ changed: [], left: [] });
    expect(await grantsNow()).toEqual({ analysts: READS });
    await mine.cleanup(taken, step());
    const undone = { changed: ['readers'], left: [], givenBack: ['analysts'] };
    expect(await mine.restore(taken, step())).toEqual(undone);
    expect(await grantsNow()).toEqual({ analysts: READS });
  });

  test('of former schemas lose it by a removal, too, and have it again by its undo', async () => {
    const former = await made();
    await former.grant(['alice@example.com', 'analysts'], step());
    const mine = component({}, { schema: 'cash_flow_1' });
    await mine.prepare((await mine.look(step())).missing, step());
    await mine.grant(['analysts'], step());
    await former.ofFormer.revoke(['alice@example.com'], step());
    const grantsOf = async () =>
      Promise.all(
        ['cash_flow_0', 'cash_flow_1'].map(async (name) => (await schemaNamed(name))?.grants),
      );
    const before = [{ analysts: READS }, { analysts: READS }];
    expect(await grantsOf()).toEqual(before);
    const { present } = await mine.look(step());
    const grants = present.filter(({ kind }) => kind === 'grant');
    const taken = await mine.beforeCleanup(grants, step());
    await mine.cleanup(taken, step());
    expect(await grantsOf()).toEqual([{}, {}]);
    await mine.restore(taken, step());
    expect(await grantsOf()).toEqual(before);
  });

  test('of several schemas have each again by its undo, but for who has lost that one before', async () => {
    const former = await made();
    await former.grant([ALICE, 'analysts'], step());
    const mine = await made(component({}, { schema: 'cash_flow_1' }));
    await mine.grant([ALICE, 'analysts'], step());
    const grantsOf = async () =>
      Promise.all(
        ['cash_flow_0', 'cash_flow_1'].map(async (name) => (await schemaNamed(name))?.grants),
      );
    const taken = async () => {
      const { present } = await mine.look(step());
      const grants = present.filter(({ kind }) => kind === 'grant');
      return mine.beforeCleanup(grants, step());
    };
    await control('grants', {
      on: 'schema',
      name: `${catalog}.cash_flow_1`,
      principal: ALICE,
      remove: READS,
    });
    const before = [{ [ALICE]: READS, analysts: READS }, { analysts: READS }];
    const things = await taken();
    const remembered = (await schemaNamed('cash_flow_1'))?.properties;
    // The undo of a removal that has taken nothing yet, and of one that has.
    await mine.restore(things, step());
    expect(await grantsOf()).toEqual(before);
    expect((await schemaNamed('cash_flow_1'))?.properties).toEqual(remembered);
    await mine.cleanup(things, step());
    expect(await grantsOf()).toEqual([{}, {}]);
    expect((await mine.restore(things, step())).givenBack?.toSorted()).toEqual([ALICE, 'analysts']);
    expect(await grantsOf()).toEqual(before);

    // What a removal has left of them is none of a later one.
    await mine.cleanup(await taken(), step());
    await mine.grant(['analysts'], step());
    const again = await taken();
    await mine.cleanup(again, step());
    expect((await mine.restore(again, step())).givenBack).toEqual(['analysts']);
    expect(await grantsOf()).toEqual([{}, { analysts: READS }]);
  });

  test('who were granted something since a removal has looked lose it with the rest', async () => {
    const mine = await made();
    const { present } = await mine.look(step());
    await mine.grant(['analysts'], step());
    const taken = await mine.beforeCleanup(present, step());
    expect(ids(taken)).toEqual(['readers', 'schema:cash_flow_0']);
    await mine.cleanup(taken.slice(0, 1), step());
    expect(await grantsNow()).toEqual({});
  });

  test('get USE CATALOG only where the fabric says so, and lose it only where no other schema needs it', async () => {
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: 'account users',
      add: [],
      remove: ['USE_CATALOG'],
    });
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: clientId,
      add: ['MANAGE'],
      remove: [],
    });
    const catalogGrants = async () => (await entities()).catalogs[0]?.grants.analysts;
    const plain = await made();
    await plain.grant(['analysts'], step());
    expect(await catalogGrants()).toBeUndefined();
    await plain.grant([], step());

    const more = { manage: { ...MANAGE, catalogUse: true } };
    const [one, two] = [
      component(more),
      await made(component(more, { key: OTHER, schema: 'other_0' })),
    ];
    await one.grant(['analysts'], step());
    await two.grant(['analysts'], step());
    expect(await catalogGrants()).toEqual(['USE_CATALOG']);
    await one.grant([], step());
    expect(await catalogGrants()).toEqual(['USE_CATALOG']);
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: 'analysts',
      add: [],
      remove: ['USE_CATALOG'],
    });
    await one.grant(['analysts'], step());
    await two.grant([], step());
    await one.grant([], step());
    expect(await catalogGrants()).toBeUndefined();
  });

  test('of a component that has no schema cannot be, and nobody is what it has', async () => {
    const mine = component();
    expect(await mine.readers(step())).toEqual({ ours: [], others: [] });
    expect(await mine.grant([], step())).toEqual({ granted: [], revoked: [] });
    expect(String(await errorOf(mine.grant(['analysts'], step())))).toContain('There is no schema');
  });

  test('two hundred are granted in few calls, and sets at once end as one of them', async () => {
    await control('seed', { users: 200 });
    const mine = await made();
    const all = Array.from({ length: 200 }, (_, index) => `user-${String(index + 1)}@example.com`);
    await control('requests', undefined, 'DELETE');
    expect((await mine.grant(all, step())).granted).toHaveLength(200);
    expect((await calls()).length).toBeLessThan(10);
    expect((await mine.readers(step())).ours).toHaveLength(200);
    await Promise.all([mine.grant(all, step()), mine.grant(all, step('b'))]);
    expect((await mine.readers(step())).ours).toHaveLength(200);
    await mine.grant(all.slice(0, 50), step());
    expect((await mine.readers(step())).ours.toSorted()).toEqual(all.slice(0, 50).toSorted());
  });

  test('more than can be remembered are refused before anything is changed', async () => {
    const mine = await made();
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => `user-${String(index + 1)}@example.com`);
    await control('seed', { users: 1001 });
    await control('requests', undefined, 'DELETE');
    expect(String(await errorOf(mine.grant(many(1001), step())))).toContain('at most 1000');
    expect(await calls()).toEqual([]);
    expect((await mine.grant(many(1000), step())).granted).toHaveLength(1000);
  });
});

describe('principals', () => {
  test('of two hundred refs, twenty unknown, all are told in few calls', async () => {
    await control('seed', { users: 180 });
    const refs = Array.from(
      { length: 200 },
      (_, index) => `user:user-${String(index + 1)}_example.com`,
    );
    await control('requests', undefined, 'DELETE');
    const { known, unknown } = await component().principalsOf(refs, step());
    expect(Object.keys(known)).toHaveLength(180);
    expect(known['user:user-7_example.com']).toBe('user-7@example.com');
    expect(Object.keys(unknown)).toEqual(refs.slice(180));
    expect(unknown[refs[199] ?? '']).toBe(
      'user-200@example.com is no user of the Databricks workspace',
    );
    expect((await calls()).filter(({ operation }) => operation === 'listUsers')).toHaveLength(10);
  });

  test('are users, groups of the account and service principals; others are nobody, and why', async () => {
    await control('principals', { name: 'bob@example.com', active: false });
    const principals = {
      strategy: 'table',
      users: {
        'sp@example.com': LOADER,
        'a@example.com': 'Alice@example.com',
        'e@example.com': 'e"x\\@example.com',
      },
      groups: {
        g: 'analysts',
        local: 'admins',
        not: 'x or displayName eq "analysts"',
      },
    };
    const mine = component({ principals });
    const refs = [
      'user:sp_example.com',
      'user:a_example.com',
      'user:e_example.com',
      'group:g',
      'group:local',
      'group:not',
      'group:unlisted',
      'user:nodomain',
    ];
    const { known, unknown } = await mine.principalsOf(refs, step());
    expect(known).toEqual({
      'user:sp_example.com': LOADER,
      'user:a_example.com': 'alice@example.com',
      'group:g': 'analysts',
    });
    expect(Object.keys(unknown)).toEqual([
      'user:e_example.com',
      'group:local',
      'group:not',
      'group:unlisted',
      'user:nodomain',
    ]);
    expect(unknown['group:local']).toContain('of the workspace only');
    const bob = await component().principalsOf(['user:bob_example.com'], step());
    expect(bob.unknown['user:bob_example.com']).toContain('not active');
  });

  test.each(['account users', 'Account Users', 'users', '_workspace_users_finance_123'])(
    'the group %s is nobody, as it stands for everybody',
    async (name) => {
      await control('principals', { kind: 'group', name });
      const ref = `group:${name}`;
      const { known, unknown } = await component().principalsOf([ref, 'group:analysts'], step());
      expect(known).toEqual({ 'group:analysts': 'analysts' });
      expect(unknown).toEqual({ [ref]: `${name} of Databricks stands for everybody` });
    },
  );
});

test('no more calls are in flight than the fabric lets be', async () => {
  await control('seed', { users: 400 });
  const refs = Array.from(
    { length: 400 },
    (_, index) => `user:user-${String(index + 1)}_example.com`,
  );
  await fault({ operation: 'listUsers', delay: 50, times: 20 });
  await control('requests', undefined, 'DELETE');
  await component({ maxInFlight: 2 }).principalsOf(refs, step());
  expect(await maxInFlight()).toBe(2);
});
