import type { ServerResponse } from 'node:http';
import type { Interest } from './interest';
import { CallerLeft } from '../contract/problems';
import { LASTING } from './interest';

/**
 * Milliseconds from its arrival that a request waits at most, all together: until it is received, for
 * a thread that reads it, to be read, and in the queue of starts.
 */
export const MAX_WAIT = 120_000;

/**
 * Tells once that an answer is sent, or that nobody is there to get it. An answer that waits behind
 * another one of its connection has no `close` of its own when that ends.
 */
export const onceOver = (res: ServerResponse, whenOver: () => void) => {
  const { socket } = res.req;
  let isOver = false;
  const over = () => {
    // One may close while the other tells that it has.
    if (isOver) return;
    isOver = true;
    res.off('close', over);
    socket.off('close', over);
    whenOver();
  };
  // As many listen as requests were sent without waiting for answers.
  socket.setMaxListeners(0);
  res.on('close', over);
  socket.on('close', over);
};

/** Does what waits for so long at most, counted from now. */
export const withPatience = async <Result>(
  work: (interest: Interest) => Promise<Result>,
  { patience = MAX_WAIT, cancelled = LASTING.cancelled } = {},
): Promise<Result> => {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, patience);
  try {
    return await work({ cancelled, timeUp: late.signal });
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Does what a caller asks for, as long as the caller is there and is to wait. Throws CallerLeft where the
 * caller has left, whatever that has led to.
 */
export const whileCalled = async <Result>(
  res: ServerResponse,
  work: (interest: Interest) => Promise<Result>,
): Promise<Result> => {
  const left = new AbortController();
  let isDone = false;
  onceOver(res, () => {
    if (!isDone) left.abort();
  });
  try {
    return await withPatience(work, { cancelled: left.signal });
  } catch (err) {
    throw left.signal.aborted ? new CallerLeft('The caller has left.', { cause: err }) : err;
  } finally {
    isDone = true;
  }
};
