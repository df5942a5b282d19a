import type { Api } from '../airbyte-operations';

/* What can befall a call to Airbyte: the columns of the fault matrix. */

/**
 * Milliseconds. A patient run outlives what passes; a hasty one gives up after a call that hangs. A busy
 * machine must answer within `requestTimeout`: a refusal that came too late would not be met again.
 */
export const PATIENCES = {
  patient: { requestTimeout: 800, giveUpAfter: 60_000 },
  hasty: { requestTimeout: 1800, giveUpAfter: 3000 },
};
export type Patience = keyof typeof PATIENCES;

/** Milliseconds from the client's giving up on a call until Airbyte does it after all. */
const LATE = 300;

export type Access = 'read' | 'write' | 'delete';

export interface Kind {
  name: string;
  what: string;
  fault: object;
  /** What becomes of the step that meets it, as a rule. */
  step: 'goes on' | 'fails';
  patience: Patience;
  /** What it can befall; else any call. */
  befalls?: Access[];
  /** The call is done all the same. */
  done?: true;
}

/** A 409 in each API's words: one that passes, and one that stays. */
const BUSY = {
  public: { status: 409, title: 'try-again-later', data: { message: 'Please try again later.' } },
  config: { message: 'A sync is already running for: 5f1d0fbc-8ab0-4e9a-9c1d-6a0a5a3f0b6e' },
};
const CONFLICT = {
  public: { status: 409, title: 'state-conflict', data: { message: 'Could not fulfill request' } },
  config: { message: 'Another connection has these values already.' },
};
const changing: Access[] = ['write', 'delete'];

const once = (name: string, what: string, fault: object, more: Partial<Kind> = {}): Kind => ({
  name,
  what,
  fault,
  step: 'goes on',
  patience: 'patient',
  ...more,
});
const refusal = (name: string, what: string, fault: object, more: Partial<Kind> = {}) =>
  once(name, what, fault, { step: 'fails', ...more });
/** Lasts until the run has given up. */
const lasting = (name: string, what: string, fault: object, more: Partial<Kind> = {}) =>
  once(name, what, { ...fault, times: 0 }, { step: 'fails', patience: 'hasty', ...more });

export const kindsOf = (api: Api): Kind[] => [
  once('408', 'answers 408', { status: 408 }),
  once('409 again', 'answers 409: a sync is running', { status: 409, body: BUSY[api] }),
  once('429', 'answers 429 with Retry-After', { status: 429, retryAfter: 1 }),
  once('500', 'answers 500', { status: 500 }),
  once('502', 'answers 502 with a web page, twice', { html: true, times: 2 }),
  once('503', 'answers 503, twice', { status: 503, times: 2 }),
  once('504 done', 'answers 504 although it was done', { status: 504, commit: true }),
  once('401', 'answers 401, as to a token that ran out', { status: 401 }),
  once('cut off', 'is done; its answer ends in the middle of the JSON', { truncate: true }),
  once('reset', 'loses its connection before it is done', { reset: 'before' }),
  once(
    'reset done',
    'is done, then loses its connection',
    { reset: 'after' },
    { befalls: changing },
  ),
  once('hang', 'is not done, and never answered', { hang: 'before' }),
  once('hang done', 'is done, and never answered', { hang: 'after' }, { befalls: changing }),
  once(
    'late',
    'is never answered, and done after the client gave it up',
    { commitLater: PATIENCES.patient.requestTimeout + LATE },
    { befalls: changing },
  ),
  once('lie', 'answers 204 and deletes nothing', { lie: true }, { befalls: ['delete'] }),
  refusal('400', 'answers 400', { status: 400 }),
  refusal('403', 'answers 403', { status: 403 }),
  refusal('409 conflict', 'answers 409: a conflict that stays', {
    status: 409,
    body: CONFLICT[api],
  }),
  refusal('422', 'answers 422', { status: 422 }),
  refusal(
    'odd JSON',
    'is done, and answers JSON of another form',
    { status: 200, body: { unexpected: true }, commit: true },
    { done: true },
  ),
  lasting('503…', 'answers 503 until the run gives up', { status: 503 }),
  lasting('hang…', 'hangs until the run gives up, not done', { hang: 'before' }),
  lasting(
    'hang done…',
    'hangs until the run gives up, though done',
    { hang: 'after' },
    { befalls: changing, done: true },
  ),
  lasting(
    'late…',
    'hangs until the run gives up, and is done after that',
    { commitLater: PATIENCES.hasty.requestTimeout + LATE },
    { befalls: changing, done: true },
  ),
  lasting(
    'lie…',
    'answers 204 and deletes nothing until the run gives up',
    { lie: true },
    { befalls: ['delete'] },
  ),
];
