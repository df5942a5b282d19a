import { isDeepStrictEqual } from 'node:util';
import type { Actor, ConnectionRead, ConnectionWrite } from '../../src/airbyte/workspace';
import { isRecord } from '../../src/contract/json';
import { MASK, maskRecord } from '../../src/secrets/masking';
import { indexOf } from '../../src/airbyte/stream-index';
import { withoutFingerprint } from '../../src/airbyte/names';
import { isKeyless } from '../../src/airbyte/sync-modes';
import { mapperDifferences } from './mappers';

/** As it may go into a history. */
export const masked = (actor: Actor): Actor => ({
  ...actor,
  configuration: actor.configuration && maskRecord(actor.configuration),
});

/**
 * The paths at which two values differ, below `path`; lists of different lengths as a whole. A masked
 * secret counts as equal: the fingerprint in the name speaks for it.
 */
export const differencesIn = (current: unknown, wanted: unknown, path: string): string[] => {
  const unless = (isSame: boolean) => (isSame ? [] : [path]);
  // Of a null that was sent, some keep the null and some nothing.
  if ((current ?? null) === null && (wanted ?? null) === null) return [];
  if (current === MASK) return unless(typeof wanted === 'string');
  if (Array.isArray(current) && Array.isArray(wanted) && current.length === wanted.length)
    return current.flatMap((item: unknown, index) =>
      differencesIn(item, wanted[index], `${path}[${String(index)}]`),
    );
  if (!isRecord(current) || !isRecord(wanted)) return unless(isDeepStrictEqual(current, wanted));
  const keys = new Set([...Object.keys(current), ...Object.keys(wanted)]);
  return [...keys].flatMap((key) => differencesIn(current[key], wanted[key], `${path}.${key}`));
};

/** The name is compared too: it holds the fingerprint, so a rotated secret shows there. */
export const isActorAsWanted = (
  current: Pick<Actor, 'name' | 'configuration'>,
  wanted: Pick<Actor, 'name' | 'configuration'>,
) =>
  current.name === wanted.name &&
  differencesIn(current.configuration, wanted.configuration, 'configuration').length === 0;

/** The fields that can be read and are not as wanted. The digits in a name are none. */
export const readableDifferences = (
  current: Pick<Actor, 'name' | 'configuration'>,
  wanted: Pick<Actor, 'name' | 'configuration'>,
) => [
  ...(withoutFingerprint(current.name) === withoutFingerprint(wanted.name) ? [] : ['name']),
  ...differencesIn(current.configuration, wanted.configuration, 'configuration'),
];

/** What an update would change; where nothing that can be read differs the digits speak of a secret. */
export const actorChanges = (
  current: Pick<Actor, 'name' | 'configuration'>,
  wanted: Pick<Actor, 'name' | 'configuration'>,
) => {
  const readable = readableDifferences(current, wanted);
  return readable.length > 0 ? readable : ['secrets'];
};

type StreamWrite = ConnectionWrite['configurations']['streams'][number];

const areKeysAsWanted = (current: StreamWrite, { cursorField, primaryKey }: StreamWrite) =>
  (!cursorField || isDeepStrictEqual(current.cursorField, cursorField)) &&
  (!primaryKey || isDeepStrictEqual(current.primaryKey, primaryKey));

/**
 * Read-back adds what the source defines (key, cursor), so only what was asked for is compared;
 * but columns deselected by hand are an edit, as nothing of ours does that unasked.
 */
const isStreamAsWanted = (
  current: ConnectionRead['configurations']['streams'][number],
  wanted: StreamWrite,
) =>
  current.syncMode === wanted.syncMode &&
  (isKeyless(wanted.syncMode) || areKeysAsWanted(current, wanted)) &&
  isDeepStrictEqual(current.selectedFields ?? [], wanted.selectedFields ?? []) &&
  (current.destinationObjectName ?? '') === (wanted.destinationObjectName ?? '') &&
  (current.includeFiles ?? false) === (wanted.includeFiles ?? false);

const areStreamsAsWanted = (
  current: ConnectionRead['configurations']['streams'],
  wanted: StreamWrite[],
) => {
  const there = indexOf(current);
  return (
    current.length === wanted.length &&
    wanted.every((stream) => there.meantBy(stream).some((other) => isStreamAsWanted(other, stream)))
  );
};

/** Cron expressions read back with their time zone, always " UTC" in the public API. */
export const cronOf = (expression: string | undefined) => expression?.replace(/\s+UTC$/, '');

export const isScheduleAsWanted = (
  current: ConnectionRead['schedule'],
  wanted: ConnectionWrite['schedule'],
) =>
  current.scheduleType === wanted?.scheduleType &&
  (wanted.scheduleType === 'manual' || cronOf(current.cronExpression) === wanted.cronExpression);

/** A connection as it is to be, its tags by name alone. */
export type ConnectionWanted = Omit<ConnectionWrite, 'tags'> & {
  tags?: { name: string; color?: string | undefined }[] | undefined;
};

/** Their order says nothing; absent: whichever there are. */
const areTagsAsWanted = (
  { tags: current = [] }: ConnectionRead,
  { tags: wanted }: ConnectionWanted,
) =>
  wanted === undefined ||
  isDeepStrictEqual(
    new Set(current.map(({ name }) => name)),
    new Set(wanted.map(({ name }) => name)),
  );

/** The fields of a connection that are not as wanted. */
export const connectionDifferences = (
  current: ConnectionRead,
  wanted: ConnectionWanted,
): string[] => {
  const isFormatFree = wanted.namespaceDefinition !== 'custom_format';
  const asWanted = {
    name: current.name === wanted.name,
    status: current.status === wanted.status,
    schedule: isScheduleAsWanted(current.schedule, wanted.schedule),
    prefix: (current.prefix ?? '') === wanted.prefix,
    namespaceDefinition: current.namespaceDefinition === wanted.namespaceDefinition,
    namespaceFormat: isFormatFree || current.namespaceFormat === wanted.namespaceFormat,
    nonBreakingSchemaUpdatesBehavior:
      current.nonBreakingSchemaUpdatesBehavior === wanted.nonBreakingSchemaUpdatesBehavior,
    streams: areStreamsAsWanted(current.configurations.streams, wanted.configurations.streams),
    tags: areTagsAsWanted(current, wanted),
  };
  return [
    ...Object.entries(asWanted).flatMap(([field, same]) => (same ? [] : [field])),
    ...mapperDifferences(current, wanted.configurations.streams),
  ];
};

export const isConnectionAsWanted = (current: ConnectionRead, wanted: ConnectionWanted) =>
  connectionDifferences(current, wanted).length === 0;
