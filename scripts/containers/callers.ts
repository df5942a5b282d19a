import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './tenants';

/* Those who call a gateway that has TLS and asks who they are. */

/** Milliseconds until what a changed file says has to hold, or a run has to end; and between two looks. */
const PATIENCE = 60_000;
const POLL = 250;

export interface Ask {
  url: string;
  client?: Client;
  body?: string;
}

export const createCaller = (tokens: Record<Client, string>) => {
  let ca = '';
  const call = ({ url, client, body }: Ask) =>
    new Promise<{ status: number; said: string }>((resolve, reject) => {
      const headers = {
        ...(client && { authorization: `Bearer ${tokens[client]}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const method = body === undefined ? 'GET' : 'POST';
      // A connection for each, so that each meets the certificate of now.
      const req = request(url, { method, headers, ca, agent: false, timeout: PATIENCE }, (res) => {
        text(res).then((said) => {
          resolve({ status: res.statusCode ?? 0, said });
        }, reject);
      });
      req.once('timeout', () => req.destroy(new Error(`${url} does not answer`)));
      req.once('error', reject);
      req.end(body);
    });
  return {
    call,
    trust: (certificate: string) => {
      ca = readFileSync(certificate, 'utf8');
    },
  };
};
export type Call = ReturnType<typeof createCaller>['call'];

/** Throws with what was seen last where it does not become so. */
export const until = async <Seen>(
  what: string,
  look: () => Promise<Seen>,
  isSo: (seen: Seen) => boolean,
) => {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const seen = await look().catch((err: unknown) => String(err));
    if (typeof seen !== 'string' && isSo(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`Not so in time: ${what}: ${JSON.stringify(seen)}`);
    await pause(POLL);
  }
};
