import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import { createClient, json } from './support/simulator-client';

/* Lists whose pages move on demand, many entities at once, and entities of an odd form. */

const workspaceId = DEFAULT_WORKSPACE_ID;

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none', edition: 'enterprise' });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, config, request } = createClient(() => simulator.url);

const Seeded = z.object({
  sources: z.array(z.string()),
  destinations: z.array(z.string()),
  connections: z.array(z.string()),
});
const seed = async (body: object) =>
  Seeded.parse((await request('POST', '/_simulator/seed', json(body))).body);
const odd = (body: object) => request('POST', '/_simulator/odd', json(body));
const fault = (body: object) => request('POST', '/_simulator/faults', json(body));
const added = async (body: object) => expect(await fault(body)).toMatchObject({ status: 200 });

const Page = z.object({
  data: z.array(z.looseObject({ sourceId: z.string().optional(), name: z.string() })),
});
const ConfigPage = z.object({ sources: z.array(z.looseObject({ sourceId: z.string() })) });

const sourcesFrom = async (offset: number) => {
  const answer = await call('GET', `/sources?limit=100&offset=${String(offset)}`);
  return Page.parse(answer.body).data.map(({ sourceId }) => sourceId);
};
const afterCursor = (cursor?: string) =>
  config('/sources/list', { workspaceId, pageSize: 100, ...(cursor && { cursor }) });

test('makes many of somebody else at once, before or behind what is there', async () => {
  const first = await seed({ sources: 3, destinations: 2, connections: 5 });
  expect(first.sources).toHaveLength(3);
  expect(first.connections).toHaveLength(5);
  const front = await seed({ sources: 2, name: 'front', at: 'start' });
  expect(await sourcesFrom(0)).toEqual([...front.sources, ...first.sources]);
  const all = await call('GET', '/connections?limit=100');
  const { data } = Page.parse(all.body);
  expect(data.map(({ sourceId }) => sourceId)).toEqual(
    [0, 1, 2, 0, 1].map((index) => first.sources[index]),
  );
  const many = await seed({ sources: 5000, destinations: 5000, connections: 5000 });
  expect(new Set(many.connections).size).toBe(5000);
  expect(await request('POST', '/_simulator/seed', json({ sources: -1 }))).toMatchObject({
    status: 400,
  });
});

describe('between the first page and the next', () => {
  test('the first ones of a page are deleted, and those behind it move up unseen', async () => {
    const { sources } = await seed({ sources: 150 });
    await added({ operation: 'listSources', shift: { delete: 2 } });
    expect(await sourcesFrom(0)).toEqual(sources.slice(0, 100));
    expect(await sourcesFrom(100)).toEqual(sources.slice(102));
    expect(await sourcesFrom(0)).toEqual(sources.slice(2, 102));
  });

  test('some are added, and the last of the page come again', async () => {
    const { sources } = await seed({ sources: 150 });
    await added({ operation: 'listSources', shift: { add: 3 } });
    await sourcesFrom(0);
    expect(await sourcesFrom(100)).toEqual(sources.slice(97));
  });

  test.each([
    ['hides', 'hide', 120, false],
    ['doubles', 'double', 20, true],
  ])('one is written, which %s it', async (_what, effect, index, again) => {
    const { sources } = await seed({ sources: 150 });
    const id = sources[index] ?? '';
    await added({ operation: 'listSources', shift: { [effect]: id } });
    expect((await sourcesFrom(0)).includes(id)).toBe(again);
    expect((await sourcesFrom(100)).includes(id)).toBe(again);
  });

  test('several times, at every first page and at no other', async () => {
    await seed({ sources: 150 });
    await added({ operation: 'listSources', times: 2, shift: { delete: 1 } });
    for (let time = 0; time < 3; time += 1) {
      await sourcesFrom(100);
      await sourcesFrom(0);
    }
    const { data } = Page.parse((await call('GET', '/sources?limit=100&offset=100')).body);
    expect(data).toHaveLength(48);
  });

  test('connections and groups move too', async () => {
    const { connections } = await seed({ connections: 3 });
    await added({ operation: 'listConnections', shift: { hide: connections[2] } });
    const listed = async (path: string) =>
      z
        .object({ data: z.array(z.looseObject({ name: z.string() })) })
        .parse((await call('GET', path)).body)
        .data.map(({ name }) => name);
    await listed('/connections');
    expect(await listed('/connections')).toEqual(['seeded 2', 'seeded 0', 'seeded 1']);
    const groups = '/groups?organizationId=00000000-0000-0000-0000-000000000000';
    await added({ operation: 'listGroups', shift: { double: 'devs' } });
    expect(await listed(groups)).toEqual(['devs', 'groupA']);
    expect(await listed(groups)).toEqual(['groupA', 'devs']);
  });

  test('a cursor whose actor is deleted is not found, any other goes on behind it', async () => {
    await seed({ sources: 150 });
    await added({ operation: 'listSourcesForWorkspace', shift: { delete: 1, of: 'last' } });
    const ids = ConfigPage.parse((await afterCursor()).body).sources.map(
      ({ sourceId }) => sourceId,
    );
    expect(await afterCursor(ids.at(-1))).toMatchObject({ status: 404 });
    const next = await afterCursor(ids.at(-2));
    expect(ConfigPage.parse(next.body).sources).toHaveLength(50);
  });

  test.each([
    [{ operation: 'createSource', shift: { add: 1 } }, /shift: needs a list that has pages/],
    [{ operation: 'listSources', shift: {} }, /one of delete, add, hide, double is required/],
    [
      { operation: 'listSourcesForWorkspace', shift: { hide: 'x' } },
      /a list in the order of names hides and doubles nothing/,
    ],
    [{ operation: 'listSources', shift: { add: 1 }, status: 500 }, /exclude each other/],
  ])('what cannot be is refused: %j', async (body, problem) => {
    const answer = await fault(body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(problem);
  });
});

test('an entity is shown in an odd form, in both APIs, until told otherwise', async () => {
  const { sources, connections } = await seed({ connections: 1 });
  const [id = ''] = sources;
  const [connectionId = ''] = connections;
  await odd({ id, fields: { name: null, configuration: 7 }, without: ['workspaceId'] });
  await odd({ id: connectionId, fields: { configurations: 'x' }, without: ['status'] });
  const shown = (await call('GET', `/sources/${id}`)).body;
  expect(shown).toMatchObject({ sourceId: id, name: null, configuration: 7 });
  expect(shown).not.toHaveProperty('workspaceId');
  expect((await config('/sources/get', { sourceId: id })).body).toMatchObject({
    name: null,
    connectionConfiguration: 7,
  });
  expect((await config('/connections/get', { connectionId })).body).toMatchObject({
    syncCatalog: 'x',
  });
  const entities = await request('GET', '/_simulator/entities');
  expect(JSON.stringify(entities.body)).toContain('"name":"seeded 0"');
  await odd({ id });
  expect((await call('GET', `/sources/${id}`)).body).toMatchObject({ name: 'seeded 0' });
  expect(await odd({ id: workspaceId })).toMatchObject({ status: 404 });
});

test('the routes are announced', async () => {
  const { body } = await request('GET', '/_simulator');
  expect(JSON.stringify(body)).toMatch(/POST \/_simulator\/seed.*POST \/_simulator\/odd/);
});
