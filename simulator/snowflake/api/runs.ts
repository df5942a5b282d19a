import { randomUUID } from 'node:crypto';
import type { Session } from '../account/access';
import type { Account } from '../account/account';
import type { Bindings } from '../account/data';
import { execute } from '../account/execute';
import { readStatement } from '../sql/grammar';
import { canceled, SqlProblem } from '../sql/problems';
import type { Result } from '../account/result';
import type { Statement } from '../sql/statement';

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 20_000;

export interface Run {
  handle: string;
  text: string;
  user: string;
  createdOn: number;
  isAsync: boolean;
  /** Whether NULL is null, and not the text. */
  isNullable: boolean;
  state: 'running' | 'succeeded' | 'failed' | 'canceled' | 'timedOut';
  /** A statement that cannot be read fails at once, even if it is to run on its own. */
  isUnread: boolean;
  result?: Result;
  problem?: SqlProblem;
  ended: Promise<void>;
}

interface Submission {
  text: string;
  session: Session;
  bindings: Bindings;
  requestId: string;
  /** Resubmitted: not done again if it was done. */
  isRetry: boolean;
  isAsync: boolean;
  isNullable: boolean;
  /** Milliseconds it takes, and may take. */
  duration: number;
  timeout: number;
  /** What it fails with, whatever it says. */
  failure: SqlProblem | undefined;
}

const read = (text: string): Statement | SqlProblem => {
  try {
    return readStatement(text);
  } catch (err) {
    if (err instanceof SqlProblem) return err;
    throw err;
  }
};

const timedOut = (milliseconds: number) =>
  new SqlProblem(
    '000630',
    '57014',
    `Statement reached its statement or warehouse timeout of ${String(milliseconds / 1000)} second(s) and was canceled.`,
  );

/** Statements that run and have run; each changes the account at its end, and at once. */
export const createRuns = (account: () => Account) => {
  const runs = new Map<string, Run>();
  const byRequest = new Map<string, string>();
  const timers = new Map<string, { timer: NodeJS.Timeout; end: () => void }>();

  const conclude = (run: Run, work: () => Result) => {
    try {
      run.result = work();
      run.state = 'succeeded';
    } catch (err) {
      if (!(err instanceof SqlProblem)) throw err;
      run.problem = err;
      run.state = 'failed';
    }
  };
  const stop = (run: Run, state: 'canceled' | 'timedOut', problem: SqlProblem) => {
    run.state = state;
    run.problem = problem;
    const running = timers.get(run.handle);
    clearTimeout(running?.timer);
    timers.delete(run.handle);
    running?.end();
  };
  /** Milliseconds it takes; what takes longer than it may is stopped, with nothing done. */
  const start = (run: Run, work: () => Result, { duration, timeout }: Submission) => {
    if (duration === 0) {
      conclude(run, work);
      return;
    }
    run.ended = new Promise((end) => {
      const finish = () => {
        if (duration > timeout) {
          stop(run, 'timedOut', timedOut(timeout));
          return;
        }
        conclude(run, work);
        timers.delete(run.handle);
        end();
      };
      const timer = setTimeout(finish, Math.min(duration, timeout)).unref();
      timers.set(run.handle, { timer, end });
    });
  };
  const keep = (run: Run, requestId: string) => {
    runs.set(run.handle, run);
    byRequest.set(`${run.user} ${requestId}`, run.handle);
    const [oldest] = runs.keys();
    if (runs.size > KEPT && oldest !== undefined) runs.delete(oldest);
  };
  const begin = (submission: Submission): Run => {
    const { text, session, bindings, failure } = submission;
    const statement = read(text);
    const run: Run = {
      handle: randomUUID(),
      text,
      user: session.user,
      createdOn: Date.now(),
      isAsync: submission.isAsync,
      isNullable: submission.isNullable,
      state: 'running',
      isUnread: statement instanceof SqlProblem,
      ended: Promise.resolve(),
    };
    keep(run, submission.requestId);
    const work = () => {
      if (failure) throw failure;
      if (statement instanceof SqlProblem) throw statement;
      return execute(account(), { statement, session, bindings });
    };
    start(run, work, run.isUnread ? { ...submission, duration: 0 } : submission);
    return run;
  };
  return {
    /** The one that runs for it: the same for a retry of the same request of the same user. */
    submit: (submission: Submission): Run => {
      const { isRetry, session, requestId } = submission;
      const known = runs.get(byRequest.get(`${session.user} ${requestId}`) ?? '');
      return isRetry && known ? known : begin(submission);
    },
    /** Those of another user are not there. */
    find: (handle: string, user: string): Run | undefined => {
      const run = runs.get(handle);
      return run?.user === user ? run : undefined;
    },
    textOf: (handle: string) => runs.get(handle)?.text ?? null,
    /** Whether it ran, and does so no more. */
    cancel: (run: Run) => {
      if (run.state !== 'running') return false;
      stop(run, 'canceled', canceled());
      return true;
    },
    running: () => timers.size,
    clear: () => {
      for (const { timer, end } of timers.values()) {
        clearTimeout(timer);
        end();
      }
      timers.clear();
      runs.clear();
      byRequest.clear();
    },
  };
};
export type Runs = ReturnType<typeof createRuns>;
