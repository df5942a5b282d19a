import { eventually } from './support/harness';
import { startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What somebody has run. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

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
  });

  test.each([
    ['that cannot be read', 'SELEC 1', '001003'],
    ['about what is not there', 'SELECT * FROM "NOWHERE"."A"."B"', '002003'],
    ['that the role may not do', 'DROP DATABASE "ANALYTICS"', '003001'],
    ['for what is there', 'CREATE DATABASE "ANALYTICS"', '002002'],
  ])('one %s is its writer’s to correct, not a mistake of ours', async (_case, text, code) => {
    const refused = world.fabric().run(text, { step: step(), maxRows: 1 });
    await expect(refused).rejects.toMatchObject({
      code,
      solution: 'Correct the statement, or have what it needs granted.',
    });
  });

  test('one without a warehouse that runs has it resumed', async () => {
    await world.control('/faults', { operation: 'selectValues', code: '000606' });
    const refused = world.fabric().run('SELECT 1', { step: step(), maxRows: 1 });
    await expect(refused).rejects.toHaveProperty('solution', expect.stringContaining('RESUME'));
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
