import { CallError, isRefused } from '../../contract/call-error';
import type { Check, Step } from '../fabric';

/* How what a check has found is told. */

const solutionOf = (err: unknown) =>
  isRefused(err) || (err instanceof Error && 'solution' in err && typeof err.solution === 'string')
    ? String(Reflect.get(err, 'solution'))
    : 'Ask the platform operator to look at the log.';

export const failed = (name: string, err: unknown): Check => ({
  name,
  outcome: 'failed',
  message: err instanceof Error ? err.message : String(err),
  solution: solutionOf(err),
  ...(err instanceof CallError && err.kind === 'again' && { mayPass: true }),
});

/** What is found, or what it fails with; the end of the step ends all. */
export const found = async (
  name: string,
  { interest }: Step,
  look: () => Promise<Omit<Check, 'name'>>,
): Promise<Check> => {
  try {
    return { name, ...(await look()) };
  } catch (err) {
    interest.cancelled.throwIfAborted();
    interest.timeUp.throwIfAborted();
    return failed(name, err);
  }
};

export const passed = (message: string) => ({ outcome: 'passed' as const, message });
export const impossible = (name: string): Check => ({
  name,
  outcome: 'impossible',
  message: 'It cannot be told, as there is no way in.',
});
