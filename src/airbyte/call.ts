import { OWNED } from './names';

const KINDS = ['connection', 'source', 'destination', 'tag'] as const;

interface Given {
  path: string;
  query?: object | undefined;
  body?: object | undefined;
}

/** A name as its descriptor has it, without whose it is. */
const shown = (name: string) => name.replace(OWNED, '');

/** Whom a call is about, for people: `the source "orders"`, `the connection <id>`; as far as it says. */
export const subjectOf = ({ path, query, body }: Given): string | undefined => {
  const given: Record<string, unknown> = { ...query, ...body };
  const { name } = given;
  const kind = KINDS.find((each) => path.startsWith(`/${each}s/`) || path === `/${each}s`);
  if (kind && typeof name === 'string') return `the ${kind} "${shown(name)}"`;
  const named = KINDS.find((each) => typeof given[`${each}Id`] === 'string');
  return named && `the ${named} ${String(given[`${named}Id`])}`;
};
