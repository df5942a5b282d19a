import { duration } from './values';
import { inWords } from '../contract/durations';

/** Read by both programs, though each follows some of them only: so each can tell that two do not fit. */
export const retryVariables = {
  AIRBYTE_RETRY_INITIAL: duration('1s'),
  AIRBYTE_RETRY_MAX_INTERVAL: duration('30s'),
  AIRBYTE_GIVE_UP_AFTER: duration('15m'),
  AIRBYTE_SETTLE_TIME: duration('1m'),
  AIRBYTE_REQUEST_TIMEOUT: duration('30s'),
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
