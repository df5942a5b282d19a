import { isIP } from 'node:net';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import ipaddr from 'ipaddr.js';
import { RequestError } from '../contract/problems';
import type { GatewaySettings } from '../settings/gateway';
import { ANYBODY } from '../identity/caller';
import { callerOf } from './callers';
import { certificateOf } from './client-certificates';
import { createCounts } from './counts';

/* Who may knock at all, and how often. */

/** The settings of now; undefined where there is no configuration file. */
export type Door = () => GatewaySettings | undefined;

/** Some proxies tell the port, too: `203.0.113.7:51812`, `[2001:db8::1]:51812`. */
const withoutPort = (text: string) => {
  const [, six, four] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  return six ?? four ?? text;
};

/**
 * Where a request comes from, by the entries of X-Forwarded-For that trusted proxies have added. An IPv4
 * address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address. Undefined where a proxy told none.
 */
export const addressOf = ({ ip }: Pick<Request, 'ip'>): string | undefined => {
  const text = withoutPort(ip ?? '');
  if (isIP(text) === 0) return undefined;
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : text;
};

const isWithin = (address: string, ranges: readonly string[]): boolean => {
  const from = ipaddr.parse(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.parseCIDR(
      range.includes('/') ? range : `${range}/${isIP(range) === 4 ? '32' : '128'}`,
    );
    return base.kind() === from.kind() && from.match(base, bits);
  });
};

const elsewhere = new RequestError(
  [{ path: 'address', message: 'is not one that this provisioner answers' }],
  {
    status: 403,
    reason: 'elsewhere',
    solutions: ['Call from an address of gateway.allowFrom in the configuration file.'],
  },
);

/** Whether each of the proxies has added to X-Forwarded-For: else who called is the nearest of them. */
const isTold = (req: Request, proxies: number) => {
  const told = (req.get('x-forwarded-for') ?? '').split(',').filter((each) => each.trim() !== '');
  return told.length >= proxies;
};

/** Refuses callers from elsewhere, and those of whom a proxy does not tell where they are. */
export const fromAllowed =
  (door: Door): RequestHandler =>
  (req, _res, next) => {
    const ranges = door()?.allowFrom;
    const address = isTold(req, door()?.trustProxies ?? 0) ? addressOf(req) : undefined;
    if (ranges && (address === undefined || !isWithin(address, ranges))) throw elsewhere;
    next();
  };

/** Headers of a request, those of proxies included: Node itself drops what is beyond 1,000 of them. */
const MAX_HEADERS = 200;

const tooManyHeaders = new RequestError(
  [{ path: 'headers', message: `are more than ${String(MAX_HEADERS)}` }],
  {
    status: 431,
    reason: 'too_large',
    solutions: ['Send fewer headers, or have the proxies in front add fewer.'],
  },
);

/** Refuses requests of which a part may have been dropped. */
export const fewHeaders: RequestHandler = ({ rawHeaders }, _res, next) => {
  if (rawHeaders.length / 2 > MAX_HEADERS) throw tooManyHeaders;
  next();
};

/** Failed credentials of one address in a minute, where the file sets no other rate. */
const MAX_FAILURES = 300;
/** Milliseconds in which requests are counted. */
const WINDOW = 60_000;

const tooOften = (seconds: number) =>
  new RequestError([{ path: 'request', message: 'is one too many of its caller in this minute' }], {
    status: 429,
    reason: 'rate_limited',
    retryAfter: seconds,
    solutions: [
      `Send it again in ${String(seconds)} s: nothing was done, and repeating it is safe.`,
    ],
  });

/** One household or one host has a whole network of IPv6 addresses. */
const networkOf = (req: Request) => `address ${ipKeyGenerator(addressOf(req) ?? 'unknown')}`;

/**
 * Guesses at tokens, by their address, before anything is looked up for them: once so many have failed in
 * a minute nobody is asked from there, not even who has a right one. What does not fail is not counted.
 */
export const guessesLimited = (door: Door): RequestHandler => {
  const failed = createCounts(WINDOW);
  return (req, res, next) => {
    const most = door()?.rateLimit?.perMinute ?? MAX_FAILURES;
    const key = networkOf(req);
    const known = failed.get(key);
    if (known && known.totalHits >= most)
      throw tooOften(Math.ceil((known.resetTime.getTime() - Date.now()) / 1000));
    res.once('finish', () => {
      if (res.statusCode === 401) failed.increment(key);
    });
    next();
  };
};

/** Where nobody is asked who he is: by the certificate, else by the address. */
const unnamedKeyOf = (req: Request) => {
  const certificate = certificateOf(req.socket);
  return certificate === undefined ? networkOf(req) : `certificate ${certificate}`;
};

/** Requests of one caller, whatever the address. */
export const requestsLimited = (door: Door): RequestHandler =>
  rateLimit({
    store: createCounts(WINDOW),
    windowMs: WINDOW,
    limit: () => door()?.rateLimit?.perMinute ?? 0,
    // The library takes 0 for "none at all".
    skip: () => door()?.rateLimit === undefined,
    keyGenerator: (req, res) => {
      const caller = callerOf(res);
      return caller === ANYBODY ? unnamedKeyOf(req) : `caller ${caller.name}`;
    },
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // They are about its default ways to find an address, and would write past the log.
    validate: false,
    handler: (_req, res, next) => {
      next(tooOften(Number(res.getHeader('Retry-After'))));
    },
  });
