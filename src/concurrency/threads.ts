import { Worker } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import type { Interest } from './interest';
import { RequestError, SystemProblem } from '../contract/problems';
import { whileWanted } from './interest';
import type { ObserveLoad } from './load';

interface ThreadsOptions {
  /** What each thread runs: it answers every message with one. */
  file: string;
  atOnce: number;
  /** Of them, those that may have a large task, so that small ones always get through. */
  largeAtOnce: number;
  /** Tasks; more are told at once that there are too many. */
  maxWaiting: number;
  /** Milliseconds a task may take. */
  deadline: number;
  /** MiB of a thread's heap. */
  memory: number;
  observe?: ObserveLoad | undefined;
}

/** MiB of a thread's heap for what is new; by itself it takes three times as much in a crowd. */
const NEW_SPACE = 16;

interface Given {
  isLarge: boolean;
  /** Whose task waits for a thread no longer than this lasts. One that has begun goes on for nobody. */
  interest: Interest;
  /** What of the task goes to the thread without a copy, and is lost here. */
  moved?: Transferable[];
}

interface Waiting<Task, Answer> extends Given {
  task: Task;
  resolve: (answer: Answer) => void;
  reject: (err: unknown) => void;
}

const tooMuch = (message: string) =>
  new RequestError([{ path: 'body', message }], {
    solutions: [
      'Send the descriptor of one component and its data product only, with fewer streams.',
      'If the machine of the gateway is busy with much else, send it again in a minute.',
    ],
  });

export const tooBusy = () =>
  new SystemProblem('The provisioner has more requests to read than it can now.', {
    reason: 'busy',
    solutions: [
      'Nothing was started. Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator for more gateways.',
    ],
  });

interface Threads<Task, Answer> {
  /**
   * What came of a task. Throws a RequestError where it was too much for a thread, a SystemProblem
   * where there were too many others.
   */
  run: (task: Task, given: Given) => Promise<Answer>;
}

/**
 * Does tasks in threads of their own, so that none holds the event loop. A thread that takes too
 * long or too much memory is ended and its task refused (RequestError); the next task gets another.
 */
export const createThreads = <Task, Answer>(options: ThreadsOptions): Threads<Task, Answer> => {
  const { atOnce, largeAtOnce, maxWaiting, deadline, memory, observe } = options;
  const idle: Worker[] = [];
  const queue = new Set<Waiting<Task, Answer>>();
  const busy = { all: 0, large: 0 };

  const startThread = () => {
    const resourceLimits = { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: NEW_SPACE };
    const thread = new Worker(options.file, { resourceLimits });
    thread.unref();
    // Whoever waits for its answer listens, too; nobody does while it is idle.
    thread.on('error', () => {
      const at = idle.indexOf(thread);
      if (at >= 0) idle.splice(at, 1);
    });
    return thread;
  };

  const ask = (thread: Worker, { task, moved }: Waiting<Task, Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(late);
        thread.off('message', answer).off('error', fail);
      };
      const answer = (given: Answer) => {
        end();
        resolve(given);
      };
      const fail = (err: Error) => {
        end();
        const isFull = 'code' in err && err.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(isFull ? tooMuch(`takes more than ${String(memory)} MiB of memory to read`) : err);
      };
      const late = setTimeout(() => {
        fail(tooMuch(`takes longer than ${String(deadline / 1000)} s to read`));
      }, deadline);
      thread.on('message', answer).on('error', fail);
      thread.postMessage(task, moved);
    });

  const perform = async (waiting: Waiting<Task, Answer>) => {
    const { isLarge, resolve, reject } = waiting;
    busy.all += 1;
    busy.large += Number(isLarge);
    const thread = idle.pop() ?? startThread();
    try {
      resolve(await ask(thread, waiting));
      idle.push(thread);
    } catch (err) {
      void thread.terminate();
      reject(err);
    }
    busy.all -= 1;
    busy.large -= Number(isLarge);
    next();
  };

  const firstThatMay = () => {
    for (const waiting of queue) if (!waiting.isLarge || busy.large < largeAtOnce) return waiting;
    return undefined;
  };

  const observed = () => observe?.({ busy: busy.all, waiting: queue.size });

  const next = () => {
    const waiting = busy.all < atOnce ? firstThatMay() : undefined;
    if (!waiting) {
      observed();
      return;
    }
    queue.delete(waiting);
    void perform(waiting);
    next();
  };

  // Ready for the first request; the others are started when they are needed.
  idle.push(startThread());

  return {
    async run(task, given) {
      const { cancelled, timeUp } = given.interest;
      if (queue.size >= maxWaiting || cancelled.aborted || timeUp.aborted) throw tooBusy();
      let leave = (): void => undefined;
      const answer = new Promise<Answer>((resolve, reject) => {
        const waiting = { ...given, task, resolve, reject };
        leave = () => {
          if (queue.delete(waiting)) observed();
        };
        queue.add(waiting);
        next();
      });
      return whileWanted(given.interest, answer, tooBusy).finally(leave);
    },
  };
};
