import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  decodeOptionalSinglePayload,
} from '@temporalio/common/lib/internal-non-workflow';
import { optionalTsToDate } from '@temporalio/common/lib/time';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { z } from 'zod';
import { causesOf } from '../../workflows/protocol/causes';
import { isFailureDetails } from '../../workflows/protocol/failure-details';
import { INTERRUPT_SIGNAL } from '../../workflows/protocol/run-names';
import type { Interrupted } from '../../workflows/protocol/run-names';
import type { Step } from '../contract/operator';
import { isOpen } from './running';
import { TO_READ, repeatedly } from '../temporal/calls';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Failure = Pending['lastFailure'];
type Execution = Pick<WorkflowExecutionDescription, 'workflowId' | 'runId'>;

/** Milliseconds for a whole history. */
const HISTORY_DEADLINE = 30_000;

/** An attempt waits for a worker, or for its time. */
const SCHEDULED = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;

/** What the failure of an attempt says about its step; `looks` are attempts that were no tries. */
interface Explanation extends Pick<Step, 'lastError' | 'solution' | 'waitsFor'> {
  looks: number;
}

/** What the description of a run tells of an activity that has not ended. */
export type PendingStep = Omit<Step, 'name' | 'activity'> & { activityId: string };

const Interruption = z.array(
  z.object({ activityId: z.string(), attempts: z.int(), lastError: z.string() }),
);

/** Of an attempt whose worker could leave no word; it may have done all of it. */
const LOST: Explanation = {
  lastError: 'The worker of this attempt ended, or was cut off from Temporal.',
  solution: 'See in the log of that worker what befell it.',
  looks: 0,
};

const isLost = (err: Error) =>
  causesOf(err).some(
    (cause) => cause instanceof TimeoutFailure && cause.timeoutType === 'HEARTBEAT',
  );

/** In the words that the activity found for it; else in Temporal's. */
const explained = (err: Error): Explanation => {
  for (const cause of causesOf(err)) {
    if (!(cause instanceof ApplicationFailure)) continue;
    const details: unknown = cause.details?.[0];
    if (!isFailureDetails(details)) continue;
    const { problem, solution, looks = 0 } = details;
    if (cause.type === 'Waiting') return { waitsFor: problem, looks };
    return { lastError: problem, solution, looks };
  }
  return isLost(err) ? LOST : { lastError: err.message, looks: 0 };
};

/** How a step ended, if the event is the end of one. */
const endIn = (event: Event) => {
  const completed = event.activityTaskCompletedEventAttributes;
  if (completed) return { of: completed.scheduledEventId, state: 'done' as const };
  const failed = event.activityTaskFailedEventAttributes;
  if (failed)
    return { of: failed.scheduledEventId, state: 'failed' as const, failure: failed.failure };
  const timedOut = event.activityTaskTimedOutEventAttributes;
  if (timedOut)
    return {
      of: timedOut.scheduledEventId,
      state: 'timed out' as const,
      failure: timedOut.failure,
    };
  const cancelled = event.activityTaskCanceledEventAttributes;
  return cancelled && { of: cancelled.scheduledEventId, state: 'cancelled' as const };
};

