import type { PayloadCodec } from '@temporalio/common';
import { createEncryption } from './codec';
import { KeyError, createKeyRing } from './keys';
import type { KeyRing, RingOptions } from './keys';

/** Milliseconds between tries to take a ring that was not whole: a mounted key may come after its name. */
const TRY_AGAIN = 2000;

const RESTART =
  'Whether payloads are encrypted has changed in the configuration file, and holds from the next start of this program on.';

export interface Encryption {
  codec: PayloadCodec;
  /** Undefined where nothing is encrypted. */
  ring: KeyRing | undefined;
  /** Whether what is written is encrypted; it stays as it was when the program started. */
  encrypts: boolean;
  /** Goes by these keys from now on, or as soon as they are there; `told` hears why not yet. */
  follow: (to: RingOptions | undefined, told: (err: KeyError) => void) => void;
  /** Why the keys in use are not those that the file names. */
  problem: () => string | undefined;
}

/** Passes clear payloads on, and says of others what is missing. */
const withoutKeys = (): Encryption => {
  let problem: string | undefined;
  return {
    codec: createEncryption(undefined),
    ring: undefined,
    encrypts: false,
    follow: (to, told) => {
      problem = to && RESTART;
      if (to) told(new KeyError(RESTART));
    },
    problem: () => problem,
  };
};

/** As the configuration file has it; undefined: in clear. Throws a KeyError where the keys are not whole. */
export const openEncryption = (options: RingOptions | undefined): Encryption => {
  if (!options) return withoutKeys();
  const ring = createKeyRing(options);
  let problem: string | undefined;
  let again: NodeJS.Timeout | undefined;

  const take = (to: RingOptions, told: (err: KeyError) => void) => {
    try {
      ring.change(to);
      problem = undefined;
    } catch (err) {
      if (!(err instanceof KeyError)) throw err;
      problem =
        'Payloads are encrypted with the key that was current before. The log of this program says what is wrong.';
      told(err);
      again = setTimeout(take, TRY_AGAIN, to, () => undefined).unref();
    }
  };

  return {
    codec: createEncryption(ring),
    ring,
    encrypts: true,
    follow: (to, told) => {
      clearTimeout(again);
      if (to) take(to, told);
      else {
        problem = RESTART;
        told(new KeyError(RESTART));
      }
    },
    problem: () => problem,
  };
};
