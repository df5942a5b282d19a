import { KEY, keyPair, like, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* Whether a fabric can do what it would have to. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

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

  test('a role that may make schemas and lets nobody in is told with the GRANT', async () => {
    await world.sql('CREATE DATABASE "SHARED"', 'SYSADMIN');
    await world.sql('GRANT USAGE, CREATE SCHEMA ON DATABASE "SHARED" TO ROLE "PROVISIONER"');
    const checked = async () =>
      (await world.component(KEY, { database: 'SHARED' }).check(step())).find(
        ({ name }) => name === 'create schema',
      );
    expect((await checked())?.outcome).toBe('passed');
    await world.sql('REVOKE MANAGE GRANTS ON ACCOUNT FROM ROLE "PROVISIONER"');
    expect(await checked()).toEqual({
      name: 'create schema',
      outcome: 'failed',
      message: 'The role PROVISIONER may not let others into the database SHARED.',
      solution:
        'Ask an administrator of the account to run GRANT USAGE ON DATABASE "SHARED" TO ROLE "PROVISIONER" WITH GRANT OPTION;',
    });
    await world.sql(
      'GRANT USAGE ON DATABASE "SHARED" TO ROLE "PROVISIONER" WITH GRANT OPTION',
      'SYSADMIN',
    );
    expect((await checked())?.outcome).toBe('passed');
  });

  describe('who may use the warehouse', () => {
    const warehouse = async () =>
      (await world.fabric().check(step())).find(({ name }) => name === 'warehouse');
    const revoke = (role: string) =>
      world.sql(`REVOKE USAGE ON WAREHOUSE "PROVISIONING" FROM ROLE "${role}"`);

    test.each(['AIRBYTE', 'PROVISIONER'])('not %s, though it is seen', async (role) => {
      await revoke(role);
      expect(await warehouse()).toEqual({
        name: 'warehouse',
        outcome: 'failed',
        message: `The role ${role} may not use the warehouse PROVISIONING.`,
        solution: `Ask an administrator of the account to run GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "${role}";`,
      });
    });

    test('who has a role that may, and everybody', async () => {
      await revoke('AIRBYTE');
      await world.sql('CREATE ROLE "LOADERS"');
      await world.sql('GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "LOADERS"');
      await world.sql('GRANT ROLE "LOADERS" TO ROLE "AIRBYTE"');
      expect(await warehouse()).toMatchObject({ outcome: 'passed' });
      await revoke('LOADERS');
      expect(await warehouse()).toEqual({
        name: 'warehouse',
        outcome: 'impossible',
        message: 'The role AIRBYTE has what LOADERS may, which was not looked at.',
        solution:
          'If it may not use the warehouse PROVISIONING: GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "AIRBYTE";',
      });
      // What fails is told before what cannot be told.
      await revoke('PROVISIONER');
      expect(await warehouse()).toMatchObject({
        outcome: 'failed',
        message: like(/PROVISIONER may not use/),
      });
      await world.sql('GRANT USAGE ON WAREHOUSE "PROVISIONING" TO ROLE "PUBLIC"');
      expect(await warehouse()).toMatchObject({ outcome: 'passed' });
    });

    test('where Snowflake does not show it, that cannot be told', async () => {
      const refusal = { operation: 'showGrants', statement: 'ON WAREHOUSE', code: '003001' };
      await world.control('/faults', refusal);
      expect(await warehouse()).toMatchObject({
        outcome: 'impossible',
        message: like(/^Whether PROVISIONER and AIRBYTE may use the warehouse PROVISIONING could/),
        solution: like(/ TO ROLE "PROVISIONER"; GRANT USAGE .* TO ROLE "AIRBYTE";$/),
      });
      expect(await warehouse()).toMatchObject({ outcome: 'passed' });
    });
  });

  test('credentials that are not taken', async () => {
    const good = world.secrets.get('ADMIN_KEY') ?? '';
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
    world.secrets.set('ADMIN_KEY', good);
  });
});
