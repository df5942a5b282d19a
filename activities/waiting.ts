/** Milliseconds until the next look at what goes on elsewhere: soon at first, and never later than this. */
const FIRST_LOOK = 200;
const LONGEST = 30_000;

/**
 * What a step waits for goes on elsewhere: the attempt ends, which frees its slot, and the next one
 * looks again. A look is no try: it counts neither as a failure nor among the attempts.
 */
export class Waiting extends Error {
  override name = 'Waiting';
  /** Milliseconds until the next look. */
  readonly delay: number;
  /** Told when the time of the step is up before the wait is over. */
  readonly solution: string;
  /** It is for an answer that an attempt did not get: then what that one met is told instead. */
  readonly isForAnswer: boolean;

  /** `message` says what goes on, without a full stop. */
  constructor(message: string, given: { delay: number; solution: string; isForAnswer?: true }) {
    super(message);
    this.delay = given.delay;
    this.solution = given.solution;
    this.isForAnswer = given.isForAnswer ?? false;
  }
}

/**
 * Milliseconds until the next look of a step that was scheduled `age` milliseconds ago: half its age,
 * so that the end is noticed late by half of the wait, or by LONGEST. Up to half of it is random.
 */
export const nextLook = (age: number) => {
  const wait = Math.min(LONGEST, Math.max(FIRST_LOOK, age / 2));
  return Math.ceil(wait * (0.5 + Math.random() / 2));
};
