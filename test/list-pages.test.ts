import { Refusal } from '../src/contract/problems';
import { AirbyteError, OddEntity } from '../src/airbyte/errors';
import { PAGE, byCursor, byOffset, lookThrough, readList } from '../src/airbyte/list';
import { startAirbyte } from './support/airbyte-clients';

/* How lists are read whose pages move: at first in memory, then through both APIs. */

interface Item {
  id: string;
}
const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ id: `e${String(index)}` }));

/** A list by offset that changes after each of its pages, as told. */
const moving = (start: Item[], change: (list: Item[], page: number) => Item[]) => {
  let list = start;
  const offsets: number[] = [];
  const pages = () =>
    byOffset((offset) => {
      const rows = list.slice(offset, offset + PAGE);
      list = change(list, offsets.push(offset));
      return Promise.resolve(rows);
    });
  const get = (id: string) => Promise.resolve(list.find((item) => item.id === id));
  const look = () => lookThrough('sources', pages());
  return { look, get, offsets, now: () => list };
};

const idsOf = (all: Item[]) => all.map(({ id }) => id).toSorted();
const still = (list: Item[]) => list;

test('one page is read once', async () => {
  for (const count of [0, 1, 99]) {
    const { offsets, ...list } = moving(items(count), still);
    expect(await readList({ ...list, until: undefined })).toHaveLength(count);
    expect(offsets).toEqual([0]);
  }
});

test('several pages are read again, unless all that is wanted was there', async () => {
  const look = [0, 99, 198];
  const { offsets, ...list } = moving(items(250), still);
  expect(await readList({ ...list, until: undefined })).toHaveLength(250);
  expect(offsets).toEqual([...look, ...look]);
  const until = (found: Item[]) => found.some(({ id }) => id === 'e200');
  const once = moving(items(250), still);
  await readList({ ...once, until });
  expect(once.offsets).toEqual(look);
});

test('goes on looking while the list moves, four times at most', async () => {
  // Each page is answered, then ten of it are gone, for the first three looks.
  const { offsets, now, ...list } = moving(items(350), (all, page) =>
    page % 2 === 1 && page < 10 ? all.slice(10) : all,
  );
  const found = await readList({ ...list, until: undefined });
  expect(idsOf(found)).toEqual(idsOf(now()));
  expect(offsets.filter((offset) => offset === 0).length).toBeGreaterThan(2);
  const restless = moving(items(5000), (all) => all.slice(2));
  await readList({ ...restless, until: undefined });
  expect(restless.offsets.filter((offset) => offset === 0)).toHaveLength(4);
});

test('what is gone by the last look is not told, and what came twice is told once', async () => {
  const { now, ...list } = moving(items(250), (all, page) => (page === 3 ? all.slice(1) : all));
  const found = await readList({ ...list, until: undefined });
  expect(idsOf(found)).toEqual(idsOf(now()));
  const growing = moving(items(250), (all, page) => [{ id: `new${String(page)}` }, ...all]);
  const all = await readList({ ...growing, until: undefined });
  expect(new Set(idsOf(all)).size).toBe(all.length);
});

describe('what the last look has not seen', () => {
  const readWith = (err: Error) => {
    const list = moving(items(250), (all, page) => (page === 3 ? all.slice(1) : all));
    return readList({ ...list, get: () => Promise.reject(err), until: undefined });
  };

  test.each([
    ['Airbyte fails to show by itself', new AirbyteError('500', { kind: 'again', solution: '' })],
    [
      'by itself is refused as odd',
      new OddEntity('source', { id: 'e0', name: 'theirs', odd: 'configuration' }),
    ],
  ])('and %s stays as it was listed', async (_case, err) => {
    expect(await readWith(err)).toHaveLength(250);
  });

  test('is not guessed where the mistake is our own', async () => {
    await expect(readWith(new TypeError('ours'))).rejects.toThrow('ours');
  });
});

test('a list has a thousand pages at most', async () => {
  async function* pages(count: number) {
    for (let page = 0; page < count; page += 1)
      yield Promise.resolve({ rows: items(1), isSteady: true });
  }
  expect((await lookThrough('sources', pages(1000))).items.size).toBe(1);
  await expect(lookThrough('sources', pages(1001))).rejects.toThrow('within 1000 pages of 100');
});

