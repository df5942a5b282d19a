import { z } from 'zod';

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
const primaryKey = z.union([
  z.string().transform((column) => [[column]]),
  columns.transform((names) => names.map((name) => [name])),
  z.array(columns).min(1),
]);

const stream = z.strictObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  syncMode,
  cursorField: z.union([z.string().transform((column) => [column]), columns]).optional(),
  primaryKey: primaryKey.optional(),
  selectedFields: columns.optional(),
});

/** Quartz: 6 or 7 fields; Airbyte refuses a `*` for the seconds (public API, cron-validation). */
const isQuartz = (expression: string) => {
  const fields = expression.trim().split(/\s+/);
  return (fields.length === 6 || fields.length === 7) && fields[0] !== '*';
};

const schedule = z.discriminatedUnion('scheduleType', [
  z.strictObject({ scheduleType: z.literal('manual') }),
  z.strictObject({
    scheduleType: z.literal('cron'),
    cronExpression: z
      .string()
      .transform((text) => text.replace(/\s+UTC$/, '').trim())
      .refine(isQuartz, 'must be a Quartz expression, for example "0 0 6 * * ?" (times are UTC)'),
  }),
]);

/**
 * `specific.connection` of the descriptor, as Airbyte's public API wants it (ConnectionCreate).
 * No `streams` means every stream the source has.
 */
export const Connection = z.strictObject({
  name: z.string().min(1),
  streams: z.array(stream).min(1).optional(),
  schedule: schedule.default({ scheduleType: 'manual' }),
  prefix: z.string().default(''),
  namespaceDefinition: z.enum(['source', 'destination', 'custom_format']).default('destination'),
  namespaceFormat: z.string().optional(),
  nonBreakingSchemaUpdatesBehavior: z
    .enum(['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'])
    .default('ignore'),
});
export type Connection = z.infer<typeof Connection>;
