import { errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import { z } from 'zod';
import { isRecord } from '../contract/json';
import type { AuthSettings } from '../settings/gateway';
import { ROLES } from '../settings/teams';
import type { Role, TeamSettings } from '../settings/teams';
import type { Caller } from './caller';
import { ProviderAway, createProviderKeys } from './provider-keys';

export type Oidc = Extract<AuthSettings, { mode: 'oidc' }>;

/** Milliseconds for one answer of the identity provider. */
const DEADLINE = 5000;
/** Characters of a token: headers of 16 KiB hold no more. */
const MAX_TOKEN = 16_000;
/** Groups of a token that are looked at. */
const MAX_GROUPS = 2000;

/** The token proves nobody; why goes to the log, as it says nothing to who forged it. */
export class InvalidToken extends Error {
  override name = 'InvalidToken';
}

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Claims that only ID tokens have (OpenID Connect Core 3.1.3.6, 3.3.2.11): they tell a client, not an API. */
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash'];

const isIdToken = (payload: JWTPayload) =>
  payload.typ === 'ID' || OF_ID_TOKENS.some((claim) => claim in payload);

/** What stands at `realm_access.roles`; a claim may have dots in its own name, as a URL. */
const claimAt = (payload: JWTPayload, path: string): unknown => {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      payload,
    );
};

/** One group as text, or several as a list or with spaces between, as `scope` has them. */
const groupsIn = (payload: JWTPayload, path: string): Set<string> => {
  const claim = claimAt(payload, path);
  const given: unknown[] = typeof claim === 'string' ? claim.split(' ') : [claim].flat();
  return new Set(given.filter((group) => typeof group === 'string').slice(0, MAX_GROUPS));
};

/** The client that asked for the token (RFC 9068 `client_id`; older servers `azp`). */
const clientOf = ({ client_id: id, azp }: JWTPayload) =>
  [id, azp].find((claim) => typeof claim === 'string');

const rolesIn = ({ groups }: TeamSettings, of: Set<string>): Set<Role> =>
  new Set(ROLES.filter((role) => groups[role].some((group) => of.has(group))));

const callerOf = (
  payload: JWTPayload,
  { oidc, teams }: { oidc: Oidc; teams: Record<string, TeamSettings> },
): Caller => {
  const groups = groupsIn(payload, oidc.groupsClaim);
  const client = clientOf(payload);
  const roles = Object.entries(teams)
    .map(([team, settings]) => [team, rolesIn(settings, groups)] as const)
    .filter(([, has]) => has.size > 0);
  return {
    name: payload.sub ?? client ?? 'unnamed',
    isCoordinator: client !== undefined && oidc.coordinators.includes(client),
    isPlatformOperator: oidc.platformOperators.some((group) => groups.has(group)),
    roles: new Map(roles),
  };
};

/** Bytes of an answer: a few keys have some thousand. */
const MAX_ANSWER = 256 * 1024;

const answerOf = async (url: string): Promise<unknown> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE), redirect: 'manual' });
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}.`);
  const text = await response.text();
  if (text.length > MAX_ANSWER) throw new Error(`${url} answered more than 256 KiB.`);
  return JSON.parse(text);
};

const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The issuer's own name for itself, and its keys (OpenID Connect Discovery 1.0, 4). */
const discover = async (issuer: string) => {
  const found = Discovery.parse(await answerOf(`${issuer}/.well-known/openid-configuration`));
  if (found.issuer.replace(/\/+$/, '') !== issuer)
    throw new Error(`It calls itself ${found.issuer}, and not ${issuer}.`);
  // Who is asked safely must not send us where he could be replaced.
  if (issuer.startsWith('https:') && !found.jwks_uri.startsWith('https:'))
    throw new Error(`Its keys are at ${found.jwks_uri}, which is not https.`);
  const keys = createProviderKeys(async (): Promise<JSONWebKeySet> =>
    Keys.parse(await answerOf(found.jwks_uri)),
  );
  return { issuer: found.issuer, keys };
};

export type OidcProvider = ReturnType<typeof createOidc>;

/**
 * Access tokens of one issuer, checked with its keys: signature, algorithm, issuer, audience, times. While
 * the provider is away, tokens of known keys are good for a day.
 */
export const createOidc = (oidc: Oidc) => {
  let provider: ReturnType<typeof discover> | undefined;
  const found = () =>
    (provider ??= discover(oidc.issuer).catch((cause: unknown) => {
      provider = undefined;
      throw new ProviderAway(`The identity provider ${oidc.issuer} cannot be asked.`, { cause });
    }));

  const verified = async (token: string): Promise<JWTPayload> => {
    const { issuer, keys } = await found();
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: oidc.audience,
        algorithms: oidc.algorithms,
        clockTolerance: oidc.clockSkew,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (cause) {
      // What is no error of the library's is a key that cannot be had, or a mistake of ours.
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new InvalidToken('The token is not valid.', { cause });
    }
  };

  return {
    /** Throws InvalidToken or ProviderAway. */
    callerBy: async (token: string, teams: Record<string, TeamSettings>): Promise<Caller> => {
      if (token.length > MAX_TOKEN) throw new InvalidToken('The token is too long.');
      const payload = await verified(token);
      if (isIdToken(payload)) throw new InvalidToken('The token is an ID token.');
      return callerOf(payload, { oidc, teams });
    },
  };
};
