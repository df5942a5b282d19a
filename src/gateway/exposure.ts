import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Logger } from 'pino';
import { RequestError } from '../contract/problems';
import type { Settings } from '../settings/settings';
import { addressOf } from './door';

/* Whether a gateway that asks nobody who he is may listen where others reach it. */

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  (isIP(host) !== 0 && ipaddr.parse(addressOf({ ip: host }) ?? host).range() === 'loopback');

/** What whoever reaches it may do where nobody is asked is not for others than this machine. */
export const judgeCodecExposure = ({ gateway: { auth } }: Settings, host: string): void => {
  if (auth.mode !== 'none' || isLoopback(host)) return;
  const message = `is none, so whoever reaches ${host} (HOST) could have payloads decoded: the codec server then listens on this machine only`;
  throw new RequestError([{ path: 'gateway.auth.mode', message }], {
    solutions: ['Ask callers who they are, or give the codec server HOST=127.0.0.1.'],
  });
};

/** A file that is changed must not let everybody in at once: it may be a mistake, or half of a file. */
export const judgeOpening = ({ gateway }: Settings, current: Settings | undefined): void => {
  if (gateway.auth.mode !== 'none' || (current?.gateway.auth.mode ?? 'none') === 'none') return;
  throw new RequestError(
    [{ path: 'gateway.auth.mode', message: 'is none now, which takes a restart of the gateway' }],
    { solutions: ['Restart it, if nobody is to be asked any more; else put back who is asked.'] },
  );
};

/** Throws a RequestError where a file lets in whoever reaches an address, and does not say so. */
export const judgeExposure = ({ gateway: { auth } }: Settings, host: string): void => {
  if (auth.mode !== 'none' || auth.exposed || isLoopback(host)) return;
  const message = `is none, so whoever reaches ${host} (HOST) may do everything: set tokens or oidc, or say exposed: true beside it`;
  throw new RequestError([{ path: 'gateway.auth.mode', message }], {
    solutions: ['Ask callers who they are, or listen on 127.0.0.1.'],
  });
};

/** Tells at start, and when it has come about, that nobody is asked. */
export const tellExposure = (
  mode: Settings['gateway']['auth']['mode'],
  { host, log }: { host: string; log: Logger },
): void => {
  if (mode !== 'none') return;
  const message = 'nobody is asked who he is: whoever reaches this address may do everything';
  if (isLoopback(host)) log.info({ host }, message);
  else log.warn({ host }, message);
};
