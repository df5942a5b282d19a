import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import ipaddr from 'ipaddr.js';
import { RequestError } from '../contract/problems';
import type { GatewaySettings } from '../settings/gateway';
import { callerOf } from './callers';

/* Who may knock at all, and how often. */

/** The settings of now; undefined where there is no configuration file. */
export type Door = () => GatewaySettings | undefined;

/** An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address. */
const plainAddress = (text: string) => {
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address()
    : address;
};

const isWithin = (address: string, ranges: readonly string[]): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const from = plainAddress(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.isValidCIDR(range)
      ? ipaddr.parseCIDR(range)
      : [ipaddr.parse(range), undefined];
    if (base.kind() !== from.kind()) return false;
    return from.match(base, bits ?? (base.kind() === 'ipv4' ? 32 : 128));
  });
};

const elsewhere = new RequestError(
  [{ path: 'address', message: 'is not one that this provisioner answers' }],
  {
    status: 403,
    reason: 'forbidden',
    solutions: ['Call from an address of gateway.allowFrom in the configuration file.'],
  },
);

/** Refuses callers from elsewhere, by the address that the trusted proxies tell. */
export const fromAllowed =
  (door: Door): RequestHandler =>
  (req, _res, next) => {
    const ranges = door()?.allowFrom;
    if (ranges && !isWithin(req.ip ?? '', ranges)) throw elsewhere;
    next();
  };

/** Milliseconds in which requests are counted. */
const WINDOW = 60_000;

const tooOften = (seconds: number) =>
  new RequestError([{ path: 'request', message: 'is one too many of its caller in this minute' }], {
    status: 429,
    reason: 'rate_limited',
    solutions: [
      `Send it again in ${String(seconds)} s: nothing was done, and repeating it is safe.`,
    ],
  });

const limited = (door: Door, keyOf: (ip: string, name: string) => string, failedOnly: boolean) =>
  rateLimit({
    windowMs: WINDOW,
    limit: () => door()?.rateLimit?.perMinute ?? 0,
    // The library takes 0 for "none at all".
    skip: () => door()?.rateLimit === undefined,
    keyGenerator: (req, res) => keyOf(ipKeyGenerator(req.ip ?? ''), callerOf(res).name),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    requestWasSuccessful: (_req, res) => res.statusCode !== 401,
    skipSuccessfulRequests: failedOnly,
    handler: (_req, res, next) => {
      next(tooOften(Math.ceil(Number(res.getHeader('Retry-After') ?? WINDOW / 1000))));
    },
  });

/** Guesses at tokens, by their address, before anything is looked up for them. */
export const guessesLimited = (door: Door): RequestHandler => limited(door, (ip) => ip, true);

/** Requests of one caller, whatever the address. */
export const requestsLimited = (door: Door): RequestHandler =>
  limited(door, (ip, name) => (name === 'anybody' ? ip : `caller ${name}`), false);
