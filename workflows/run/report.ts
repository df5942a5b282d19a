import {
  defineQuery,
  upsertMemo,
  setHandler,
  setCurrentDetails,
  defineSignal,
  workflowInfo,
} from '@temporalio/workflow';
import { createLog, asDetails, asLine, asPhase } from './limits';
import { IN_STEPS, PHASES, COMPLETED, STARTING } from '../phases';
import { INTERRUPT_SIGNAL, STATUS_QUERY, TERMINATE_SIGNAL } from '../protocol/run-names';
import type { Interrupted } from '../protocol/run-names';
import { TRACE_MEMO } from '../protocol/tracing';
import type { ProvisioningStatus, Log } from '../../src/contract/coordinator';
import type { FailureDetails } from '../protocol/failure-details';

const statusQuery = defineQuery<ProvisioningStatus>(STATUS_QUERY);

/** Comes with a cancellation that the Coordinator asked for, which it wants to see in the status. */
const terminateSignal = defineSignal(TERMINATE_SIGNAL);

const interruptSignal = defineSignal<[Interrupted[]]>(INTERRUPT_SIGNAL);

export type Run = ReturnType<typeof startRun>;

/** Lines of the details that may be shown. */
const MAX_LINES = 200;

const MARKS = { DEBUG: '·', INFO: '✓', WARNING: '⚠', ERROR: '✗' };

const timesOf = (count: number) => (count === 1 ? 'once' : `${String(count)} times`);

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

  // Not shown before there is a phase: `more` may not be ready. A data product's run tells it for all.
  const { memo, parent } = workflowInfo();
  const traceId: unknown = memo?.[TRACE_MEMO];
  if (typeof traceId === 'string' && !parent) {
    const message = `The trace of this run is ${asLine(traceId)}.`;
    add({ timestamp: new Date().toISOString(), level: 'INFO', message });
    lines.push(`- ${MARKS.INFO} ${message}`);
  }

  let terminating = false;
  let endReason: FailureDetails | undefined;

  setHandler(statusQuery, () => ({
    status: terminating ? 'TERMINATING' : 'RUNNING',
    result: [current || STARTING, ...more()].filter(Boolean).join('\n'),
    logs,
  }));
  const told = new Set<string>();
  setHandler(interruptSignal, (steps) => {
    // Each that tells the run to end tells it, too.
    const untold = steps.filter(({ activityId }) => !told.has(activityId));
    for (const { activityId, attempts, lastError } of untold) {
      told.add(activityId);
      log('WARNING')(
        `The run was told to end when a step had been tried ${timesOf(attempts)}: ${lastError}`,
      );
    }
  });
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
    /** As it was told last. */
    doing: () => current,
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
