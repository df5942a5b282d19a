import { CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import type { End, LeftOver, Round } from '../../activities/access/batch';
import type { PersonId } from '../../activities/access/people';
import { accessRounds, asFailure } from './rounds';
import { batchesOf } from '../grantees/shards';
import type { Group } from '../grantees/shards';
import type { OfComponent } from './recall';
import { namer, peopleIn } from './result';
import type { Counts } from './result';
import { settlesAt } from '../run/failure';
import type { Retry } from '../input';
import { andMore, MAX_NAMED } from '../protocol/lengths';
import { eachAtMost } from '../run/concurrency';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';
import { accessUndos } from './undo';
import type { AccessUndo } from './undo';

/** Milliseconds an attempt at a batch may take, and holds its people. */
const HOLD = 300_000;
/** Milliseconds that are added to the time of a step for each of its people. */
const FOR_EACH = 1000;
/** Batches at once: each has a worker's slot, and others need some, too. */
const AT_ONCE = 2;

/** Why somebody's access is left. */
export const failureOf = ({ problem, solution }: LeftOver) => asFailure({ problem, solution });

const WORDS: Partial<Record<End, string>> = {
  granted: 'Granted to',
  had: 'Has access already, given by others:',
  revoked: 'Revoked from',
  others: 'Keeps access for another component:',
};

interface AccessSteps extends OfComponent {
  run: Run;
  steps: Steps;
  retry: Retry;
}

/** Granting and revoking, some people at a time, each with its undo; and what has come of it. */
export const accessSteps = ({ run, steps, retry, component, taskQueue }: AccessSteps) => {
  const undos: AccessUndo[] = [];
  const counts = { granted: 0, kept: 0, had: 0, revoked: 0, others: 0, unremembered: 0 };
  const changed = new Set<number>();
  const nameLeft = namer();
  let lines = 0;
  const { workflowId, runId } = workflowInfo();
  const of = {
    component: component.key,
    taskQueue,
    token: workflowId,
    run: runId.slice(-12),
    lasts: HOLD,
    settleTime: retry.settleTime,
  };

  const within = (keys: string[]) => ({
    scheduleToCloseTimeout: retry.giveUpAfter + keys.length * FOR_EACH,
    startToCloseTimeout: HOLD,
  });

  const throughout = accessRounds();
  const undoOf = accessUndos({ run, steps, throughout, of, nameLeft });

  const say = (round: Round) => {
    counts.kept += round.kept;
    for (const [key, end] of round.ends) {
      counts[end] += 1;
      const words = WORDS[end];
      if (words && lines < MAX_NAMED) run.info(`${words} ${key}`);
      if (words) lines += 1;
    }
    const lost = round.ends.flatMap(([key, end]) => (end === 'unremembered' ? [key] : []));
    if (lost.length > 0)
      run.warn(
        `It is not remembered what was granted for ${nameLeft(lost)}: revoke by hand in Airbyte what they should not have.`,
      );
  };

  /** Registered before acting, so that a half-done step is undone. */
  const undoable = async (group: Group, former: string[], act: () => Promise<Round>) => {
    const undo = undoOf(group, former);
    undos.push(undo);
    try {
      const round = await act();
      if (round.isChanged) changed.add(group.shard);
      else undos.splice(undos.indexOf(undo), 1);
      say(round);
    } catch (err) {
      undo.settlesAt = settlesAt(err, retry.settleTime);
      throw err;
    }
  };

  /** Ends when all that were begun have ended, with the first failure if there is any. */
  const inBatches = async (keys: string[], act: (group: Group) => Promise<void>) => {
    const failures: unknown[] = [];
    await eachAtMost(batchesOf(keys, component.key), {
      atOnce: AT_ONCE,
      work: async (group) => {
        if (CancellationScope.current().consideredCancelled)
          failures.push(new CancelledFailure('Cancelled'));
        if (failures.length > 0) return;
        await act(group).catch((err: unknown) => failures.push(err));
      },
    });
    if (failures.length > 0) throw failures[0];
  };

  return {
    undos,
    counts: (): Counts => counts,

    /** Has all of them have access. `former`: keys of those who were the component's before. */
    give: (people: Record<string, PersonId>, former: ReadonlySet<string>) =>
      inBatches(Object.keys(people), (group) => {
        const known = group.keys.filter((key) => former.has(key));
        const step = steps(`Grant to ${peopleIn(group.keys)}`, within(group.keys));
        const idsOf = (keys: string[]) =>
          Object.fromEntries(
            keys.flatMap((key) => {
              const person = people[key];
              return person ? [[key, person] as const] : [];
            }),
          );
        return undoable(group, known, () =>
          throughout(group, (some) =>
            step.giveAccess({
              ...of,
              shard: group.shard,
              people: idsOf(some),
              areNew: known.length < group.keys.length,
            }),
          ),
        );
      }),

    /** Takes from all of them what they were granted through the component. */
    take: (keys: string[]) =>
      inBatches(keys, (group) => {
        const step = steps(`Revoke from ${peopleIn(group.keys)}`, within(group.keys));
        return undoable(group, group.keys, () =>
          throughout(group, (some) =>
            step.takeAccess({ ...of, shard: group.shard, keys: some, isForGood: false }),
          ),
        );
      }),

    /** The same without an undo: those of whom it could not be taken, each with the reason. */
    async takeForGood(keys: string[]): Promise<LeftOver[]> {
      const left: LeftOver[] = [];
      await inBatches(keys, async (group) => {
        const step = steps(`Revoke from ${peopleIn(group.keys)}`, within(group.keys));
        const round = await throughout(group, (some) =>
          step.takeAccess({ ...of, shard: group.shard, keys: some, isForGood: true }),
        );
        say(round);
        left.push(...round.left);
      });
      return left;
    },

    /** What was changed is to stay. Who has left is forgotten. */
    forget: (left: string[]) =>
      changed.size === 0 && left.length === 0
        ? Promise.resolve()
        : steps('Keep who has access').forgetAccess({ ...of, shards: [...changed], left }),

    /** Tells what the log has no line for. */
    sum() {
      if (lines > MAX_NAMED) run.info(andMore(lines - MAX_NAMED));
    },
  };
};
