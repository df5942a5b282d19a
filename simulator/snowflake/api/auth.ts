import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import type { Answer } from '../../steering/answers';
import { digestOf } from '../../steering/requests';

const TOKEN_TYPES = ['KEYPAIR_JWT', 'OAUTH', 'PROGRAMMATIC_ACCESS_TOKEN'] as const;
type TokenType = (typeof TOKEN_TYPES)[number];

/** Public keys of a user: RSA_PUBLIC_KEY and RSA_PUBLIC_KEY_2. */
const MAX_KEYS = 2;
/** Seconds from `iat` to `exp` of a JWT. */
const MAX_JWT_LIFETIME = 3600;
/** Seconds that clocks may differ by. */
const LEEWAY = 60;

interface Token {
  user: string;
  type: Exclude<TokenType, 'KEYPAIR_JWT'>;
  /** Epoch milliseconds; Infinity for one that lasts. */
  expiresAt: number;
}

export const PublicKeys = z
  .array(z.string().refine((pem) => keyOf(pem) !== undefined, 'must be a public RSA key in PEM'))
  .max(MAX_KEYS);

const keyOf = (pem: string): KeyObject | undefined => {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
};

/** As Snowflake shows a user's key, and a JWT names it. */
const fingerprintOf = (key: KeyObject) =>
  `SHA256:${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;

const Header = z.object({ alg: z.literal('RS256') });
const Claims = z.object({ iss: z.string(), sub: z.string(), iat: z.number(), exp: z.number() });

const decode = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
};

const refused = (code: string, message: string): Answer => ({
  status: 401,
  body: { code, message },
});
const noToken = () => refused('390101', 'Authorization header not found in the request data.');
const badJwt = () => refused('390144', 'JWT token is invalid.');
const badToken = (type: TokenType) =>
  type === 'OAUTH'
    ? refused('390303', 'Invalid OAuth access token.')
    : refused('394400', 'Programmatic access token is invalid.');
const staleToken = (type: TokenType) =>
  type === 'OAUTH'
    ? refused('390318', 'OAuth access token expired.')
    : refused('394400', 'Programmatic access token is invalid.');

const bearerOf = (authorization: string) => /^Bearer (.+)$/i.exec(authorization)?.[1];
const isTokenType = (type: string): type is TokenType =>
  TOKEN_TYPES.some((known) => known === type);

/** Who calls: the users' keys and tokens. `account` is the name that a JWT must have, in upper case. */
export const createAuth = (account: string) => {
  const keys = new Map<string, KeyObject[]>();
  const tokens = new Map<string, Token>();
  /** Digests of JWTs that were used, and of those that count as expired. */
  const used = new Set<string>();
  const expired = new Set<string>();

  const signer = (jwt: string): string | undefined => {
    const [header = '', claims = '', signature = ''] = jwt.split('.');
    const read = Claims.safeParse(decode(claims));
    if (!read.success || !Header.safeParse(decode(header)).success) return undefined;
    const { iss, sub, iat, exp } = read.data;
    const now = Date.now() / 1000;
    if (exp <= now || iat > now + LEEWAY || exp - iat > MAX_JWT_LIFETIME) return undefined;
    const user = sub.startsWith(`${account}.`) ? sub.slice(account.length + 1) : '';
    const key = keys.get(user)?.find((each) => iss === `${sub}.${fingerprintOf(each)}`);
    const content = Buffer.from(`${header}.${claims}`);
    const isSigned = key && verify('sha256', content, key, Buffer.from(signature, 'base64url'));
    return isSigned ? user : undefined;
  };
  const ofJwt = (jwt: string): { user: string } | Answer => {
    const user = expired.has(digestOf(jwt)) ? undefined : signer(jwt);
    if (user === undefined) return badJwt();
    used.add(digestOf(jwt));
    return { user };
  };
  const ofToken = (token: string, type: TokenType): { user: string } | Answer => {
    const known = tokens.get(token);
    if (known?.type !== type) return badToken(type);
    return known.expiresAt <= Date.now() ? staleToken(type) : { user: known.user };
  };
  return {
    /** The user; or the answer to who is none. Without a type a token is taken for OAuth's. */
    who: (authorization = '', given = 'OAUTH'): { user: string } | Answer => {
      const token = bearerOf(authorization);
      if (token === undefined) return noToken();
      if (!isTokenType(given)) return badToken('OAUTH');
      return given === 'KEYPAIR_JWT' ? ofJwt(token) : ofToken(token, given);
    },
    /** In the place of those that the user had: two at most. */
    setKeys: (user: string, pems: string[]) => {
      const read = pems.map(keyOf).filter((key) => key !== undefined);
      keys.set(user, read);
      return read.map(fingerprintOf);
    },
    /** `lifetime` in seconds. */
    addToken: (
      token: string,
      {
        lifetime = Infinity,
        ...rest
      }: Omit<Token, 'expiresAt'> & { lifetime?: number | undefined },
    ) => {
      tokens.set(token, { ...rest, expiresAt: Date.now() + lifetime * 1000 });
    },
    /** The one of this call. */
    expireOf: (authorization = '') => {
      const token = bearerOf(authorization) ?? '';
      const known = tokens.get(token);
      if (known) known.expiresAt = 0;
      else expired.add(digestOf(token));
    },
    /** Every token, and every JWT used so far. */
    expireAll: () => {
      for (const token of tokens.values()) token.expiresAt = 0;
      for (const digest of used) expired.add(digest);
    },
    /** Tokens are not known any more, and JWTs used so far not accepted. */
    revokeAll: () => {
      tokens.clear();
      for (const digest of used) expired.add(digest);
    },
    digest: (authorization = '') => {
      const token = bearerOf(authorization);
      return token === undefined ? null : digestOf(token);
    },
    clear: () => {
      for (const each of [keys, tokens, used, expired]) each.clear();
    },
  };
};
export type Auth = ReturnType<typeof createAuth>;
