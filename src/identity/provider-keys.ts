import { setTimeout as pause } from 'node:timers/promises';
import { createLocalJWKSet, errors } from 'jose';
import type { JWSHeaderParameters, KeyLike } from 'jose';
import type { Provider } from './discovery';

/** Milliseconds between two questions for keys at least, however many tokens name one that is not known. */
const ASK_EVERY = 1000;
/** Milliseconds after which keys are asked for again. */
const FRESH_FOR = 10 * 60_000;
/** Milliseconds for which keys are good while nobody can be asked. */
const GOOD_FOR = 24 * 60 * 60_000;

/** The identity provider cannot be asked, and what is known of its keys is not enough. */
export class ProviderAway extends Error {
  override name = 'ProviderAway';
}

type Find = ReturnType<typeof createLocalJWKSet>;

interface Clock {
  /** Milliseconds since some moment: one that is set back would have everybody wait. */
  now: () => number;
  pause: (ms: number) => Promise<unknown>;
}
const CLOCK: Clock = { now: () => performance.now(), pause };

/**
 * The keys of an identity provider. A token of a key that is not known waits for them to be asked for
 * anew, which all who wait share, so that a rotation loses no request and forged tokens cost the provider
 * one question a second at most. Throws ProviderAway where they cannot be had.
 */
export const createProviderKeys = (ask: () => Promise<Provider>, clock = CLOCK) => {
  let known: { issuer: string; find: Find; at: number } | undefined;
  let asking: Promise<Find> | undefined;
  let askedAt = -Infinity;

  const askOnce = async (): Promise<Find> => {
    await clock.pause(Math.max(0, askedAt + ASK_EVERY - clock.now()));
    askedAt = clock.now();
    try {
      const { issuer, keys } = await ask();
      const find = createLocalJWKSet(keys);
      known = { issuer, find, at: clock.now() };
      return find;
    } catch (cause) {
      throw new ProviderAway('The identity provider cannot be asked for its keys.', { cause });
    }
  };
  const askShared = () =>
    (asking ??= askOnce().finally(() => {
      asking = undefined;
    }));

  /** Those of before are good at once; that others are there is found out meanwhile. */
  const current = async (): Promise<Find> => {
    const age = known ? clock.now() - known.at : Infinity;
    if (!known || age > GOOD_FOR) return askShared();
    if (age > FRESH_FOR) void askShared().catch(() => undefined);
    return known.find;
  };

  return {
    /** How the provider calls itself, as it said with its keys. */
    issuer: () => known?.issuer,
    /** For the library. */
    find: async (header: JWSHeaderParameters, token: Parameters<Find>[1]): Promise<KeyLike> => {
      const find = await current();
      try {
        return await find(header, token);
      } catch (err) {
        if (!(err instanceof errors.JWKSNoMatchingKey)) throw err;
        return (await askShared())(header, token);
      }
    },
  };
};
