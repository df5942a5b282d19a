import { setTimeout as pause } from 'node:timers/promises';
import type { ProvisioningStatus } from '../contract/coordinator';
import { SystemProblem } from '../contract/problems';

/** Milliseconds between two looks at the runs that are waited for. */
const POLL_EVERY = 500;

const hasEnded = ({ status }: ProvisioningStatus) =>
  status !== 'RUNNING' && status !== 'TERMINATING';

/**
 * How each run ended; those that have not within `timeout` milliseconds with the status they have, and
 * those of which nothing could be learned not at all.
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
  const look = async (token: string) => {
    try {
      seen.set(token, await statusOf(token));
    } catch (err) {
      // Temporal may be away for a moment of a long wait.
      if (!(err instanceof SystemProblem)) throw err;
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
