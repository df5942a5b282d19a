import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Operation, readBody } from './operation';
import { type Answer, ok, proxyPage } from './steering/answers';
import { frameworkProblem } from './problems';

export interface AuthOptions {
  /** `oauth` is today's Airbyte, `basic` the docker-compose one, `none` one with its auth off. */
  auth: 'oauth' | 'basic' | 'none';
  clientId: string;
  clientSecret: string;
  username: string;
  password: string;
  /** Seconds. */
  tokenLifetime: number;
}

const TokenRequest = z.object({ client_id: z.string(), client_secret: z.string() });
const Claims = z.object({ exp: z.number() });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const decode = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
};

const createTokens = (lifetime: number) => {
  let key = randomBytes(32);
  const sign = (content: string) => createHmac('sha256', key).update(content).digest('base64url');
  return {
    revokeAll: () => {
      key = randomBytes(32);
    },
    issue: () => {
      const iat = Math.floor(Date.now() / 1000);
      const claims = {
        iss: 'http://localhost:8000',
        aud: 'airbyte-server',
        sub: '00000000-0000-0000-0000-000000000000',
        jti: randomUUID(),
        iat,
        exp: iat + lifetime,
      };
      const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
      return `${content}.${sign(content)}`;
    },
    accepts: (token: string) => {
      const [header = '', claims = '', signature] = token.split('.');
      if (signature !== sign(`${header}.${claims}`)) return false;
      const read = Claims.safeParse(decode(claims));
      return read.success && read.data.exp * 1000 > Date.now();
    },
  };
};

const tokenPath = '/applications/token';

/** Who may call, and the token endpoint (Airbyte public API, createAccessToken). */
export const createAuth = (options: AuthOptions) => {
  const tokens = createTokens(options.tokenLifetime);
  let { clientSecret } = options;
  const basic = Buffer.from(`${options.username}:${options.password}`).toString('base64');
  const denials: Record<AuthOptions['auth'], (authorization: string) => Answer | undefined> = {
    none: () => undefined,
    oauth: (authorization) => {
      const token = /^Bearer (.+)$/i.exec(authorization)?.[1] ?? '';
      return tokens.accepts(token) ? undefined : { status: 401 };
    },
    basic: (authorization) =>
      authorization === `Basic ${basic}`
        ? undefined
        : {
            status: 401,
            body: proxyPage(401),
            headers: { 'WWW-Authenticate': 'Basic realm="Welcome to Airbyte"' },
          },
  };

  const issueToken = (body: unknown): string => {
    const given = readBody(TokenRequest, body);
    const known = given.client_id === options.clientId && given.client_secret === clientSecret;
    // Without OAuth there is no application to know, whatever was sent.
    if (options.auth !== 'oauth' || !known)
      throw frameworkProblem(400, 'Bad Request', 'Invalid client id or token', tokenPath);
    return tokens.issue();
  };

  const common = { method: 'post', path: tokenPath, anonymous: true, changes: false } as const;
  const operation: Operation = {
    ...common,
    id: 'createAccessToken',
    run: ({ body }) =>
      ok({
        access_token: issueToken(body),
        token_type: 'Bearer',
        expires_in: Math.floor(options.tokenLifetime),
      }),
  };
  /** The Config API tells neither the token's type nor how long it lives. */
  const configOperation: Operation = {
    ...common,
    id: 'applicationTokenRequest',
    run: ({ body }) => ok({ access_token: issueToken(body) }),
  };

  return {
    /** The answer to a caller who may not come in; undefined for one who may. */
    refuse: (authorization = '') => denials[options.auth](authorization),
    operation,
    configOperation,
    /** Accepts no token given out so far, as an Airbyte that was started with a new signing key. */
    revokeTokens: tokens.revokeAll,
    /** Accepts this secret of the client and no other; tokens given out so far stay. */
    rotateSecret: (secret: string) => {
      clientSecret = secret;
    },
  };
};
export type Auth = ReturnType<typeof createAuth>;
