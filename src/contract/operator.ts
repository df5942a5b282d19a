import ms from 'ms';
import { z } from 'zod';
import { durationLike } from './durations';
import { ProvisioningStatus } from './coordinator';
import { OPERATIONS } from '../../workflows/protocol/run-names';

/*
 * What the operator's commands and routes take and answer. Unknown keys are refused: a filter that
 * was misspelt must not replay more than was meant.
 */

const COMPONENT = /^([a-z0-9_-]+\.){3}[a-z0-9_-]+$/;

const componentName = z
  .string()
  .toLowerCase()
  .overwrite((text) => text.replace(/^urn:dmb:cmp:/, '').replaceAll(':', '.'))
  .refine(
    (text) => COMPONENT.test(text),
    'must be <domain>.<product>.<major>.<component>, or the URN of a component',
  )
  .meta({ description: 'finance.cashflow.0.bookings, or urn:dmb:cmp:finance:cashflow:0:bookings' });

const ENVIRONMENT = /^[A-Za-z0-9._-]+$/;

/** Of an environment, wherever an operator names one. */
export const environmentName = z
  .string()
  .regex(ENVIRONMENT, 'may have only letters, digits, dots, dashes and underscores');

/** Milliseconds: ten years. No namespace keeps runs as long, and a date far enough back is none. */
const LONGEST_SINCE = ms('3650d');

const filter = {
  operation: z.enum(OPERATIONS.provisioning).optional(),
  component: componentName.optional(),
  environment: environmentName.optional(),
  since: durationLike('30m, 24h or 7d')
    // What is no duration is not too long: it is told as what it is.
    .refine((text) => !(ms(text) > LONGEST_SINCE), 'must not be longer than 3650d')
    .optional()
    .meta({
      type: 'string',
      description: 'Only runs that go on or ended within it: 30m, 24h, 7d.',
    }),
};

/** Runs that a list may have. */
const MOST_RUNS = 1000;
const limit = z.int().min(1).max(MOST_RUNS);

/** Which runs: the newest of each token, as many as `limit`. */
export const RunFilter = z
  .strictObject({
    ...filter,
    failed: z.boolean().optional().meta({ description: 'Only Failed, Terminated, TimedOut.' }),
    limit: limit.default(50),
  })
  .meta({ id: 'RunFilter' });
export type RunFilter = z.infer<typeof RunFilter>;

/** The same as texts, which is what a query string has. */
export const RunQuery = z.strictObject({
  ...RunFilter.shape,
  failed: z.stringbool('must be true or false').optional(),
  limit: z.coerce.number('must be a number').pipe(limit).default(50),
});

export const ReplayRequest = z
  .strictObject({
    force: z.boolean().default(false).meta({
      description: 'Replay a run that has completed, or that a later request has superseded.',
    }),
  })
  .meta({ id: 'ReplayRequest' });
export type ReplayRequest = z.infer<typeof ReplayRequest>;

export const ReplayFailedRequest = z
  .strictObject({
    ...filter,
    failed: z.literal(true, 'must be true: only failed runs are replayed together'),
    dryRun: z.boolean().default(false),
  })
  .meta({ id: 'ReplayFailedRequest' });
export type ReplayFailedRequest = z.infer<typeof ReplayFailedRequest>;

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
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

export const RunList = z
  .object({
    runs: z.array(Run),
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

export const Replay = z
  .object({
    token: z.string(),
    outcome: z.enum(['replayed', 'would be replayed', 'already running', 'skipped', 'not started']),
    /** Why it was not replayed. */
    reason: z.string().optional(),
    /** The token of the later request that stands in the way. */
    supersededBy: z.string().optional(),
  })
  .meta({ id: 'Replay' });
export type Replay = z.infer<typeof Replay>;

export const Replays = z.object({ replays: z.array(Replay) }).meta({ id: 'Replays' });
export type Replays = z.infer<typeof Replays>;

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
