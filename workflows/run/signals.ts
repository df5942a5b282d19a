import { isCancellation } from '@temporalio/workflow';

/** Temporal tells this cause from others, such as too many signals, in the message only. */
const isAbsent = (err: unknown) => err instanceof Error && /not ?found/i.test(err.message);

/** Whether the workflow that was to be told goes on; throws where it does, but did not take the signal. */
export const isDelivered = (signal: Promise<void>) =>
  signal.then(
    () => true,
    (err: unknown) => {
      if (!isCancellation(err) && isAbsent(err)) return false;
      throw err;
    },
  );

/** The same of a signal that may go astray: whoever was to hear it finds out all the same, if later. */
export const isDeliveredOrLost = (signal: Promise<void>) =>
  isDelivered(signal).catch((err: unknown) => {
    if (isCancellation(err)) throw err;
    return true;
  });
