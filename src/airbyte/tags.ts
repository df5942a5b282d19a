import { z } from 'zod';

/** A tag as both of Airbyte's APIs have it. */
export const Tag = z.object({
  tagId: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  color: z.string(),
});
