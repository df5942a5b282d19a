import type { Info } from '../../src/contract/coordinator';
import type { Ignored } from '../../src/reading/reader';
import { asNames } from '../run/limits';

/** What a descriptor says to no effect, for its result; nothing where all of it was heard. */
export const ignoredSentence = (ignored: Ignored | undefined): string => {
  if (!ignored || ignored.count === 0) return '';
  const { count } = ignored;
  return ` ${String(count)} ${count === 1 ? 'key is' : 'keys are'} ignored: ${asNames(ignored.keys, ignored.count)}.`;
};

/** The same for `publicInfo`. */
export const ignoredInfo = (ignored: Ignored | undefined): Info['publicInfo'] =>
  ignored && ignored.count > 0
    ? {
        ignored: {
          type: 'string',
          label: 'Ignored keys',
          value: asNames(ignored.keys, ignored.count),
        },
      }
    : {};
