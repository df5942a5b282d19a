import { Refusal } from '../../src/contract/problems';
import type { ComponentFabric, Step } from '../../src/fabrics/fabric';
import { firstFew } from '../../workflows/protocol/lengths';
import { readable } from '../../workflows/protocol/one-line';
import { attempt } from '../attempt';
import { settled } from '../unclear-answers';
import { mustBe, namedOrKnown, refuseForeign, stepOf } from './fabric';
import type { FabricOf, OfComponent } from './fabric';

/* Who may read a component's data, as far as that is ours to say. */

/** Bytes of the names of all who read now, as JSON: they go into the history, for an undo. */
const MAX_READERS_SIZE = 1_000_000;

/** What a run that changes the readers has found. */
export interface ReadersFound {
  system: string;
  /** Whether they are given access to Airbyte, too. */
  isInAirbyte: boolean;
  /** What is wrong with those asked for who are nobody to the fabric: a line each, from the ref on. */
  unknown: string[];
  /** Who reads now, of those that are ours: principals, as the fabric names them. */
  former: string[];
  /** People read by us what the fabric has of the component in other places, too. */
  isElsewhere?: true;
  /** What cannot be told of who reads now: sentences. */
  warnings?: string[];
}

/** What changing them has done. */
export interface ReadersTold {
  granted: number;
  revoked: number;
  /** Some of them, for the log: `Granted to JANE`. */
  lines: string[];
}

interface Granting extends OfComponent {
  /** Milliseconds the fabric may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

const tooMany = (system: string, count: number) =>
  new Refusal(
    `${String(count)} principals of ${system} read the component's data by grants of ours: more than a run can put back.`,
    'Give access to groups instead of to each of their members.',
  );

/** Throws a Refusal where they are more than an undo can be told of. */
export const mustFitHistory = (principals: string[], systems: readonly string[]) => {
  if (JSON.stringify(principals).length > MAX_READERS_SIZE)
    throw tooMany([...new Set(systems)].join(' and '), principals.length);
};

/** What a fabric cannot hold is refused before the run changes anything, in Airbyte or in the fabric. */
const mustHold = ({ system, mostReaders = Infinity }: ComponentFabric, principals: string[]) => {
  if (principals.length <= mostReaders) return;
  throw new Refusal(
    `refs: ${String(principals.length)} principals of ${system} are to read the component's data; at most ${String(mostReaders)} can.`,
    'Give access to groups instead of to each of their members.',
  );
};

export type ReaderActivities = ReturnType<typeof createReaderActivities>;

/**
 * Changing who reads a component's data. Each is safe to repeat, and looks only when all that an earlier
 * attempt asked for is done or lost.
 */
export const createReaderActivities = ({
  fabricOf,
  isInAirbyte,
}: {
  fabricOf: FabricOf;
  isInAirbyte: boolean;
}) => {
  /** Told by what was there before the first attempt, and what is there now. */
  const changed = async (
    fabric: ComponentFabric,
    { principals, former }: { principals: string[]; former: string[] },
    step: Step,
  ): Promise<ReadersTold> => {
    await fabric.grant(principals, step);
    const { ours } = await fabric.readers(step);
    const granted = ours.filter((name) => !former.includes(name));
    const revoked = former.filter((name) => !ours.includes(name));
    const lines = [
      ...granted.map((name) => `Granted to ${readable(name)}`),
      ...revoked.map((name) => `Revoked from ${readable(name)}`),
    ];
    return { granted: granted.length, revoked: revoked.length, lines: firstFew(lines) };
  };

  const resolved = async (fabric: ComponentFabric, refs: string[], step: Step) => {
    const { known, unknown } = await fabric.principalsOf(refs, step);
    return {
      principals: [...new Set(Object.values(known))],
      unknown: Object.entries(unknown).map(([ref, problem]) => `${ref}: ${problem}`),
    };
  };

  return {
    /** Whether all are known, and who reads now; undefined: nobody's access to the data is ours to say. */
    findReaders: ({ key, place, refs }: OfComponent & { refs: string[] }) =>
      attempt(async ({ interest }): Promise<ReadersFound | undefined> => {
        const fabric = namedOrKnown(fabricOf, { key, place });
        if (!fabric?.managesAccess) return undefined;
        const { system } = fabric;
        const step = stepOf(interest);
        const { principals, unknown } = await resolved(fabric, refs, step);
        const found = { system, isInAirbyte, unknown: firstFew(unknown) };
        if (unknown.length > 0) return { ...found, former: [] };
        mustHold(fabric, principals);
        refuseForeign((await fabric.look(step)).foreign);
        const { ours: former, warnings: doubts = [] } = await fabric.readers(step);
        mustFitHistory(former, [system]);
        const ends = await fabric.formerEnds?.(step);
        const warnings = [...doubts, ...(ends?.warnings ?? [])];
        return {
          ...found,
          former,
          ...(ends && ends.configurations.length > 0 && { isElsewhere: true }),
          ...(warnings.length > 0 && { warnings }),
        };
      }),

    /** Exactly these read, of those that are ours. */
    grantReaders: ({
      key,
      place,
      refs,
      former,
      settleTime,
    }: Granting & { refs: string[]; former: string[] }) =>
      attempt(async ({ interest, settlesAt }): Promise<ReadersTold> => {
        const fabric = mustBe(fabricOf, { key, place });
        settled({ settlesAt }, fabric.system);
        const step = stepOf(interest, settleTime);
        const { principals, unknown } = await resolved(fabric, refs, step);
        if (unknown.length > 0)
          throw new Refusal(firstFew(unknown).join('; '), 'Send the request again.');
        return changed(fabric, { principals, former }, step);
      }, settleTime),

    /** The same by their names in the fabric: as it was before a run. */
    restoreReaders: ({ key, place, principals, settleTime }: Granting & { principals: string[] }) =>
      attempt(async ({ interest, settlesAt }): Promise<ReadersTold> => {
        const fabric = mustBe(fabricOf, { key, place });
        settled({ settlesAt }, fabric.system);
        const step = stepOf(interest, settleTime);
        const { ours: former } = await fabric.readers(step);
        return changed(fabric, { principals, former }, step);
      }, settleTime),
  };
};
