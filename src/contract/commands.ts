import ms from 'ms';
import { z } from 'zod';
import { durationIn, durationLike } from './durations';
import { OPERATIONS } from '../../workflows/protocol/run-names';

/*
 * What the operator's commands and routes take. Unknown keys are refused: a filter that
 * was misspelt must not replay more than was meant.
 */

const COMPONENT = /^([a-z0-9_-]+\.){3}[a-z0-9_-]+$/;

/** Of a component, wherever an operator names one. */
export const componentName = z
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
    .refine((text) => !(durationIn(text) > LONGEST_SINCE), 'must not be longer than 3650d')
    .optional()
    .meta({
      type: 'string',
      description: 'Only runs that go on or ended within it: 30m, 24h, 7d.',
    }),
};

/** Runs that a list may have. */
const MOST_RUNS = 1000;
const limit = z.int().min(1).max(MOST_RUNS);

/** Filters of which the one contradicts the other. */
const APART = [
  ['stuck', 'failed', 'what failed goes on no more'],
  ['running', 'failed', 'what failed goes on no more'],
  ['stuck', 'running', 'what is stuck goes on'],
] as const;

type State = (typeof APART)[number][0 | 1];

const ofOneState = (
  given: Partial<Record<State, boolean | undefined>>,
  { addIssue }: Pick<z.RefinementCtx, 'addIssue'>,
) => {
  const apart = APART.find(([one, other]) => given[one] && given[other]);
  if (!apart) return;
  const [one, other, why] = apart;
  addIssue({ code: 'custom', path: [one], message: `and ${other} do not go together: ${why}` });
};

/** Which runs: the newest of each token, as many as `limit`. */
export const RunFilter = z
  .strictObject({
    ...filter,
    failed: z.boolean().optional().meta({ description: 'Only Failed, Terminated, TimedOut.' }),
    running: z.boolean().optional().meta({ description: 'Only those that go on.' }),
    stuck: z.boolean().optional().meta({
      description:
        'Only those that go on, but whose step fails each time, that no worker takes, or that have gone on for 26 hours; whatever they do.',
    }),
    limit: limit.default(50),
  })
  .superRefine(ofOneState)
  .meta({ id: 'RunFilter' });
export type RunFilter = z.infer<typeof RunFilter>;

const flag = z.stringbool('must be true or false').optional();

/** The same as texts, which is what a query string has. */
export const RunQuery = z
  .strictObject({
    ...RunFilter.shape,
    failed: flag,
    running: flag,
    stuck: flag,
    limit: z.coerce.number('must be a number').pipe(limit).default(50),
  })
  .superRefine(ofOneState);

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
