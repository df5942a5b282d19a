import { Context, log, sleep } from '@temporalio/activity';
import pLimit from 'p-limit';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { CallError } from '../../src/contract/call-error';
import type { Finding, Unreached } from '../../src/contract/drift';
import { forTimer } from '../../src/contract/durations';
import { NotInSettings, Refusal } from '../../src/contract/problems';
import type { Place } from '../../src/descriptor/places';
import type { Fabric, Step } from '../../src/fabrics/fabric';
import { firstFew, shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { Attempt } from '../attempt';
import { attemptsTime } from '../retry-policy';
import { stepOf } from '../fabric/fabric';
import type { FabricOf, InFabric } from '../fabric/fabric';
import { fabricFindings } from './fabric-findings';
import type { Bearing } from './fabric-findings';

/* What components have in the fabrics that they write to, for a check that must not wait for any of these. */

/** Components of one fabric that are looked at at once. */
const AT_ONCE = 3;
/** Failures, with no answer between them, after which no more of a fabric is looked at in the same check. */
const MOST_FAILURES = 3;
/** Tries of one look; what others have found is told whatever becomes of it. */
const TRIES = 3;
/** Milliseconds before the second; twice that before the third. */
const PAUSE = 1000;
/** Milliseconds before one, however long a fabric asks to wait. */
const LONGEST_PAUSE = 10_000;
/** Milliseconds for all fabrics together: what is in Airbyte is to be told whatever they do. */
const LONGEST = 5 * 60_000;
/** Characters of why a fabric could not be looked at. */
const MAX_WORDS = 500;

/** Where a component has its data, as the run that decides says. */
export interface Placed {
  key: string;
  token: string;
  place: Place;
  /** It should be there. Else its place only tells where something may be left. */
  isWanted: boolean;
}

export interface InFabrics {
  /** By component: none where it is as wanted. */
  findings: Map<string, Finding[]>;
  bearing: Bearing[];
  unreached: Unreached[];
}

interface One {
  placed: Placed;
  inFabric: InFabric;
}

/** What is listed once for all in it: a fabric may have led to another catalog before. */
const whereIn = ({ name, where }: Fabric) => JSON.stringify([name, Object.entries(where).sort()]);

/** By their fabrics, and where these lead. What cannot be had now is told where the pipeline is compared. */
const byFabric = (all: Placed[], fabricOf: FabricOf) => {
  const fabrics = new Map<string, [One, ...One[]]>();
  for (const placed of all) {
    const one = meant(placed, fabricOf);
    if (!one) continue;
    const where = whereIn(one.inFabric.fabric);
    const known = fabrics.get(where);
    if (known) known.push(one);
    else fabrics.set(where, [one]);
  }
  return [...fabrics.values()];
};

const meant = (placed: Placed, fabricOf: FabricOf): One | undefined => {
  try {
    const inFabric = fabricOf(placed.place, placed.key);
    return inFabric?.manages ? { placed, inFabric } : undefined;
  } catch (err) {
    if (err instanceof Refusal || err instanceof NotInSettings) return undefined;
    throw err;
  }
};

/** Half of what is left at most, as there is more to ask after them. */
const inTime = (interest: CallInterest): CallInterest => {
  const half = attemptsTime(Context.current().info) / 2;
  const longest = forTimer(Math.max(0, Math.min(LONGEST, half)));
  return { ...interest, timeUp: AbortSignal.any([interest.timeUp, AbortSignal.timeout(longest)]) };
};

/** What failed in one fabric, and whether it makes sense to ask it for more. */
const createFailures = ({ cancelled, timeUp }: CallInterest) => {
  const all: (CallError | Refusal)[] = [];
  let inRow = 0;
  return {
    all,
    isOver: () => inRow >= MOST_FAILURES || timeUp.aborted,
    answered: () => {
      inRow = 0;
    },
    add: (err: unknown) => {
      cancelled.throwIfAborted();
      if (!(err instanceof CallError || err instanceof Refusal)) throw err;
      inRow += 1;
      all.push(err);
    },
  };
};
type Failures = ReturnType<typeof createFailures>;

/** Milliseconds to the next try; undefined: it would not help. */
const pauseAfter = (err: unknown, tries: number) => {
  const mayPass = err instanceof CallError && err.kind === 'again' && !err.outOfTime;
  if (!mayPass || tries >= TRIES) return undefined;
  return Math.min(LONGEST_PAUSE, err.retryAfter ?? PAUSE * tries);
};

/** What a look finds, which is tried again by itself; undefined: it failed, or no more is asked for. */
const createSeen =
  (failures: Failures) =>
  async <Found>(look: () => Promise<Found>): Promise<Found | undefined> => {
    for (let tries = 1; !failures.isOver(); tries += 1) {
      try {
        const found = await look();
        failures.answered();
        return found;
      } catch (err) {
        const pause = pauseAfter(err, tries);
        if (pause === undefined) failures.add(err);
        if (pause === undefined) return undefined;
        await sleep(pause);
      }
    }
    return undefined;
  };

export const whyNot = (problem: string, solution: string) => ({
  problem: shortened(inOneLine(problem), MAX_WORDS),
  solution: shortened(inOneLine(solution), MAX_WORDS),
});

/** Which components were not compared, and what could not be listed. */
const told = (
  { name, system }: Fabric,
  { left, failures, untold }: { left: string[]; failures: Failures; untold: string | undefined },
): Unreached[] => {
  const [first] = failures.all;
  const of = { fabric: name, system };
  const lists = {
    ...of,
    components: 0,
    ...whyNot(
      `What is left of components there may not all be told: ${untold ?? ''}.`,
      `Look for it in ${system} by its comment, provisioner:.`,
    ),
  };
  const looks = {
    ...of,
    components: left.length,
    ...(left.length > 0 && { some: firstFew(left) }),
    ...whyNot(
      first?.message ?? 'There was no time left for it.',
      first?.solution ?? 'Check again: each check begins with other components.',
    ),
  };
  return [...(left.length > 0 || first ? [looks] : []), ...(untold === undefined ? [] : [lists])];
};

/** From one of them on, so that it is not always the same that there is no time for. */
export const from = <Each>(start: number, all: Each[]) => [
  ...all.slice(start),
  ...all.slice(0, start),
];

/** Of so many the place of the one to begin with, from 0 on. */
export type StartAt = (count: number) => number;

export const anywhere: StartAt = (count) => Math.floor(Math.random() * count);

const lookAtOne = async (
  all: [One, ...One[]],
  { step, startAt }: { step: Step; startAt: StartAt },
): Promise<InFabrics> => {
  const { fabric } = all[0].inFabric;
  const failures = createFailures(step.interest);
  const seen = createSeen(failures);
  const limit = pLimit(AT_ONCE);
  const findings = new Map<string, Finding[]>();
  const places = all.map(({ placed: { place, isWanted } }) => ({ ...place, isWanted }));
  const bearers = await seen(async () => (await fabric.tagged?.(places, step)) ?? { tagged: [] });
  const wanted = all
    .filter(({ placed }) => placed.isWanted)
    .sort((one, other) => (one.placed.key < other.placed.key ? -1 : 1));
  const looks = from(startAt(wanted.length), wanted).map(({ placed, inFabric }) =>
    limit(async () => {
      const found = await seen(() => inFabric.look(step));
      if (found) findings.set(placed.key, fabricFindings(placed, found, fabric.name));
    }),
  );
  await Promise.all(looks);
  const keys = wanted.map(({ placed }) => placed.key);
  const left = keys.filter((key) => !findings.has(key));
  return {
    findings,
    bearing: (bearers?.tagged ?? []).map((each) => ({ ...each, fabric: fabric.name })),
    unreached: told(fabric, { left, failures, untold: bearers?.untold }),
  };
};

const joined = (all: InFabrics[]): InFabrics => ({
  findings: new Map(all.flatMap(({ findings }) => [...findings])),
  bearing: all.flatMap(({ bearing }) => bearing),
  unreached: all.flatMap(({ unreached }) => unreached),
});

/** Looks at all of them, each fabric by itself; one that cannot be looked at keeps nobody from the others. */
export const createLookAtFabrics =
  (fabricOf: FabricOf, startAt: StartAt = anywhere) =>
  async (all: Placed[], { interest: whole }: Pick<Attempt, 'interest'>): Promise<InFabrics> => {
    const interest = inTime(whole);
    const ends = await Promise.allSettled(
      byFabric(all, fabricOf).map((ones) =>
        lookAtOne(ones, { step: { ...stepOf(interest), sharing: {} }, startAt }),
      ),
    );
    const seen = joined(
      ends.map((end) => {
        if (end.status === 'fulfilled') return end.value;
        throw end.reason;
      }),
    );
    for (const unreached of seen.unreached)
      log.warn('a fabric cannot be compared', { ...unreached });
    return seen;
  };
