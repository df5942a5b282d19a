import type { Actor, Airbyte, Kind } from '../../src/airbyte/workspace';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { componentIn, fingerprintIn, ownerOf, withoutFingerprint } from '../../src/airbyte/names';
import { attempt } from '../attempt';
import { differencesIn, isActorAsWanted, masked } from '../comparison/differences';
import { settled } from '../unclear-answers';
import { secretPlaces, valueAt, withValues, hasFormerSecrets, withStored } from './secrets';
import type { Former, FormerSecrets, Place, Written } from './secrets';
import { asItWas, fieldsLeft, noLongerThere, secretsUnproven, staysAsWritten } from './restored';
import type { Left, Named, Restored } from './restored';
import { actorIn, type Snapshot } from './snapshot';

export type RestoreActor = {
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
  /** The component's; absent in runs of older workers, where the name has it. */
  key?: string;
  /** What the run's own step wrote, if that is known. */
  written?: Written | undefined;
} & (
  | { name: string; former: Snapshot<Actor> }
  /** As older workers ask for it. */
  | { plan: { name: string }; before: Actor }
);

/** A former configuration with its secrets, as far as they can be had. */
interface Rebuilt {
  configuration: Record<string, unknown>;
  /** Where the secret is what the reference names now, which may not be the former one. */
  unproven: Place[];
  /** Where there is none to be had. */
  missing: Place[];
  why: string;
}

/** What this run wrote is there still, so what it kept is the former secret: it stays as it is stored. */
const keptIn = (current: Actor, written: Written | undefined): Place[] =>
  current.name === written?.name ? written.kept : [];

const keyOf = (place: Place) => JSON.stringify(place);

const rebuilt = async (
  { before, current, written }: { before: Actor; current: Actor; written: Written | undefined },
  formerSecrets: () => Promise<Former>,
): Promise<Rebuilt> => {
  const places = secretPlaces(before.configuration);
  const kept = new Set(keptIn(current, written).map(keyOf));
  const others = places.filter((place) => !kept.has(keyOf(place)));
  const former = others.length > 0 ? await formerSecrets() : undefined;
  const valueFor = (place: Place) =>
    valueAt(kept.has(keyOf(place)) ? current.configuration : former?.configuration, place);
  const missing = places.filter((place) => typeof valueFor(place) !== 'string');
  return {
    configuration: withValues(before.configuration ?? {}, places, valueFor),
    unproven:
      former?.proven === false ? others.filter((place) => typeof valueFor(place) === 'string') : [],
    missing,
    why: former?.why ?? 'what this run wrote is not there any more',
  };
};

/** What was somebody else's no run of ours has written. */
const theirs = (): Promise<Former> =>
  Promise.resolve({ proven: false, why: 'only who made it knows it' });

/**
 * Where it is as it was, an attempt before this one may have put it back, its answer lost: without
 * digits nothing shows whether the secret is the former one or what its reference names now.
 */
const unsure = async (named: Named, secretsOf: () => Promise<Rebuilt>): Promise<Left[]> => {
  const { missing, unproven, why } = await secretsOf();
  const isSure = missing.length > 0 || unproven.length === 0;
  return isSure ? [] : [secretsUnproven(named, unproven, why)];
};

export interface RestoreDeps {
  airbyteFor: (interest: CallInterest) => Promise<Airbyte>;
  /** A page of Airbyte's user interface. */
  hrefOf: (path: string) => string;
  former: FormerSecrets;
}

/**
 * Puts a source or destination back as it was, if it is not: all readable fields, and its former
 * secrets. Writes nothing where one of these cannot be had, as another would go to the former host.
 */
export const createRestoreActor = ({ airbyteFor, hrefOf, former }: RestoreDeps) => {
  const formerOf =
    (kind: Kind, given: { key: string; before: Actor; interest: CallInterest }) => () =>
      former(kind, given);

  return (kind: Kind, given: RestoreActor) =>
    attempt(async ({ number, settlesAt, interest, hasWritten }): Promise<Restored> => {
      const { written } = given;
      const before = await actorIn('former' in given ? given.former : given.before);
      const ownName = 'former' in given ? given.name : given.plan.name;
      const key = given.key ?? ownerOf(before.name) ?? '';
      const isForeign = componentIn(before.name) !== key;
      // What is given back has the name that its owners know it by.
      const name = isForeign ? before.name : ownName;
      const named = { kind, name, href: hrefOf(`${kind}/${before.id}`) };
      settled({ settlesAt });
      const airbyte = await airbyteFor(interest);
      const current = await airbyte.getActor(kind, before.id);
      if (!current) throw noLongerThere(named);
      const secretsOf = () =>
        rebuilt(
          { before, current, written },
          isForeign ? theirs : formerOf(kind, { key, before, interest }),
        );
      if (isActorAsWanted(masked(current), before)) {
        const isSure = number === 1 || isForeign || fingerprintIn(before.name) !== undefined;
        return { ...asItWas(hasWritten), ...(!isSure && { left: await unsure(named, secretsOf) }) };
      }
      // With asterisks where they were read: what is stored stays as it is.
      const write = (configuration: Actor['configuration']) =>
        airbyte.updateActor(kind, before.id, { name: before.name, configuration });
      if (hasFormerSecrets(current, before)) {
        await write(withStored(before, current));
        return { changed: true, left: [] };
      }

      const { configuration, missing, unproven, why } = await secretsOf();
      if (missing.length > 0) {
        // What is not the component's must not look so: unprovisioning it would delete it.
        if (isForeign) await write(current.configuration);
        return { changed: isForeign, left: [staysAsWritten(named, missing, why)] };
      }
      const now = await airbyte.updateActor(kind, before.id, {
        name: unproven.length > 0 ? withoutFingerprint(before.name) : before.name,
        configuration,
      });
      const differing = differencesIn(
        masked(now).configuration,
        before.configuration,
        'configuration',
      );
      const left: Left[] = [
        ...(unproven.length > 0 ? [secretsUnproven(named, unproven, why)] : []),
        ...fieldsLeft(named, differing, 'Airbyte shows another value'),
      ];
      return { changed: true, left };
    }, given.settleTime);
};
