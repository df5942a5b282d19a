import type { CallInterest } from '../concurrency/call-interest';
import { whileWanted } from '../concurrency/interest';

interface Read<Result> {
  result: Promise<Result>;
  /** From then on it may miss what is written: who asks now needs a later one. */
  hasBegun: boolean;
  readers: number;
  /** Ends it, once nobody waits for it any more. */
  unwanted: AbortController;
}

/** Nobody hears it: whoever leaves has another reason. */
const nobodyWaits = () => new Error('Nobody waits for this any more.');

/** Whether somebody may join it: it has not begun, and not all who waited for it have left. */
const isOpen = <Result>({ hasBegun, unwanted }: Read<Result>) =>
  !hasBegun && !unwanted.signal.aborted;

/**
 * Lets those who ask for the same at the same time share one read. None is told of an older state than
 * that of the question: who comes while a read goes on shares the next, which begins after it.
 */
export const createSharedReads = <Result>() => {
  /** By what is read: the one that began last, or waits to begin. */
  const newest = new Map<string, Read<Result>>();

  const begin = (what: string, read: (interest: CallInterest) => Promise<Result>): Read<Result> => {
    const former = newest.get(what);
    const unwanted = new AbortController();
    const start = async () => {
      await former?.result.catch(() => undefined);
      begun.hasBegun = true;
      unwanted.signal.throwIfAborted();
      return read({ cancelled: unwanted.signal, timeUp: new AbortController().signal });
    };
    const forget = () => {
      if (newest.get(what) === begun) newest.delete(what);
    };
    const begun: Read<Result> = {
      result: Promise.resolve().then(start).finally(forget),
      hasBegun: false,
      readers: 0,
      unwanted,
    };
    newest.set(what, begun);
    return begun;
  };

  /** `over` is what somebody is told whose own interest ends before the read. */
  return async (
    what: string,
    { interest, over }: { interest: CallInterest; over: () => Error },
    read: (interest: CallInterest) => Promise<Result>,
  ): Promise<Result> => {
    const last = newest.get(what);
    const shared = last && isOpen(last) ? last : begin(what, read);
    shared.readers += 1;
    try {
      return await whileWanted(interest, shared.result, over);
    } finally {
      shared.readers -= 1;
      if (shared.readers === 0) shared.unwanted.abort(nobodyWaits());
    }
  };
};
