import { randomUUID } from 'node:crypto';
import { CallError } from '../../src/contract/call-error';
import pLimit from 'p-limit';
import type { GrantsClient } from './grants-client';
import { digestOf } from '../../src/contract/ids';
import { isRecord } from '../../src/contract/json';
import type { Grantees, Outcome } from '../../workflows/grantees/records';
import { isFinal } from './people';
import { attempt } from '../attempt';
import type { Attempt } from '../attempt';
import { isExplained } from '../attempt-failure';

/** Milliseconds after which an attempt begins with nobody more, so that it ends before its hold does. */
const WORK_TIME = 60_000;
/** People whom an attempt looks at, notes and acts on before it begins with others; it always does so with the first. */
const TOGETHER = 10;
/** People of these who are asked about at once; Airbyte's client has a bound of its own. */
const AT_ONCE = 5;

/** Some of a component's people, who are remembered by one workflow. */
export interface Batch {
  taskQueue: string;
  /** The component's key. */
  component: string;
  /** The workflow id, and the end of the run id, of the run that acts. */
  token: string;
  run: string;
  shard: number;
  /** Milliseconds that the people are held at most. */
  lasts: number;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/** What has come of one person's access; `had`: others have given it. The words are in histories, and stay. */
export type End = 'granted' | 'had' | 'revoked' | 'others' | 'unremembered';

/** Whose access is not as it should be, and why. */
export interface LeftOver {
  key: string;
  problem: string;
  solution: string;
}

/** What has come of a batch. */
export interface Round {
  /** By key; none for those who were kept. */
  ends: [key: string, end: End][];
  kept: number;
  /** Refused by Airbyte, where the others are to go on. */
  left: LeftOver[];
  /** Not acted on yet: others come first, or there was no time. Fewer than were asked for, but for the first case. */
  rest: string[];
  /** Whether anything is different that a run that fails must put back. */
  isChanged: boolean;
  /** The token of the run that acts on one of them; nobody was acted on. */
  heldBy?: string;
}

/** What an attempt at a batch works with. */
export interface Job extends Attempt {
  /** The component's digest. */
  digest: string;
  /** Of those who are held. */
  records: Grantees;
  /** What the workflow that remembers is told in the end, however the attempt ends. */
  outcomes: Record<string, Outcome>;
  round: Round;
  /** Says that there is nothing more to do for somebody, whatever becomes of the others. */
  over: (key: string) => void;
  /** The work for each, several at once; after a failure for no more. */
  each: (keys: string[], work: (key: string) => Promise<void>) => Promise<void>;
  /** Tells the workflow that remembers what is about to be done. */
  note: (outcomes: Record<string, Outcome>) => Promise<void>;
}

/** What may still come about must be known, so that it is waited for. */
const gravest = (failures: unknown[]) =>
  failures.find((err) => err instanceof CallError && err.unclear) ??
  failures.find((err) => !isFinal(err)) ??
  failures[0];

const leftOver = (key: string, err: unknown): LeftOver => ({
  key,
  problem: err instanceof Error ? err.message : String(err),
  solution: isExplained(err)
    ? err.solution
    : 'Ask the platform operator to look at the log of the worker.',
});

/** A batch, and what is to come of it. */
interface Holding {
  grants: GrantsClient;
  batch: Batch;
  keys: string[];
  /** Whether the component is to want them. */
  wants: boolean;
  /** Whether one whom Airbyte refuses is told, instead of ending the step. */
  goesOn: boolean;
  /** Whether some are not among the component's people yet. */
  areNew?: boolean;
  /** Which of those who were acted on are no more among them. */
  forgotten?: (acted: string[]) => string[];
  /** Acts on some of them. */
  act: (job: Job, some: string[]) => Promise<void>;
}

/** For whom attempts before this one have done all there was to do, and what came of it. */
interface Done extends Pick<Round, 'ends'> {
  keys: string[];
}

const isDone = (value: unknown): value is Done =>
  isRecord(value) && Array.isArray(value.keys) && Array.isArray(value.ends);

const doneBefore = (value: unknown): Done => (isDone(value) ? value : { keys: [], ends: [] });

/** Works for some people, several at once; what fails is added to `failures`, or told in the round. */
const worksFor = ({
  round,
  failures,
  goesOn,
}: {
  round: Round;
  failures: unknown[];
  goesOn: boolean;
}) => {
  const limit = pLimit(AT_ONCE);
  const one = async (key: string, work: (key: string) => Promise<void>) => {
    if (failures.length > 0) return;
    try {
      await work(key);
    } catch (err) {
      if (goesOn && isFinal(err)) round.left.push(leftOver(key, err));
      else failures.push(err);
    }
  };
  const each: Job['each'] = async (keys, work) => {
    await Promise.all(keys.map((key) => limit(() => one(key, work))));
  };
  return each;
};

/**
 * One attempt at a batch. Its people are held meanwhile, so that no other run acts on them, and what
 * was done is remembered at the end, however it ends. `act` has some of them at a time: however slow
 * Airbyte is, an attempt that does not fail leaves fewer than it began with.
 */
export const withHeld = (holding: Holding): Promise<Round> =>
  attempt(async (given) => {
    const { grants, batch, wants, goesOn, act } = holding;
    const { areNew = false, forgotten = () => [] } = holding;
    const { taskQueue, component, token, run, shard, lasts } = batch;
    const digest = digestOf(component);
    const attemptId = randomUUID();
    const before = doneBefore(given.done);
    const round: Round = {
      ends: before.ends,
      kept: 0,
      left: [],
      rest: [],
      isChanged: before.keys.length > 0,
    };
    const keys = holding.keys.filter((key) => !before.keys.includes(key));
    const over = new Set(before.keys);
    if (areNew) await grants.enlist(taskQueue, component, keys);
    const hold = { component: digest, token, run, turn: attemptId, lasts, keys, wants };
    const held = await grants.hold(taskQueue, shard, hold);
    if ('heldBy' in held) return { ...round, rest: keys, heldBy: held.heldBy };

    const stopAt = Date.now() + WORK_TIME;
    const failures: unknown[] = [];
    const outcomes: Record<string, Outcome> = {};
    const settle = (some: Record<string, Outcome>, isLast: boolean) =>
      grants.settle(taskQueue, shard, {
        component: digest,
        turn: attemptId,
        outcomes: some,
        isLast,
      });
    const job: Job = {
      ...given,
      digest,
      records: held.records,
      outcomes,
      round,
      over: (key) => over.add(key),
      each: worksFor({ round, failures, goesOn }),
      note: (some) => settle(some, false),
    };
    let done = 0;
    do {
      const some = keys.slice(done, done + TOGETHER);
      await act(job, some).catch((err: unknown) => failures.push(err));
      done += some.length;
    } while (done < keys.length && failures.length === 0 && Date.now() < stopAt);
    await settle(outcomes, true);
    const strike = async (some: string[]) => {
      const struck = forgotten(some);
      if (struck.length > 0) await grants.strike(taskQueue, component, struck);
    };
    if (failures.length > 0) {
      const ends = round.ends.filter(([key]) => over.has(key));
      if (over.size > 0) given.noteDone({ keys: [...over], ends });
      await strike([...over]);
      throw gravest(failures);
    }
    const rest = keys.slice(done);
    const notActedOn = new Set([...rest, ...round.left.map(({ key }) => key)]);
    await strike(holding.keys.filter((key) => !notActedOn.has(key)));
    return { ...round, rest };
  }, holding.batch.settleTime);
