import { z } from 'zod';
import { parseJson } from '../contract/json';

/** How the client proves itself to Airbyte. */
export type AirbyteAuth =
  | { kind: 'oauth'; clientId: string; clientSecret: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'none' };

/** Airbyte public API, createAccessToken: `expires_in` in seconds. The Config API leaves it out. */
export const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().optional(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

const TokenClaims = z.object({ exp: z.number(), iat: z.number() });

/** Seconds: the shortest life a version of Airbyte gave its tokens. */
const SHORTEST_LIFE = 180;

/** Some versions announced 900 s for tokens that lived 180 s: the shorter of the two counts. */
const lifetimeOf = ({ access_token: token, expires_in: announced = Infinity }: TokenAnswer) => {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const claims = TokenClaims.safeParse(parseJson(payload));
  if (claims.success) return Math.min(announced, claims.data.exp - claims.data.iat);
  return Number.isFinite(announced) ? announced : SHORTEST_LIFE;
};

/** Renewed early: by a minute, or by a third of a life shorter than three minutes. */
const renewAfter = (seconds: number) => (seconds - Math.min(60, seconds / 3)) * 1000;

export const basicHeader = (auth: Extract<AirbyteAuth, { kind: 'basic' }>) =>
  `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;

/**
 * The Authorization header's value: of basic auth made anew each time, none without, and for OAuth a token
 * that all callers share, asked for once however many wait for it. `credentials` are looked up for each
 * token, so that rotated ones are noticed.
 */
export const createSession = (
  credentials: () => Promise<AirbyteAuth>,
  request: (credentials: Extract<AirbyteAuth, { kind: 'oauth' }>) => Promise<TokenAnswer>,
) => {
  let session: Promise<{ header: string; until: number }> | undefined;

  const forget = (asked: typeof session) => {
    if (session === asked) session = undefined;
  };

  const bearer = async (given: Extract<AirbyteAuth, { kind: 'oauth' }>) => {
    const former = session;
    const known = await former?.catch(() => undefined);
    if (!known || Date.now() >= known.until) forget(former);
    const asked = (session ??= request(given).then((granted) => ({
      header: `Bearer ${granted.access_token}`,
      until: Date.now() + renewAfter(lifetimeOf(granted)),
    })));
    return (await asked).header;
  };

  return {
    async header(): Promise<string | undefined> {
      const auth = await credentials();
      if (auth.kind === 'none') return undefined;
      if (auth.kind === 'oauth') return bearer(auth);
      return basicHeader(auth);
    },

    /** After a 401: true when a new token may help; the one refused is not used again. */
    async renew(refused: string | undefined): Promise<boolean> {
      if (!refused?.startsWith('Bearer ')) return false;
      const asked = session;
      const current = await asked?.catch(() => undefined);
      if (current?.header === refused) forget(asked);
      return true;
    },
  };
};
