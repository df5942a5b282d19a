import { z } from 'zod';
import { seedCount } from '../steering/control';
import { addTable } from './sql/change';
import {
  type Catalog,
  fold,
  newSchema,
  type Principal,
  principalNamed,
  schemaNamed,
  type Store,
} from './store';
import { seedToken } from './tokens';
import { EVERYBODY } from './unity/privileges';

/** What a fresh workspace has. */
export interface SeedSettings {
  warehouseId: string;
  clusterId: string;
  catalog: string;
  /** Others, which are empty. */
  catalogs?: string[];
  clientId: string;
  clientSecret: string;
  personalToken: string;
  users: string[];
  groups: string[];
  servicePrincipals: string[];
}

/** Who owns the catalog, and is nobody that calls. */
export const OWNER = 'platform@example.com';

/** Of the workspace only, as every workspace has them. */
const LOCAL_GROUPS = ['admins', 'users'];

type NewPrincipal = Pick<Principal, 'kind' | 'name'> & Partial<Principal>;

const addPrincipal = (store: Store, given: NewPrincipal): Principal => {
  const principal: Principal = {
    id: String(1_000_000_000_000 + store.principals.size),
    displayName: given.name,
    active: true,
    isLocal: false,
    members: [],
    canUse: true,
    ...given,
  };
  store.principals.set(principal.name, principal);
  return principal;
};

const newCatalog = (name: string, { clientId }: SeedSettings): Catalog => ({
  name: fold(name),
  owner: OWNER,
  comment: undefined,
  grants: new Map([
    [EVERYBODY, new Set(['USE_CATALOG'])],
    [clientId, new Set(['USE_CATALOG', 'CREATE_SCHEMA'])],
  ]),
  createdAt: Date.now(),
});

const addPrincipals = (store: Store, settings: SeedSettings) => {
  const { clientId, users, groups, servicePrincipals } = settings;
  for (const name of [OWNER, ...users]) addPrincipal(store, { kind: 'user', name });
  for (const name of groups) addPrincipal(store, { kind: 'group', name });
  for (const name of LOCAL_GROUPS) addPrincipal(store, { kind: 'group', name, isLocal: true });
  for (const name of servicePrincipals) addPrincipal(store, { kind: 'servicePrincipal', name });
  addPrincipal(store, { kind: 'servicePrincipal', name: clientId, displayName: 'provisioner' });
};

/** The workspace as it is in the beginning. */
export const freshStore = (settings: SeedSettings): Store => {
  const { catalog, catalogs = [], clientId, clientSecret, personalToken } = settings;
  const { warehouseId, clusterId } = settings;
  const store: Store = {
    principals: new Map(),
    catalogs: new Map(
      [catalog, ...catalogs].map((name) => [fold(name), newCatalog(name, settings)]),
    ),
    schemas: new Map(),
    tables: new Map(),
    items: [],
    tokens: new Map(),
    warehouse: { id: warehouseId, name: 'Starter', state: 'STOPPED', failsToStart: false },
    cluster: { id: clusterId, name: 'Shared', state: 'TERMINATED', failsToStart: false },
    contexts: new Map(),
    blocked: new Set(),
    clientSecret,
  };
  addPrincipals(store, settings);
  for (const name of ['default', 'information_schema']) {
    const schema = newSchema(catalog, name, OWNER);
    store.schemas.set(schema.id, schema);
  }
  seedToken(store, clientId, personalToken);
  return store;
};

/** The body of POST /_simulator/seed: how many, of somebody else, with numbered names. */
export const Crowd = z.strictObject({
  users: seedCount,
  groups: seedCount,
  servicePrincipals: seedCount,
  schemas: seedCount,
  /** Characters that the properties of each schema have, which everybody then sees. */
  properties: z.int().min(0).max(50_000_000).default(0),
});

const numbered = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_each, index) => name(index + 1));

/** Those that are there already stay as they are. */
export const addCrowd = (store: Store, crowd: z.output<typeof Crowd>) => {
  const wanted: NewPrincipal[] = [
    ...numbered(crowd.users, (index) => `user-${String(index)}@example.com`).map(
      (name) => ({ kind: 'user', name }) as const,
    ),
    ...numbered(crowd.groups, (index) => `group-${String(index)}`).map(
      (name) => ({ kind: 'group', name }) as const,
    ),
    ...numbered(
      crowd.servicePrincipals,
      (index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    ).map((name) => ({ kind: 'servicePrincipal', name }) as const),
  ];
  for (const each of wanted) if (!store.principals.has(each.name)) addPrincipal(store, each);
  const [catalog = ''] = store.catalogs.keys();
  for (const name of numbered(crowd.schemas, (index) => `foreign_${String(index)}`)) {
    if (schemaNamed(store, catalog, name)) continue;
    const schema = newSchema(catalog, name, OWNER);
    if (crowd.properties > 0) {
      schema.properties = { note: 'x'.repeat(crowd.properties) };
      schema.grants.set(EVERYBODY, new Set(['USE_SCHEMA']));
    }
    store.schemas.set(schema.id, schema);
  }
  return { principals: store.principals.size, schemas: store.schemas.size };
};

/** The body of POST /_simulator/principals: one that is made or changed, by its name. */
export const PrincipalChange = z.strictObject({
  kind: z.enum(['user', 'group', 'servicePrincipal']).optional(),
  name: z.string().min(1),
  displayName: z.string().optional(),
  active: z.boolean().optional(),
  isLocal: z.boolean().optional(),
  members: z.array(z.string()).optional(),
  canUse: z.boolean().optional(),
  deleted: z.literal(true).optional(),
});

export const changePrincipal = (store: Store, given: z.output<typeof PrincipalChange>) => {
  const { deleted, kind, name, ...fields } = given;
  const found = principalNamed(store, name);
  if (deleted) {
    store.principals.delete(found?.name ?? name);
    return undefined;
  }
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const principal = found ?? addPrincipal(store, { kind: kind ?? 'user', name });
  return Object.assign(principal, set, kind && { kind });
};

/** The body of POST /_simulator/objects: a schema of somebody, or something in one. */
export const NewObject = z.strictObject({
  catalog: z.string().optional(),
  schema: z.string().min(1),
  table: z.string().min(1).optional(),
  volume: z.string().min(1).optional(),
  function: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  owner: z.string().optional(),
  comment: z.string().optional(),
});

/** Made without asking whether anybody may. */
export const addObject = (store: Store, given: z.output<typeof NewObject>) => {
  const [first = ''] = store.catalogs.keys();
  const { catalog = first, schema: name, table, owner = OWNER, comment } = given;
  const found = schemaNamed(store, catalog, name);
  const schema = found ?? newSchema(catalog, name, owner);
  store.schemas.set(schema.id, schema);
  for (const kind of ['volume', 'function', 'model'] as const) {
    const item = given[kind];
    if (item === undefined) continue;
    const made = { kind, schemaId: schema.id, name: fold(item), owner, deleted: false };
    store.items.push(made);
    return made;
  }
  if (table === undefined) {
    Object.assign(schema, { owner, comment });
    return schema;
  }
  const columns = [{ name: 'id', type: 'BIGINT' }];
  return addTable(store, schema, { name: fold(table), owner, columns, comment, rows: [['1']] });
};

/** The body of POST /_simulator/grants: a change that nobody is asked about. */
export const GrantChanges = z.strictObject({
  on: z.enum(['catalog', 'schema', 'table']),
  name: z.string().min(1),
  principal: z.string().min(1),
  add: z.array(z.string()).default([]),
  remove: z.array(z.string()).default([]),
});
