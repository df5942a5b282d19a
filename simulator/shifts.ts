import { z } from 'zod';
import type { Operation } from './operation';
import type { Answer } from './steering/answers';
import type { People } from './public-api/people';
import { seedRows } from './seed';
import { type Actor, type Connection, removeActor, removeConnection, type Store } from './store';

const part = z.string().min(1);

/**
 * The effect `shift` of a fault: what happens to a list between its first page and the next.
 * docs/simulator.md is made of its descriptions.
 */
export const Shift = z
  .strictObject({
    delete: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('How many seeded ones of the page are deleted'),
    of: z.enum(['first', 'last']).default('first').describe('Which of the page `delete` takes'),
    add: z.int().min(1).max(100).optional().describe('How many are added in front'),
    hide: part
      .optional()
      .describe(
        'What has this in its name, or as its id, goes to the front: on a later page, it is not seen',
      ),
    double: part
      .optional()
      .describe(
        'What has this in its name, or as its id, goes to the end: on the first page, it comes twice',
      ),
  })
  .refine(({ of: _of, ...effects }) => Object.keys(effects).length > 0, {
    message: 'one of delete, add, hide, double is required',
  });
export type Shift = z.infer<typeof Shift>;

/** A request for a first page, of whichever API. */
export const isFirstPage = (query: URLSearchParams, body: unknown) => {
  const asked = [...query].filter(([name]) => name === 'offset').map(([, value]) => value);
  const text = typeof body === 'string' ? body : '';
  return asked.every((offset) => offset === '0') && !/"(cursor|rowOffset)":\s*("|[1-9])/.test(text);
};

/** Rows by id, in the order that lists by offset have. */
interface Table {
  ids: () => string[];
  nameOf: (id: string) => string;
  isSeeded: (id: string) => boolean;
  remove: (id: string) => void;
  add: (count: number) => void;
  move: (id: string, to: 'front' | 'end') => void;
}

/** The rest is put behind what is to be in front. */
const toFront = <Row>(rows: Map<string, Row>, ids: string[]) => {
  const front = new Set(ids);
  for (const [id, row] of [...rows])
    if (!front.has(id)) {
      rows.delete(id);
      rows.set(id, row);
    }
};

const moving =
  <Row>(rows: Map<string, Row>) =>
  (id: string, to: 'front' | 'end') => {
    const row = rows.get(id);
    if (row === undefined) return;
    if (to === 'front') toFront(rows, [id]);
    else {
      rows.delete(id);
      rows.set(id, row);
    }
  };

const storeTable = <Row extends Actor | Connection>(
  rows: Map<string, Row>,
  remove: (row: Row) => void,
  add: Table['add'],
): Table => ({
  ids: () => [...rows.keys()],
  nameOf: (id) => rows.get(id)?.name ?? '',
  isSeeded: (id) => rows.get(id)?.seeded === true,
  remove: (id) => {
    const row = rows.get(id);
    if (row) remove(row);
  },
  add,
  move: moving(rows),
});

const groupTable = ({ groups }: People): Table => ({
  ids: () => [...groups.keys()],
  nameOf: (id) => groups.get(id)?.name ?? '',
  isSeeded: () => true,
  remove: (id) => groups.delete(id),
  add: () => undefined,
  move: moving(groups),
});

const tableOf = (store: Store, people: People, { id }: Operation): Table | undefined => {
  const actors = (kind: 'source' | 'destination') =>
    storeTable(
      store[kind],
      (row) => removeActor(store, row),
      (count) => seedRows(store, { [`${kind}s`]: count, at: 'start' }),
    );
  if (id.startsWith('listSources')) return actors('source');
  if (id.startsWith('listDestinations')) return actors('destination');
  if (id.startsWith('listGroups')) return groupTable(people);
  if (!id.startsWith('listConnections')) return undefined;
  return storeTable(
    store.connections,
    (row) => removeConnection(store, row),
    (count) => seedRows(store, { connections: count, at: 'start' }),
  );
};

/** A list of the Config API: in the order of names, or in one answer. */
export const byCursor = (operation: string) => operation.endsWith('ForWorkspace');

export const isList = (operation: string) =>
  /^list(Sources|Destinations|Connections|Groups)(ForWorkspace)?$/.test(operation);

/** What was seeded of those on a page, in the page's order. */
const seededIn = (table: Table, body: unknown) => {
  const shown = JSON.stringify(body ?? '');
  const placeOf = (id: string) => shown.indexOf(`Id":"${id}"`);
  return table
    .ids()
    .filter((id) => table.isSeeded(id) && placeOf(id) >= 0)
    .toSorted((one, other) => placeOf(one) - placeOf(other));
};

const deletedBy = ({ delete: count = 0, of }: Shift, ids: string[]) =>
  of === 'first' ? ids.slice(0, count) : ids.slice(-count);

/** Does to the list what the fault says, once its first page is answered. */
export const createShifts =
  (store: Store, people: People) =>
  (operation: Operation, shift: Shift, { body }: Answer) => {
    const table = tableOf(store, people, operation);
    if (!table) return;
    const known = table.ids();
    if (shift.delete) for (const id of deletedBy(shift, seededIn(table, body))) table.remove(id);
    if (shift.add) table.add(shift.add);
    const named = (text: string) =>
      known.filter((id) => id === text || table.nameOf(id).includes(text));
    if (shift.hide) for (const id of named(shift.hide)) table.move(id, 'front');
    if (shift.double) for (const id of named(shift.double)) table.move(id, 'end');
  };
