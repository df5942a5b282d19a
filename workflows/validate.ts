import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  patched,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Check, ValidationActivities } from '../activities/validation';
import type { ValidationStatus } from '../src/contract';
import type { KnownIds, Plan } from '../src/descriptor';
import { detailsIn, explain, isAirbytes } from './failure';
import type { Retry } from './input';
import { inLanes } from './lanes';
import { activitiesFor, inPatience, startRun } from './run';
import { recordFor } from './validation-record';

/** A component to validate. */
export interface ToValidate {
  plan: Plan;
  known: KnownIds;
  /** The path of its `specific` in the descriptor, for what is found there. */
  at: string;
}

export interface ValidateInput {
  components: ToValidate[];
  /** What is wrong already: the descriptor cannot be read. */
  problems: string[];
  /** What the descriptor says to no effect. */
  warnings: string[];
  retry: Retry;
}

const KINDS = ['source', 'destination'] as const;

/** Checks at once: as many calls as a worker has in flight to Airbyte, so that no slot only waits. */
const LANES = 3;
/** How often the patience with one step the whole may take: 5 minutes, if that is a minute. */
const PATIENCES = 5;

type Steps = ReturnType<typeof stepsOf>;

/**
 * A step waits for a free slot for as long as the patience is at most, is tried for as long, and
 * ends with the time of the whole.
 */
const stepsOf = (retry: Retry) => {
  const patient = inPatience(retry);
  const patience = patient.giveUpAfter;
  const activities = activitiesFor<ValidationActivities>(patient);
  const end = Date.now() + PATIENCES * patience;
  const left = () => end - Date.now();
  return {
    isOver: () => left() <= 0,
    within: Math.round((PATIENCES * patience) / 1000),
    step: (summary: string, options: ActivityOptions = {}) => {
      const time = (most: number) => Math.max(1, Math.min(most, left()));
      return activities(summary, {
        scheduleToStartTimeout: time(patience),
        startToCloseTimeout: time(patience),
        scheduleToCloseTimeout: time(2 * patience),
        ...options,
      });
    },
  };
};

const timedOut = (err: unknown, seconds: number) => {
  const { cause } = err instanceof ActivityFailure ? err : {};
  if (!(cause instanceof TimeoutFailure)) return undefined;
  const lastWord = detailsIn(err)?.problem;
  if (lastWord !== undefined) return `was not checked in time. ${lastWord}`;
  return cause.timeoutType === 'SCHEDULE_TO_START'
    ? 'was not checked: no worker had room for it in time'
    : `was not checked in time: the validation ends after ${String(seconds)} s`;
};

/** What keeps a step from being done is a finding too, and leaves open what it would have told. */
const orFinding = async (
  step: Promise<Check[]>,
  { verdict, at, within }: Pick<Check, 'verdict' | 'at'> & { within: number },
): Promise<Check[]> => {
  try {
    return await step;
  } catch (err) {
    if (isCancellation(err) || !(err instanceof ActivityFailure)) throw err;
    const { problem, solution } = explain(err);
    if (!isAirbytes(err) || detailsIn(err)?.outOfTime) {
      const message = timedOut(err, within) ?? `${problem} ${solution}`;
      return [{ verdict: 'not possible', at, message }];
    }
    // A refusal of our own may have a path of its own.
    const [, inner, rest] = /^(specific\.\S+): (.*)$/s.exec(problem) ?? [];
    const where = inner === undefined ? at : at.replace(/specific\..*$/, inner);
    return [{ verdict, at: where, message: `${rest ?? problem} ${solution}` }];
  }
};

const isBroken = (checks: Check[], at: string) =>
  checks.some((check) => check.verdict === 'failed' && check.at.startsWith(at));

interface End {
  component: ToValidate;
  kind: (typeof KINDS)[number];
}

const openEnd = (at: string, within: number): Check[] => [
  {
    verdict: 'not possible',
    at,
    message: `was not checked: the validation ends after ${String(within)} s`,
  },
];

/** The configuration of a source or destination, and whether Airbyte reaches it. */
const checkEnd = async ({ step, isOver, within }: Steps, end: End): Promise<Check[]> => {
  const { component, kind } = end;
  const at = `${component.at}.${kind}`;
  if (isOver()) return openEnd(at, within);
  const { name } = component.plan[kind];
  const configuration = await orFinding(step(`Configuration of ${name}`).checkConfiguration(end), {
    verdict: 'failed',
    at,
    within,
  });
  if (isBroken(configuration, at)) return configuration;
  if (isOver()) return [...configuration, ...openEnd(at, within)];
  const tried = await orFinding(
    step(`Airbyte's own check of ${name}`, { retry: { maximumAttempts: 2 } }).tryConnector(end),
    { verdict: 'not possible', at, within },
  );
  return [...configuration, ...tried];
};

