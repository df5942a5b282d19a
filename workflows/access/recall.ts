import {
  ApplicationFailure,
  ParentClosePolicy,
  patched,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type { FailureDetails } from '../protocol/failure-details';
import { hashOf } from '../grantees/shards';
import type { UpdateAclInput } from '../input';
import { holdAccess, isHeld, letGoOfAccess } from '../run/lease';
import { moveGrants } from './move-grants';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';

/** Characters of a lease's id for what it is of: PostgreSQL keeps 255 of an id. */
const MAX_LEASED = 255 - 'access.'.length;
/** Times it is asked whether all is moved, and how long between: ten minutes together. */
const MOST_LOOKS = 300;
const BETWEEN_LOOKS = '2s';

export type OfComponent = Pick<UpdateAclInput, 'component' | 'taskQueue'>;

/** Two components of one short name would only wait for each other. */
const leased = ({ component, taskQueue }: OfComponent) => {
  const name = `${taskQueue}.${component.key.replace('/', '.')}`;
  if (name.length <= MAX_LEASED) return name;
  const digits = `~${hashOf(name).toString(16)}`;
  return `${name.slice(0, MAX_LEASED - digits.length)}${digits}`;
};

/** Holds who has access through a component: one run at a time changes it. */
export const holdAccessOf = (of: OfComponent, run: Run) => holdAccess(leased(of), run);

export type AccessLease = ReturnType<typeof accessLease>;

/**
 * The same for a run that changes more of the component, and holds that before: who changes access only
 * waits for nothing else, so that no two runs wait for each other.
 */
export const accessLease = (of: OfComponent, run: Run) => {
  let isOwn = false;
  return {
    /** Until the run ends, or lets go of it; whether it was not held before. */
    hold: async () => {
      if (isOwn) return false;
      await holdAccessOf(of, run);
      isOwn = true;
      return true;
    },
    letGo: async () => {
      if (isOwn) isOwn = !(await letGoOfAccess(leased(of)));
    },
  };
};

const notMoved = (taskQueue: string) => {
  const details: FailureDetails = {
    problem: `What was granted by an earlier version is not moved yet: the workflow moveGrants.${taskQueue} waits for runs that were begun by that version.`,
    solution: 'Send the request again when those runs have ended.',
  };
  const { problem: message } = details;
  return ApplicationFailure.create({ message, nonRetryable: true, details: [details] });
};

/** Waits no longer than those do for whom another run moves it: it may take as long as old runs do. */
export const isBounded = () => patched('access-is-waited-for-within-bounds');

const environmentOf = (component: string) => component.split('/')[0] ?? '';

const move = async (taskQueue: string, component: string) => {
  const summary = 'What was granted before is moved';
  try {
    const child = await startChild(moveGrants, {
      workflowId: `moveGrants.${taskQueue}`,
      args: [{ taskQueue, environment: environmentOf(component) }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: 'Moves who was granted what to where it is remembered now',
    });
    const moved = child.result();
    await (isBounded() ? Promise.race([moved, sleep(BETWEEN_LOOKS, { summary })]) : moved);
  } catch (err) {
    if (!isHeld(err)) throw err;
    await sleep(BETWEEN_LOOKS, { summary });
  }
};

/**
 * The same while what an earlier version remembers is not moved: waits for nothing. Undefined where a
 * worker answers that cannot tell.
 */
export const recallUnmoved = async (
  { component: { key: component }, taskQueue }: OfComponent,
  steps: Steps,
): Promise<string[] | undefined> => {
  const step = steps('Recall whom the component gives access to');
  const { isMoved, people, unmoved } = await step.recallAccess({
    component,
    taskQueue,
    unmoved: true,
  });
  return isMoved ? people : unmoved;
};

/**
 * Keys of those whom a component gives access to, or has begun to. Starts nothing, unless a workflow
 * of an earlier version remembers who was granted what.
 */
export const recallPeople = async (
  { component: { key: component }, taskQueue }: OfComponent,
  run: Run,
  steps: Steps,
): Promise<string[]> => {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const step = steps('Recall whom the component gives access to');
    const { isMoved, people } = await step.recallAccess({ component, taskQueue });
    if (isMoved) return people;
    if (looks === 0) {
      run.info(`Waits until what was granted before is moved (moveGrants.${taskQueue})`);
      if (isBounded()) run.phase('Waiting until what was granted before is moved');
    }
    await move(taskQueue, component);
  }
  throw notMoved(taskQueue);
};
