import { z } from 'zod';
import type { ConnectionRead as Connection, ConnectionWrite, Schedule } from '../workspace';
import { Catalog, streamsIn } from './streams';
import { ConnectionPart, Tag, orUndefined } from '../forms';

/* Connections of the Config API, in the words of the public one and back. */

const ScheduleData = z.looseObject({
  cron: orUndefined(z.object({ cronExpression: z.string(), cronTimeZone: z.string() })),
  basicSchedule: orUndefined(z.object({ timeUnit: z.string(), units: z.number() })),
});

/** Some values have other names in the public API; what is not listed has the same. */
const PUBLIC_NAMES: Record<string, string> = {
  customformat: 'custom_format',
  disable: 'disable_connection',
};
const CONFIG_NAMES = Object.fromEntries(
  Object.entries(PUBLIC_NAMES).map(([config, name]) => [name, config]),
);
const inPublic = (value: string) => PUBLIC_NAMES[value] ?? value;
const inConfig = (value: string | undefined) => value && (CONFIG_NAMES[value] ?? value);

const fields = z.object({
  connectionId: z.string(),
  name: z.string(),
  sourceId: z.string(),
  destinationId: z.string(),
  status: z.string(),
  scheduleType: orUndefined(z.string()),
  scheduleData: orUndefined(ScheduleData),
  /** Before there were schedule types: a basic one, or none. */
  schedule: orUndefined(z.looseObject({})),
  syncCatalog: orUndefined(Catalog).transform((catalog) => catalog ?? { streams: [] }),
  prefix: orUndefined(z.string()),
  /** Airbyte's own defaults, where a version or an old row tells nothing. */
  namespaceDefinition: orUndefined(z.string()).transform((value) => value ?? 'source'),
  namespaceFormat: orUndefined(z.string()),
  nonBreakingChangesPreference: orUndefined(z.string()).transform((value) => value ?? 'ignore'),
  tags: orUndefined(z.array(Tag)),
});

const scheduleIn = (given: z.output<typeof fields>): Connection['schedule'] => {
  const { scheduleType = given.schedule ? 'basic' : 'manual', scheduleData } = given;
  const { cron, basicSchedule } = scheduleData ?? {};
  const cronExpression = cron && `${cron.cronExpression} ${cron.cronTimeZone}`;
  return {
    scheduleType,
    ...(scheduleType === 'cron' && { cronExpression }),
    ...(scheduleType === 'basic' && { basicSchedule }),
  };
};

/** ConnectionRead, with its catalog as well. */
export const ConnectionRead = fields.transform((given) => {
  const { connectionId: id, name, sourceId, destinationId, status, prefix, syncCatalog } = given;
  const connection: Connection = {
    id,
    name,
    sourceId,
    destinationId,
    status,
    schedule: scheduleIn(given),
    configurations: { streams: streamsIn(syncCatalog) },
    prefix,
    namespaceDefinition: inPublic(given.namespaceDefinition),
    namespaceFormat: given.namespaceFormat,
    nonBreakingSchemaUpdatesBehavior: inPublic(given.nonBreakingChangesPreference),
    tags: given.tags,
  };
  return { connection, syncCatalog };
});

/** A time zone has letters, which Quartz's last field, the year, has not. */
const cronIn = (expression: string) => {
  const [, cronExpression = expression, cronTimeZone = 'UTC'] =
    /^(.*\S)\s+([A-Za-z][\w+-]*(?:\/[\w+-]+)*)$/.exec(expression.trim()) ?? [];
  const isDay = cronExpression.trim().split(/\s+/).length < 6;
  return isDay
    ? { cronExpression: expression, cronTimeZone: 'UTC' }
    : { cronExpression, cronTimeZone };
};

const Part = ConnectionPart.transform((connection) => ({
  connection,
  syncCatalog: { streams: [] },
}));

export const CONNECTION = { id: 'connectionId', whole: ConnectionRead, part: Part };

const scheduleOf = ({ scheduleType, cronExpression = '', basicSchedule }: Schedule) => ({
  scheduleType,
  ...(scheduleType === 'cron' && { scheduleData: { cron: cronIn(cronExpression) } }),
  ...(scheduleType === 'basic' && { scheduleData: { basicSchedule } }),
});

/** ConnectionCreate and ConnectionUpdate, but for ids and streams; what is absent stays as it is. */
export const asConfig = (given: Partial<ConnectionWrite>) => ({
  name: given.name,
  status: given.status,
  prefix: given.prefix,
  ...(given.schedule && scheduleOf(given.schedule)),
  namespaceDefinition: inConfig(given.namespaceDefinition),
  namespaceFormat: given.namespaceFormat,
  nonBreakingChangesPreference: inConfig(given.nonBreakingSchemaUpdatesBehavior),
  tags: given.tags,
});
