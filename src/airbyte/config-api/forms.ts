import { z } from 'zod';
import { orUndefined } from '../forms';

/* Answers of the Config API that are about neither actors nor connections alone. */

export const ConnectionReadList = z.object({ connections: z.array(z.unknown()) });

export const WorkspaceRead = z.object({
  workspaceId: z.string(),
  name: z.string(),
  tombstone: z.boolean().nullish(),
});

/** SynchronousJobRead: how a check, a discovery and the like went. */
const jobInfo = z.looseObject({
  succeeded: z.boolean(),
  failureReason: orUndefined(z.looseObject({ externalMessage: orUndefined(z.string()) })),
});
/** SourceDiscoverSchemaRead: without a catalog where the source could not be read. */
export const Discovered = z.object({
  catalog: orUndefined(z.object({ streams: z.array(z.unknown()) })),
  catalogId: orUndefined(z.string()),
  jobInfo,
});
export const CheckConnectionRead = z.object({
  status: orUndefined(z.string()),
  message: orUndefined(z.string()),
  jobInfo,
});

/** DestinationDefinitionSpecificationRead, as far as it concerns streams. */
export const Modes = z.object({ supportedDestinationSyncModes: orUndefined(z.array(z.string())) });

/** JobInfoRead, of which the attempts are left aside; a clear was once called a reset. */
export const JobInfoRead = z
  .object({ job: z.object({ id: z.number(), status: z.string(), configType: z.string() }) })
  .transform(({ job: { id, status, configType } }) => ({
    jobId: id,
    status,
    jobType: configType === 'reset_connection' ? 'reset' : configType,
  }));

export const JOB = { id: 'id', whole: JobInfoRead };
