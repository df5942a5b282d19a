import { setTimeout as pause } from 'node:timers/promises';
import { createLocalJWKSet, errors } from 'jose';
import type { JWSHeaderParameters, JSONWebKeySet, KeyLike } from 'jose';

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

/**
 * The keys of an identity provider. A token of a key that is not known waits for them to be asked for
 * anew, which all who wait share, so that a rotation loses no request and forged tokens cost the provider
 * one question a second at most. Throws ProviderAway where they cannot be had.
 */
export const createProviderKeys = (fetchKeys: () => Promise<JSONWebKeySet>) => {
  let known: { find: Find; at: number } | undefined;
  let asking: Promise<Find> | undefined;
  let askedAt = 0;

  const askOnce = async (): Promise<Find> => {
    await pause(Math.max(0, askedAt + ASK_EVERY - Date.now()));
    askedAt = Date.now();
    try {
      const find = createLocalJWKSet(await fetchKeys());
      known = { find, at: Date.now() };
      return find;
    } catch (cause) {
      throw new ProviderAway('The keys of the identity provider cannot be had.', { cause });
    }
  };
  const ask = () =>
    (asking ??= askOnce().finally(() => {
      asking = undefined;
    }));

  /** Those of before are good at once; that others are there is found out meanwhile. */
  const current = async (): Promise<Find> => {
    const age = known ? Date.now() - known.at : Infinity;
    if (!known || age > GOOD_FOR) return ask();
    if (age > FRESH_FOR) void ask().catch(() => undefined);
    return known.find;
  };

  return async (header: JWSHeaderParameters, token: Parameters<Find>[1]): Promise<KeyLike> => {
    const find = await current();
    try {
      return await find(header, token);
    } catch (err) {
      if (!(err instanceof errors.JWKSNoMatchingKey)) throw err;
      return (await ask())(header, token);
    }
  };
};
