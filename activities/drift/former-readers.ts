import { CallError } from '../../src/contract/call-error';
import type { Finding, Unreached } from '../../src/contract/drift';
import { NotInSettings, Refusal, UnfitPlace } from '../../src/contract/problems';
import type { Place } from '../../src/descriptor/places';
import type { Step } from '../../src/fabrics/fabric';
import { firstFew, shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { Attempt } from '../attempt';
import { stepOf } from '../fabric/fabric';
import type { FabricOf, InFabric } from '../fabric/fabric';
import type { Placed } from './fabrics';
import { REMEDY_OF_FORMER_READERS } from './remedies';

/* Who reads where a component's data was, by us, and not where it is: an updateacl leaves nobody there so. */

/** Milliseconds for all of them together: what is in Airbyte is to be told whatever they do. */
const LONGEST = 60_000;
/** Characters of why a fabric could not be looked at. */
const MAX_WORDS = 500;

/** A component whose data was elsewhere before. */
export interface Moved extends Placed {
  former: Place[];
}

interface InFormer {
  /** By component. */
  findings: Map<string, Finding[]>;
  unreached: Unreached[];
}

const ENDED = [Refusal, NotInSettings, UnfitPlace];

export const createLookAtFormerReaders = (fabricOf: FabricOf) => {
  /** Undefined: its readers are not ours to say, or it cannot be reached, which updateacl and removal tell. */
  const opened = (place: Place, key: string): { fabric: InFabric; at: string } | undefined => {
    try {
      const fabric = fabricOf(place, key);
      return fabric?.managesAccess ? { fabric, at: fabric.readersAt() } : undefined;
    } catch (err) {
      if (ENDED.some((each) => err instanceof each)) return undefined;
      throw err;
    }
  };

  /** Of the present place alone, whoever has let them read. */
  const readersHere = async ({ ofFormer, readers }: InFabric, step: Step) => {
    const [ours, { others }] = await Promise.all([ofFormer.readers(step), readers(step)]);
    return new Set([...ours, ...others]);
  };

  const findingsOf = async (
    { key, token, place, former }: Moved,
    { step, failed }: { step: Step; failed: (fabric: InFabric, err: CallError | Refusal) => void },
  ): Promise<Finding[]> => {
    const here = opened(place, key);
    const others = new Map(
      former.flatMap((each) => opened(each, key) ?? []).map((one) => [one.at, one.fabric]),
    );
    if (here) others.delete(here.at);
    const findings: Finding[] = [];
    for (const fabric of others.values())
      try {
        // Who is called otherwise there may be the same: updateacl, which asks who is whom, leaves him.
        if (here && here.fabric.fabric.naming !== fabric.fabric.naming) continue;
        const readers = await fabric.ofFormer.readers(step);
        if (readers.length === 0) continue;
        const now = here ? await readersHere(here.fabric, step) : new Set<string>();
        const unwanted = readers.filter((each) => !now.has(each));
        if (unwanted.length === 0) continue;
        findings.push({
          kind: 'changed',
          component: key,
          entity: 'grant',
          name: 'who may read the former data',
          fabric: fabric.fabric.name,
          ids: [],
          differs: firstFew(unwanted),
          token,
          remedy: REMEDY_OF_FORMER_READERS,
        });
      } catch (err) {
        step.interest.cancelled.throwIfAborted();
        if (!(err instanceof CallError || err instanceof Refusal)) throw err;
        failed(fabric, err);
      }
    return findings;
  };

  /** One after the other; what cannot be looked at in time is told by the name of its fabric. */
  return async (all: Moved[], { interest }: Attempt): Promise<InFormer> => {
    const timeUp = AbortSignal.any([interest.timeUp, AbortSignal.timeout(LONGEST)]);
    const step = stepOf({ ...interest, timeUp });
    const findings = new Map<string, Finding[]>();
    const unreached = new Map<string, Unreached>();
    const failed = ({ fabric: { name: fabric, system } }: InFabric, err: CallError | Refusal) => {
      const words = (text: string) => shortened(inOneLine(text), MAX_WORDS);
      const { components = 0 } = unreached.get(fabric) ?? {};
      unreached.set(fabric, {
        fabric,
        system,
        components: components + 1,
        problem: words(err.message),
        solution: words(err.solution),
      });
    };
    for (const moved of all) findings.set(moved.key, await findingsOf(moved, { step, failed }));
    return { findings, unreached: [...unreached.values()] };
  };
};
