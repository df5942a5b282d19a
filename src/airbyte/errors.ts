import { codeOf, rootOf } from '../../workflows/protocol/causes';
import { CallError } from '../contract/call-error';
import type { Asked, CallName } from '../contract/call-error';
import { Refusal } from '../contract/problems';
import { inWords } from '../contract/durations';

/** Airbyte did not do what it was asked. */
export class AirbyteError extends CallError {
  override name = 'AirbyteError';
}

/**
 * Undefined where Airbyte says that there is none: 404, or 410 where a version has deleted it. Another
 * workspace's may be 403, which is thrown: whether that means absent, only the caller can know.
 */
export const orAbsent = async <Entity>(entity: Promise<Entity>): Promise<Entity | undefined> => {
  try {
    return await entity;
  } catch (err) {
    if (err instanceof AirbyteError && (err.status === 404 || err.status === 410)) return undefined;
    throw err;
  }
};

export const OPERATOR = 'Ask the platform operator to check';
export const WRONG_URL = `${OPERATOR} AIRBYTE_URL: it must be the root of the Airbyte host.`;
export const TRY_AGAIN =
  'Try again when Airbyte answers; the platform operator can see why it does not.';

const nameOf = ({ method, path }: CallName) => `${method} ${path}`;

export const withEntity = (call: Asked) =>
  `${nameOf(call)}${call.about === undefined ? '' : ` for ${call.about}`}`;

/** No connection came about, so nothing was asked. */
const UNREACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** Something answers, but none of Airbyte's APIs. */
export const noAirbyte = (calls: CallName[]) =>
  new Refusal(
    `There is no Airbyte at AIRBYTE_URL: it knows neither ${calls.map(nameOf).join(' nor ')}.`,
    WRONG_URL,
  );

/** Of one entity only a part can be read: nothing is written or deleted on the strength of that. */
export class OddEntity extends Refusal {
  readonly entity: { id: string; name: string };

  constructor(what: string, { id, name, odd }: { id: string; name: string; odd: string }) {
    super(
      `Airbyte shows the ${what} "${name}" (${id}) in a form that is not understood (${odd}).`,
      `Correct the ${what} in Airbyte, or delete it there, then try again; if it looks right, ask the platform operator whether this version of Airbyte is supported.`,
    );
    this.entity = { id, name };
  }
}

/** fetch hides what happened in its cause ("ECONNREFUSED", "other side closed"). */
const describeCause = (err: unknown) => {
  const cause = rootOf(err);
  return codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
};

/** No answer came. `timeout` in milliseconds, if that is what ran out. */
export const noAnswer = (call: Asked, cause: unknown, timeout?: number) => {
  const what = timeout
    ? `gave no answer to ${withEntity(call)} within ${inWords(timeout)}`
    : `could not be reached or hung up (${describeCause(cause)}) at ${withEntity(call)}`;
  return new AirbyteError(`Airbyte ${what}.`, {
    kind: 'again',
    solution: TRY_AGAIN,
    unclear: call.writes && !UNREACHED.includes(codeOf(rootOf(cause)) ?? ''),
    cause,
  });
};

/** The step's time was up before an answer came, for which it had waited so many milliseconds. */
export const outOfTime = (call: Asked, waited: number) =>
  new AirbyteError(
    `Airbyte had given no answer to ${withEntity(call)} after ${inWords(waited)}, when the time for this step was up.`,
    { kind: 'again', solution: TRY_AGAIN, unclear: call.writes, outOfTime: 'calling' },
  );

/** The step's time was up while something was queued: `what` says what. */
export const stillQueued = (what: string) =>
  new AirbyteError(
    `Other calls to Airbyte were in front of ${what} until the time for this step was up.`,
    {
      kind: 'again',
      solution:
        'Try again when fewer runs go on; if it happens often, ask the platform operator to raise AIRBYTE_MAX_IN_FLIGHT.',
      outOfTime: 'waiting',
    },
  );

/** A call that did not leave the queue. */
export const notSent = (call: Asked) => stillQueued(withEntity(call));

/** The step's time was up in between calls, the last of which is named. */
export const notDone = (step: string, last: Asked | undefined, cause: unknown) =>
  new AirbyteError(
    `The time for the step ${step} was up before all of it was done${last ? `; the last call was ${withEntity(last)}` : ''}.`,
    { kind: 'again', solution: TRY_AGAIN, outOfTime: 'waiting', cause },
  );
