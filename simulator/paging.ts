import { type ApiRequest, queryFlag, queryList } from './operation';
import { ok } from './steering/answers';
import { badRequest } from './problems';

// Airbyte builds these links from its own configured address, not from the request's: a client
// outside the cluster cannot follow them.
const apiHost = 'http://airbyte-server-svc:8001/api/public/v1';

const readNumber = ({ query }: ApiRequest, name: string, fallback: number) => {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^-?\d{1,9}$/.test(text)) throw badRequest(`${name}: ${text} is not a number`);
  return Number(text);
};

const readPage = (request: ApiRequest) => {
  const limit = readNumber(request, 'limit', 20);
  const offset = readNumber(request, 'offset', 0);
  if (limit < 1 || limit > 100) throw badRequest('limit: must be between 1 and 100');
  if (offset < 0) throw badRequest('offset: must be 0 or more');
  return { limit, offset };
};

const link = (path: string, { query }: ApiRequest, page: { limit: number; offset: number }) => {
  const next = new URLSearchParams(query);
  next.set('limit', String(page.limit));
  next.set('offset', String(page.offset));
  return `${apiHost}${path}?${next.toString()}`;
};

/**
 * One page, `{previous, next, data}`. Airbyte does not look ahead: `next` is "" only when this page
 * is empty, so a last page still names a next one.
 */
export const page = <Item>(request: ApiRequest, path: string, items: Item[]) => {
  const { limit, offset } = readPage(request);
  const data = items.slice(offset, offset + limit);
  return {
    previous:
      offset === 0 ? '' : link(path, request, { limit, offset: Math.max(0, offset - limit) }),
    next: data.length === 0 ? '' : link(path, request, { limit, offset: offset + limit }),
    data,
  };
};

/** A list of a workspace's things: no `workspaceIds` means all, deleted ones only when asked for. */
export const listOf = <Item extends { workspaceId: string; deleted: boolean }>(
  request: ApiRequest,
  path: string,
  items: Iterable<Item>,
  show: (item: Item) => unknown,
) => {
  const workspaces = queryList(request, 'workspaceIds');
  const found = [...items]
    .filter(({ deleted }) => !deleted || queryFlag(request, 'includeDeleted'))
    .filter(({ workspaceId }) => workspaces.length === 0 || workspaces.includes(workspaceId));
  const { data, ...links } = page(request, path, found);
  return ok({ ...links, data: data.map(show) });
};
