import { z } from 'zod';
import type { ConnectionRead as Connection } from '../workspace';
import { ConnectionPart, Tag, orUndefined } from '../forms';

const StreamRead = z.looseObject({
  name: z.string(),
  namespace: orUndefined(z.string()),
  syncMode: orUndefined(z.string()),
  cursorField: orUndefined(z.array(z.string())),
  primaryKey: orUndefined(z.array(z.array(z.string()))),
  selectedFields: orUndefined(z.array(z.object({ fieldPath: z.array(z.string()) }))),
  mappers: orUndefined(z.array(z.unknown())),
  destinationObjectName: orUndefined(z.string()),
  includeFiles: orUndefined(z.boolean()),
});

/** ConnectionResponse of the public API; enums are open, as newer versions add to them. */
export const ConnectionRead = z
  .object({
    connectionId: z.string(),
    name: z.string(),
    sourceId: z.string(),
    destinationId: z.string(),
    status: z.string(),
    schedule: z.object({
      scheduleType: z.string(),
      cronExpression: orUndefined(z.string()),
    }),
    configurations: z
      .object({ streams: orUndefined(z.array(StreamRead)).transform((streams) => streams ?? []) })
      .nullish()
      .transform((given) => given ?? { streams: [] }),
    prefix: orUndefined(z.string()),
    namespaceDefinition: orUndefined(z.string()),
    namespaceFormat: orUndefined(z.string()),
    nonBreakingSchemaUpdatesBehavior: orUndefined(z.string()),
    tags: orUndefined(z.array(Tag)),
  })
  .transform(({ connectionId: id, ...rest }): Connection => ({ id, ...rest }));
export const CONNECTION = { id: 'connectionId', whole: ConnectionRead, part: ConnectionPart };
