import { z } from 'zod';
import type { ConnectionRead } from './workspace';

/* What both of Airbyte's APIs show alike. */

/** Airbyte writes null, or nothing, for what is not set. */
export const orUndefined = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

export const Tag = z.object({
  tagId: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  color: z.string(),
});

/** What can be read of a connection of an odd form: the source it reads says whose it is. */
export const ConnectionPart = z
  .object({
    connectionId: z.string(),
    sourceId: z.string(),
    name: z.string().catch(''),
    destinationId: z.string().catch(''),
    status: z.string().catch(''),
  })
  .transform(({ connectionId: id, ...rest }): ConnectionRead => ({
    id,
    ...rest,
    schedule: { scheduleType: '' },
    configurations: { streams: [] },
  }));
