import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { Refusal } from '../../../contract/problems';
import type { Secret } from '../../../reading/values';
import type { Opening } from '../../fabric';

/* What a call proves itself with (docs.snowflake.com, Authenticating to the server, of the SQL API). */

/** Of one user: exactly one of these. */
export interface Proof {
  privateKey?: Secret | undefined;
  privateKeyPassword?: Secret | undefined;
  oauth?: Secret | undefined;
  token?: Secret | undefined;
}

export interface Bearer {
  value: string;
  /** X-Snowflake-Authorization-Token-Type. */
  type: 'KEYPAIR_JWT' | 'OAUTH' | 'PROGRAMMATIC_ACCESS_TOKEN';
}

/** Seconds that a JWT lives, of the hour that Snowflake takes; and how long before its end it is used. */
const LIFE = 59 * 60;
const MARGIN = 5 * 60;

interface Named {
  host: string;
  account?: string | undefined;
}

/** Which account it is, be there another of that locator in another region: in upper case, and no dots. */
export const accountIn = ({ host, account }: Named) =>
  (account?.replaceAll('.', '-') ?? host.split(/[.:]/)[0] ?? host).toUpperCase();

/** `xy12345.eu-central-1` is of a locator and a region; `ACME.FIN` of an organization and a name, neither with a hyphen. */
export const locatedIn = (account = '') => {
  const [, locator, region] = /^([^.]+)\.(.*[-.].*|privatelink)$/i.exec(account) ?? [];
  return locator === undefined || region === undefined ? undefined : { locator, region };
};

/** As a JWT has it: in upper case, a locator without its region, and no dots. */
export const accountInJwt = (named: Named) =>
  locatedIn(named.account)?.locator.toUpperCase() ?? accountIn(named);

const unreadable = (fabric: string) =>
  new Refusal(
    `The private key of the fabric ${fabric} cannot be read: it is no RSA key in PEM, or not with this passphrase.`,
    'Ask the platform operator to look at the secrets privateKey and privateKeyPassword of the fabric: openssl pkey -in KEY -noout -text.',
  );

const keyOf = (pem: string, passphrase: string | undefined, fabric: string): KeyObject => {
  try {
    const key = createPrivateKey({
      key: pem,
      ...(passphrase !== undefined && { passphrase }),
    });
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Its message may tell of the key.
  }
  throw unreadable(fabric);
};

/** `SHA256:` and the digest of the public key, as DESCRIBE USER shows it. */
export const fingerprintOf = (key: KeyObject) => {
  const its = key.type === 'public' ? key : createPublicKey(key);
  const spki = its.export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256').update(spki).digest('base64')}`;
};

const signed = (
  key: KeyObject,
  { account, user, now, until }: { account: string; user: string; now: number; until: number },
) => {
  const subject = `${account}.${user.toUpperCase()}`;
  return new SignJWT()
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(`${subject}.${fingerprintOf(key)}`)
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(until)
    .sign(key);
};

interface Signed {
  of: string;
  value: Promise<string>;
  until: number;
}

interface TokensOptions {
  fabric: string;
  account: string;
  user: string;
  proof: Proof;
  secretOf: Opening['secretOf'];
  /** Seconds since 1970. */
  clock?: () => number;
}

/**
 * What a call proves itself with: a JWT that lasts for an hour and is made anew before, or when the key has
 * changed; or a token as it is now. Throws a Refusal.
 */
export const createTokens = ({
  fabric,
  account,
  user,
  proof,
  secretOf,
  clock = () => Math.floor(Date.now() / 1000),
}: TokensOptions) => {
  let latest: Signed | undefined;
  let refusals = 0;

  const jwt = async (privateKey: Secret): Promise<string> => {
    const pem = await secretOf(privateKey);
    const { privateKeyPassword } = proof;
    const passphrase = privateKeyPassword && (await secretOf(privateKeyPassword));
    const of = createHash('sha256')
      .update(JSON.stringify([pem, passphrase ?? null]))
      .digest('hex');
    const now = clock();
    if (latest?.of === of && now < latest.until) return latest.value;
    // One that takes the place of a refused one is another, though it be made in the same second.
    const until = now + LIFE - (refusals % MARGIN);
    const value = signed(keyOf(pem, passphrase, fabric), { account, user, now, until });
    latest = { of, value, until: until - MARGIN };
    return value;
  };

  return {
    async bearer(): Promise<Bearer> {
      const { privateKey, oauth, token } = proof;
      if (privateKey) return { value: await jwt(privateKey), type: 'KEYPAIR_JWT' };
      if (oauth) return { value: await secretOf(oauth), type: 'OAUTH' };
      if (token) return { value: await secretOf(token), type: 'PROGRAMMATIC_ACCESS_TOKEN' };
      throw new Refusal(
        `The fabric ${fabric} has a password only, which Snowflake's SQL API does not take.`,
        'Ask the platform operator to give the fabric a key pair, or one in manage.by.',
      );
    },

    /** After a 401: what is used instead of the one that was refused; undefined where there is no other. */
    async renewed(refused: Bearer): Promise<Bearer | undefined> {
      refusals += 1;
      if (latest && (await latest.value) === refused.value) latest = undefined;
      const next = await this.bearer();
      return next.type === 'KEYPAIR_JWT' || next.value !== refused.value ? next : undefined;
    },
  };
};
export type Tokens = ReturnType<typeof createTokens>;
