import { log } from '@temporalio/activity';
import type { Actor, Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { fingerprintIn, fingerprintOf } from '../../src/airbyte/names';
import type { FormerPlan, Provisioned } from '../../workflows/provisioned';
import { isRecord } from '../../src/contract/json';
import { withoutStop } from '../../workflows/protocol/one-line';
import { MASK } from '../../src/secrets/masking';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { differencesIn } from '../comparison/differences';

/*
 * The secrets that a source or destination had before a run wrote to it. Airbyte never shows them; the
 * plan of the run that wrote them, which Temporal keeps, has their references.
 */

/** Where in a configuration; keys, and indices of lists. */
export type Place = readonly (string | number)[];

/** What an update left in Airbyte. */
export interface Written {
  /** With the digits of what was written. */
  name: string;
  /** Where the former secret is still stored, being the same. */
  kept: Place[];
}

export const valueAt = (value: unknown, [key, ...rest]: Place): unknown => {
  if (key === undefined) return value;
  const inner: unknown =
    isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined;
  return valueAt(inner, rest);
};

/** A copy with other values at these places. */
export const withValues = <Of extends object>(
  of: Of,
  places: readonly Place[],
  valueFor: (place: Place) => unknown,
): Of => {
  const copy = structuredClone(of);
  for (const place of places) {
    const holder = valueAt(copy, place.slice(0, -1));
    const last = place.at(-1);
    if (typeof holder === 'object' && holder !== null && last !== undefined)
      Reflect.set(holder, last, valueFor(place));
  }
  return copy;
};

export const dotted = (place: Place) => ['configuration', ...place].join('.');

/** Where a configuration read from Airbyte shows asterisks. */
export const secretPlaces = (value: unknown, at: Place = []): Place[] => {
  if (value === MASK) return [at];
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretPlaces(item, [...at, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretPlaces(inner, [...at, key]));
};

/**
 * Whether somebody has changed by hand what a run wrote: the secret is then not for these places. What
 * Airbyte leaves out when it is read proves nothing.
 */
const isEdited = (current: unknown, written: unknown): boolean => {
  if (current === MASK) return typeof written !== 'string';
  if (isRecord(current))
    return Object.entries(current).some(([key, value]) =>
      isEdited(value, isRecord(written) ? written[key] : undefined),
    );
  return differencesIn(current, written, '').length > 0;
};

/** What is known of an actor's former secrets. */
export interface Former {
  /** What a former run wrote there, with the secrets its references name now; undefined: unknown. */
  configuration?: Record<string, unknown>;
  /** Whether the digits in the actor's name prove these secrets to be those that it had. */
  proven: boolean;
  /** Why nothing is known of them, or no more. */
  why: string;
}

export interface FormerDeps {
  provisioned: Pick<Provisioned, 'findFormer'>;
  fingerprintKey: string;
  /** A plan's configuration with its secrets in clear; throws what keeps it from being had. */
  complete: (
    kind: Kind,
    plan: Plan['source'] | Plan['destination'],
    key: string,
  ) => Promise<Record<string, unknown>>;
}

/** As the end of a sentence. */
const reasonOf = (err: unknown) => withoutStop(err instanceof Error ? err.message : String(err));

const NO_RUN = 'no run that Temporal remembers has written them';
const EDITED = 'it was changed by hand since the run that wrote them';
const ROTATED = 'what it refers to has another value now than when it was written';

/** Looks for the former secrets of an actor, as it was before. `key` is the component's. */
export const createFormerSecrets =
  ({ provisioned, fingerprintKey, complete }: FormerDeps) =>
  async (
    kind: Kind,
    { key, before, interest }: { key: string; before: Actor; interest: CallInterest },
  ): Promise<Former> => {
    let known: Former | undefined;

    const accept = async ({ plan, completed }: FormerPlan) => {
      const { connector } = plan[kind];
      try {
        const configuration = await complete(kind, plan[kind], key);
        const digits = fingerprintOf({ connector, complete: configuration }, fingerprintKey);
        const proven = digits === fingerprintIn(before.name);
        if (!proven && !(completed && known === undefined)) return false;
        known = isEdited(before.configuration, configuration)
          ? unknown(EDITED)
          : { configuration, proven, why: proven ? '' : ROTATED };
        return proven;
      } catch (err) {
        if (completed) known ??= unknown(reasonOf(err));
        return false;
      }
    };

    const signal = AbortSignal.any([interest.cancelled, interest.timeUp]);
    await provisioned.findFormer(key, accept, signal);
    return known ?? unknown(NO_RUN);
  };
export type FormerSecrets = ReturnType<typeof createFormerSecrets>;

const unknown = (why: string): Former => ({ proven: false, why });

/**
 * The places at which a write leaves the secret that was there. Found out before the write, while all
 * can be looked up: an undo may then leave them as they are. None where nobody can tell.
 */
export const placesKept = async (
  former: () => Promise<Former>,
  { before, wanted }: { before: Actor; wanted: Record<string, unknown> },
): Promise<Place[]> => {
  const places = secretPlaces(before.configuration);
  if (places.length === 0) return [];
  try {
    const { configuration, proven } = await former();
    if (!proven) return [];
    return places.filter((place) => {
      const value = valueAt(configuration, place);
      return typeof value === 'string' && value === valueAt(wanted, place);
    });
  } catch (err) {
    log.warn('what an undo would need could not be found out', { err, name: before.name });
    return [];
  }
};

/** A run that takes over writes no digits before it writes a secret: without, the former is there. */
export const hasFormerSecrets = (current: Actor, before: Actor) =>
  [current, before].every(({ name }) => fingerprintIn(name) === undefined);

/** As it was, with asterisks where they were read. */
export const withStored = (before: Actor, current: Actor) =>
  withValues(before.configuration ?? {}, secretPlaces(before.configuration), (place) =>
    valueAt(current.configuration, place),
  );