test('a list without an end is refused', async () => {
  const pages = () => byOffset(() => Promise.resolve(items(PAGE)));
  const endless = readList({
    look: () => lookThrough('sources', pages()),
    get: () => Promise.resolve(undefined),
    until: undefined,
  });
  await expect(endless).rejects.toBeInstanceOf(Refusal);
  await expect(endless).rejects.toThrow(/list of sources does not end within 1000 pages of 100/);
});

test('a cursor whose entity is gone is replaced by the one before it', async () => {
  let list = items(250);
  const pages = () =>
    byCursor((cursor) => {
      const start = list.findIndex(({ id }) => id === cursor) + 1;
      if (cursor !== undefined && start === 0) return Promise.resolve(undefined);
      const rows = list.slice(start, start + PAGE);
      list = list.filter((item) => !rows.slice(-3).includes(item));
      return Promise.resolve({ rows, size: PAGE });
    });
  const get = (id: string) => Promise.resolve(list.find((item) => item.id === id));
  const found = await readList({
    look: () => lookThrough('sources', pages()),
    get,
    until: undefined,
  });
  expect(found.length).toBeGreaterThanOrEqual(list.length);
  expect(idsOf(found)).toEqual(expect.arrayContaining(idsOf(list)));
});

const inEach = ['public', 'config'] as const;

describe.each(inEach)('through the %s API', (api) => {
  const operationOf = (kind: string) =>
    api === 'public' ? `list${kind}s` : `list${kind}sForWorkspace`;

  test('five thousand of each are read, once or twice', async () => {
    const { both, control, requests } = await startAirbyte();
    const counts = { sources: 5000, destinations: 5000, connections: 5000 };
    await control('/seed', counts);
    const airbyte = both[api];
    const found = [
      await airbyte.listActors('source'),
      await airbyte.listActors('destination', { until: (all) => all.length === 5000 }),
      await airbyte.listConnections(),
    ];
    expect(found.map((all) => all.length)).toEqual([5000, 5000, 5000]);
    const asked = await requests();
    const calls = ['Source', 'Destination', 'Connection'].map(
      (kind) => asked.filter((operation) => operation === operationOf(kind)).length,
    );
    // By offset a page begins with the last of the one before; connections are one answer there.
    expect(calls).toEqual(api === 'public' ? [102, 51, 102] : [102, 51, 1]);
  });

  test('an odd one of a list is marked, or left out, and its values are nowhere', async () => {
    const { both, control } = await startAirbyte();
    await control('/seed', { sources: 3, destinations: 1, connections: 2 });
    const [one, two, three] = await both.public.listActors('source');
    const [connection] = await both.public.listConnections();
    await control('/odd', { id: one?.id, fields: { name: null } });
    await control('/odd', { id: two?.id, fields: { configuration: 'hush' } });
    await control('/odd', { id: connection?.id, without: ['status'] });
    const shown = api === 'public' ? 'configuration' : 'connectionConfiguration';
    const sources = await both[api].listActors('source');
    expect(sources.map(({ id, odd }) => ({ id, odd })).toSorted(byId)).toEqual(
      [
        { id: two?.id, odd: shown },
        { id: three?.id, odd: undefined },
      ].toSorted(byId),
    );
    expect(JSON.stringify(sources)).not.toContain('hush');
    const refusal = {
      name: 'Refusal',
      message: `Airbyte shows the source "seeded 1" (${two?.id ?? ''}) in a form that is not understood (${shown}).`,
    };
    await expect(both[api].getActor('source', two?.id ?? '')).rejects.toMatchObject(refusal);
    const connections = await both[api].listConnections();
    expect(connections.find(({ id }) => id === connection?.id)).toMatchObject({ odd: 'status' });
    await expect(both[api].getConnection(connection?.id ?? '')).rejects.toThrow(/form that is not/);
  });
});

const byId = (one: { id?: string | undefined }, other: { id?: string | undefined }) =>
  (one.id ?? '') < (other.id ?? '') ? -1 : 1;
