import { duration } from './values';
import { inWords } from '../contract/durations';

/**
 * Read by both programs, so that each can tell that two do not fit; `followedBy` says which of them
 * goes by a variable.
 */
export const retryVariables = {
  AIRBYTE_RETRY_INITIAL: duration('1s').meta({
    group: 'rare',
    followedBy: 'gateway',
    description: 'The first wait between attempts of a step; it doubles',
  }),
  AIRBYTE_RETRY_MAX_INTERVAL: duration('30s').meta({
    group: 'rare',
    followedBy: 'gateway',
    description: 'The longest wait',
  }),
  AIRBYTE_GIVE_UP_AFTER: duration('15m').meta({
    group: 'usual',
    followedBy: 'gateway',
    description: 'How long one step is tried before the run fails',
  }),
  AIRBYTE_SETTLE_TIME: duration('1m').meta({
    group: 'rare',
    followedBy: 'gateway',
    description:
      'How long after an [unclear answer](adr/0017-unclear-answers.md) Airbyte or a [fabric](fabrics.md) may still do what it was asked',
  }),
  AIRBYTE_REQUEST_TIMEOUT: duration('30s').meta({
    group: 'usual',
    followedBy: 'worker',
    description: 'How long one call to Airbyte or a [fabric](fabrics.md) may take',
  }),
};

type Durations = Record<keyof typeof retryVariables, number>;
type Variable = keyof Durations;

/** The first is to be no longer than the second, or else. */
const PAIRS: [Variable, Variable, string][] = [
  [
    'AIRBYTE_SETTLE_TIME',
    'AIRBYTE_GIVE_UP_AFTER',
    'a step whose answer was unclear gives up before it may create again',
  ],
  [
    'AIRBYTE_REQUEST_TIMEOUT',
    'AIRBYTE_GIVE_UP_AFTER',
    'one slow call takes all the time of its step, which is not tried again',
  ],
  ['AIRBYTE_RETRY_INITIAL', 'AIRBYTE_GIVE_UP_AFTER', 'no step is tried again'],
  [
    'AIRBYTE_RETRY_INITIAL',
    'AIRBYTE_RETRY_MAX_INTERVAL',
    'every wait is as long as AIRBYTE_RETRY_INITIAL',
  ],
];

/** What does not fit together: it works, but hardly as it was meant. */
export const misfitsIn = (given: Durations): string[] =>
  PAIRS.filter(([one, other]) => given[one] > given[other]).map(
    ([one, other, then]) =>
      `${one} (${inWords(given[one])}) is longer than ${other} (${inWords(given[other])}): ${then}`,
  );
