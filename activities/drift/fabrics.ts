import { log } from '@temporalio/activity';
import pLimit from 'p-limit';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { CallError } from '../../src/contract/call-error';
import type { Finding, Unreached } from '../../src/contract/drift';
import { NotInSettings, Refusal } from '../../src/contract/problems';
import type { Place } from '../../src/descriptor/places';
import type { Fabric, Seen, Step, Tagged } from '../../src/fabrics/fabric';
import { shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { Attempt } from '../attempt';
import { stepOf } from '../fabric/fabric';
import type { FabricOf, InFabric } from '../fabric/fabric';
import { fabricFindings } from './fabric-findings';
import type { Bearing } from './fabric-findings';

/* What components have in the fabrics that they write to, for a check that must not wait for any of these. */

/** Components of one fabric that are looked at at once. */
const AT_ONCE = 3;
/** Failures after which no more of a fabric is looked at in the same check. */
const MOST_FAILURES = 3;
/** Attempts of a check after which a fabric that does not answer is told of, and the rest without it. */
const TRIES = 3;
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

/** By the names of their fabrics. What cannot be had now is told where the pipeline is compared. */
const byFabric = (all: Placed[], fabricOf: FabricOf) => {
  const fabrics = new Map<string, [One, ...One[]]>();
  for (const placed of all) {
    const one = meant(placed, fabricOf);
    if (!one) continue;
    const known = fabrics.get(one.inFabric.fabric.name);
    if (known) known.push(one);
    else fabrics.set(one.inFabric.fabric.name, [one]);
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

const inTime = (interest: CallInterest): CallInterest => ({
  ...interest,
  timeUp: AbortSignal.any([interest.timeUp, AbortSignal.timeout(LONGEST)]),
});

/** What failed in one fabric, and whether it makes sense to ask it for more. */
const createFailures = (interest: CallInterest) => {
  const all: (CallError | Refusal)[] = [];
  return {
    all,
    isOver: () => all.length >= MOST_FAILURES || interest.timeUp.aborted,
    add: (err: unknown) => {
      interest.cancelled.throwIfAborted();
      if (!(err instanceof CallError || err instanceof Refusal)) throw err;
      all.push(err);
    },
  };
};
type Failures = ReturnType<typeof createFailures>;

const told = (
  { name, system }: Fabric,
  { components, failures }: { components: number; failures: Failures },
): Unreached[] => {
  const [first] = failures.all;
  if (components === 0 && !first) return [];
  const problem = first?.message ?? 'There was no time left for it.';
  const solution = first?.solution ?? 'Check again.';
  return [
    {
      fabric: name,
      system,
      components,
      problem: shortened(inOneLine(problem), MAX_WORDS),
      solution: shortened(inOneLine(solution), MAX_WORDS),
    },
  ];
};

/** What does not answer at once may at the next attempt. */
const mayPass = ({ all }: Failures) =>
  all.find((err) => err instanceof CallError && err.kind === 'again' && !err.outOfTime);

const lookAtOne = async (
  [first, ...others]: [One, ...One[]],
  { step, number }: { step: Step; number: number },
): Promise<InFabrics> => {
  const { fabric } = first.inFabric;
  const failures = createFailures(step.interest);
  const limit = pLimit(AT_ONCE);
  const findings = new Map<string, Finding[]>();
  const seenBy = async ({ inFabric }: One): Promise<Seen | undefined> => {
    if (failures.isOver()) return undefined;
    try {
      return await inFabric.look(step);
    } catch (err) {
      failures.add(err);
      return undefined;
    }
  };
  const all = [first, ...others];
  const wanted = all.filter(({ placed }) => placed.isWanted);
  const taggedBy = async (): Promise<Tagged[]> => {
    try {
      const places = all.map(({ placed }) => placed.place);
      return (await fabric.tagged?.(places, step)) ?? [];
    } catch (err) {
      failures.add(err);
      return [];
    }
  };
  const bearing = await taggedBy();
  const looks = wanted.map((one) =>
    limit(async () => {
      const seen = await seenBy(one);
      if (seen) findings.set(one.placed.key, fabricFindings(one.placed, seen, fabric.name));
    }),
  );
  await Promise.all(looks);
  const passing = number < TRIES ? mayPass(failures) : undefined;
  if (passing) throw passing;
  const unreached = told(fabric, { components: wanted.length - findings.size, failures });
  return {
    findings,
    bearing: bearing.map((each) => ({ ...each, fabric: fabric.name })),
    unreached,
  };
};

const joined = (all: InFabrics[]): InFabrics => ({
  findings: new Map(all.flatMap(({ findings }) => [...findings])),
  bearing: all.flatMap(({ bearing }) => bearing),
  unreached: all.flatMap(({ unreached }) => unreached),
});

/** Looks at all of them, each fabric by itself; one that cannot be looked at keeps nobody from the others. */
export const createLookAtFabrics =
  (fabricOf: FabricOf) =>
  async (all: Placed[], { interest: whole, number }: Attempt): Promise<InFabrics> => {
    const interest = inTime(whole);
    const ends = await Promise.allSettled(
      byFabric(all, fabricOf).map((ones) =>
        lookAtOne(ones, { step: { ...stepOf(interest), sharing: {} }, number }),
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
