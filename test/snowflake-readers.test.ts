import { KEY, MANAGE, ROLE, like, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* Who may read what a component has, and who they are in Snowflake. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

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
    expect((await world.left()).members.sort()).toEqual(['S_1', 'S_4']);
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
    expect((await world.left()).members).toHaveLength(180);
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
    expect((await world.left()).members).toEqual(['S_1']);
  });

  describe('when another role manages', () => {
    const managedBy = (role: string, more: object = {}) =>
      world.component(KEY, {}, { manage: { ...MANAGE, ...more, by: { ...MANAGE.by, role } } });
    /** Who takes over from another may do what he could. */
    const handedOver = async (from: string, to: string) => {
      await world.sql(`CREATE ROLE ${to}`);
      await world.sql(`GRANT ROLE ${from} TO ROLE ${to}`);
      await world.sql(`GRANT ROLE ${to} TO USER PROVISIONER`);
    };

    test('whom the former one has granted it are ours, and lose it', async () => {
      await world.control('/seed', { users: 3, name: 'S' });
      const former = world.component();
      await prepared(former);
      await granted(former, ['S_1', 'S_2']);
      await handedOver('PROVISIONER', 'NEXT');
      const now = managedBy('next');
      await granted(now, ['S_1', 'S_2', 'S_3']);
      expect(await now.readers(step())).toEqual({
        ours: ['user:S_1', 'user:S_2', 'user:S_3'],
        others: [],
      });
      expect(await granted(now, ['S_2'])).toMatchObject({ revoked: ['user:S_1', 'user:S_3'] });
      expect((await world.left()).members).toEqual(['S_2']);
    });

    test('one in between is told, until the file names it', async () => {
      await world.control('/seed', { users: 2, name: 'S' });
      await prepared(world.component());
      await handedOver('PROVISIONER', 'NEXT');
      await granted(managedBy('NEXT'), ['S_1', 'S_2']);
      await handedOver('NEXT', 'LAST');
      const { ours, others, warnings } = await managedBy('LAST').readers(step());
      expect([ours, others]).toEqual([[], ['user:S_1', 'user:S_2']]);
      expect(warnings).toEqual([like(/owned by PROVISIONER.* NEXT has granted.*formerRoles/)]);
      const last = managedBy('LAST', { formerRoles: ['next'] });
      expect(await last.readers(step())).toEqual({ ours: ['user:S_1', 'user:S_2'], others: [] });
      expect(await granted(last, ['S_1'])).toEqual({ granted: [], revoked: ['user:S_2'] });
    });
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

  test('a role that reads already, or is had by the one that does, is told before it is granted', async () => {
    await prepared(world.component());
    const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
    for (const name of ['NEAR', 'FAR', 'FREE']) await world.sql(`CREATE ROLE "${name}"`);
    await world.sql(`GRANT ROLE "NEAR" TO ROLE "${role}"`);
    await world.sql('GRANT ROLE "FAR" TO ROLE "NEAR"');
    const refs = [`group:${role}`, 'group:NEAR', 'group:FAR', 'group:FREE'];
    const { known, unknown } = await world.component().principalsOf(refs, step());
    expect(known).toEqual({ 'group:FREE': 'role:FREE' });
    expect(unknown).toEqual({
      [`group:${role}`]: like(/^the role .* reads the component’s data, and cannot be .* itself$/),
      'group:NEAR': like(/^the role NEAR of Snowflake has been granted to .*, and cannot be/),
      'group:FAR': like(/^the role FAR of Snowflake has been granted to .*, and cannot be/),
    });
  });

  test('principals: a user by a login that is not his name', async () => {
    const user = { name: 'U1', loginName: 'mary.major@example.com' };
    await world.control('/users', user);
    const ref = 'user:mary.major_example.com';
    const { known } = await world.component().principalsOf([ref], step());
    expect(known).toEqual({ [ref]: 'user:U1' });
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
