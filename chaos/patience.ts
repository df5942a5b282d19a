import { setTimeout as pause } from 'node:timers/promises';

const AGAIN = 250;

/** Repeats what fails because the one who should answer has just been killed. */
export const untilItWorks = async <Result>(
  call: () => Promise<Result>,
  { signal, onFailure }: { signal: AbortSignal; onFailure?: () => void },
): Promise<Result> => {
  for (;;) {
    try {
      return await call();
    } catch {
      onFailure?.();
      await pause(AGAIN, undefined, { signal });
    }
  }
};
