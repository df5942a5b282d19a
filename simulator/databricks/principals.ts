import { z } from 'zod';
import { ok } from '../steering/answers';
import { type CallerRequest, count, type Operation, readQuery } from './operation';
import { scimProblem } from './problems';
import type { Principal, Store } from './store';

const BASE = '/api/2.0/preview/scim/v2';
/** The most that one page has, whatever `count` says. */
const PAGE = 100;

const Query = z.strictObject({
  filter: z.string().optional(),
  startIndex: count(1_000_000).optional(),
  count: count(10_000).optional(),
  attributes: z.string().optional(),
  excludedAttributes: z.string().optional(),
  sortBy: z.string().optional(),
  sortOrder: z.enum(['ascending', 'descending']).optional(),
});

const groupsOf = (store: Store, { name }: Principal) =>
  [...store.principals.values()]
    .filter(({ kind, members }) => kind === 'group' && members.includes(name))
    .map(({ id, displayName }) => ({ display: displayName, value: id, type: 'direct' }));

const membersOf = (store: Store, { members }: Principal) =>
  members.flatMap((name) => {
    const found = store.principals.get(name);
    return found ? [{ display: found.displayName, value: found.id }] : [];
  });

const SCHEMAS = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  servicePrincipal: 'urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal',
};

/** As SCIM shows it; an identity provider's name for it is not told. */
const describe = (store: Store, principal: Principal): Record<string, unknown> => {
  const { kind, id, name, displayName, active, isLocal } = principal;
  const common = { schemas: [SCHEMAS[kind]], id, displayName };
  if (kind === 'group')
    return {
      ...common,
      meta: { resourceType: isLocal ? 'WorkspaceGroup' : 'Group' },
      members: membersOf(store, principal),
    };
  const groups = groupsOf(store, principal);
  if (kind === 'servicePrincipal') return { ...common, applicationId: name, active, groups };
  const emails = [{ type: 'work', value: name, primary: true }];
  return { ...common, userName: name, active, emails, groups };
};

const FILTER = /^\s*([A-Za-z.]+)\s+(eq|co|sw)\s+("(?:[^"\\]|\\["\\])*")\s*$/i;

const ATTRIBUTES: Record<Principal['kind'], string[]> = {
  user: ['userName', 'displayName', 'id'],
  group: ['displayName', 'id'],
  servicePrincipal: ['applicationId', 'displayName', 'id'],
};

type Compare = (value: string, wanted: string) => boolean;
const COMPARE: Record<string, Compare> = {
  eq: (value, wanted) => value === wanted,
  co: (value, wanted) => value.includes(wanted),
  sw: (value, wanted) => value.startsWith(wanted),
};

/** One comparison, as `userName eq "a@example.com"`; texts are compared without their case. */
const comparisonOf = (text: string, kind: Principal['kind']) => {
  const [, given = '', operator = '', literal = ''] = FILTER.exec(text) ?? [];
  const attribute = ATTRIBUTES[kind].find((each) => each.toLowerCase() === given.toLowerCase());
  const compare = COMPARE[operator.toLowerCase()];
  if (attribute === undefined || compare === undefined)
    throw scimProblem(400, `Given filter operator is not supported: ${text}`, 'invalidFilter');
  const wanted = literal.slice(1, -1).replace(/\\(.)/g, '$1').toLowerCase();
  return (row: Record<string, unknown>) => compare(String(row[attribute]).toLowerCase(), wanted);
};

/** Outside of quotes. */
const OR = /\s+or\s+(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/i;

/** Comparisons may be joined by `or`. */
const filterOf = (text: string, kind: Principal['kind']) => {
  const comparisons = text.split(OR).map((each) => comparisonOf(each, kind));
  return (row: Record<string, unknown>) => comparisons.some((holds) => holds(row));
};

const list = (store: Store, kind: Principal['kind'], { query }: CallerRequest) => {
  const { filter, startIndex = 1, count: most = PAGE } = readQuery(Query, query);
  const all = [...store.principals.values()]
    .filter((each) => each.kind === kind)
    .map((each) => describe(store, each));
  const found = filter === undefined ? all : all.filter(filterOf(filter, kind));
  const from = Math.max(startIndex, 1) - 1;
  const resources = found.slice(from, from + Math.min(most, PAGE));
  return ok({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: found.length,
    startIndex: from + 1,
    itemsPerPage: resources.length,
    ...(resources.length > 0 && { Resources: resources }),
  });
};

/** SCIM, to read: who there is. */
export const principalOperations = (store: Store): Operation[] => [
  {
    id: 'getMe',
    method: 'get',
    paths: [`${BASE}/Me`],
    run: ({ caller }) => {
      const shown = describe(store, caller);
      return ok(caller.kind === 'user' ? shown : { ...shown, userName: caller.name });
    },
  },
  ...(
    [
      ['listUsers', 'Users', 'user'],
      ['listGroups', 'Groups', 'group'],
      ['listServicePrincipals', 'ServicePrincipals', 'servicePrincipal'],
    ] as const
  ).map(([id, path, kind]): Operation => ({
    id,
    method: 'get',
    paths: [`${BASE}/${path}`],
    run: (request) => list(store, kind, request),
  })),
];
