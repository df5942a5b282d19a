import { eventually, startHarness } from './harness';
import type { Harness } from './harness';

const LASTING = { times: 0 };

/** What is done to a call, and how the run must end. */
const FAULTS = [
  ['400', { status: 400, ...LASTING }, 'FAILED'],
  ['422', { status: 422, ...LASTING }, 'FAILED'],
  ['403', { status: 403, ...LASTING }, 'FAILED'],
  ['500 until given up', { status: 500, ...LASTING }, 'FAILED'],
  ['hang until given up', { hang: 'before', ...LASTING }, 'FAILED'],
  // No time for a second attempt: what the first one did unseen is left to the compensation.
  ['hang after commit until given up', { hang: 'after', ...LASTING }, 'FAILED'],
  ['hang after commit', { hang: 'after' }, 'COMPLETED'],
  ['reset before commit', { reset: 'before' }, 'COMPLETED'],
  ['reset after commit', { reset: 'after' }, 'COMPLETED'],
  ['504 although committed', { status: 504, commit: true }, 'COMPLETED'],
  ['429 with Retry-After', { status: 429, retryAfter: 1 }, 'COMPLETED'],
  ['502 web page', { status: 502, html: true, times: 2 }, 'COMPLETED'],
  ['503 twice', { status: 503, times: 2 }, 'COMPLETED'],
  ['truncated JSON', { truncate: true }, 'COMPLETED'],
  ['401 once', { status: 401 }, 'COMPLETED'],
] as const;

/** Every fault at every one of the operations. */
export const faultsAt = (operations: readonly string[]) =>
  operations.flatMap((operation) =>
    FAULTS.map(([what, fault, end]) => ({ operation, what, end, fault: { operation, ...fault } })),
  );

/**
 * Runs that are meant to give up do so soon: a call that hangs leaves no time for a second attempt.
 * The others have time even on a busy machine.
 */
const LIMITS = {
  FAILED: { AIRBYTE_REQUEST_TIMEOUT: '1300ms', AIRBYTE_GIVE_UP_AFTER: '2500ms' },
  COMPLETED: { AIRBYTE_REQUEST_TIMEOUT: '500ms', AIRBYTE_GIVE_UP_AFTER: '60s' },
};
type End = keyof typeof LIMITS;

const startFor = (end: End) => startHarness({ env: LIMITS[end] });

/** For one test file, a harness for runs that must end so, with an Airbyte that has nothing yet. */
export const useHarnesses = () => {
  const started = new Map<End, Harness>();
  beforeAll(async () => {
    const [failed, completed] = await Promise.all([startFor('FAILED'), startFor('COMPLETED')]);
    started.set('FAILED', failed).set('COMPLETED', completed);
  });
  afterAll(() => Promise.all([...started.values()].map((harness) => harness.stop())));
  return async (end: End): Promise<Harness> => {
    const harness = started.get(end);
    if (!harness) throw new Error('The harnesses start with the first test.');
    await harness.resetAirbyte();
    return harness;
  };
};

/** Lasting faults are lifted once the run undoes its work, as an outage ends: the undo then works. */
export const ended = (harness: Harness, token: string) =>
  eventually(async () => {
    const status = await harness.status(token);
    if (status.result.startsWith('Failed; undoing')) await harness.clearFaults();
    return status.status === 'RUNNING' ? undefined : status;
  }, `the end of ${token}`);
