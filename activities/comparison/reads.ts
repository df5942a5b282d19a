import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import stringify from 'safe-stable-stringify';
import type {
  Actor,
  ConnectionRead,
  ConnectionWrite,
  StreamRead,
} from '../../src/airbyte/workspace';
import { cronOf, masked } from './differences';
import { withoutId } from './mappers';

/* Whether two reads of an entity show the same. */

/** What was never given reads back as an empty list, which Airbyte refuses when it is sent. */
export const withoutEmptyLists = (
  stream: StreamRead,
): Pick<StreamRead, 'name'> & Partial<StreamRead> => ({
  ...Object.fromEntries(
    Object.entries(stream).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  ),
  name: stream.name,
});

/** The fields of a connection that a run may have changed; those that only make sense together. */
const FIELDS: (keyof ConnectionWrite)[][] = [
  ['name'],
  ['status'],
  ['schedule'],
  ['prefix'],
  ['namespaceDefinition', 'namespaceFormat'],
  ['nonBreakingSchemaUpdatesBehavior'],
  ['configurations'],
  ['tags'],
];

/** A connection as it was; of one of which a step changes only some fields, these. */
export type FormerConnection =
  | ConnectionRead
  | (Pick<ConnectionRead, 'id' | 'name'> & Partial<Pick<ConnectionRead, 'status' | 'schedule'>>);

export const isWhole = (former: FormerConnection): former is ConnectionRead =>
  'configurations' in former;

const comparableStreams = ({ configurations: { streams } }: ConnectionRead) =>
  streams
    .map(({ mappers = [], ...stream }) => ({
      ...withoutEmptyLists(stream),
      mappers: mappers.map(withoutId),
    }))
    .map((stream) => stringify(stream))
    .sort();

const comparableSchedule = ({ schedule }: FormerConnection) =>
  schedule && { ...schedule, cronExpression: cronOf(schedule.cronExpression) };

/** What was not given counts as empty. */
const comparable = (connection: FormerConnection): Record<string, unknown> => {
  const schedule = comparableSchedule(connection);
  if (!isWhole(connection)) return { ...connection, schedule };
  const { namespaceDefinition, namespaceFormat } = connection;
  return {
    ...connection,
    schedule,
    prefix: connection.prefix ?? '',
    namespaceFormat: namespaceDefinition === 'custom_format' ? namespaceFormat : undefined,
    configurations: comparableStreams(connection),
    tags: (connection.tags ?? []).map(({ tagId }) => tagId).sort(),
  };
};

/** The fields that are not as they were, of those that are known. */
export const differingIn = (now: ConnectionRead, former: FormerConnection) => {
  const [one, other] = [comparable(now), comparable(former)];
  return FIELDS.filter((group) =>
    group.some(
      (field) =>
        (isWhole(former) || field in former) &&
        !isDeepStrictEqual(one[field] ?? undefined, other[field] ?? undefined),
    ),
  );
};

const digestOf = (value: unknown) =>
  createHash('sha256')
    .update(stringify(value) ?? '')
    .digest('hex')
    .slice(0, 32);

/** Equal for two looks between which nobody has changed what can be read. */
export const digestOfActor = (actor: Actor) => {
  const { id, name, definitionId, configuration } = masked(actor);
  return digestOf([id, name, definitionId, configuration]);
};

export const digestOfConnection = (connection: ConnectionRead) => {
  const { odd: _odd, ...rest } = comparable(connection);
  return digestOf(rest);
};
