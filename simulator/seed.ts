import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { toAirbyteStream } from './connectors/airbyte-stream';
import { manyTables, plainStream } from './connectors/catalog';
import { type ActorKind, connectorsOf } from './connectors/connectors';
import { seedCount as count } from './steering/control';
import { type Actor, type Connection, epochSeconds, type Store } from './store';

/** The body of POST /_simulator/seed: how many plain entities are made, as somebody else's. */
export const Seed = z.strictObject({
  sources: count,
  destinations: count,
  /** Each reads one of the sources made with it, in turn, and writes to one of the destinations. */
  connections: count,
  /** That every database has besides its own, in the place of those seeded before. */
  tables: count.optional(),
  /** With a number behind it, the name of each. */
  name: z.string().default('seeded'),
  /** Whether lists by offset have them before or after what is there. */
  at: z.enum(['start', 'end']).default('end'),
});
type Seed = z.infer<typeof Seed>;

const configurations: Record<ActorKind, Record<string, unknown>> = {
  source: {
    dataset_name: 'rows',
    format: 'csv',
    url: 'https://files.example.invalid/rows.csv',
    provider: { storage: 'HTTPS' },
  },
  destination: {
    host: 'seeded.snowflakecomputing.com',
    role: 'LOADER',
    warehouse: 'LOADING',
    database: 'SEEDED',
    schema: 'SEEDED',
    username: 'airbyte',
    credentials: { auth_type: 'Username and Password', password: 'seeded' },
  },
};

const connectors = {
  source: connectorsOf('source').find(({ type }) => type === 'file'),
  destination: connectorsOf('destination').find(({ type }) => type === 'snowflake'),
};

const STREAM = {
  stream: toAirbyteStream(plainStream('rows', ['id'])),
  syncMode: 'full_refresh',
  destinationSyncMode: 'overwrite',
  cursorField: [],
  primaryKey: [],
  mappers: [],
  selectedFields: [],
};

const actorOf = (store: Store, kind: ActorKind, name: string): Actor => {
  const connector = connectors[kind];
  const [workspaceId] = store.workspaces.keys();
  if (!connector || workspaceId === undefined) throw new Error(`no connector for a ${kind}`);
  return {
    kind,
    id: randomUUID(),
    name,
    workspaceId,
    connector,
    configuration: configurations[kind],
    resourceAllocation: undefined,
    createdAt: epochSeconds(),
    deleted: false,
    seeded: true,
  };
};

const connectionOf = (name: string, source: Actor, destination: Actor): Connection => ({
  id: randomUUID(),
  name,
  sourceId: source.id,
  destinationId: destination.id,
  workspaceId: source.workspaceId,
  status: 'active',
  schedule: { scheduleType: 'manual' },
  streams: [STREAM],
  namespaceDefinition: 'destination',
  namespaceFormat: null,
  prefix: '',
  nonBreakingSchemaUpdatesBehavior: 'ignore',
  tagIds: [],
  sourceCatalogId: null,
  createdAt: epochSeconds(),
  deleted: false,
  seeded: true,
});

/** Adds rows behind those there are, or before them. */
const put = <Row extends { id: string }>(rows: Map<string, Row>, added: Row[], at: Seed['at']) => {
  const behind = at === 'start' ? [...rows] : [];
  if (at === 'start') rows.clear();
  for (const row of added) rows.set(row.id, row);
  for (const [id, row] of behind) rows.set(id, row);
  return added.map(({ id }) => id);
};

const times = <Row>(howMany: number, make: (index: number) => Row) =>
  Array.from({ length: howMany }, (_, index) => make(index));

/** Makes them without the checks of the APIs, thousands at once; gives their ids. */
export const seedRows = (store: Store, given: z.input<typeof Seed>) => {
  const { name, at, tables, ...counts } = Seed.parse(given);
  if (tables !== undefined) store.tables = manyTables(tables);
  const least = counts.connections > 0 ? 1 : 0;
  const actors = (kind: ActorKind, howMany: number) =>
    times(Math.max(howMany, least), (index) => actorOf(store, kind, `${name} ${String(index)}`));
  const source = actors('source', counts.sources);
  const destination = actors('destination', counts.destinations);
  const cycled = <Row>(rows: Row[], index: number) => rows.slice(index % rows.length)[0];
  const connections = times(counts.connections, (index) => {
    const [from, to] = [cycled(source, index), cycled(destination, index)];
    return from && to ? [connectionOf(`${name} ${String(index)}`, from, to)] : [];
  }).flat();
  return {
    sources: put(store.source, source, at),
    destinations: put(store.destination, destination, at),
    connections: put(store.connections, connections, at),
  };
};
