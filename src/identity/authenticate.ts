import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../settings/settings';
import { ANYBODY } from './caller';
import type { Caller } from './caller';
import { InvalidToken, createOidc } from './oidc';
import type { Oidc, OidcProvider } from './oidc';
import { callerByToken } from './tokens';

/** Nobody is named, or not in the form `Authorization: Bearer TOKEN` (RFC 6750, 2.1). */
export class NoCredential extends Error {
  override name = 'NoCredential';
}

export type Authentication = ReturnType<typeof createAuthentication>;

/** Without a configuration file nobody is asked. */
export const asAnybody: Authentication = () => Promise.resolve(ANYBODY);

const bearerIn = (header: string | undefined): string => {
  const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(header ?? '') ?? [];
  if (token === undefined) throw new NoCredential('No bearer token is given.');
  return token;
};

/**
 * Who asks, by the `Authorization` of a request and the settings of now. Throws NoCredential,
 * InvalidToken, or ProviderAway where nobody can tell.
 */
export const createAuthentication = (settings: () => Pick<Settings, 'gateway' | 'teams'>) => {
  let known: { oidc: Oidc; provider: OidcProvider } | undefined;
  /** What is known of a provider's keys is kept for as long as nothing of it changes. */
  const providerOf = (oidc: Oidc) => {
    if (!known || !isDeepStrictEqual(known.oidc, oidc))
      known = { oidc, provider: createOidc(oidc) };
    return known.provider;
  };

  return async (authorization: string | undefined): Promise<Caller> => {
    const {
      gateway: { auth },
      teams,
    } = settings();
    if (auth.mode === 'none') return ANYBODY;
    const token = bearerIn(authorization);
    if (auth.mode === 'oidc') return providerOf(auth).callerBy(token, teams);
    const caller = callerByToken(auth.tokens, token);
    if (caller) return caller;
    throw new InvalidToken('The token is not one of those that are known.');
  };
};
