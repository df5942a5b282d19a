import type { Logger } from 'pino';
import { z } from 'zod';
import { OddEntity } from './errors';

/*
 * What Airbyte shows in a form that is not the expected one. Of somebody else's that matters to
 * nobody; of a component's own it is refused by name.
 */

/** Bounds: fields that are named, entities that the log names before it is silent. */
const MOST_FIELDS = 5;
const MOST_LOGGED = 1000;

/** How one of a list is read. */
export interface Form<Item> {
  /** The field with its id. */
  id: string;
  whole: z.ZodType<Item>;
  /** What is read of one that is not `whole`; what it does not take cannot be a component's. */
  part?: z.ZodType<Item>;
}

/** Names of fields, never values; the places in lists are left out. */
const fieldsIn = ({ issues }: z.ZodError) => {
  const paths = issues.map(({ path }) => path.filter((key) => typeof key === 'string').join('.'));
  return [...new Set(paths.map((path) => path || 'the whole'))].slice(0, MOST_FIELDS).join(', ');
};

const idIn = (row: unknown, field: string) => {
  const id: unknown = Reflect.get(Object(row), field);
  return typeof id === 'string' ? id : undefined;
};

export type ReadOne = ReturnType<typeof createReadOne>;

/** Tells each odd one once. */
export const createReadOne = (log: Pick<Logger, 'warn'>) => {
  const logged = new Set<string>();
  const logOnce = (id: string | undefined, fields: string, isKept: boolean) => {
    const key = `${id ?? ''} ${fields}`;
    if (logged.has(key) || logged.size >= MOST_LOGGED) return;
    logged.add(key);
    log.warn({ id, fields, isKept }, 'Airbyte shows something in an unexpected form');
  };

  /** Marked as odd where only a part can be read; undefined where not even that. */
  return <Item extends object>(
    { id, whole, part }: Form<Item>,
    row: unknown,
  ): (Item & { odd?: string }) | undefined => {
    const read = whole.safeParse(row);
    if (read.success) return read.data;
    const fields = fieldsIn(read.error);
    const rest = part?.safeParse(row);
    logOnce(idIn(row, id), fields, rest?.success === true);
    return rest?.success ? { ...rest.data, odd: fields } : undefined;
  };
};

/** One that was asked for by itself; without what its `part` needs it is another answer than expected. */
export const oneOf = <Item extends object>(readOne: ReadOne, form: Form<Item>) =>
  z.unknown().transform((row, context) => {
    const item = readOne(form, row);
    if (item) return item;
    for (const { path, message } of form.whole.safeParse(row).error?.issues ?? [])
      context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });

export const readable = <Item>(rows: (Item | undefined)[]) =>
  rows.filter((row) => row !== undefined);

interface Seen {
  id: string;
  name: string;
  odd?: string | undefined;
}

/** What is wrong with the form of an entity; undefined where all of it can be read. */
export const oddness = (what: string, { id, name, odd }: Seen) =>
  odd === undefined ? undefined : new OddEntity(what, { id, name, odd });

/** One that is somebody's to write or to delete must be whole. */
export const understood = <Entity extends Seen>(what: string, entity: Entity): Entity => {
  const odd = oddness(what, entity);
  if (odd) throw odd;
  return entity;
};
