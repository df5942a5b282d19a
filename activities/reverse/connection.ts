import type { ConnectionRead, StreamRead } from '../../src/airbyte/workspace';
import { isKeyless } from '../../src/airbyte/sync-modes';
import { Connection } from '../../src/descriptor/connection';
import { Mapper } from '../../src/descriptor/mappers';
import { cronOf } from '../comparison/differences';
import { nameOfMapper, withoutId } from '../comparison/mappers';
import { fit, warn } from './fit';
import type { Note, Part } from './fit';

const givenIn = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );

/** Not so: an encryption whose key is a secret, and what only newer versions of Airbyte know. */
const isSayable = (mapper: unknown) => Mapper.safeParse(withoutId(mapper)).success;

const streamOf = ({ name, namespace, syncMode, selectedFields, ...rest }: StreamRead) => {
  const { cursorField, primaryKey } = rest;
  return givenIn({
    name,
    namespace,
    syncMode,
    ...(!isKeyless(syncMode) && { cursorField, primaryKey }),
    // Airbyte selects whole columns, so each path has one part.
    selectedFields: selectedFields?.map(({ fieldPath }) => fieldPath.join('.')),
    mappers: rest.mappers?.filter(isSayable).map(withoutId),
    destinationObjectName: rest.destinationObjectName,
    includeFiles: rest.includeFiles,
  });
};

const NO_SCHEDULE = 'connection.schedule is left out';

const scheduleOf = ({ schedule }: ConnectionRead): { schedule?: object; notes: Note[] } => {
  const { scheduleType } = schedule;
  const cronExpression = cronOf(schedule.cronExpression);
  if (scheduleType === 'manual') return { schedule: { scheduleType }, notes: [] };
  if (scheduleType !== 'cron')
    return {
      notes: [warn(`${NO_SCHEDULE}: it is ${scheduleType}, and a descriptor says manual or cron`)],
    };
  if (/\s[A-Z]\w+(\/\w+)+$/.test(cronExpression ?? ''))
    return { notes: [warn(`${NO_SCHEDULE}: a descriptor's cron expressions are in UTC`)] };
  return { schedule: { scheduleType, cronExpression }, notes: [] };
};

/** What a descriptor can say; `active` it need not. */
const isStatus = (status: string) => status === 'active' || status === 'inactive';

const unsaid = ({ status, configurations: { streams } }: ConnectionRead): Note[] => [
  ...(isStatus(status)
    ? []
    : [warn(`The connection is ${status} in Airbyte: a provision will make it active`)]),
  ...streams
    .map(({ name, mappers = [] }) => ({
      name,
      left: mappers.filter((mapper) => !isSayable(mapper)).map(nameOfMapper),
    }))
    .filter(({ left }) => left.length > 0)
    .map(({ name, left }) =>
      warn(
        `Of the stream ${name} mappers are left out that a descriptor cannot say: ${left.join(', ')}. They stay in Airbyte unless MAPPERS_BY_HAND is replace, which does not take away an encryption`,
      ),
    ),
];

/** `specific.connection` of a descriptor that wants a connection as it is. */
export const connectionPart = (connection: ConnectionRead): Part => {
  const { name, prefix = '', namespaceDefinition, nonBreakingSchemaUpdatesBehavior } = connection;
  const { schedule, notes } = scheduleOf(connection);
  const { part, dropped, problems } = fit(Connection, {
    ...givenIn({
      name,
      streams: connection.configurations.streams.map(streamOf),
      schedule,
      namespaceDefinition,
      ...(namespaceDefinition === 'custom_format' && {
        namespaceFormat: connection.namespaceFormat,
      }),
      nonBreakingSchemaUpdatesBehavior,
      status: isStatus(connection.status) ? connection.status : undefined,
      tags: connection.tags?.map(({ name: tag }) => tag),
    }),
    prefix,
  });
  return {
    fields: part,
    notes: [
      ...notes,
      ...unsaid(connection),
      ...dropped.map((path) => warn(`connection.${path} is left out: a descriptor cannot say it`)),
      ...problems.map(({ path, message }) =>
        warn(`connection.${path} ${message}: a descriptor will not do like this`),
      ),
    ],
  };
};
