import type { Asked } from '../contract/call-error';
import { LASTING } from './interest';
import type { Interest } from './interest';

/** How long somebody waits for a call; a write under way is ended by nothing but the step's time. */
export interface CallInterest extends Interest {
  /** Hears of each write before it is sent, whatever comes of it. */
  writes?: () => void;
  /** Is told of each call before it waits to be sent. */
  hear?: (call: Asked) => void;
}

/** For a look at what a write has done: it tells the truth however little anybody wants the rest. */
export const tillSeen = (interest: CallInterest): CallInterest => ({
  ...interest,
  cancelled: LASTING.cancelled,
});

/** Why nobody waits for it any more: the step's time is up, or who asked is gone. */
export const overBy =
  ({ cancelled, timeUp }: CallInterest) =>
  (): Error => {
    const reason: unknown = (timeUp.aborted ? timeUp : cancelled).reason;
    return reason instanceof Error ? reason : new Error(String(reason));
  };
