import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Run } from './run';
import { explain } from './failure';

export const DELETED = 'deleted';

/** How to take one step back. */
export interface Undo<Kind extends string = 'source' | 'destination' | 'connection'> {
  kind: Kind;
  /** What the step concerns, as a reader of the status would say it: `the source "orders"`. */
  what: string;
  /** What undoing it does: `deleted`, `put back as it was`. */
  effect: string;
  /** Whether there was anything to undo. */
  undo: () => Promise<boolean>;
  /** Until then (epoch milliseconds) there may still come something to undo. */
  settlesAt?: number;
}

export interface Compensation<Kind extends string> {
  undone: Undo<Kind>[];
  leftBehind: Undo<Kind>[];
}

/** Airbyte may finish a creation after its caller has given up: an undo before that would miss it. */
const settle = async (undos: Undo<string>[], run: Run) => {
  const left = Math.max(0, ...undos.map(({ settlesAt = 0 }) => settlesAt)) - Date.now();
  if (left <= 0) return;
  run.phase('Failed; waiting for what Airbyte may still do');
  await sleep(left, { summary: 'Airbyte may still do what it gave no answer to' });
};

/** Airbyte deletes the connections of a source with it. */
const withCascade = <Kind extends string>(
  { undone, leftBehind }: Compensation<Kind>,
  run: Run,
): Compensation<Kind> => {
  const isSourceGone = undone.some(({ kind, effect }) => kind === 'source' && effect === DELETED);
  const gone = leftBehind.filter(({ kind }) => isSourceGone && kind === 'connection');
  for (const { what } of gone) run.info(`Deleted with its source: ${what}`);
  return {
    undone: [...undone, ...gone],
    leftBehind: leftBehind.filter((left) => !gone.includes(left)),
  };
};

/**
 * Undoes newest first, also when the run is cancelled, and goes on after an undo that fails.
 * Says what it took back and what it could not.
 */
export const compensate = <Kind extends string>(
  undos: Undo<Kind>[],
  run: Run,
): Promise<Compensation<Kind>> =>
  CancellationScope.nonCancellable(async () => {
    const undone: Undo<Kind>[] = [];
    const leftBehind: Undo<Kind>[] = [];
    await settle(undos, run);
    if (undos.length > 0) run.phase('Failed; undoing what was done');
    for (const each of undos.toReversed()) {
      const { what, effect, undo } = each;
      try {
        if (!(await undo())) continue;
        undone.push(each);
        run.info(`Undone: ${what} ${effect}`);
      } catch (err) {
        leftBehind.push(each);
        run.error(`Left behind: ${what}. ${explain(err).problem}`);
      }
    }
    return withCascade({ undone, leftBehind }, run);
  });

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
