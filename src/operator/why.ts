import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import type { ProvisioningStatus } from '../contract/coordinator';
import type { Cause, Run } from '../contract/operator';
import { causesOf as errorsIn } from '../../workflows/protocol/causes';
import { WAITING } from '../../workflows/protocol/run-names';
import { shortened } from '../../workflows/protocol/lengths';
import type { PendingStep, RunHistory } from '../runs/history';
import { causeOf } from './cause';
import { notAnswered } from './unanswered';

/* Why a run is not done, in a line, and how many are not for the same reason. */

/** Characters of a line of a list; the run itself tells all of it. */
const MAX_WHY = 500;
/** Milliseconds after which a run that no worker has begun is stuck. */
const BEGUN_WITHIN = 60_000;

/** Milliseconds after which a run is stuck whatever it does: none of its steps waits for longer than a day. */
const ENDED_WITHIN = 26 * 3_600_000;

type Why = Pick<Run, 'why' | 'cause' | 'attempts' | 'givesUpAt' | 'notKnown'>;

const because = (problem: string | undefined): Why => {
  if (problem === undefined || problem === '') return {};
  return { why: shortened(problem, MAX_WHY), cause: causeOf(problem) };
};

/** Of a run that ended without success. */
export const whyEnded = ({ info, result }: ProvisioningStatus): Why => {
  const [first] = [info?.privateInfo.problems ?? []].flat();
  return because(first ?? result.split('\n')[0]);
};

/** Of a run of which Temporal does not tell it. */
export const whyUntold = (err: unknown) => ({
  cause: 'Not known',
  notKnown: `${notAnswered(err).message} (${errorsIn(err).at(-1)?.message ?? ''})`,
});

/** Of several that are tried the one that was tried most. */
const hardest = (steps: PendingStep[]) =>
  steps
    .filter(({ lastError }) => lastError !== undefined)
    .toSorted((one, other) => other.attempts - one.attempts)[0];

/** Of a run that goes on. */
export const createWhyOpen =
  ({ history }: { history: Pick<RunHistory, 'pendingIn'> }) =>
  async (run: WorkflowExecutionDescription): Promise<Why> => {
    const step = hardest(await history.pendingIn(run));
    if (step) {
      const { attempts, givesUpAt, lastError } = step;
      return { ...because(lastError), attempts, ...(givesUpAt && { givesUpAt }) };
    }
    if (isUnbegun(run)) return because('No worker has begun the run.');
    return isOld(run) ? because('The run has gone on for longer than 26 hours.') : {};
  };

const isUnbegun = ({ memo, startTime }: Pick<WorkflowExecutionInfo, 'memo' | 'startTime'>) =>
  memo?.phase === WAITING && startTime.getTime() + BEGUN_WITHIN < Date.now();

const isOld = ({ startTime }: Pick<WorkflowExecutionInfo, 'startTime'>) =>
  startTime.getTime() + ENDED_WITHIN < Date.now();

const newest = (runs: Run[]) =>
  runs.toSorted((one, other) => other.startedAt.localeCompare(one.startedAt));

const counted = (cause: string, runs: Run[]): Cause => {
  const open = runs.filter(({ supersededBy }) => supersededBy === undefined);
  const all = newest(runs);
  return {
    cause,
    open: open.length,
    superseded: runs.length - open.length,
    since: all.at(-1)?.startedAt ?? '',
    token: (newest(open)[0] ?? all[0])?.token ?? '',
  };
};

/** What matters most first. */
export const causesOf = (runs: Run[]): Cause[] => {
  const byCause = new Map<string, Run[]>();
  for (const run of runs)
    if (run.cause !== undefined) byCause.set(run.cause, [...(byCause.get(run.cause) ?? []), run]);
  return [...byCause]
    .map(([cause, some]) => counted(cause, some))
    .toSorted((one, other) => other.open - one.open || other.superseded - one.superseded);
};
