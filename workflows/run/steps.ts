import {
  defineQuery,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { AccessActivities } from '../../activities/access/access';
import type { AccessChanges } from '../../activities/access/changes';
import type { FailureDetails } from '../../activities/last-word';
import type { Activities } from '../../activities/pipeline/pipeline';
import type { RunActivities } from '../../activities/runs';
import type { Log, ProvisioningStatus } from '../../src/contract/coordinator';
import { COMPLETED, IN_STEPS, PHASES } from '../phases';
import type { STATUS_QUERY, TERMINATE_SIGNAL } from '../../src/contract/run-words';
import { asDetails, asLine, asPhase, createLog } from './limits';
import { summarized } from './failure';
import type { Retry } from '../input';

/** Temporal takes 400 bytes of summary; a character may need four. */
const MAX_SUMMARY = 100;

/** A worker that died is noticed after this time. */
const HEARTBEAT_TIMEOUT = '10s';

/** Milliseconds a step of a run that changes nothing is tried: someone waits for its answer. */
const PATIENCE = 60_000;

export const inPatience = (retry: Retry): Retry => ({
  ...retry,
  giveUpAfter: Math.min(retry.giveUpAfter, PATIENCE),
});

const statusQuery = defineQuery<ProvisioningStatus, [], typeof STATUS_QUERY>('status');

/** Comes with a cancellation that the Coordinator asked for, which it wants to see in the status. */
const terminateSignal = defineSignal<[], typeof TERMINATE_SIGNAL>('terminate');

PHASES satisfies Partial<Record<keyof Activities, string>>;

/** The activities, each call with the line the Temporal UI shows for it. */
export const activitiesFor =
  <Of = Activities & AccessActivities & AccessChanges>(retry: Retry) =>
  (summary: string, options: ActivityOptions = {}) =>
    summarized(
      proxyActivities<Of>({
        summary: summary.slice(0, MAX_SUMMARY),
        heartbeatTimeout: HEARTBEAT_TIMEOUT,
        scheduleToCloseTimeout: retry.giveUpAfter,
        // An undo must not begin while the step it undoes still writes.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        retry: {
          initialInterval: retry.initial,
          maximumInterval: retry.maxInterval,
          backoffCoefficient: 2,
        },
        ...options,
      }),
      summary,
    );

/** One look of a step that may wait as long as it takes. */
const ONE_LOOK = '1m';

/** Waiting for other runs: neither a slot nor events, however long it takes. */
export const forRuns = (summary: string) =>
  proxyActivities<RunActivities>({
    summary: summary.slice(0, MAX_SUMMARY),
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    startToCloseTimeout: ONE_LOOK,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
export type Steps = ReturnType<typeof activitiesFor<Activities & AccessActivities & AccessChanges>>;

export type Run = ReturnType<typeof startRun>;

/** Lines of the details that may be shown. */
const MAX_LINES = 200;

const MARKS = { DEBUG: '·', INFO: '✓', WARNING: '⚠', ERROR: '✗' };

/**
 * What a run tells about itself while it goes on: a log for the Coordinator (the `status` query),
 * the phase in the memo (readable without a worker), and details for the operator in the UI.
 * `more` has lines that belong to the phase while it lasts.
 */
export const startRun = (more: () => string[] = () => []) => {
  const { entries: logs, add } = createLog<Log>();
  const lines: string[] = [];
  let current = '';
  let isInSteps = false;

  const show = () => {
    const state = more().map((line) => `- ${line}`);
    setCurrentDetails(asDetails([`**${current}**`, ...state, ''], lines));
  };
  const log = (level: Log['level']) => (message: string, href?: string) => {
    add({ timestamp: new Date().toISOString(), level, message, phase: current });
    const line = asLine(message);
    lines.push(`- ${MARKS[level]} ${href ? `[${line}](${href})` : line}`);
    if (lines.length > MAX_LINES) lines.shift();
    show();
  };

  const phase = (words: string) => {
    current = asPhase(words);
    isInSteps = false;
    upsertMemo({ phase: current });
    show();
  };
  /** A change of the memo is a command, an event and a write to the index: too much for each step. */
  const lean = (words: string) => {
    current = words;
    if (!isInSteps) upsertMemo({ phase: IN_STEPS });
    isInSteps = true;
    show();
  };

  let terminating = false;
  let endReason: FailureDetails | undefined;

  setHandler(statusQuery, () => ({
    status: terminating ? 'TERMINATING' : 'RUNNING',
    result: [current, ...more()].filter(Boolean).join('\n'),
    logs,
  }));
  setHandler(terminateSignal, () => {
    terminating = true;
    upsertMemo({ terminating });
  });
  return {
    logs,
    /** Whether the Coordinator has asked for the end of this run. */
    isTerminating: () => terminating,
    /** Why the run of its data product has told this one to end. */
    endReason: () => endReason,
    endFor: (reason: FailureDetails) => {
      endReason = reason;
    },
    /** A few words on what the run now does, for people. */
    phase,
    /** The same while a step of the type is pending: of a lean run that tells it (src/runs/phase.ts). */
    step: (type: keyof typeof PHASES, isLean: boolean) =>
      isLean ? lean(PHASES[type]) : phase(PHASES[type]),
    /** Its end tells it too, where the memo leaves it to the steps. */
    completed: (isLean: boolean) => (isLean && isInSteps ? lean(COMPLETED) : phase(COMPLETED)),
    info: log('INFO'),
    warn: log('WARNING'),
    error: log('ERROR'),
  };
};
