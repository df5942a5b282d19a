import { Worker } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { RequestError, SystemProblem } from './errors';

export interface ThreadsOptions {
  /** What each thread runs: it answers every message with one. */
  file: string;
  atOnce: number;
  /** Of them, those that may have a large task, so that small ones always get through. */
  largeAtOnce: number;
  /** Tasks; more are told at once that there are too many. */
  maxWaiting: number;
  /** Milliseconds a task may wait for its thread. */
  patience: number;
  /** Milliseconds it may take then. */
  deadline: number;
  /** MiB of a thread's heap. */
  memory: number;
}

interface Size {
  isLarge: boolean;
  /** What of the task goes to the thread without a copy, and is lost here. */
  moved?: Transferable[];
}

interface Waiting<Task, Answer> extends Size {
  task: Task;
  /** When, in milliseconds since the epoch. */
  came: number;
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
    solutions: [
      'Nothing was started. Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator for more gateways.',
    ],
  });

export interface Threads<Task, Answer> {
  /** What came of a task. Throws a RequestError where it was too much for a thread. */
  run: (task: Task, size: Size) => Promise<Answer>;
}

/**
 * Does tasks in threads of their own, so that none holds the event loop. A thread that takes too
 * long or too much memory is ended and its task refused (RequestError); the next task gets another.
 */
export const createThreads = <Task, Answer>(options: ThreadsOptions): Threads<Task, Answer> => {
  const { atOnce, largeAtOnce, maxWaiting, patience, deadline, memory } = options;
  const idle: Worker[] = [];
  const queue: Waiting<Task, Answer>[] = [];
  const busy = { all: 0, large: 0 };

  const startThread = () => {
    const resourceLimits = { maxOldGenerationSizeMb: memory };
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

  const next = () => {
    if (busy.all >= atOnce) return;
    const at = queue.findIndex(({ isLarge }) => !isLarge || busy.large < largeAtOnce);
    const [waiting] = at < 0 ? [] : queue.splice(at, 1);
    if (!waiting) return;
    if (Date.now() - waiting.came <= patience) void perform(waiting);
    else waiting.reject(tooBusy());
    next();
  };

  // Ready for the first request; the others are started when they are needed.
  idle.push(startThread());

  return {
    run: (task, size) =>
      new Promise((resolve, reject) => {
        if (queue.length >= maxWaiting) throw tooBusy();
        queue.push({ ...size, task, came: Date.now(), resolve, reject });
        next();
      }),
  };
};
