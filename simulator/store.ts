import type { AirbyteStream } from './connectors/airbyte-stream';
import type { Configuration } from './connectors/configuration';
import type { ActorKind, Connector } from './connectors/connectors';
import type { Stream } from './connectors/catalog';

/** The workspace a fresh simulator has. */
export const DEFAULT_WORKSPACE_ID = '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6';

export interface Workspace {
  workspaceId: string;
  name: string;
  notifications: unknown;
  deleted: boolean;
}

/** What the APIs show otherwise than it is: POST /_simulator/odd. */
export interface Odd {
  fields: Record<string, unknown>;
  without: string[];
}

/** How an entity was made, and is shown, on demand. */
interface Staged {
  odd?: Odd;
  /** By POST /_simulator/seed. */
  seeded?: true;
}

/** A source or a destination: Airbyte's own word for both. */
export interface Actor extends Staged {
  kind: ActorKind;
  id: string;
  name: string;
  workspaceId: string;
  connector: Connector;
  /** With its secrets; kept after a deletion, as connections to a deleted source still work. */
  configuration: Configuration;
  resourceAllocation: unknown;
  /** Epoch seconds. */
  createdAt: number;
  deleted: boolean;
}

/** With the key of an encryption in clear; both APIs mask it. */
export interface Mapper {
  id: string;
  type: string;
  mapperConfiguration: Record<string, unknown>;
}

/** A stream of a connection, as both APIs show it in their own way. */
export interface ConfiguredStream {
  /** What the source said it is; from the Config API, what the client said. */
  stream: AirbyteStream;
  /** `full_refresh` or `incremental`. */
  syncMode: string;
  /** `overwrite`, `append`, `append_dedup` and so on. */
  destinationSyncMode: string;
  cursorField: string[];
  primaryKey: string[][];
  mappers: Mapper[];
  /** Empty when all fields are taken. */
  selectedFields: { fieldPath: string[] }[];
  includeFiles?: boolean | undefined;
  destinationObjectName?: string | undefined;
}

/** The public API sets only a manual one or a cron in UTC, and shows them all. */
export interface Schedule {
  scheduleType: 'manual' | 'basic' | 'cron';
  cronExpression?: string;
  cronTimeZone?: string;
  basic?: { timeUnit: string; units: number };
}

export interface Connection extends Staged {
  id: string;
  name: string;
  sourceId: string;
  destinationId: string;
  workspaceId: string;
  /** `deprecated` is deleted. */
  status: string;
  schedule: Schedule;
  streams: ConfiguredStream[];
  namespaceDefinition: string;
  namespaceFormat: string | null;
  /** Null only when the Config API was given none. */
  prefix: string | null;
  nonBreakingSchemaUpdatesBehavior: string;
  tagIds: string[];
  /** The catalog a client of the Config API says it chose the streams from. */
  sourceCatalogId: string | null;
  /** Epoch seconds. */
  createdAt: number;
  deleted: boolean;
}

/** A workspace has each name once. */
export interface Tag {
  tagId: string;
  workspaceId: string;
  name: string;
  color: string;
}

export interface Job {
  id: number;
  jobType: string;
  connectionId: string;
  workspaceId: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Epoch milliseconds; null unless someone cancelled it. */
  cancelledAt: number | null;
}

export interface Store {
  workspaces: Map<string, Workspace>;
  source: Map<string, Actor>;
  destination: Map<string, Actor>;
  connections: Map<string, Connection>;
  jobs: Map<number, Job>;
  /** Seconds between two syncs that a cron must keep: an hour, unless Airbyte allows less. */
  minSyncInterval: number;
  /** Discovered catalogs, by source, connector version and configuration. */
  catalogs: Map<string, Stream[]>;
  tags: Map<string, Tag>;
  /** What every database has besides its own tables: POST /_simulator/seed. */
  tables: Stream[];
}

export const createStore = (minSyncInterval = 3600): Store => ({
  minSyncInterval,
  workspaces: new Map(),
  source: new Map(),
  destination: new Map(),
  connections: new Map(),
  jobs: new Map(),
  catalogs: new Map(),
  tags: new Map(),
  tables: [],
});

/** Empties the store but for the one workspace every Airbyte starts with. */
export const resetStore = (store: Store, workspace: Workspace) => {
  const { workspaces, source, destination, connections, jobs, catalogs, tags } = store;
  for (const table of [workspaces, source, destination, connections, jobs, catalogs, tags])
    table.clear();
  store.tables = [];
  workspaces.set(workspace.workspaceId, workspace);
};

/** Rows are replaced, never changed, so that the tables are all there is to copy. */
export const copyStore = (store: Store): Store => ({
  minSyncInterval: store.minSyncInterval,
  workspaces: new Map(store.workspaces),
  source: new Map(store.source),
  destination: new Map(store.destination),
  connections: new Map(store.connections),
  jobs: new Map(store.jobs),
  catalogs: new Map(store.catalogs),
  tags: new Map(store.tags),
  tables: store.tables,
});

/** A changed row moves to the end: Airbyte's lists have no order, so pages shift under writes. */
export const save = <Key, Row>(table: Map<Key, Row>, key: Key, row: Row): Row => {
  table.delete(key);
  table.set(key, row);
  return row;
};

export const epochSeconds = () => Math.floor(Date.now() / 1000);

/** A deleted connection also drops what runs for it. */
export const removeConnection = (store: Store, connection: Connection) => {
  save(store.connections, connection.id, { ...connection, status: 'deprecated', deleted: true });
  for (const job of store.jobs.values())
    if (job.connectionId === connection.id && job.cancelledAt === null)
      store.jobs.set(job.id, { ...job, cancelledAt: Date.now() });
};

/** Airbyte deletes an actor's connections first, then the actor; all of them softly. */
export const removeActor = (store: Store, actor: Actor) => {
  for (const connection of [...store.connections.values()])
    if (!connection.deleted && [connection.sourceId, connection.destinationId].includes(actor.id))
      removeConnection(store, connection);
  save(store[actor.kind], actor.id, { ...actor, deleted: true });
};

export const removeWorkspace = (store: Store, workspace: Workspace) => {
  for (const actor of [...store.source.values(), ...store.destination.values()])
    if (!actor.deleted && actor.workspaceId === workspace.workspaceId) removeActor(store, actor);
  save(store.workspaces, workspace.workspaceId, { ...workspace, deleted: true });
};
