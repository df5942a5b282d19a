import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createAccessActivities } from '../../activities/access/access';
import { createAccessChanges } from '../../activities/access/changes';
import { createGrantsClient } from '../../activities/access/grants-client';
import { createAdoptAllActivities } from '../../activities/adoption/adoption';
import { createDriftActivities } from '../../activities/drift/drift';
import { createRunActivities } from '../../activities/follow-run';
import { createFabricActivities } from '../../activities/fabric/fabric';
import { createFormerReaderActivities } from '../../activities/fabric/former-readers';
import { createReaderActivities } from '../../activities/fabric/readers';
import { createActivities } from '../../activities/pipeline/pipeline';
import { createReverseActivities } from '../../activities/reverse/reverse';
import { createValidationActivities } from '../../activities/validation/validation';
import { createAirbyte } from '../airbyte/client';
import { createAccess } from '../airbyte/people';
import type { WorkerConfig } from '../config/config';
import type { WorkerMetrics } from '../metrics/worker';
import { createProvisioned } from '../runs/provisioned';
import { createIsRunning } from '../runs/running';
import { tracedCall } from '../tracing/calls';
import type { Tracing } from '../tracing/tracing';
import type { Environment } from './environment';

export interface Made {
  client: Client;
  metrics: WorkerMetrics;
  tracing: Tracing;
  log: Logger;
}

export type Activities = ReturnType<typeof activitiesOf>;

/** All activities, for the descriptors of one environment. */
export const activitiesOf = (
  environment: Environment,
  config: WorkerConfig,
  { client, metrics, tracing, log }: Made,
) => {
  const { fabrics, fabricOf, writtenTo, references, redactor, accessPermission } = environment;
  const { uiUrl, workspaceId } = environment.airbyte;
  const airbyte = createAirbyte({
    ...environment.airbyte,
    redactor,
    log: environment.name === undefined ? log : log.child({ environment: environment.name }),
    observe: (called) => {
      metrics.called(called);
      tracedCall(tracing, called);
    },
    observeLoad: metrics.loadOfOne(),
  });
  void airbyte.find();
  const deps = {
    airbyteFor: airbyte.airbyteFor,
    fabrics,
    fabricOf,
    writtenTo,
    references,
    fingerprintKey: config.fingerprintKey,
  };
  const access = {
    accessFor: createAccess({ http: airbyte.publicHttp, workspaceId, readOne: airbyte.readOne }),
    accessPermission,
  };
  const hrefOf = (path: string) => `${uiUrl}/workspaces/${workspaceId}/${path}`;
  const provisioned = createProvisioned({ client, taskQueue: config.taskQueue });
  return {
    ...createActivities({
      ...deps,
      provisioned,
      workspaceId,
      uiUrl,
      adoptExisting: config.adoptExisting,
      teamOf: environment.teamOf,
      mappersByHand: config.mappersByHand,
    }),
    ...createFabricActivities({ fabricOf }),
    ...createFormerReaderActivities({ fabricOf }),
    ...createReaderActivities({ fabricOf, isInAirbyte: accessPermission !== 'none' }),
    ...createRunActivities({ isRunning: createIsRunning({ client }) }),
    ...createAccessActivities(access),
    ...createAccessChanges({
      ...access,
      grants: createGrantsClient({ client, workspace: environment.grantsOf }),
    }),
    ...createAdoptAllActivities({ ...deps, forbids: environment.forbids }),
    ...createDriftActivities({ ...deps, provisioned, observe: metrics.checkedForDrift }),
    ...createValidationActivities({
      ...deps,
      redact: redactor.redact,
      adoption: { policy: config.adoptExisting, hrefOf, teamOf: environment.teamOf },
      mappersByHand: config.mappersByHand,
    }),
    ...createReverseActivities({
      ...deps,
      hrefOf,
      updatesDialect: config.updatesDialect,
      teamOf: environment.teamOf,
    }),
  };
};
