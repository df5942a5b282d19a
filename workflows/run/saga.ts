import { CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { Left, Restored } from '../../activities/former/restored';
import { ENDED_BY_DELETE, settling, undoing } from '../phases';
import type { Ending } from '../phases';
import type { Perhaps } from '../protocol/failure-details';
import { asReason } from './limits';
import { tellMetrics } from './metrics';
import { beginSpan } from './traces';
import type { Run } from './report';
import { explain } from './failure';

export const DELETED = 'deleted';
export const PUT_BACK = 'put back as it was';
/** In a fabric objects are dropped, grants revoked; and both are given back. */
export const TAKEN_AWAY = 'taken away';
export const GIVEN_BACK = 'given back';
const PUT_BACK_IN_PART = 'put back, but for what is left behind';
const IN_PART: Record<string, string> = {
  [DELETED]: 'deleted, but for what is left behind',
  [PUT_BACK]: PUT_BACK_IN_PART,
  [TAKEN_AWAY]: 'taken away, but for what is left behind',
  [GIVEN_BACK]: 'given back, but for what is left behind',
};
/** Where a worker died undoing what a step may have done: nobody has seen either. */
const NOT_THERE = 'not there; whether it was made and deleted, or never made, is not known';
const AS_IT_WAS = 'as it was; whether it was changed and put back, or never changed, is not known';
const UNKNOWN: Record<string, string> = {
  [DELETED]: NOT_THERE,
  [PUT_BACK]: AS_IT_WAS,
  [TAKEN_AWAY]: 'not there; whether it was made and taken away, or never made, is not known',
  [GIVEN_BACK]: 'as it was; whether it was taken away and given back, or never, is not known',
};

/** What a run makes; and a connection that was retired in favour of the one it makes. */
type PipelinePart = 'source' | 'destination' | 'connection' | 'retired' | 'fabric';

/** How to take one step back. */
export interface Undo<Kind extends string = PipelinePart> {
  kind: Kind;
  /** What the step concerns, as a reader of the status would say it: `the source "orders"`. */
  what: string;
  /** What undoing it does: `deleted`, `put back as it was`. */
  effect: string;
  /** Whose work it is, as people call them: Snowflake; absent: Airbyte’s. */
  system?: string;
  /** Whether there was anything to undo; of what is put back, what could not be. */
  undo: () => Promise<Perhaps | Restored>;
  /** The step is known to have done what this undoes. */
  isDone?: boolean;
  /** Until then (epoch milliseconds) there may still come something to undo. */
  settlesAt?: number;
}

/** What could not be undone, and what came between. */
interface Stuck<Kind extends string> extends Undo<Kind> {
  why: string;
}

interface Compensation<Kind extends string> {
  undone: Undo<Kind>[];
  /** What could not be undone at all. */
  leftBehind: Stuck<Kind>[];
  /** What is not as it was of what was put back, or was not put back for its sake. */
  left: (Left & { isInFabric: boolean })[];
  /** What to do about all of that. */
  remedies: string[];
}

const FABRIC = 'fabric';

/** What is left in Airbyte, and elsewhere. */
const apart = (all: { what: string; isInFabric: boolean }[]) => {
  const whats = (inFabric: boolean) =>
    all.filter(({ isInFabric }) => isInFabric === inFabric).map(({ what }) => what);
  return { leftBehind: whats(false), leftInFabrics: whats(true) };
};

/** A compensation as a status tells it. */
export const describeCompensation = ({
  undone,
  leftBehind,
  left,
  remedies,
}: Compensation<string>) => ({
  undone: undone.map(({ what, effect }) => `${what} (${effect})`),
  ...apart([
    ...leftBehind.map(({ kind, what, why }) => ({
      isInFabric: kind === FABRIC,
      what: `${what} (${asReason(why)})`,
    })),
    ...left,
  ]),
  remedies,
});

const inSeconds = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** As what the run will end, told while it waits and undoes what it did. */
export const endingBy = (run: Run): Ending => {
  if (run.isTerminating()) return ENDED_BY_DELETE;
  const { consideredCancelled } = CancellationScope.current();
  return consideredCancelled && !run.endReason() ? 'Cancelled' : 'Failed';
};

const AIRBYTE = 'Airbyte';

/** What may come last. */
const lastOf = (undos: Pick<Undo, 'settlesAt' | 'system'>[]) => {
  let last = { until: 0, system: AIRBYTE };
  for (const { settlesAt = 0, system = AIRBYTE } of undos)
    if (settlesAt > last.until) last = { until: settlesAt, system };
  return last;
};

/**
 * Airbyte, or a fabric, may finish a creation after its caller has given up: an undo before that would miss
 * it. Whether there was anything to wait for.
 */
export const untilSettled = async (
  undos: Pick<Undo, 'settlesAt' | 'system'>[],
  { run, how }: { run: Run; how: Ending },
) => {
  const { until, system } = lastOf(undos);
  const left = until - Date.now();
  if (left <= 0) return false;
  run.phase(settling(how, inSeconds(until), system));
  const waited = beginSpan(system === AIRBYTE ? 'WaitForAirbyte' : 'WaitForFabric');
  await sleep(left, { summary: `${system} may still do what it gave no answer to` });
  waited();
  return true;
};

/** Airbyte deletes the connections of a source with it. */
const withCascade = <Kind extends string>(
  { undone, leftBehind, ...rest }: Compensation<Kind>,
  run: Run,
): Compensation<Kind> => {
  const isSourceDeleted = undone.some(
    ({ kind, effect }) => kind === 'source' && (effect === DELETED || effect === NOT_THERE),
  );
  const withSource = leftBehind.filter(({ kind }) => isSourceDeleted && kind === 'connection');
  for (const { what } of withSource) run.info(`Deleted with its source: ${what}`);
  return {
    undone: [...undone, ...withSource],
    leftBehind: leftBehind.filter((each) => !withSource.includes(each)),
    ...rest,
  };
};

const isPutBack = ({ effect }: Undo<string>) => effect === PUT_BACK || effect === GIVEN_BACK;

/**
 * What was made goes first, newest first; then what was there is put back in the order of making, as a
 * connection fits only the source and destination that it had.
 */
const inOrder = <Kind extends string>(undos: Undo<Kind>[]): Undo<Kind>[] => {
  const isMixed = undos.length > 1 && undos.some(isPutBack);
  if (!isMixed || !patched('put-back-in-the-order-of-making')) return undos.toReversed();
  return [
    ...undos.filter((each) => !isPutBack(each)).toReversed(),
    ...undos.filter((each) => isPutBack(each)),
  ];
};

/** Of an older worker an undo that puts back answers nothing. */
const outcomeOf = (effect: Perhaps | Restored | undefined | null): Restored =>
  typeof effect === 'object' && effect !== null ? effect : { changed: effect ?? true, left: [] };

/** What undoing has done, in words; nothing where there was nothing to undo. */
const effectOf = ({ effect, isDone }: Undo<string>, { changed, left }: Restored) => {
  if (changed === false) return undefined;
  if (left.length > 0) return IN_PART[effect] ?? PUT_BACK_IN_PART;
  if (changed === true || isDone) return effect;
  return UNKNOWN[effect] ?? AS_IT_WAS;
};

/**
 * Undoes what was done, also when the run is cancelled, and goes on after an undo that fails. Says
 * what it took back and what it could not.
 */
export const compensate = <Kind extends string>(
  undos: Undo<Kind>[],
  run: Run,
): Promise<Compensation<Kind>> => {
  const how = endingBy(run);
  return CancellationScope.nonCancellable(async () => {
    const undone: Undo<Kind>[] = [];
    const leftBehind: Stuck<Kind>[] = [];
    const left: Compensation<Kind>['left'] = [];
    const remedies: string[] = [];
    await untilSettled(undos, { run, how });
    if (undos.length > 0) run.phase(undoing(how));
    const compensated = beginSpan('Compensate');
    for (const each of inOrder(undos)) {
      const { undo } = each;
      try {
        const outcome = outcomeOf(await undo());
        const isInFabric = each.kind === FABRIC;
        left.push(...outcome.left.map((one) => ({ ...one, isInFabric })));
        remedies.push(...outcome.left.map(({ remedy }) => remedy));
        for (const { what: rest, remedy } of outcome.left)
          run.error(`Left behind: ${rest}. ${remedy}`);
        const effect = effectOf(each, outcome);
        if (effect === undefined) continue;
        undone.push({ ...each, effect });
        // Which it was about is known only now.
        run.info(`Undone: ${each.what} ${effect}`);
      } catch (err) {
        const { problem, solution } = explain(err);
        leftBehind.push({ ...each, why: problem });
        remedies.push(solution);
        run.error(`Left behind: ${each.what}. ${problem}`);
      }
    }
    const compensation = withCascade({ undone, leftBehind, left, remedies }, run);
    if (undos.length > 0)
      compensated(
        {
          'provisioner.undone': compensation.undone.length,
          'provisioner.left_behind': compensation.leftBehind.length,
        },
        compensation.leftBehind.length > 0 ? 'left_behind' : undefined,
      );
    tellMetrics((metrics) => {
      for (const { kind, effect } of compensation.undone)
        metrics.undo(kind, Object.values(IN_PART).includes(effect) ? 'partly_undone' : 'undone');
      for (const { kind } of compensation.leftBehind) metrics.undo(kind, 'left_behind');
    });
    return compensation;
  });
};

/**
 * Two steps side by side. When one fails the other is ended first, so that no late success slips
 * past the compensation; throws the failure, not the ending it caused.
 */
export const bothOf = async <First, Second>(
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> => {
  const scope = new CancellationScope();
  const orEndBoth = <Result>(step: Promise<Result>) =>
    step.catch((err: unknown) => {
      scope.cancel();
      throw err;
    });
  return scope.run(async () => {
    const both = await Promise.allSettled([orEndBoth(first()), orEndBoth(second())]);
    const [one, other] = both;
    if (one.status === 'fulfilled' && other.status === 'fulfilled') return [one.value, other.value];
    const failures = both.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    throw failures.find((err) => !isCancellation(err)) ?? failures[0];
  });
};
