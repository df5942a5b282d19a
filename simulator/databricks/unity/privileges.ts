import { catalogProblem, invalidValue, permissionDenied } from '../problems';
import {
  type Catalog,
  fold,
  fullNameOf,
  type Grants,
  type Principal,
  principalNamed,
  type Schema,
  schemaNamed,
  type Store,
  type Table,
  tablesIn,
} from '../store';

const ofTables = ['APPLY_TAG', 'MANAGE', 'MODIFY', 'SELECT'];
const ofSchemas = [
  ...ofTables,
  'CREATE_FUNCTION',
  'CREATE_MATERIALIZED_VIEW',
  'CREATE_MODEL',
  'CREATE_TABLE',
  'CREATE_VOLUME',
  'EXECUTE',
  'EXTERNAL_USE_SCHEMA',
  'READ_VOLUME',
  'REFRESH',
  'USE_SCHEMA',
  'WRITE_VOLUME',
];

/** Those that can be granted on each kind, besides ALL_PRIVILEGES. */
const PRIVILEGES = {
  catalog: [...ofSchemas, 'BROWSE', 'CREATE_SCHEMA', 'USE_CATALOG'],
  schema: ofSchemas,
  table: ofTables,
};

/** Those that ALL_PRIVILEGES does not have in it. */
const APART = ['MANAGE', 'EXTERNAL_USE_SCHEMA'];

/** All account users are in it without being its members. */
export const EVERYBODY = 'account users';

export type SecurableKind = keyof typeof PRIVILEGES;

/** What privileges are on: itself, and all above it. */
export interface Securable {
  kind: SecurableKind;
  fullName: string;
  owner: string;
  grants: Grants;
  parent: Securable | undefined;
}

const words = (name: string) => name.replaceAll('_', ' ');
export const titleOf = ({ kind, fullName }: Securable) =>
  `${kind.charAt(0).toUpperCase()}${kind.slice(1)} '${fullName}'`;

export const ofCatalog = ({ name, owner, grants }: Catalog): Securable => ({
  kind: 'catalog',
  fullName: name,
  owner,
  grants,
  parent: undefined,
});

export const catalogNamed = (store: Store, name: string): Catalog => {
  const catalog = store.catalogs.get(fold(name));
  if (!catalog)
    throw catalogProblem(404, 'CATALOG_DOES_NOT_EXIST', `Catalog '${name}' does not exist.`);
  return catalog;
};

export const ofSchema = (store: Store, schema: Schema): Securable => ({
  kind: 'schema',
  fullName: fullNameOf(schema),
  owner: schema.owner,
  grants: schema.grants,
  parent: ofCatalog(catalogNamed(store, schema.catalog)),
});

export const ofTable = (store: Store, schema: Schema, table: Table): Securable => ({
  kind: 'table',
  fullName: `${fullNameOf(schema)}.${table.name}`,
  owner: table.owner,
  grants: table.grants,
  parent: ofSchema(store, schema),
});

export const existingSchema = (store: Store, catalog: string, name: string): Schema => {
  const schema = schemaNamed(store, catalogNamed(store, catalog).name, name);
  if (schema) return schema;
  throw catalogProblem(
    404,
    'SCHEMA_DOES_NOT_EXIST',
    `Schema '${fold(catalog)}.${fold(name)}' does not exist.`,
  );
};

/** By its kind and full name, as the permissions API and GRANT name it. */
export const securableNamed = (store: Store, kind: SecurableKind, parts: string[]): Securable => {
  const [catalog = '', schema = '', table = ''] = parts;
  const wanted = { catalog: 1, schema: 2, table: 3 }[kind];
  if (parts.length !== wanted)
    throw invalidValue(`${kind} name ${parts.join('.')} is not a valid name.`);
  if (kind === 'catalog') return ofCatalog(catalogNamed(store, catalog));
  const found = existingSchema(store, catalog, schema);
  if (kind === 'schema') return ofSchema(store, found);
  const held = tablesIn(store, found).find(({ name }) => name === fold(table));
  if (held) return ofTable(store, found, held);
  throw catalogProblem(
    404,
    'TABLE_DOES_NOT_EXIST',
    `Table '${fullNameOf(found)}.${fold(table)}' does not exist.`,
  );
};

/** The names under which a principal has privileges: its own, and of its groups. */
const namesOf = (store: Store, principal: Principal): string[] => [
  principal.name,
  EVERYBODY,
  ...[...store.principals.values()]
    .filter(({ kind, members }) => kind === 'group' && members.includes(principal.name))
    .map(({ name }) => name),
];

