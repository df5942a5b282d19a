import type { AccessChanges } from '../activities/access/changes';
import type { FabricActivities } from '../activities/fabric/fabric';
import type { Activities } from '../activities/pipeline/pipeline';

/*
 * How what a run does is called: by the run itself, and by who reads of it without a worker. It takes
 * no values from anywhere, so that both sides may take its own.
 */

/** In the memo of a run whose pending step, or end, tells what it does; so a step costs no change of the memo. */
export const IN_STEPS = 'See its steps';
/** Where there is none just now: the next is to be scheduled. */
export const BETWEEN = 'Between two steps';
/** Where nobody could be asked which step is pending. */
export const SOMEWHERE = 'At one of its steps';

/** Of a run that a worker has begun, before it has said anything. */
export const STARTING = 'Starting';

export const COMPLETED = 'Completed';
export const ENDED_BY_DELETE = 'Ended by a DELETE';
/** What a run says of itself that ends without success, at its end and while it undoes what it did. */
const ENDINGS = ['Failed', 'Cancelled', ENDED_BY_DELETE] as const;
export type Ending = (typeof ENDINGS)[number];
/** What a run says of itself at its end. */
export const ENDS: string[] = [COMPLETED, ...ENDINGS];

/** As part of a data product's run. */
export const IN_PLACE = 'In place; waiting for the other components of the data product';

/** `until`: a time of ISO 8601, in seconds. `system`: `Airbyte`, or as people call a fabric. */
export const settling = (ending: Ending, until: string, system: string) =>
  `${ending}; waiting until ${until} for what ${system} may still do`;
export const undoing = (ending: Ending) => `${ending}; undoing what was done`;
/** Runs of older workers wait without telling until when. */
const UNDOING = new RegExp(`^(${ENDINGS.join('|')}); (undoing|waiting until|waiting for)\\b`);
export const isUndoing = (phase: string) => UNDOING.test(phase);

/** Behind another run of what it is to change. */
export const behind = (token: string) => `Waiting for ${token}, which comes first`;
/** A token has no blanks; its phase may be cut off. */
export const isBehind = (phase: string) => /^Waiting for [^ ]+(,|…$)/.test(phase);

const PUTTING = 'Putting source and destination in place';
const SEALING = 'Writing the secrets of the descriptor';
const DELETING = 'Deleting';

const CLEANING = 'Taking away what there is in the fabric';

/** By the type of the step. */
export const PHASES = {
  inspect: 'Looking at what exists in Airbyte',
  putSource: PUTTING,
  putDestination: PUTTING,
  discover: 'Discovering the streams of the source',
  connect: 'Putting the connection in place',
  putConnection: 'Putting the connection in place',
  prepareFabric: 'Preparing the schema and its grants in the fabric',
  lookBeforeCleanup: CLEANING,
  cleanupFabric: CLEANING,
  sealSource: SEALING,
  sealDestination: SEALING,
  deleteConnection: DELETING,
  deleteSource: DELETING,
  deleteDestination: DELETING,
  retireConnection: 'Pausing the connection whose place is taken',
  recallAccess: 'Looking at who was granted what through the component',
} as const satisfies Partial<Record<keyof (Activities & FabricActivities & AccessChanges), string>>;
