import { CallError } from '../contract/call-error';
import { Refusal } from '../contract/problems';
import type { Check, Foreign, Step } from './fabric';

/* What the checks of any fabric are made of, and their order. None of them changes anything. */

/** What was found; with a name where it is about something else than what was looked at. */
export type Verdict = Omit<Check, 'name'> & Partial<Pick<Check, 'name'>>;

export const passed = (message: string): Verdict => ({ outcome: 'passed', message });

export const failed = (message: string, solution: string): Verdict => ({
  outcome: 'failed',
  message,
  solution,
});

export const impossible = (message: string, solution?: string): Verdict => ({
  outcome: 'impossible',
  message,
  ...(solution !== undefined && { solution }),
});

/** Of a place that is another's. */
export const inTheWay = ({ problem, solution, at }: Foreign): Verdict => ({
  ...failed(problem, solution),
  ...(at !== undefined && { at }),
});

/** What keeps a look from its answer is the answer, unless nobody waits for it any more. */
export const verdictOn = (err: unknown, { interest }: Step): Verdict => {
  interest.cancelled.throwIfAborted();
  if (!(err instanceof CallError || err instanceof Refusal)) throw err;
  const mayPass = err instanceof CallError && err.kind === 'again';
  return { ...failed(err.message, err.solution), ...(mayPass && { mayPass }) };
};

/** One check, and what finds it out. */
export type Look = [name: string, look: () => Promise<Verdict> | Verdict];

/** Each by itself, whatever becomes of the others. */
export const checkEach = (looks: readonly Look[], step: Step): Promise<Check[]> =>
  Promise.all(
    looks.map(async ([name, look]) => {
      try {
        return { name, ...(await look()) };
      } catch (err) {
        return { name, ...verdictOn(err, step) };
      }
    }),
  );

/** What was found of each who is to be let in; empty for Airbyte where it comes as who manages. */
export interface Entries {
  manager: Check[];
  airbyte: Check[];
}

export const isLetIn = (entry: readonly Check[]) =>
  entry.length > 0 && entry.every(({ outcome }) => outcome === 'passed');

interface Order {
  manager: () => Promise<Check[]>;
  airbyte: () => Promise<Check[]>;
  /** What can be looked at only by who is let in. */
  behind: (entries: Entries) => Look[];
}

/** Whether a fabric can do what it would have to: first of all whether it lets anybody in. */
export const checkInOrder = async (
  { manager, airbyte, behind }: Order,
  step: Step,
): Promise<Check[]> => {
  const [first, second] = await Promise.all([manager(), airbyte()]);
  const others = await checkEach(behind({ manager: first, airbyte: second }), step);
  return [...first, ...second, ...others];
};
