import { CallError } from '../../contract/call-error';
import { Refusal } from '../../contract/problems';
import type { Check, Step } from '../fabric';

/* How what a check has found is told. */

export const passed = (name: string, message: string): Check => ({
  name,
  outcome: 'passed',
  message,
});

export const failed = (name: string, message: string, solution: string): Check => ({
  name,
  outcome: 'failed',
  message,
  solution,
});

export const impossible = (name: string, message: string, solution: string): Check => ({
  name,
  outcome: 'impossible',
  message,
  solution,
});

/** What keeps a check from an answer is its answer, unless nobody waits for it any more. */
export const answered = async (
  name: string,
  step: Step,
  look: () => Promise<Check>,
): Promise<Check> => {
  try {
    return await look();
  } catch (err) {
    step.interest.cancelled.throwIfAborted();
    if (err instanceof CallError || err instanceof Refusal)
      return {
        ...failed(name, err.message, err.solution),
        ...(err instanceof CallError && err.kind === 'again' && { mayPass: true }),
      };
    throw err;
  }
};
