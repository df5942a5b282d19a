import { CallError } from '../../src/contract/call-error';
import type { Finding, Unreached } from '../../src/contract/drift';
import { NotInSettings, Refusal, UnfitPlace } from '../../src/contract/problems';
import type { Place } from '../../src/descriptor/places';
import type { Fabric, Step } from '../../src/fabrics/fabric';
import { firstFew } from '../../workflows/protocol/lengths';
import type { Attempt } from '../attempt';
import { stepOf } from '../fabric/fabric';
import type { FabricOf, InFabric } from '../fabric/fabric';
import { readingAt } from '../fabric/former-readers';
import type { Reading } from '../fabric/former-readers';
import { anywhere, from, whyNot } from './fabrics';
import type { Placed, StartAt } from './fabrics';
import { REMEDY_OF_FORMER_READERS } from './remedies';

/* Who reads where a component's data was, by us, and not where it is: an updateacl leaves nobody there so. */

/** Milliseconds for all of them together: what is in Airbyte is to be told whatever they do. */
const LONGEST = 60_000;

/** A component whose data was elsewhere before. */
export interface Moved extends Placed {
  former: Place[];
}

interface InFormer {
  /** By component. */
  findings: Map<string, Finding[]>;
  unreached: Unreached[];
}

/** A place where a component's data was, and the present one, which calls everybody alike. */
interface One {
  moved: Moved;
  formerly: InFabric;
  here: InFabric;
}

type Failed = CallError | Refusal;

const ENDED = [Refusal, NotInSettings, UnfitPlace];

const whereIn = ({ name, where }: Fabric) => [name, Object.entries(where).sort()];

/** By the two fabrics that are asked, so that one that is slow takes no time from any other. */
const byFabrics = (all: One[]) => {
  const groups = new Map<string, One[]>();
  for (const one of all) {
    const asked = JSON.stringify([whereIn(one.formerly.fabric), whereIn(one.here.fabric)]);
    groups.set(asked, [...(groups.get(asked) ?? []), one]);
  }
  return [...groups.values()];
};

/** Of the present place alone, whoever has let them read. */
const readersHere = async ({ ofFormer, readers }: InFabric, step: Step) => {
  const [ours, { others }] = await Promise.all([ofFormer.readers(step), readers(step)]);
  return new Set([...ours, ...others]);
};

const findingOf = async (
  { moved: { key, token }, formerly, here }: One,
  step: Step,
): Promise<Finding | undefined> => {
  const readers = await formerly.ofFormer.readers(step);
  if (readers.length === 0) return undefined;
  const now = await readersHere(here, step);
  const unwanted = readers.filter((each) => !now.has(each));
  if (unwanted.length === 0) return undefined;
  return {
    kind: 'changed',
    component: key,
    entity: 'grant',
    name: 'who may read the former data',
    fabric: formerly.fabric.name,
    ids: [],
    differs: firstFew(unwanted),
    token,
    remedy: REMEDY_OF_FORMER_READERS,
  };
};

const createUnreached = () => {
  const all = new Map<string, Unreached>();
  return {
    all,
    add: ({ fabric: { name: fabric, system } }: InFabric, { message, solution }: Failed) => {
      const { components = 0 } = all.get(fabric) ?? {};
      all.set(fabric, {
        fabric,
        system,
        components: components + 1,
        ...whyNot(message, solution),
      });
    },
  };
};

export const createLookAtFormerReaders = (fabricOf: FabricOf, startAt: StartAt = anywhere) => {
  /** Undefined: its readers are not ours to say, or it cannot be reached, which updateacl and removal tell. */
  const opened = (place: Place, key: string): Reading | undefined => {
    try {
      return readingAt(fabricOf, { place, key });
    } catch (err) {
      if (ENDED.some((each) => err instanceof each)) return undefined;
      throw err;
    }
  };

  /**
   * None where nobody can be compared: the present fabric, which grants nothing, does not tell who is to read, or
   * who is called otherwise there may be the same. Updateacl, which asks who is whom, leaves these.
   */
  const onesOf = (moved: Moved): One[] => {
    const { key, place, former } = moved;
    const here = opened(place, key);
    if (!here) return [];
    const others = new Map(
      former.flatMap((each) => opened(each, key) ?? []).map((one) => [one.at, one.fabric]),
    );
    others.delete(here.at);
    return [...others.values()]
      .filter(({ fabric }) => fabric.naming === here.fabric.fabric.naming)
      .map((formerly) => ({ moved, formerly, here: here.fabric }));
  };

  /**
   * The fabrics side by side, the components of each one after the other, each time from another one on; what
   * cannot be looked at in time is told by the name of its fabric.
   */
  return async (all: Moved[], { interest }: Pick<Attempt, 'interest'>): Promise<InFormer> => {
    const timeUp = AbortSignal.any([interest.timeUp, AbortSignal.timeout(LONGEST)]);
    const step = stepOf({ ...interest, timeUp });
    const findings = new Map<string, Finding[]>();
    const unreached = createUnreached();
    const lookAt = async (one: One) => {
      try {
        const found = await findingOf(one, step);
        const { key } = one.moved;
        if (found) findings.set(key, [...(findings.get(key) ?? []), found]);
      } catch (err) {
        interest.cancelled.throwIfAborted();
        if (!(err instanceof CallError || err instanceof Refusal)) throw err;
        unreached.add(one.formerly, err);
      }
    };
    const ends = await Promise.allSettled(
      byFabrics(all.flatMap(onesOf)).map(async (ones) => {
        for (const one of from(startAt(ones.length), ones)) await lookAt(one);
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return { findings, unreached: [...unreached.all.values()] };
  };
};
