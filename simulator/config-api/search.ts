import { isDeepStrictEqual } from 'node:util';

/**
 * `empty`: as today's servers. They put what was asked for into a new record, forget some of the
 * found one's fields (`createdAt` among them) and compare whole records: nothing is ever equal, so
 * every search finds nothing (SourceMatcher, DestinationMatcher, ConnectionMatcher; airbytehq/airbyte
 * issues 20056, 27694). `works`: as it is meant.
 */
export type SearchMode = 'empty' | 'works';

type Row = Record<string, unknown>;

const isObject = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An absent, null or blank value asks for nothing. */
const asksFor = (value: unknown) => value !== undefined && value !== null && value !== '';

const matches = (asked: Row, row: Row, fields: string[]) =>
  fields.every((field) => !asksFor(asked[field]) || isDeepStrictEqual(asked[field], row[field]));

const actorFields = ['name', 'workspaceId'];
const kinds = ['source', 'destination'].flatMap((kind) => [
  `${kind}Id`,
  `${kind}DefinitionId`,
  `${kind}Name`,
]);

/** `row`: a SourceRead or DestinationRead. */
export const actorMatches = (mode: SearchMode, asked: Row, row: Row) => {
  if (mode === 'empty') return false;
  const { connectionConfiguration } = asked;
  const configured = isObject(row.connectionConfiguration) ? row.connectionConfiguration : {};
  return (
    matches(asked, row, [...actorFields, ...kinds]) &&
    (!isObject(connectionConfiguration) ||
      matches(connectionConfiguration, configured, Object.keys(connectionConfiguration)))
  );
};

const connectionFields = [
  'connectionId',
  'name',
  'namespaceDefinition',
  'namespaceFormat',
  'prefix',
  'sourceId',
  'destinationId',
  'schedule',
  'scheduleType',
  'scheduleData',
  'status',
];

/** `row`: a ConnectionRead, with its `source` and `destination` as they read. */
export const connectionMatches = (
  mode: SearchMode,
  asked: Row,
  { row, source, destination }: { row: Row; source: Row; destination: Row },
) =>
  mode === 'works' &&
  matches(asked, row, connectionFields) &&
  (!isObject(asked.source) || actorMatches(mode, asked.source, source)) &&
  (!isObject(asked.destination) || actorMatches(mode, asked.destination, destination));
