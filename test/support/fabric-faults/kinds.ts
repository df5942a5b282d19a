import type { Call, System } from './calls';

/* What can befall a call to a fabric: the columns of its fault table. */

/** Milliseconds, as those of the table of Airbyte's calls. */
export const PATIENCES = {
  patient: { requestTimeout: 900, giveUpAfter: 60_000 },
  hasty: { requestTimeout: 1800, giveUpAfter: 8000 },
};
export type Patience = keyof typeof PATIENCES;

/** Milliseconds from the client's giving up on a call until the fabric does it after all. */
const LATE = 300;

export interface Kind {
  name: string;
  what: string;
  fault: object;
  /** What becomes of the run that meets it; that of an undo goes on whatever passes. */
  run: 'goes on' | 'fails';
  patience: Patience;
  befalls: (call: Call) => boolean;
}

const any = () => true;
const submissions = ({ of }: Call) => of === 'submission';
const changing = ({ of, writes }: Call) => writes && of === 'submission';
const withToken = ({ isToken, of }: Call) => !isToken && of === 'submission';

const once = (name: string, what: string, fault: object, befalls: Kind['befalls'] = any): Kind => ({
  name,
  what,
  fault,
  befalls,
  run: 'goes on',
  patience: 'patient',
});

const refusal = (name: string, what: string, fault: object): Kind => ({
  ...once(name, what, fault, submissions),
  run: 'fails',
});

const lasting = (name: string, what: string, fault: object, befalls: Kind['befalls'] = any) => ({
  ...once(name, what, { ...fault, times: 0 }, befalls),
  run: 'fails' as const,
  patience: 'hasty' as const,
});

const PASSING: Kind[] = [
  once('429', 'is answered 429 with Retry-After', { status: 429, retryAfter: 1 }),
  once('500', 'is answered 500', { status: 500 }),
  once('503', 'is answered 503, twice', { status: 503, times: 2 }),
  once('hang', 'is not done, and never answered', { hang: 'before' }),
  once('hang done', 'is done, and never answered', { hang: 'after' }, changing),
  once(
    'late',
    'is never answered, and done after the client gave it up',
    { commitLater: PATIENCES.patient.requestTimeout + LATE },
    changing,
  ),
  once('reset', 'loses its connection before it is done', { reset: 'before' }),
  once('reset done', 'is done, then loses its connection', { reset: 'after' }, changing),
  once('cut off', 'is done; its answer ends in the middle', { truncate: true }),
];

const LASTING: Kind[] = [
  lasting('503…', 'is answered 503 until the run gives up', { status: 503 }),
  lasting('hang…', 'hangs until the run gives up, not done', { hang: 'before' }, submissions),
];

const OWN: Record<System, Kind[]> = {
  snowflake: [
    once('expired', 'is answered 401, as its token has expired', { expire: true }),
    once(
      'suspended',
      'finds the warehouse suspended, which no statement of ours needs',
      { suspend: true },
      submissions,
    ),
    once('locked', 'fails as another has what it needs (000625)', { code: '000625' }, submissions),
    refusal('no warehouse', 'fails for want of a warehouse (000606)', { code: '000606' }),
    refusal('privilege', 'fails for want of a privilege (003001)', { code: '003001' }),
    lasting('hang done…', 'hangs until the run gives up, though done', { hang: 'after' }, changing),
  ],
  databricks: [
    once('expired', 'is answered 401, as its token has expired', { expireToken: true }, withToken),
    once(
      'suspended',
      'finds the warehouse stopped, which no call of ours needs',
      { stopWarehouse: true },
      withToken,
    ),
    once(
      'aborted',
      'is answered 409 ABORTED, as another changes the same',
      { status: 409, errorCode: 'ABORTED' },
      changing,
    ),
    once(
      'hang done twice',
      'hangs, though done, and so does the next of its name',
      { hang: 'after', times: 2 },
      changing,
    ),
    refusal('privilege', 'is answered 403 for want of a privilege', {
      status: 403,
      errorCode: 'PERMISSION_DENIED',
    }),
  ],
};

export const kindsOf = (system: System): Kind[] => [...PASSING, ...OWN[system], ...LASTING];
