import { DEFAULTS } from '../simulator/databricks/simulator';
import { KEY, MANAGE, databricksBench, ids, step } from './support/databricks-fabric';

/* A catalog with more schemas than one answer can have. */

const { control, component, calls, catalogGrants, made, open, schemaNamed } = databricksBench();

const lists = async () =>
  (await calls()).filter(({ operation }) => operation === 'listSchemas').length;

test('5,000 schemas with long properties are listed by smaller pages', async () => {
  await control('seed', { schemas: 5000, properties: 8000 });
  await made(component({}, { schema: 'cash_flow_old' }));
  const before = await lists();
  const seen = await component().look(step());
  // One that is too large, then a hundred at once.
  expect((await lists()) - before).toBeGreaterThan(50);
  expect(ids(seen.missing)).toEqual(['schema:cash_flow_0']);
  expect(ids(seen.present)).toEqual(['schema:cash_flow_old']);
  expect(seen.warnings).toEqual([
    expect.stringMatching(/^The schema main\.cash_flow_old is of a former version/),
  ]);
  const bearers = await open().tagged?.([], step());
  expect(bearers?.tagged.map(({ key }) => key)).toEqual([KEY]);
});

test('where even few are too much, a component is looked at by its name, and that is said', async () => {
  await control('seed', { schemas: 1, properties: 40_000_000 });
  const mine = await made();
  const seen = await mine.look(step());
  expect({ missing: ids(seen.missing), present: ids(seen.present) }).toEqual({
    missing: [],
    present: ['schema:cash_flow_0'],
  });
  expect(seen.warnings).toEqual([
    expect.stringMatching(/^The catalog main has more schemas than can be listed: /),
  ]);
  await mine.cleanup(seen.present, step());
  expect(ids((await mine.look(step())).missing)).toEqual(['schema:cash_flow_0']);
});

describe('where even few are too much', () => {
  const GROUP = 'analysts';
  const CUT: unknown = expect.stringMatching(
    /^The catalog main has more schemas than can be listed: /,
  );
  beforeEach(() => control('seed', { schemas: 1, properties: 40_000_000 }));

  const readersOf = async () => {
    const { grants = {} } = (await schemaNamed('cash_flow_0')) ?? {};
    return Object.keys(grants);
  };

  test('who reads is changed all the same, and it is said that former schemas are not', async () => {
    const mine = await made();
    expect(await mine.grant([GROUP], step())).toEqual({ granted: [GROUP], revoked: [] });
    expect(await mine.readers(step())).toEqual({ ours: [GROUP], others: [] });
    expect(await mine.formerEnds?.(step())).toEqual({ configurations: [], warnings: [CUT] });
    expect(await readersOf()).toContain(GROUP);
    expect(await mine.grant([], step())).toEqual({ granted: [], revoked: [GROUP] });
    expect(await readersOf()).not.toContain(GROUP);
  });

  test('a removal takes away who reads, its undo gives it back, and its data goes', async () => {
    const mine = await made();
    await mine.grant([GROUP], step());
    const { present } = await mine.look(step());
    const things = await mine.beforeCleanup(present, step());
    const grants = things.filter(({ hasData }) => !hasData);
    await mine.cleanup(grants, step());
    expect(await readersOf()).not.toContain(GROUP);
    expect(await mine.restore(grants, step())).toMatchObject({ givenBack: [GROUP], left: [] });
    expect(await readersOf()).toContain(GROUP);
    await mine.cleanup(await mine.beforeCleanup(present, step()), step());
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
  });

  test('USE CATALOG that another schema may need stays, and is told', async () => {
    const on = { on: 'catalog', name: 'main' };
    await control('grants', { ...on, principal: 'account users', remove: ['USE_CATALOG'] });
    await control('grants', { ...on, principal: DEFAULTS.clientId, add: ['MANAGE'] });
    const mine = await made(component({ manage: { ...MANAGE, catalogUse: true } }));
    await mine.grant([GROUP], step());
    const { present, staying } = await mine.look(step());
    expect(staying).toEqual([
      {
        what: 'USE CATALOG on the catalog main for analysts (it has more schemas than can be listed, so that it cannot be told who needs it for another)',
        remedy:
          'Where nothing else needs it, REVOKE USE CATALOG ON CATALOG `main` FROM `analysts` takes it away.',
      },
    ]);
    await mine.cleanup(await mine.beforeCleanup(present, step()), step());
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
    expect(await catalogGrants(GROUP)).toEqual(['USE_CATALOG']);
  });
});
