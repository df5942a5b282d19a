import type { Narrowed } from '../sql/statement';

/** Rows of a SHOW, whatever its LIMIT says. */
export const MAX_SHOWN = 10_000;

/** `%` is any text, `_` any character, in any case; a backslash takes their meaning away. */
const isLike = (pattern: string) => {
  const source = pattern.replaceAll(/\\([\s\S])|[\s\S]/g, (one, escaped?: string) => {
    if (escaped === undefined && one === '%') return '[\\s\\S]*';
    if (escaped === undefined && one === '_') return '[\\s\\S]';
    return (escaped ?? one).replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  const form = new RegExp(`^${source}$`, 'iu');
  return (name: string) => form.test(name);
};

const after = <Named extends { name: string }>(all: Named[], from: string) => {
  const start = all.findIndex(({ name }) => name.startsWith(from));
  return start < 0 ? all.filter(({ name }) => name > from) : all.slice(start + 1);
};

/** In the order of names, narrowed by what the statement says. */
export const narrow = <Named extends { name: string }>(
  all: Iterable<Named>,
  narrowed: Narrowed,
) => {
  const { like, startsWith = '', limit = MAX_SHOWN, from } = narrowed;
  const fits = like === undefined ? () => true : isLike(like);
  const inOrder = [...all]
    .filter(({ name }) => fits(name) && name.startsWith(startsWith))
    .toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
  return (from === undefined ? inOrder : after(inOrder, from)).slice(0, Math.min(limit, MAX_SHOWN));
};
