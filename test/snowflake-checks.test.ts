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
