import { setTimeout as pause } from 'node:timers/promises';
import type { ProvisioningStatus } from '../contract/coordinator';
import { SystemProblem } from '../contract/problems';

/** Milliseconds between two looks at the runs that are waited for. */
const POLL_EVERY = 500;
/** Milliseconds for which Temporal may be away in a long wait. */
const SILENCE = 60_000;

const hasEnded = ({ status }: ProvisioningStatus) =>
  status !== 'RUNNING' && status !== 'TERMINATING';

/**
 * How each run ended; those that have not within `timeout` milliseconds with the status they have, and
 * those of which nothing could be learned not at all. Throws the SystemProblem that Temporal's silence is.
 */
export const untilEnded = async (
  tokens: string[],
  {
    statusOf,
    timeout,
  }: { statusOf: (token: string) => Promise<ProvisioningStatus>; timeout: number },
) => {
  const seen = new Map<string, ProvisioningStatus>();
  const deadline = Date.now() + timeout;
  let heard = Date.now();
  const look = async (token: string) => {
    try {
      seen.set(token, await statusOf(token));
      heard = Date.now();
    } catch (err) {
      if (!(err instanceof SystemProblem) || Date.now() - heard > SILENCE) throw err;
    }
  };
  for (let open = tokens; open.length > 0 && Date.now() < deadline;) {
    for (const token of open) await look(token);
    open = open.filter((token) => {
      const status = seen.get(token);
      return !status || !hasEnded(status);
    });
    if (open.length > 0) await pause(POLL_EVERY);
  }
  return seen;
};
