import type { AccessActivities } from '../../activities/access/access';
import type { AccessChanges } from '../../activities/access/changes';
import type { AdoptionActivities } from '../../activities/adoption/adoption';
import type { DriftActivities } from '../../activities/drift/drift';
import type { FabricActivities } from '../../activities/fabric/fabric';
import type { FormerReaderActivities } from '../../activities/fabric/former-readers';
import type { ReaderActivities } from '../../activities/fabric/readers';
import type { Activities } from '../../activities/pipeline/pipeline';
import type { ReverseActivities } from '../../activities/reverse/reverse';
import type { RunActivities } from '../../activities/follow-run';
import type { ValidationActivities } from '../../activities/validation/validation';
import type { FailureCause, RunEnd, UndoEnd } from '../../workflows/run/metrics';
import { NO_ANSWERS } from '../airbyte/apis';

/* The values of labels of a worker's metrics that no other room has a list of. */

type Step = keyof (Activities &
  AccessActivities &
  AccessChanges &
  AdoptionActivities &
  DriftActivities &
  FabricActivities &
  FormerReaderActivities &
  ReaderActivities &
  ReverseActivities &
  RunActivities &
  ValidationActivities);

/** A record, so that the compiler misses none. */
const ALL_STEPS: Record<Step, true> = {
  inspect: true,
  prepareFabric: true,
  unprepareFabric: true,
  lookBeforeCleanup: true,
  cleanupFabric: true,
  restoreFabric: true,
  findReaders: true,
  grantReaders: true,
  restoreReaders: true,
  findFormerReaders: true,
  revokeFormerReaders: true,
  giveBackFormerReaders: true,
  putSource: true,
  putDestination: true,
  discover: true,
  putConnection: true,
  connect: true,
  sealSource: true,
  sealDestination: true,
  retireConnection: true,
  restoreSource: true,
  restoreDestination: true,
  restoreConnection: true,
  deleteSource: true,
  deleteDestination: true,
  deleteConnection: true,
  removeTags: true,
  prepareClear: true,
  startClear: true,
  followClear: true,
  clearData: true,
  startFirstSync: true,
  followSync: true,
  followRun: true,
  findPeople: true,
  lookAtAccess: true,
  grantAccess: true,
  revokeAccess: true,
  recallAccess: true,
  giveAccess: true,
  takeAccess: true,
  restoreAccess: true,
  forgetAccess: true,
  changedAccess: true,
  moveAccess: true,
  planAdoption: true,
  adoptRows: true,
  checkWorkspace: true,
  checkConnectors: true,
  checkNames: true,
  checkConfiguration: true,
  checkStreams: true,
  tryConnector: true,
  checkFabric: true,
  readPipeline: true,
  foresee: true,
  compare: true,
};
export const STEPS = Object.keys(ALL_STEPS);

/** How an attempt of a step ended. After `waiting`, `retried` and `handed_back` comes another. */
export const ATTEMPTS = [
  'completed',
  /** What it waits for goes on elsewhere. */
  'waiting',
  'retried',
  /** Its worker stops. */
  'handed_back',
  'cancelled',
  /** By Airbyte or by us: trying again would not help. */
  'refused',
  /** Airbyte did not do it in the time that the step had. */
  'unavailable',
  /** A mistake of ours. */
  'broken',
] as const;
export type AttemptEnd = (typeof ATTEMPTS)[number];

/** How a run ends; one that Temporal ends, as an operator terminates it, can tell nobody. */
export const RUN_ENDS = ['completed', 'failed', 'cancelled'] as const satisfies RunEnd[];

export const FAILURE_CAUSES = [
  /** Airbyte did not do something in the time that its step had. */
  'unavailable',
  /** By Airbyte or by us: the descriptor, or what the provisioner may do there. */
  'refused',
  /** A mistake of ours, or a worker that was lost. */
  'broken',
] as const satisfies FailureCause[];

/** Of what a run made or changed. `retired`: a connection that gave way to another; `fabric`: what is in one. */
export const ENTITIES = [
  'source',
  'destination',
  'connection',
  'retired',
  'fabric',
  'permission',
] as const;

export const UNDO_ENDS = ['undone', 'partly_undone', 'left_behind'] as const satisfies UndoEnd[];

/** Of Airbyte or a fabric: the HTTP status, or why there was none. */
export const ANSWERS = [
  ...[200, 201, 202, 204, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415],
  ...[422, 423, 429, 500, 501, 502, 503, 504],
  ...NO_ANSWERS,
].map(String);
