import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { flag } from '../connectors/fields';
import { cronProblem, withoutUtc } from '../cron/advice';
import { isWithin, lengthProblem, MAX_COLUMN } from '../../workflows/protocol/lengths';
import { Mapper } from './mappers';
import { Tags } from './tags';

/** Airbyte public API, ConnectionSyncModeEnum (v1.8 and later). */
const syncMode = z
  .enum([
    'full_refresh_overwrite',
    'full_refresh_overwrite_deduped',
    'full_refresh_append',
    'full_refresh_update',
    'full_refresh_soft_delete',
    'incremental_append',
    'incremental_deduped_history',
    'incremental_update',
    'incremental_soft_delete',
  ])
  .default('full_refresh_overwrite');

const columns = z.array(z.string().min(1)).min(1);

/** One column, or one path per column of a composite key: `id`, `[id]` or `[[id], [line]]`. */
const primaryKey = z.union(
  [
    z.string().transform((column) => [[column]]),
    columns.transform((names) => names.map((name) => [name])),
    z.array(columns).min(1),
  ],
  'must be a column, such as id, or a list of them, such as [order_id, line]',
);

const stream = closed(
  z.strictObject({
    name: z.string().min(1).describe('As the source calls it.'),
    // A wizard leaves what was not filled in as an empty text.
    namespace: z
      .string()
      .transform((given) => given || undefined)
      .optional()
      .describe('Where several streams have the name.'),
    syncMode,
    cursorField: z
      .union([z.string().transform((column) => [column]), columns])
      .optional()
      .describe('What incremental modes go by, unless the source defines it.'),
    primaryKey: primaryKey
      .optional()
      .describe('What deduplication goes by, unless the source defines it.'),
    selectedFields: columns.optional().describe('The columns to sync; absent: all.'),
    mappers: z
      .array(Mapper)
      .optional()
      .describe('What is done to each row, in this order; [] takes away what was set by hand.'),
    destinationObjectName: z
      .string()
      .min(1)
      .optional()
      .describe('What it is written to, in destinations that have objects instead of tables.'),
    includeFiles: flag.optional().describe('Whether raw files are moved too.'),
  }),
);

const schedule = z.discriminatedUnion('scheduleType', [
  closed(z.strictObject({ scheduleType: z.literal('manual') })),
  closed(
    z.strictObject({
      scheduleType: z.literal('cron'),
      cronExpression: z
        .string()
        .transform(withoutUtc)
        .superRefine((expression, context) => {
          const message = cronProblem(expression);
          if (message !== undefined) context.addIssue({ code: 'custom', message });
        }),
    }),
  ),
]);

/** A column of Airbyte's database: a connection's name, prefix and format. */
const column = z.string().superRefine((text, context) => {
  if (isWithin(text, MAX_COLUMN)) return;
  context.addIssue({ code: 'custom', message: lengthProblem(text, MAX_COLUMN, 'Airbyte') });
});

/** What Airbyte replaces in a format; it takes everything else as it is written. */
const VARIABLE = /\$\{[^}]*\}?/g;
export const SOURCE_NAMESPACE = '${SOURCE_NAMESPACE}';

const formatProblem = ({ namespaceDefinition, namespaceFormat = '' }: Naming) => {
  if (namespaceDefinition !== 'custom_format') return undefined;
  if (namespaceFormat.trim() === '')
    return `is required with namespaceDefinition: custom_format, for example "${SOURCE_NAMESPACE}"`;
  const strange = namespaceFormat.match(VARIABLE)?.find((each) => each !== SOURCE_NAMESPACE);
  return strange === undefined
    ? undefined
    : `has ${strange}, which Airbyte does not know: it knows ${SOURCE_NAMESPACE} alone`;
};

interface Naming {
  namespaceDefinition: string;
  namespaceFormat?: string | undefined;
}
const PAUSED = 'cannot start a sync of a connection that is inactive';

const NO_SYNC = 'needs syncOnProvision: true, as there is no sync to wait for';

/**
 * `specific.connection` of the descriptor, as Airbyte's public API wants it (ConnectionCreate), and
 * whether the first sync is started. No `streams` means every stream the source has.
 */
export const Connection = z
  .strictObject({
    name: column.min(1).describe('The name of the connection in Airbyte.'),
    streams: z
      .array(stream)
      .min(1)
      .optional()
      .describe('The streams to sync; absent: all, each replaced at every sync.'),
    schedule: schedule.default({ scheduleType: 'manual' }).describe('When to sync.'),
    status: z
      .enum(['active', 'inactive'])
      .optional()
      .describe('inactive: the connection is there and does not sync; absent: active.'),
    tags: Tags.optional().describe('Its tags in Airbyte; absent: whichever it has.'),
    prefix: column.default('').describe('Put before the name of each table.'),
    namespaceDefinition: z
      .enum(['source', 'destination', 'custom_format'])
      .default('destination')
      .describe('Who says in which schema the tables are.'),
    namespaceFormat: column.optional().describe('The schema, with custom_format.'),
    nonBreakingSchemaUpdatesBehavior: z
      .enum(['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'])
      .default('ignore')
      .describe('What happens when the source has new columns.'),
    adopt: z
      .guid('must be the id of a connection: the UUID in its address in Airbyte')
      .optional()
      .describe("A connection that is in Airbyte, which becomes this component's."),
    adoptShared: z
      .enum(['refuse', 'anew'])
      .optional()
      .describe(
        'Where others use its source or destination too: refuse, or make the pipeline anew.',
      ),
    syncOnProvision: flag.optional().describe('Start the first sync once it is provisioned.'),
    waitForSync: flag.optional().describe('The run ends when the first sync has ended.'),
  })
  .superRefine((connection, context) => {
    const { syncOnProvision, waitForSync, status } = connection;
    const message = formatProblem(connection);
    if (message !== undefined)
      context.addIssue({ code: 'custom', path: ['namespaceFormat'], message });
    if (syncOnProvision && status === 'inactive')
      context.addIssue({ code: 'custom', path: ['syncOnProvision'], message: PAUSED });
    if (waitForSync && !syncOnProvision)
      context.addIssue({ code: 'custom', path: ['waitForSync'], message: NO_SYNC });
  });
export type Connection = z.infer<typeof Connection>;
