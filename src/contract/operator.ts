import { z } from 'zod';
import { ProvisioningStatus } from './coordinator';

/* What the operator's commands and routes answer. */

export const Run = z
  .object({
    token: z.string(),
    operation: z.string(),
    environment: z.string(),
    /** `<domain>.<product>.<major>`. */
    dataProduct: z.string(),
    /** `<domain>.<product>.<major>.<component>`; empty of a run of the whole data product. */
    component: z.string(),
    /** In Temporal's own words. A Terminated run undid nothing, a Canceled one (by DELETE, too) did. */
    execution: z.enum(['Running', 'Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut']),
    /** What the run does, or did last, in a few words. */
    phase: z.string(),
    startedAt: z.iso.datetime(),
    closedAt: z.iso.datetime().optional(),
    runId: z.string(),
    /** The run in the Temporal UI. */
    href: z.string().optional(),
    why: z.string().optional().meta({
      description:
        'Of a run that ended without success its first problem; of one that goes on, what its step met when it was last tried.',
    }),
    cause: z.string().optional().meta({
      description: 'The same without what differs from run to run: names, ids, paths.',
    }),
    attempts: z.int().optional().meta({
      description:
        'Of a run that goes on: how often its step, which is tried again by itself, was tried.',
    }),
    givesUpAt: z.iso.datetime().optional().meta({
      description:
        'When that step is given up, and the run fails, if it has not succeeded by then.',
    }),
    supersededBy: z.string().optional().meta({
      description: 'Of a run without success: the token of the newest request for the same since.',
    }),
    notKnown: z.string().optional().meta({
      description:
        'Why it is not known what the run met, or whether a later request has superseded it.',
    }),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

/** Runs of a list that are not done for the same reason. */
export const Cause = z
  .object({
    cause: z.string(),
    /** Those that no later request has superseded. */
    open: z.int(),
    superseded: z.int(),
    /** When the first of them began. */
    since: z.iso.datetime(),
    /** Of the open ones, or else of all, the one that began last. */
    token: z.string(),
  })
  .meta({ id: 'Cause' });
export type Cause = z.infer<typeof Cause>;

export const RunList = z
  .object({
    runs: z.array(Run),
    /** Of these runs, the most frequent first. */
    causes: z.array(Cause),
    /** Whether there are more than `limit`. */
    more: z.boolean(),
  })
  .meta({ id: 'RunList' });
export type RunList = z.infer<typeof RunList>;

/** An activity with all its attempts; it is abandoned if its run was ended without it. */
export const Step = z
  .object({
    name: z.string(),
    activity: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'timed out', 'cancelled', 'abandoned']),
    attempts: z.int(),
    /** What the last attempt that failed said, and what to do about it. */
    lastError: z.string().optional(),
    solution: z.string().optional(),
    /** What goes on elsewhere that a step waits for; looks at it are no attempts. */
    waitsFor: z.string().optional(),
    /** When a step that waits is tried again, or looks again. */
    nextAttemptAt: z.iso.datetime().optional(),
    /** When it is given up, if it has not succeeded by then. */
    givesUpAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Step' });
export type Step = z.infer<typeof Step>;

/** A source, destination or connection in Airbyte. */
export const Entity = z
  .object({
    kind: z.enum(['source', 'destination', 'connection']),
    id: z.string(),
    name: z.string(),
  })
  .meta({ id: 'Entity' });
export type Entity = z.infer<typeof Entity>;

/** What of the component is in Airbyte. */
export const InAirbyte = z
  .object({
    /** What is there now; absent where nobody could look. */
    now: z.array(Entity).optional(),
    /** What the run's status tells: the ids it knew, and what it could not undo or delete. */
    ids: z.record(z.string(), z.string()),
    leftBehind: z.array(z.string()),
    /** What the above means, and what to do where it is not the whole truth. */
    note: z.string(),
  })
  .meta({ id: 'InAirbyte' });
export type InAirbyte = z.infer<typeof InAirbyte>;

export const RunDetails = Run.extend({
  status: ProvisioningStatus.shape.status,
  result: z.string(),
  steps: z.array(Step),
  airbyte: InAirbyte,
}).meta({ id: 'RunDetails' });
export type RunDetails = z.infer<typeof RunDetails>;

const OUTCOMES = [
  'replayed',
  'would be replayed',
  'already running',
  'skipped',
  'not started',
] as const;

export const Replay = z
  .object({
    token: z.string(),
    outcome: z.enum(OUTCOMES),
    /** Why it was not replayed. */
    reason: z.string().optional(),
    /** The token of the later request that stands in the way. */
    supersededBy: z.string().optional(),
  })
  .meta({ id: 'Replay' });
export type Replay = z.infer<typeof Replay>;

export const Replays = z
  .object({
    replays: z.array(Replay),
    totals: z.partialRecord(z.enum(OUTCOMES), z.int()).meta({ description: 'By outcome.' }),
    superseded: z.int().meta({
      description: 'How many of those skipped are so as a later request has come.',
    }),
  })
  .meta({ id: 'Replays' });
export type Replays = z.infer<typeof Replays>;

/** Replays with how many there are of each outcome. */
export const summed = <One extends Replay>(replays: One[]) => {
  const totals: Replays['totals'] = {};
  for (const { outcome } of replays) totals[outcome] = (totals[outcome] ?? 0) + 1;
  const superseded = replays.filter(({ supersededBy }) => supersededBy !== undefined).length;
  return { replays, totals, superseded };
};

export const Cancellation = z
  .object({
    token: z.string(),
    outcome: z.enum(['cancelling', 'had ended']),
    /** Of a run that had ended. */
    status: ProvisioningStatus.shape.status.optional(),
    message: z.string(),
  })
  .meta({ id: 'Cancellation' });
export type Cancellation = z.infer<typeof Cancellation>;

/** What `keys list` tells of one key. */
export interface KeyUse {
  id: string;
  /** Whether its file is in the folder of keys. */
  isHere: boolean;
  isCurrent: boolean;
  openRuns: number;
  keptHistories: number;
  schedules: number;
  /** One of those that need it: a token, or the id of a workflow or schedule. */
  example: string | undefined;
  /** When Temporal forgets the last history that needs it; undefined while a run or schedule goes on, or none does. */
  neededUntil: string | undefined;
}

export interface KeyUses {
  keys: KeyUse[];
  /** Runs and schedules that were looked at. */
  records: number;
  inClear: number;
}
