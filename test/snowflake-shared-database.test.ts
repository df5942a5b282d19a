import { KEY, OTHER_KEY, prepared, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What an attempt leaves behind whose answer was lost, in a database that others have come into since. */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

const MANAGED = {
  manage: {
    database: true,
    schema: true,
    access: true,
    by: { user: 'provisioner', role: 'provisioner', privateKey: { secretRef: 'ADMIN_KEY' } },
  },
};

const one = () => world.component(KEY, { database: 'FINANCE' }, MANAGED);
const other = () => world.component(OTHER_KEY, { database: 'FINANCE', schema: 'OTHER_0' }, MANAGED);

const ofAirbyte = async () => {
  const { databases } = await world.entities();
  const grants = databases.find(({ name }) => name === 'FINANCE')?.grants ?? [];
  return grants.filter(({ role }) => role === 'AIRBYTE').map(({ privilege }) => privilege);
};

/** As an attempt leaves it that took it away before others were seen, and was never answered. */
const takenAway = () =>
  world.sql('REVOKE USAGE, CREATE SCHEMA ON DATABASE "FINANCE" FROM ROLE "AIRBYTE"', 'PROVISIONER');

test('the next attempt at an undo lets Airbyte use the database for others', async () => {
  const { missing: made } = await one().look(step());
  await prepared(one());
  await prepared(other());
  await takenAway();
  expect(await ofAirbyte()).toEqual([]);
  await one().unprepare(made, step());
  expect(await ofAirbyte()).toEqual(['USAGE', 'CREATE SCHEMA']);
  expect((await other().look(step())).missing).toEqual([]);
});

test('the next attempt at a removal lets Airbyte use the database for others', async () => {
  const { present } = await prepared(one());
  await prepared(other());
  await takenAway();
  await one().cleanup(present, step());
  expect(await ofAirbyte()).toEqual(['USAGE', 'CREATE SCHEMA']);
  expect((await other().look(step())).missing).toEqual([]);
});

test('where nobody else is it stays away', async () => {
  const { missing: made } = await one().look(step());
  await prepared(one());
  await takenAway();
  const database = made.filter(({ kind }) => kind === 'database');
  await one().unprepare(
    made.filter((thing) => !database.includes(thing)),
    step(),
  );
  expect(await ofAirbyte()).toEqual([]);
});