/** Reads what a run was given and what it did; Temporal keeps it for as long as the run. */
export const createRunHistory = ({ client }: { client: Client }) => {
  const converter = client.options.loadedDataConverter;

  const explanationOf = async (failure: Failure): Promise<Explanation> => {
    const err = await decodeOptionalFailureToOptionalError(converter, failure);
    return err ? explained(err) : { looks: 0 };
  };

  /** Of a step that has ended: what it once waited for is over. */
  const explanationAtEnd = async (failure: Failure) => {
    const { looks, waitsFor: _over, ...words } = await explanationOf(failure);
    return { looks, words };
  };

  const scheduledIn = async (event: Event): Promise<[string, Step] | undefined> => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled) return undefined;
    const activity = scheduled.activityType?.name ?? '';
    const summary = event.userMetadata?.summary;
    const name = await decodeOptionalSinglePayload<string>(converter, summary);
    return [
      String(event.eventId),
      { name: name ?? activity, activity, state: 'abandoned', attempts: 0 },
    ];
  };

  /** What steps had met when the run was told to end: of one that waited for its time nothing else says so. */
  const interruptedIn = async (event: Event): Promise<Interrupted[]> => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== INTERRUPT_SIGNAL) return [];
    const [steps] = await decodeArrayFromPayloads(converter, signal.input?.payloads);
    return Interruption.safeParse(steps).data ?? [];
  };

  const openStep = async (activity: Pending): Promise<Partial<Step>> => {
    const { activityId: _, ...step } = await pendingStep(activity);
    return step;
  };

  /** Nobody goes on with a step whose run has ended. */
  const leftStep = async (activity: Pending): Promise<Partial<Step>> => {
    const { attempts, lastError, solution } = await pendingStep(activity);
    return { attempts, lastError, solution };
  };

  const pendingStep = async (activity: Pending): Promise<PendingStep> => {
    const waits = activity.state === SCHEDULED;
    const next = waits ? optionalTsToDate(activity.nextAttemptScheduleTime) : undefined;
    const expires = optionalTsToDate(activity.expirationTime);
    const { looks, ...words } = await explanationOf(activity.lastFailure);
    return {
      activityId: activity.activityId ?? '',
      state: waits || words.waitsFor !== undefined ? 'waiting' : 'running',
      // The attempt that waits has not been made yet.
      attempts: (activity.attempt ?? 1) - (waits ? 1 : 0) - looks,
      ...words,
      nextAttemptAt: next?.toISOString(),
      // Temporal's zero is long ago.
      givesUpAt: expires && expires.getTime() > 0 ? expires.toISOString() : undefined,
    };
  };

  /** Unpacks what the run was started with, which may be large, when it is asked to. */
  const inputOf = async ({ workflowId, runId }: Execution): Promise<() => Promise<unknown[]>> => {
    const { history } = await repeatedly(client, TO_READ, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    return () => decodeArrayFromPayloads(converter, started?.input?.payloads);
  };

  return {
    inputOf,

    /** The arguments the run was started with. */
    argsOf: async (run: Execution): Promise<unknown[]> => (await inputOf(run))(),

    /** The steps that a run is at; without their names, which its history has. */
    pendingIn: ({ raw }: WorkflowExecutionDescription): Promise<PendingStep[]> =>
      Promise.all((raw.pendingActivities ?? []).map(pendingStep)),

    /** The run's activities, in the order they were scheduled. */
    async stepsOf(run: WorkflowExecutionDescription): Promise<Step[]> {
      const { events } = await client.withDeadline(Date.now() + HISTORY_DEADLINE, () =>
        client.workflow.getHandle(run.workflowId, run.runId).fetchHistory(),
      );
      const steps = new Map<string, Step>();
      const scheduledBy = new Map<unknown, unknown>();
      const update = (of: unknown, more: Partial<Step>) => {
        const step = steps.get(String(of));
        if (step) Object.assign(step, more);
      };
      const goesOn = isOpen(run);
      const pending = new Map(run.raw.pendingActivities?.map((each) => [each.activityId, each]));
      for (const event of events ?? []) {
        const scheduled = await scheduledIn(event);
        if (scheduled) steps.set(...scheduled);
        const activityId = event.activityTaskScheduledEventAttributes?.activityId;
        if (activityId) scheduledBy.set(activityId, event.eventId);
        for (const { activityId: id, ...met } of await interruptedIn(event))
          update(scheduledBy.get(id), met);
        const waiting = pending.get(activityId);
        if (waiting) update(event.eventId, await (goesOn ? openStep : leftStep)(waiting));
        const started = event.activityTaskStartedEventAttributes;
        if (started) {
          const { looks, words } = await explanationAtEnd(started.lastFailure);
          const attempts = (started.attempt ?? 1) - looks;
          update(started.scheduledEventId, { attempts, ...words });
        }
        const end = endIn(event);
        if (!end) continue;
        const { words } = await explanationAtEnd(end.failure);
        // What went wrong before is still worth knowing; to be done about it there is nothing.
        const isDone = end.state === 'done';
        update(end.of, { state: end.state, ...words, ...(isDone && { solution: undefined }) });
      }
      return [...steps.values()];
    },
  };
};
export type RunHistory = ReturnType<typeof createRunHistory>;
