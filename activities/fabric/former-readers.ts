import { isRefused } from '../../src/contract/call-error';
import { NotInSettings, Refusal, UnfitPlace } from '../../src/contract/problems';
import type { Place } from '../../src/descriptor/places';
import type { Step } from '../../src/fabrics/fabric';
import { firstFew, shortened } from '../../workflows/protocol/lengths';
import { attempt } from '../attempt';
import { settled } from '../unclear-answers';
import { mustBe, stepOf } from './fabric';
import type { FabricOf, InFabric, OfComponent } from './fabric';
import { mustFitHistory } from './readers';

/* Who may read where a component's data was before: only taken away there, and given back by an undo. */

/** Characters of why a former place cannot be looked at. */
const MAX_WORDS = 500;

/** Who is to read a former place no more. */
export interface Leaving {
  place: Place;
  /** The same where two places have the same readers. */
  at: string;
  /** As people call its fabric. */
  system: string;
  /** Principals, as the fabric names them. */
  principals: string[];
}

export interface FormerFound {
  leaving: Leaving[];
  /** Places whose readers nobody can look at any more: a sentence each. */
  untold: string[];
  /** Who reads where the fabric grants no access any more, as far as that can be told: a sentence each. */
  staying?: string[];
}

/** A component that may write to no fabric any more. */
interface Moved extends Omit<OfComponent, 'place'> {
  place?: Place | undefined;
  former: Place[];
}

interface Looking extends Moved {
  /** One ref for each who is to read. */
  refs: string[];
  isElsewhere?: true | undefined;
}

