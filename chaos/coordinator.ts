import { setTimeout as pause } from 'node:timers/promises';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { untilItWorks } from './patience';

/** Milliseconds. More than a gateway tries to reach Temporal, so that no request is sent twice at once. */
const PATIENCE = 15_000;
const POLL = 2000;

export type Coordinator = ReturnType<typeof createCoordinator>;

/**
 * Witboost's side: sends requests and polls their tokens. Repeats what got no answer or a 500, at the
 * next gateway, as both are safe to repeat; any other answer is a defect.
 */
export const createCoordinator = (gatewayUrls: string[], signal: AbortSignal) => {
  const unexpected: string[] = [];
  let calls = 0;
  let retries = 0;

  const once = async (at: string, init: RequestInit) => {
    calls += 1;
    const gateway = gatewayUrls[calls % gatewayUrls.length] ?? '';
    const answer = await fetch(gateway + at, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    if (answer.ok) return text;
    const answered = `${at} was answered ${String(answer.status)}: ${text}`;
    if (answer.status !== 500) unexpected.push(answered);
    throw new Error(answered);
  };
  const call = (at: string, init: RequestInit = {}) =>
    untilItWorks(() => once(at, init), {
      signal,
      onFailure: () => {
        retries += 1;
      },
    });

  return {
    retries: () => retries,
    /** Answers other than 200, 202 and 500. */
    unexpected,
    send: (operation: string, body: string): Promise<string> =>
      call(`/v1/${operation}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      }),
    /** The status the run has at its end. */
    follow: async (token: string): Promise<ProvisioningStatus> => {
      for (;;) {
        const text = await call(`/v1/provision/${token}/status`);
        const status = ProvisioningStatus.parse(JSON.parse(text));
        if (status.status !== 'RUNNING') return status;
        await pause(POLL, undefined, { signal });
      }
    },
  };
};
