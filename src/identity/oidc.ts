import { errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyResult } from 'jose';
import { isRecord } from '../contract/json';
import type { AuthSettings } from '../settings/gateway';
import { ROLES } from '../settings/teams';
import type { Role, TeamSettings } from '../settings/teams';
import type { Caller } from './caller';
import { askProvider } from './discovery';
import { createProviderKeys } from './provider-keys';

export type Oidc = Extract<AuthSettings, { mode: 'oidc' }>;

/** Characters of a token: headers of 16 KiB hold no more. */
const MAX_TOKEN = 16_000;
/** Groups of a token that are looked at. */
const MAX_GROUPS = 2000;

/** The token proves nobody; why goes to the log, as it says nothing to who forged it. */
export class InvalidToken extends Error {
  override name = 'InvalidToken';
}

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

/** Claims that only ID tokens have (OpenID Connect Core 3.1.3.6, 3.3.2.11): they tell a client, not an API. */
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash'];

const isIdToken = (payload: JWTPayload) =>
  payload.typ === 'ID' || OF_ID_TOKENS.some((claim) => claim in payload);

/** RFC 9068, 2.1; types of media have no case. */
const ACCESS_TOKEN = /^(application\/)?at\+jwt$/i;

/**
 * An ID token may have no claim of its own at all, as one of a refresh, so an access token has to show that
 * it is one: by the type in its header, by Keycloak's claim, or by what the file says of the provider.
 */
const isAccessToken = (
  { payload, protectedHeader }: JWTVerifyResult,
  claim: string | undefined,
): boolean =>
  !isIdToken(payload) &&
  ((typeof protectedHeader.typ === 'string' && ACCESS_TOKEN.test(protectedHeader.typ)) ||
    payload.typ === 'Bearer' ||
    (claim !== undefined && (claimAt(payload, claim) ?? null) !== null));

/** Claims whose texts are lists with spaces between (RFC 8693, 4.2); Entra ID calls it `scp`. */
const SCOPES = ['scope', 'scp'];

/** Several as a list, or one as text: the name of a group may have spaces. */
const groupsIn = (payload: JWTPayload, path: string): Set<string> => {
  const claim = claimAt(payload, path);
  const isScope = typeof claim === 'string' && SCOPES.includes(path);
  const given: unknown[] = isScope ? claim.split(' ') : [claim].flat();
  return new Set(given.filter((group) => typeof group === 'string').slice(0, MAX_GROUPS));
};

/** The client that asked for the token (RFC 9068 `client_id`; older servers `azp`). */
const clientOf = ({ client_id: id, azp }: JWTPayload) =>
  [id, azp].find((claim) => typeof claim === 'string');

/**
 * The client that acts for itself: a person's token has one, too, and is that person's. By the subject
 * (RFC 9068, 2.2), Entra ID's `idtyp`, or the name that Keycloak gives to a client's account.
 */
const clientItself = (payload: JWTPayload) => {
  const client = clientOf(payload);
  const isItself =
    client !== undefined &&
    (payload.sub === client ||
      payload.idtyp === 'app' ||
      payload.preferred_username === `service-account-${client.toLowerCase()}`);
  return isItself ? client : undefined;
};

/** RFC 7519, 4.1.2: a text; it names the caller in the audit. */
const subjectOf = ({ sub }: JWTPayload): string => {
  if (typeof sub === 'string' && sub.trim() !== '') return sub;
  throw new InvalidToken('The token has no subject.');
};

const rolesIn = ({ groups }: TeamSettings, of: Set<string>): Set<Role> =>
  new Set(ROLES.filter((role) => groups[role].some((group) => of.has(group))));

const callerOf = (
  payload: JWTPayload,
  { oidc, teams }: { oidc: Oidc; teams: Record<string, TeamSettings> },
): Caller => {
  const groups = groupsIn(payload, oidc.groupsClaim);
  const client = clientItself(payload);
  const roles = Object.entries(teams)
    .map(([team, settings]) => [team, rolesIn(settings, groups)] as const)
    .filter(([, has]) => has.size > 0);
  return {
    name: subjectOf(payload),
    isCoordinator: client !== undefined && oidc.coordinators.includes(client),
    isPlatformOperator: oidc.platformOperators.some((group) => groups.has(group)),
    roles: new Map(roles),
  };
};

export type OidcProvider = ReturnType<typeof createOidc>;

/**
 * Access tokens of one issuer, checked with its keys: signature, algorithm, issuer, audience, times. While
 * the provider is away, tokens of known keys are good for a day.
 */
export const createOidc = (oidc: Oidc) => {
  const keys = createProviderKeys(() => askProvider(oidc.issuer));

  const verified = async (token: string): Promise<JWTVerifyResult> => {
    try {
      const result = await jwtVerify(token, keys.find, {
        audience: oidc.audience,
        algorithms: oidc.algorithms,
        clockTolerance: oidc.clockSkew,
        requiredClaims: ['exp', 'sub', 'iss'],
      });
      // Not before: with the keys the provider tells how it calls itself.
      if (result.payload.iss === keys.issuer()) return result;
    } catch (cause) {
      // What is no error of the library's is a key that cannot be had, or a mistake of ours.
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new InvalidToken('The token is not valid.', { cause });
    }
    throw new InvalidToken('The token is of another issuer.');
  };

  return {
    /** Throws InvalidToken or ProviderAway. */
    callerBy: async (token: string, teams: Record<string, TeamSettings>): Promise<Caller> => {
      if (token.length > MAX_TOKEN) throw new InvalidToken('The token is too long.');
      const result = await verified(token);
      if (!isAccessToken(result, oidc.accessTokenClaim))
        throw new InvalidToken(
          'The token does not show that it is an access token (gateway.auth.accessTokenClaim).',
        );
      return callerOf(result.payload, { oidc, teams });
    },
  };
};
