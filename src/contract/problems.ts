import { shortened } from '../../workflows/protocol/lengths';
import type { RequestValidationError, SystemError } from './coordinator';

export type Path = readonly PropertyKey[];

/** Characters of a key in a path; a connector's map may have longer ones. */
const MAX_PART = 100;

/** `['components', 0, 'name']` as `components[0].name`. */
export const formatPath = (path: Path) =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number'
        ? `${text}[${String(part)}]`
        : `${text}${text && '.'}${shortened(String(part), MAX_PART)}`,
    '',
  );

/** One thing wrong with a request: where (a dotted path), on which line, and what. */
export interface Problem {
  path: string;
  line?: number;
  message: string;
}

export const describeProblem = ({ path, line, message }: Problem) =>
  `${path}${line === undefined ? '' : ` (line ${String(line)})`}: ${message}`;

/** Problems that are told, and characters of each one's path and message: a body may have thousands. */
export const MAX_PROBLEMS = 200;
const MAX_PATH = 500;
const MAX_MESSAGE = 1000;

const bounded = (problems: Problem[]): Problem[] => {
  const first = problems.slice(0, MAX_PROBLEMS).map(({ path, message, ...rest }) => ({
    ...rest,
    path: shortened(path, MAX_PATH),
    message: shortened(message, MAX_MESSAGE),
  }));
  const left = problems.length - first.length;
  const more = { path: 'request', message: `has ${String(left)} more problems` };
  return left > 0 ? [...first, more] : first;
};

/** Why a request is not answered as was hoped, for whoever counts. */
export const REFUSALS = [
  /** What it asks for, such as its descriptor, is not valid. */
  'invalid',
  /** No JSON, or not part of what is served. */
  'not_understood',
  'too_large',
  'unknown_run',
  /** Nobody is named, or nobody who is known. */
  'unauthenticated',
  /** The caller may not do it. */
  'forbidden',
  /** It comes from an address that is not answered. */
  'elsewhere',
  /** The identity provider cannot be asked. */
  'no_identity_provider',
  /** Too many requests of one caller. */
  'rate_limited',
  /** It cannot be written down who asked for what. */
  'unaudited',
  /** The state of a run is in the way. */
  'conflict',
  /** Too many requests at once. */
  'busy',
  /** Too many starts wait for Temporal. */
  'busy_starting',
  'no_temporal',
  'temporal_refuses',
  /** What Temporal has was encrypted with a key that is not here. */
  'no_key',
  'caller_left',
  /** A mistake of ours. */
  'defect',
  'other',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** The caller's fault: answered with `status` and the contract's RequestValidationError. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly problems: Problem[];
  readonly solutions: string[];
  readonly status: number;
  readonly reason: RefusalReason;
  /** `WWW-Authenticate` of the answer (RFC 9110, 11.6.1). */
  readonly challenge: string | undefined;
  /** The key of the component or data product that it is about, where that could be read. */
  readonly about: string | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined;

  constructor(
    problems: Problem[],
    {
      solutions,
      status = 400,
      reason = 'invalid',
      challenge,
      about,
      retryAfter,
    }: {
      solutions: string[];
      status?: number;
      reason?: RefusalReason;
      challenge?: string | undefined;
      about?: string | undefined;
      retryAfter?: number | undefined;
    },
  ) {
    const first = bounded(problems);
    super(first.map(describeProblem).join('\n'));
    this.problems = first;
    this.solutions = solutions;
    this.status = status;
    this.reason = reason;
    this.challenge = challenge;
    this.about = about;
    this.retryAfter = retryAfter;
  }

  /** The answer's body; `inputErrorField` is where the first problem is. */
  toBody(userMessage: string): RequestValidationError {
    const errors = this.problems.map(describeProblem);
    const field = this.problems[0]?.path;
    return {
      errors,
      userMessage,
      ...(field && { inputErrorField: field }),
      moreInfo: { problems: errors, solutions: this.solutions },
    };
  }
}

/** Not the caller's fault, but with something useful to say: answered with `status`, 500 unless given. */
export class SystemProblem extends Error {
  override name = 'SystemProblem';
  readonly solutions: string[];
  readonly reason: RefusalReason;
  readonly status: number;

  constructor(
    message: string,
    {
      solutions,
      reason = 'other',
      status = 500,
      cause,
    }: { solutions: string[]; reason?: RefusalReason; status?: number; cause?: unknown },
  ) {
    super(message, { cause });
    this.solutions = solutions;
    this.reason = reason;
    this.status = status;
  }

  /** The answer's body. */
  toBody(): SystemError {
    const { message, solutions } = this;
    return {
      error: message,
      userMessage: message,
      moreInfo: { problems: [message], solutions },
    };
  }
}

/** What stays wrong however often it is tried, and is for us to say: the message says what, `solution` what to do. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly solution: string;

  constructor(problem: string, solution: string) {
    super(problem);
    this.solution = solution;
  }
}

/** A place that what is to hold it cannot have, such as a schema whose name it does not take. */
export class UnfitPlace extends Refusal {
  override name = 'UnfitPlace';
}

/**
 * What the settings of this program do not have, and those of the one that took the request had: a changed
 * file does not reach all at once, so it is looked for again.
 */
export class NotInSettings extends Error {
  override name = 'NotInSettings';
  readonly solution: string;

  constructor(problem: string, solution: string) {
    super(problem);
    this.solution = solution;
  }
}

/** What a run has put into a fabric is where the fabric's settings lead no more, and its credentials must not go. */
export class MovedAway extends NotInSettings {
  override name = 'MovedAway';
}

/** Nobody is there any more to be told anything. */
export class CallerLeft extends Error {
  override name = 'CallerLeft';
}
