import { ActivityFailure, isCancellation, patched, TimeoutFailure } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Check } from '../../activities/validation/checks';
import type { ValidationActivities } from '../../activities/validation/validation';
import { detailsIn, explain, inSentences, isNotLetIn, isUnreadable, saysWhy } from '../run/failure';
import type { Retry, ToValidate } from '../input';
import { activitiesFor, inPatience } from '../run/steps';

export const KINDS = ['source', 'destination'] as const;

/** How often the patience with one step the whole may take: 5 minutes, if that is a minute. */
const PATIENCES = 5;

type Steps = ReturnType<typeof stepsOf>;

/**
 * A step waits for a free slot for as long as the patience is at most, is tried for as long, and
 * ends with the time of the whole.
 */
export const stepsOf = (retry: Retry) => {
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

const timedOut = (err: unknown, within: number) => {
  const { cause } = err instanceof ActivityFailure ? err : {};
  if (!(cause instanceof TimeoutFailure)) return undefined;
  const lastWord = detailsIn(err)?.problem;
  if (lastWord !== undefined) return `was not checked in time. ${lastWord}`;
  return cause.timeoutType === 'SCHEDULE_TO_START'
    ? 'was not checked: no worker had room for it in time'
    : `was not checked in time: each check has ${String(within / PATIENCES)} s, and all together have ${String(within)} s`;
};

interface Asked extends Pick<Check, 'verdict' | 'at'> {
  /** Seconds that the whole has. */
  within: number;
  /** That Airbyte does not answer is what the step is to find out. */
  mustAnswer?: boolean;
  /** It is a fabric that is asked, and not Airbyte. */
  isOfFabric?: boolean;
}

/**
 * A refusal is a finding. That Airbyte does not do what it is asked is one about Airbyte, and none about
 * a component; and it is none if others' calls were in front.
 */
const isFinding = (err: unknown, { at, mustAnswer }: Pick<Asked, 'at' | 'mustAnswer'>) => {
  if (!saysWhy(err)) return false;
  if (!isUnreadable(err)) return true;
  const late = detailsIn(err)?.outOfTime;
  return at === 'Airbyte' && (late === undefined || (mustAnswer === true && late === 'calling'));
};

/** What keeps a step from being done is a finding too, and leaves open what it would have told. */
export const orFinding = async (
  step: Promise<Check[]>,
  { verdict, at, within, mustAnswer = false, isOfFabric = false }: Asked,
): Promise<Check[]> => {
  try {
    return await step;
  } catch (err) {
    if (isCancellation(err) || !(err instanceof ActivityFailure)) throw err;
    const { problem, solution } = explain(err);
    // Whatever Airbyte was asked: that it does not let us in is one about it, and none about a component.
    if (!isOfFabric && isNotLetIn(err) && patched('not-let-in'))
      return [{ verdict: 'failed', at: 'Airbyte', message: inSentences({ problem, solution }) }];
    if (!isFinding(err, { at, mustAnswer })) {
      const message = timedOut(err, within) ?? inSentences({ problem, solution });
      return [{ verdict: 'not possible', at, message }];
    }
    // A refusal of our own may have a path of its own.
    const [, inner, rest] = /^(specific\.\S+): (.*)$/s.exec(problem) ?? [];
    const where = inner === undefined ? at : at.replace(/specific\..*$/, inner);
    return [{ verdict, at: where, message: inSentences({ problem: rest ?? problem, solution }) }];
  }
};

export const isBroken = (checks: Check[], at: string) =>
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
export const checkEnd = async ({ step, isOver, within }: Steps, end: End): Promise<Check[]> => {
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
export const checkStreams = async (
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

/** What the fabric that the component writes to has to say of it, whatever Airbyte says. */
export const checkFabric = async (
  { step, isOver, within }: Steps,
  component: ToValidate,
): Promise<Check[]> => {
  const at = `${component.at}.destination`;
  if (isOver()) return openEnd(at, within);
  const { name } = component.plan.destination;
  return orFinding(step(`Fabric of ${name}`).checkFabric({ component }), {
    verdict: 'failed',
    at,
    within,
    isOfFabric: true,
  });
};
