import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { namesOf } from '../reading/values';
import { ROLES } from './teams';
import { address, file, name, text } from '../reading/values';

/** Requests a minute of one caller. */
const MAX_PER_MINUTE = 1_000_000;
/** Proxies in front of the gateway, one behind the other. */
const MAX_PROXIES = 10;
/** Seconds that the clocks of the identity provider and of the gateway may differ. */
const MAX_SKEW = 300;

const None = closed(
  z.strictObject({
    mode: z.literal('none').meta({ description: '`none`, `tokens` or `oidc`' }),
    exposed: z.boolean().default(false).meta({
      description:
        'Says that others than this machine may reach a gateway that asks nobody who they are',
    }),
  }),
);

const Token = closed(
  z.strictObject({
    name: name.meta({ description: 'How the audit calls the caller' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the token, as 64 hex digits in lower case')
      .meta({ description: 'Of the token, which itself is kept nowhere' }),
    teams: namesOf(name).default([]).meta({ description: 'Whom it acts for' }),
    roles: z
      .array(z.enum(ROLES))
      .max(ROLES.length)
      .default([])
      .meta({ description: '`reader`, `deployer`, `operator`: what it may do for its teams' }),
    coordinator: z.boolean().default(false).meta({ description: 'May deploy for every team' }),
    platformOperator: z.boolean().default(false).meta({ description: 'May do everything' }),
  }),
);

const Tokens = closed(
  z.strictObject({
    mode: z.literal('tokens').meta({ description: '`none`, `tokens` or `oidc`' }),
    tokens: z.array(Token).min(1).max(1000),
  }),
);

/** Signatures that a public key checks; `none` and HMAC are not among them. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const Oidc = closed(
  z.strictObject({
    mode: z.literal('oidc').meta({ description: '`none`, `tokens` or `oidc`' }),
    issuer: address.meta({
      description: 'As tokens have it in `iss`; its discovery is asked for its keys',
    }),
    audience: text.meta({ description: 'What tokens must have in `aud`' }),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .meta({ description: 'Signatures that are taken' }),
    clockSkew: z.int().min(0).max(MAX_SKEW).default(30).meta({ description: 'Seconds' }),
    groupsClaim: text
      .default('groups')
      .meta({ description: 'A path, such as `realm_access.roles`' }),
    accessTokenClaim: text.optional().meta({
      description:
        'A claim, or a path, that only access tokens of the provider have, where their header has no `typ: at+jwt`',
    }),
    coordinators: namesOf(text).default([]).meta({
      description: 'Client ids that may deploy for every team',
    }),
    platformOperators: namesOf(text).default([]).meta({
      description: 'Groups that may see and do everything',
    }),
  }),
);

const Tls = closed(
  z.strictObject({
    certFile: file.meta({ description: 'PEM, with its chain' }),
    keyFile: file.meta({ description: 'PEM, without a password' }),
    clientCaFile: file.optional().meta({
      description: 'Callers need a certificate that one of these has signed',
    }),
  }),
);

/** As everybody writes them: no `10.1`, no octal digits, which mean other addresses than they look like. */
const isRange = (given: string): boolean => {
  const [address = '', bits] = given.split('/');
  return isIP(address) !== 0 && (bits === undefined || ipaddr.isValidCIDR(given));
};

/** `::ffff:10.0.0.0/104` would never be met: such callers are looked at by their IPv4 address. */
const isMapped = (given: string): boolean => {
  const [address = ''] = given.split('/');
  return ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).isIPv4MappedAddress();
};

const range = text
  .refine(isRange, {
    message: 'must be an address or a range such as 10.0.0.0/8 or fd00::/8',
    abort: true,
  })
  .refine(
    (given) => !isMapped(given),
    'must be the IPv4 address that is in it, or a range of them',
  );

/** The gateway's own door: who may knock, and who is asked what. */
export const GatewaySettings = closed(
  z.strictObject({
    auth: z.discriminatedUnion('mode', [None, Tokens, Oidc]),
    tls: Tls.optional(),
    allowFrom: namesOf(range).min(1).optional().meta({
      description: 'Addresses that are answered; without it all',
    }),
    trustProxies: z.int().min(0).max(MAX_PROXIES).default(0).meta({
      description: 'How many proxies stand in front, each of which adds to X-Forwarded-For',
    }),
    rateLimit: closed(
      z.strictObject({
        perMinute: z
          .int()
          .min(1)
          .max(MAX_PER_MINUTE)
          .meta({ description: 'Requests of one caller' }),
      }),
    ).optional(),
  }),
);
export type GatewaySettings = z.output<typeof GatewaySettings>;
export type AuthSettings = GatewaySettings['auth'];
