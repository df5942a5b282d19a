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

/** Why somebody waits for something no more: it was cancelled, or else what is to be said then. */
export const overBy =
  ({ cancelled }: Interest, late: () => Error) =>
  (): Error => {
    const reason: unknown = cancelled.reason;
    return cancelled.aborted && reason instanceof Error ? reason : late();
  };