/** The streams, where the names have told that the component's source and destination are there. */
const checkStreams = async (
  { step, isOver, within }: Steps,
  { component, names }: { component: ToValidate; names: Check[] },
): Promise<Check[]> => {
  const at = `${component.at}.connection.streams`;
  const idOf = (kind: End['kind']) =>
    names.find((check) => check.at === `${component.at}.${kind}` && check.id !== undefined)?.id;
  const [sourceId, destinationId] = [idOf('source'), idOf('destination')];
  if (sourceId === undefined || destinationId === undefined) {
    const message = 'are looked at when it is deployed, as its source is not in Airbyte yet';
    return [{ verdict: 'not possible', at, message }];
  }
  if (isOver()) return openEnd(at, within);
  const { name } = component.plan.source;
  return orFinding(
    step(`Streams of ${name}`, { retry: { maximumAttempts: 2 } }).checkStreams({
      component,
      sourceId,
      destinationId,
    }),
    { verdict: 'not possible', at, within },
  );
};

const fail = (err: unknown): never => {
  const { problem, solution } = explain(err);
  const errors = [`The descriptor was not validated. ${problem} ${solution}`];
  const status: ValidationStatus = {
    status: 'FAILED',
    info: { publicInfo: { valid: false, error: { errors } } },
  };
  throw ApplicationFailure.create({
    message: errors.join('\n'),
    type: 'ValidationFailed',
    nonRetryable: true,
    details: [status],
    ...(err instanceof Error && { cause: err }),
  });
};

/**
 * The verdict on a descriptor, with all that is wrong with it at once: what reading it has found, and
 * what only Airbyte can tell. Completed whatever the verdict; writes nothing to Airbyte.
 */
export async function validate(input: ValidateInput): Promise<ValidationStatus> {
  const { components, problems, warnings } = input;
  const steps = stepsOf(input.retry);
  const { step, within } = steps;
  const run = startRun();
  const record = recordFor(run);

  const leaveOpen = () => {
    record.note('not possible', 'Airbyte: nothing else was checked there');
  };

  const askAirbyte = async () => {
    run.phase('Asking Airbyte for its workspace');
    const airbyte = { verdict: 'failed', at: 'Airbyte', within } as const;
    const workspace = await orFinding(step('The workspace').checkWorkspace(), airbyte);
    record.add(workspace);
    if (isBroken(workspace, 'Airbyte')) {
      leaveOpen();
      return;
    }
    run.phase('Comparing with what Airbyte has');
    const [connectors, names] = await Promise.all([
      orFinding(step('The connectors').checkConnectors({ components }), airbyte),
      orFinding(step('The names').checkNames({ components }), airbyte),
    ]);
    record.add([...connectors, ...names]);
    if (isBroken([...connectors, ...names], 'Airbyte')) {
      leaveOpen();
      return;
    }
    const ends = components.flatMap((component) => KINDS.map((kind) => ({ component, kind })));
    const usable = ends.filter(
      ({ component, kind }) => !isBroken(connectors, `${component.at}.${kind}`),
    );
    // Runs of before start the checks of all ends at once, and look at no streams.
    const isBounded = patched('validation-in-lanes');
    const lanes = isBounded ? LANES : usable.length;
    const checking = inLanes(usable, { lanes, work: (end) => checkEnd(steps, end) });
    run.phase('Checking the configurations');
    record.add((await checking).flat());
    if (!isBounded) return;
    run.phase('Looking at the streams');
    const work = (component: ToValidate) => checkStreams(steps, { component, names });
    record.add((await inLanes(components, { lanes, work })).flat());
  };

  try {
    for (const problem of problems) record.note('failed', problem);
    for (const each of warnings) record.note('warning', each);
    if (components.length > 0) await askAirbyte();
    else
      record.note(
        'not possible',
        'Airbyte: nothing was checked there, as the descriptor cannot be read',
      );
    run.phase('Completed');
    return record.status();
  } catch (err) {
    run.phase('Failed');
    if (isCancellation(err)) throw err;
    run.error(explain(err).problem);
    return fail(err);
  }
}
