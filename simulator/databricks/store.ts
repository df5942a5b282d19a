import { randomUUID } from 'node:crypto';

/** Who may call and be granted something. */
export interface Principal {
  kind: 'user' | 'group' | 'servicePrincipal';
  id: string;
  /** As grants name it: a user's e-mail, a group's name, a service principal's application id. */
  name: string;
  displayName: string;
  active: boolean;
  /** A group of this workspace only: SCIM knows it, Unity Catalog does not. */
  isLocal: boolean;
  /** Names of a group's members. */
  members: string[];
  /** Whether it may use warehouses and clusters. */
  canUse: boolean;
}

/** Privileges by the name of who has them. */
export type Grants = Map<string, Set<string>>;

export interface Catalog {
  name: string;
  owner: string;
  comment: string | undefined;
  grants: Grants;
  /** Epoch milliseconds. */
  createdAt: number;
}

export interface Schema {
  id: string;
  catalog: string;
  name: string;
  comment: string | undefined;
  properties: Record<string, string>;
  owner: string;
  createdAt: number;
  createdBy: string;
  updatedAt: number;
  updatedBy: string;
  grants: Grants;
  deleted: boolean;
}

export interface Column {
  name: string;
  /** As SQL writes it: STRING, BIGINT. */
  type: string;
}
export type Row = (string | null)[];

export interface Table {
  id: string;
  schemaId: string;
  name: string;
  comment: string | undefined;
  owner: string;
  columns: Column[];
  rows: Row[];
  grants: Grants;
  createdAt: number;
  /** Epoch milliseconds. */
  deletedAt: number | undefined;
}

/** What a schema has besides tables. */
export interface Item {
  kind: 'volume' | 'function' | 'model';
  schemaId: string;
  name: string;
  owner: string;
  deleted: boolean;
}

export interface Token {
  /** `azure`: of Entra ID for Azure itself, which no call is let in with. */
  kind: 'oauth' | 'entra' | 'azure' | 'pat';
  id: string;
  /** Hex, of the token. */
  sha256: string;
  principal: string;
  comment: string;
  createdAt: number;
  /** Epoch milliseconds; a personal access token may never expire. */
  expiresAt: number | undefined;
  revoked: boolean;
}

export interface Warehouse {
  id: string;
  name: string;
  state: 'RUNNING' | 'STOPPED' | 'STARTING' | 'DELETED';
  /** Its next start ends in STOPPED. */
  failsToStart: boolean;
}

export interface Cluster {
  id: string;
  name: string;
  state: 'RUNNING' | 'PENDING' | 'TERMINATED' | 'ERROR';
  failsToStart: boolean;
}

export interface Context {
  id: string;
  clusterId: string;
  language: string;
  status: 'Pending' | 'Running' | 'Error';
  destroyed: boolean;
}

/** Everything there is, without what runs. */
export interface Store {
  principals: Map<string, Principal>;
  catalogs: Map<string, Catalog>;
  schemas: Map<string, Schema>;
  tables: Map<string, Table>;
  items: Item[];
  tokens: Map<string, Token>;
  warehouse: Warehouse;
  cluster: Cluster;
  contexts: Map<string, Context>;
  /** Source addresses that the access list of the workspace blocks. */
  blocked: Set<string>;
  clientSecret: string;
}

/** As it is, but for what is on its way: nothing would end that in a copy. */
export const copyStore = (store: Store): Store => {
  const copy = structuredClone(store);
  if (copy.warehouse.state === 'STARTING') copy.warehouse.state = 'STOPPED';
  if (copy.cluster.state === 'PENDING') copy.cluster.state = 'TERMINATED';
  for (const context of copy.contexts.values())
    if (context.status === 'Pending') context.status = 'Running';
  return copy;
};

/** Unity Catalog keeps names in lower case. */
export const fold = (name: string) => name.toLowerCase();

export const newSchema = (catalog: string, name: string, by: string): Schema => {
  const now = Date.now();
  const common = { createdAt: now, createdBy: by, updatedAt: now, updatedBy: by };
  return {
    id: randomUUID(),
    catalog: fold(catalog),
    name: fold(name),
    comment: undefined,
    properties: {},
    owner: by,
    ...common,
    grants: new Map(),
    deleted: false,
  };
};

export const fullNameOf = ({ catalog, name }: Schema) => `${catalog}.${name}`;

export const schemaNamed = (store: Store, catalog: string, name: string): Schema | undefined =>
  [...store.schemas.values()].find(
    (each) => !each.deleted && each.catalog === fold(catalog) && each.name === fold(name),
  );

export const tablesIn = (store: Store, { id }: Schema): Table[] =>
  [...store.tables.values()].filter((each) => each.schemaId === id && !each.deletedAt);

export const itemsIn = (store: Store, { id }: Schema): Item[] =>
  store.items.filter((each) => each.schemaId === id && !each.deleted);

/** As a grant or a call names it; e-mails have no case. */
export const principalNamed = (store: Store, name: string): Principal | undefined =>
  store.principals.get(name) ??
  [...store.principals.values()].find(
    (each) => each.kind === 'user' && each.name.toLowerCase() === name.toLowerCase(),
  );