const conveys = (granted: Set<string> | undefined, privilege: string) =>
  granted !== undefined &&
  (granted.has(privilege) || (granted.has('ALL_PRIVILEGES') && !APART.includes(privilege)));

const isGranted = (names: string[], privilege: string, on: Securable): boolean =>
  names.some((name) => conveys(on.grants.get(name), privilege)) ||
  (on.parent !== undefined && isGranted(names, privilege, on.parent));

/** Owners have every privilege on what they own, and none on what is in it. */
export const has = (store: Store, caller: Principal, privilege: string, on: Securable) => {
  const names = namesOf(store, caller);
  return names.includes(on.owner) || isGranted(names, privilege, on);
};

/** An owner, of it or of what it is in, and who has MANAGE. */
export const manages = (store: Store, caller: Principal, on: Securable): boolean =>
  has(store, caller, 'MANAGE', on) ||
  (on.parent !== undefined && namesOf(store, caller).includes(on.parent.owner));

export const demand = (store: Store, caller: Principal, privilege: string, on: Securable) => {
  if (!has(store, caller, privilege, on))
    throw permissionDenied(`User does not have ${words(privilege)} on ${titleOf(on)}.`);
};

/** All that must be used to get at something in it. */
export const demandUse = (store: Store, caller: Principal, on: Securable): void => {
  if (on.parent) demandUse(store, caller, on.parent);
  if (on.kind === 'catalog') demand(store, caller, 'USE_CATALOG', on);
  if (on.kind === 'schema') demand(store, caller, 'USE_SCHEMA', on);
};

/** To change or drop it, or to grant on it: that, and to be let into what it is in. */
export const demandManagement = (store: Store, caller: Principal, on: Securable) => {
  if (on.parent) demandUse(store, caller, on.parent);
  if (!manages(store, caller, on))
    throw permissionDenied(`User is not an owner of ${titleOf(on)}.`);
};

export const canSee = (store: Store, caller: Principal, on: Securable) => {
  if (on.parent && !has(store, caller, 'USE_CATALOG', on.parent)) return false;
  const use = on.kind === 'catalog' ? 'USE_CATALOG' : 'USE_SCHEMA';
  return has(store, caller, use, on) || manages(store, caller, on);
};

/** As grants keep it: with underscores; spaces are SQL's. */
const privilegeOn = (kind: SecurableKind, given: string): string => {
  const privilege = given.toUpperCase().replaceAll(' ', '_');
  if (privilege === 'ALL_PRIVILEGES' || PRIVILEGES[kind].includes(privilege)) return privilege;
  const entity = kind.toUpperCase();
  throw invalidValue(
    `Privilege ${words(privilege)} is not applicable to this entity [${entity}/${entity}_STANDARD].`,
  );
};

/** Whom Unity Catalog knows: of the account, not of the workspace only. */
export const grantee = (store: Store, name: string): string => {
  if (name === EVERYBODY) return name;
  const found = principalNamed(store, name);
  if (found && !found.isLocal) return found.name;
  throw catalogProblem(
    404,
    'PRINCIPAL_DOES_NOT_EXIST',
    `Could not find principal with name ${name}`,
  );
};

interface GrantChange {
  principal: string;
  add: string[];
  remove: string[];
}

const apply = (grants: Grants, { principal, add, remove }: GrantChange) => {
  const kept = [...(grants.get(principal) ?? []), ...add].filter((each) => !remove.includes(each));
  if (kept.length > 0) grants.set(principal, new Set(kept));
  else grants.delete(principal);
};

/** All or nothing: everything is looked at before anything is changed. */
export const changeGrants = (store: Store, on: Securable, changes: GrantChange[]) => {
  const read = changes.map(({ principal, add, remove }) => {
    const isKept = on.grants.has(principal) && add.length === 0;
    const change = {
      // One who is no more can still be taken out.
      principal: isKept ? principal : grantee(store, principal),
      add: add.map((each) => privilegeOn(on.kind, each)),
      remove: remove.map((each) => privilegeOn(on.kind, each)),
    };
    const both = change.add.find((each) => change.remove.includes(each));
    if (both) throw invalidValue(`Privilege ${words(both)} is both added and removed.`);
    return change;
  });
  for (const change of read) apply(on.grants, change);
};
