import { Refusal } from '../contract/problems';
import { AirbyteError } from './errors';

/*
 * Lists that come in pages. Airbyte reads each page anew, in no order or in one of names: what is
 * deleted, added or changed meanwhile moves others past the place where the next page begins, and
 * so hides or doubles them.
 */

/** The largest page of either API. */
export const PAGE = 100;

/** Bounds: times a list is looked through, pages of one look, entities asked for one by one. */
const MOST_LOOKS = 4;
const MOST_PAGES = 1000;
const MOST_ASKED = 50;

interface Entity {
  id: string;
}

/** As it came; undefined in the place of what cannot be read. */
type Rows<Item> = (Item | undefined)[];

interface Page<Item> {
  rows: Rows<Item>;
  /** Whether it goes on where the one before ended. */
  isSteady: boolean;
}
type Pages<Item> = AsyncGenerator<Page<Item>, void, undefined>;

/** Each page begins with the last row of the one before: if it does not, the list has moved. */
export async function* byOffset<Item extends Entity>(
  read: (offset: number) => Promise<Rows<Item>>,
): Pages<Item> {
  let last: string | undefined;
  for (let offset = 0; ; offset += PAGE - 1) {
    const rows = await read(offset);
    yield { rows, isSteady: offset === 0 || rows[0]?.id === last };
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.id;
  }
}

/** `size`: of a full page, where the list comes in pages at all. */
interface CursorPage<Item> {
  rows: Rows<Item>;
  size: number | undefined;
}

/**
 * Each page begins after the last entity of the one before. `read` gives undefined when that one is
 * gone by then; the one before it does as well.
 */
export async function* byCursor<Item extends Entity>(
  read: (cursor?: string) => Promise<CursorPage<Item> | undefined>,
): Pages<Item> {
  const ids: string[] = [];
  for (;;) {
    const page = await read(ids.at(-1));
    yield { rows: page?.rows ?? [], isSteady: page !== undefined };
    if (!page) {
      ids.pop();
      continue;
    }
    const { rows, size } = page;
    ids.push(...rows.flatMap((row) => row?.id ?? []));
    if (size === undefined || rows.length < size) return;
  }
}

const tooLong = (what: string) =>
  new Refusal(
    `Airbyte's list of ${what} does not end within ${String(MOST_PAGES)} pages of ${String(PAGE)}.`,
    'Ask the platform operator to give the provisioner a smaller workspace of its own.',
  );

/** What a list had, looked through from its beginning to its end. */
export interface Look<Item> {
  items: ReadonlyMap<string, Item>;
  /** Whether it stood still meanwhile. */
  isSteady: boolean;
  isOnePage: boolean;
}

/** `what`: for errors. */
export const lookThrough = async <Item extends Entity>(
  what: string,
  pages: Pages<Item>,
): Promise<Look<Item>> => {
  const items = new Map<string, Item>();
  let count = 0;
  let isSteady = true;
  for await (const page of pages) {
    count += 1;
    if (count > MOST_PAGES) throw tooLong(what);
    isSteady &&= page.isSteady;
    for (const row of page.rows) if (row) items.set(row.id, row);
  }
  return { items, isSteady, isOnePage: count === 1 };
};

/** One that Airbyte fails to show by itself: as the list had it, since it need not be ours. */
const asListed = (err: unknown) => {
  if (err instanceof AirbyteError || err instanceof Refusal) return err;
  throw err;
};

/** What only an earlier look saw is there if Airbyte has it by its id. */
const withoutDeleted = async <Item extends Entity>(
  all: Map<string, Item>,
  last: Look<Item>['items'],
  get: List<Item>['get'],
) => {
  const unseen = [...all.keys()].filter((id) => !last.has(id)).slice(0, MOST_ASKED);
  const asked = unseen.map(async (id) => {
    if (!(await get(id).catch(asListed))) all.delete(id);
  });
  await Promise.all(asked);
  return [...all.values()];
};

interface List<Item> {
  /** All of it once, as it is no earlier than now. */
  look: () => Promise<Look<Item>>;
  /** One by its id; undefined when it is gone. */
  get: (id: string) => Promise<unknown>;
  /** Whether all that is wanted is among what was found. */
  until: ((found: Item[]) => boolean) | undefined;
}

/**
 * All of a list, each once. What is not in one page is believed to be absent after a second look,
 * and after up to four while the list moves under them; what any look has seen counts.
 */
export const readList = async <Item extends Entity>(list: List<Item>): Promise<Item[]> => {
  const { look, get, until = () => false } = list;
  const all = new Map<string, Item>();
  for (let looks = 1; ; looks += 1) {
    const { items, isSteady, isOnePage } = await look();
    for (const [id, item] of items) all.set(id, item);
    const isSure = isOnePage || (looks > 1 && isSteady) || looks === MOST_LOOKS;
    if (isSure || until([...all.values()])) return withoutDeleted(all, items, get);
  }
};
