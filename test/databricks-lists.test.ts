import { KEY, databricksBench, ids, step } from './support/databricks-fabric';

/* A catalog with more schemas than one answer can have. */

const { control, component, calls, made, open } = databricksBench();

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
