import type { RequestValidationError } from './contract';

/** One thing wrong with a request: where (a dotted path), on which line, and what. */
export interface Problem {
  path: string;
  line?: number;
  message: string;
}

export const describeProblem = ({ path, line, message }: Problem) =>
  `${path}${line === undefined ? '' : ` (line ${String(line)})`}: ${message}`;

/** The caller's fault: answered with `status` and the contract's RequestValidationError. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly problems: Problem[];
  readonly solutions: string[];
  readonly status: number;

  constructor(
    problems: Problem[],
    { solutions, status = 400 }: { solutions: string[]; status?: number },
  ) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
    this.solutions = solutions;
    this.status = status;
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

/** Not the caller's fault, but with something useful to say to him: answered with 500. */
export class SystemProblem extends Error {
  override name = 'SystemProblem';
  readonly solutions: string[];

  constructor(message: string, { solutions, cause }: { solutions: string[]; cause?: unknown }) {
    super(message, { cause });
    this.solutions = solutions;
  }
}