interface Changing extends OfComponent {
  principals: string[];
  /** Milliseconds the fabric may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

export type FormerReaderActivities = ReturnType<typeof createFormerReaderActivities>;

const notGranting = (fabric: string | undefined, who: string) =>
  shortened(
    `By the configuration file ${fabric === undefined ? 'the fabric' : `the fabric ${fabric}`} grants and revokes no access any more: ${who}. Ask the platform operator to have it do so again (manage.access of the fabric), then send the request again.`,
    MAX_WORDS,
  );

const isNowhere = (err: unknown): err is NotInSettings | UnfitPlace | Refusal =>
  [NotInSettings, UnfitPlace, Refusal].some((each) => err instanceof each);

const inWords = ({ message, solution }: { message: string; solution: string }) =>
  shortened(`${message} ${solution}`, MAX_WORDS);

/** Where people read by us. */
export interface Reading {
  /** The same where two places have the same readers. */
  at: string;
  fabric: InFabric;
}

/** Undefined: nobody's access to its data is ours to say. Throws where it is not in the settings. */
export const readingAt = (fabricOf: FabricOf, { place, key }: OfComponent): Reading | undefined => {
  const fabric = fabricOf(place, key);
  return fabric?.managesAccess ? { fabric, at: fabric.readersAt() } : undefined;
};

/** A former place that can be looked at. */
interface Formerly extends Reading {
  place: Place;
}

/**
 * Looking at who reads former places, and changing it. Each is safe to repeat, and changes something only when
 * all that an earlier attempt asked for is done or lost.
 */
export const createFormerReaderActivities = ({ fabricOf }: { fabricOf: FabricOf }) => {
  const opened = (place: Place, key: string) => readingAt(fabricOf, { place, key });

  /** Those that are ours and none of these refs. */
  const leavingOf = async (fabric: InFabric, refs: string[], step: Step) => {
    const ours = await fabric.ofFormer.readers(step);
    if (ours.length === 0) return [];
    const staying = new Set(await fabric.ofFormer.namesOf(refs, step));
    return ours.filter((principal) => !staying.has(principal));
  };

  /** One that does not let itself be looked at keeps nobody from losing the rest. */
  const lookAt = async (
    { at, place, fabric }: Formerly,
    { refs, step }: { refs: string[]; step: Step },
  ): Promise<FormerFound> => {
    try {
      const principals = await leavingOf(fabric, refs, step);
      const { system } = fabric;
      return {
        leaving: principals.length > 0 ? [{ place, at, system, principals }] : [],
        untold: [],
      };
    } catch (err) {
      if (!isRefused(err)) throw err;
      return { leaving: [], untold: [inWords(err)] };
    }
  };

  const formerOnes = ({ key, place, former }: Moved) => {
    const untold: string[] = [];
    const found = new Map<string, { place: Place; fabric: InFabric }>();
    const others: Place[] = [];
    const add = (each: Place) => {
      try {
        const { at, fabric } = opened(each, key) ?? {};
        if (at === undefined || !fabric) others.push(each);
        else if (!found.has(at)) found.set(at, { place: each, fabric });
      } catch (err) {
        if (!isNowhere(err)) throw err;
        untold.push(inWords(err));
      }
    };
    const here = place && opened(place, key)?.at;
    former.forEach(add);
    if (here !== undefined) found.delete(here);
    return { found, untold, others };
  };

  /** Whom earlier runs have let in keeps it. A fabric that manages nothing is asked nothing. */
  const stayingAt = async (
    { key, place, refs }: OfComponent & { refs: string[] },
    step: Step,
  ): Promise<string> => {
    const fabric = fabricOf(place, key);
    const all = 'whom earlier runs have let read the data there keeps it';
    if (!fabric?.manages) return notGranting(place.fabric, all);
    const { name } = fabric.fabric;
    try {
      const readers = await leavingOf(fabric, refs, step);
      const names = firstFew(readers).join(', ');
      return readers.length > 0 ? notGranting(name, `${names} can read there still`) : '';
    } catch (err) {
      if (!isRefused(err)) throw err;
      return notGranting(name, all);
    }
  };

  /** Those that the present fabric tells by itself, be it that no run remembers them. */
  const besides = async ({ key, place }: OfComponent, step: Step): Promise<Place[]> => {
    const ends = await opened(place, key)?.fabric.formerEnds?.(step);
    return (ends?.configurations ?? []).map((configuration) => ({ ...place, configuration }));
  };

  return {
    /**
     * Of these former places of a component, but for what the present one shares with them; with
     * `isElsewhere` also of those that the present fabric tells.
     */
    findFormerReaders: ({ former, isElsewhere, ...given }: Looking) =>
      attempt(async ({ interest }): Promise<FormerFound> => {
        const step = stepOf(interest);
        const { key, place, refs } = given;
        const more = place && isElsewhere ? await besides({ key, place }, step) : [];
        const { found, untold, others } = formerOnes({ ...given, former: [...former, ...more] });
        const leaving: Leaving[] = [];
        for (const [at, each] of found) {
          const seen = await lookAt({ at, ...each }, { refs, step });
          leaving.push(...seen.leaving);
          untold.push(...seen.untold);
        }
        mustFitHistory(
          leaving.flatMap(({ principals }) => principals),
          leaving.map(({ system }) => system),
        );
        const staying = new Set<string>();
        for (const each of others) staying.add(await stayingAt({ key, place: each, refs }, step));
        staying.delete('');
        return {
          leaving,
          untold: firstFew(untold),
          ...(staying.size > 0 && { staying: firstFew([...staying]) }),
        };
      }),

    /** These read there no more; how many that were, in this attempt or one before. */
    revokeFormerReaders: ({ principals, settleTime, ...of }: Changing) =>
      attempt(async ({ interest, settlesAt }): Promise<number> => {
        const { ofFormer, system } = mustBe(fabricOf, of);
        settled({ settlesAt }, system);
        const step = stepOf(interest, settleTime);
        await ofFormer.revoke(principals, step);
        const ours = new Set(await ofFormer.readers(step));
        return principals.filter((each) => !ours.has(each)).length;
      }, settleTime),

    /** Whether any of them had it no more. */
    giveBackFormerReaders: ({ principals, settleTime, ...of }: Changing) =>
      attempt(async ({ interest, settlesAt }): Promise<boolean> => {
        const { ofFormer, system } = mustBe(fabricOf, of);
        settled({ settlesAt }, system);
        const step = stepOf(interest, settleTime);
        const ours = new Set(await ofFormer.readers(step));
        const gone = principals.filter((each) => !ours.has(each));
        if (gone.length > 0) await ofFormer.giveBack(gone, step);
        return gone.length > 0;
      }, settleTime),
  };
};
