import { z } from 'zod';
import type { SourceStream } from '../workspace';
import { orUndefined } from '../forms';

/* How all but actors and connections of the public API is read. */

const StreamProperties = z
  .object({
    streamName: z.string(),
    /** Spelt so by the API. */
    streamnamespace: orUndefined(z.string()),
    syncModes: orUndefined(z.array(z.string())),
    defaultCursorField: orUndefined(z.array(z.string())),
    sourceDefinedCursorField: orUndefined(z.boolean()),
    sourceDefinedPrimaryKey: orUndefined(z.array(z.array(z.string()))),
    propertyFields: orUndefined(z.array(z.array(z.string()))),
  })
  .transform(({ streamName: name, streamnamespace: namespace, ...rest }): SourceStream => ({
    name,
    namespace,
    ...rest,
  }));
export const STREAM = { id: 'streamName', whole: StreamProperties };

export const Workspace = z
  .object({ workspaceId: z.string(), name: z.string() })
  .transform(({ workspaceId: id, name }) => ({ id, name }));

const Definition = z.object({
  id: z.string(),
  name: z.string(),
  dockerRepository: orUndefined(z.string()),
  dockerImageTag: orUndefined(z.string()),
});

export const DEFINITION = { id: 'id', whole: Definition };

export const Job = z.object({ jobId: z.number(), status: z.string(), jobType: z.string() });
export const JOB = { id: 'jobId', whole: Job };

export const page = z.object({ data: z.array(z.unknown()) });
export const nothing = z.unknown();
