/*
 * The fault matrix: everything that can befall a call, at every call the operations make, and what
 * must come of it. Pure: fault-lanes.ts runs the rows, fault-matrix-document.ts writes them down.
 */

/** Milliseconds. A patient run outlives what passes; a hasty one gives up after a call that hangs. */
export const LANES = {
  patient: { requestTimeout: 400, giveUpAfter: 60_000 },
  hasty: { requestTimeout: 1800, giveUpAfter: 3000 },
};
export type Lane = keyof typeof LANES;

/** Milliseconds from the client's giving up on a call until Airbyte does it after all. */
const LATE = 300;

type Access = 'read' | 'write' | 'delete';

export interface Kind {
  name: string;
  what: string;
  fault: object;
  /** What becomes of the step that meets it, as a rule. */
  step: 'goes on' | 'fails';
  lane: Lane;
  /** What it can befall; else any call. */
  befalls?: Access[];
  /** The call is done all the same. */
  done?: true;
}

const conflict = {
  status: 409,
  title: 'state-conflict',
  data: { message: 'Could not fulfill request' },
};
const changing: Access[] = ['write', 'delete'];

const once = (name: string, what: string, fault: object, more: Partial<Kind> = {}): Kind => ({
  name,
  what,
  fault,
  step: 'goes on',
  lane: 'patient',
  ...more,
});
const refusal = (name: string, what: string, fault: object, more: Partial<Kind> = {}) =>
  once(name, what, fault, { step: 'fails', ...more });
/** Lasts until the run has given up. */
const lasting = (name: string, what: string, fault: object, more: Partial<Kind> = {}) =>
  once(name, what, { ...fault, times: 0 }, { step: 'fails', lane: 'hasty', ...more });

export const KINDS: Kind[] = [
  once('408', 'answers 408', { status: 408 }),
  once('409 again', 'answers 409 `try-again-later`', { status: 409 }),
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
    { commitLater: LANES.patient.requestTimeout + LATE },
    { befalls: changing },
  ),
  once('lie', 'answers 204 and deletes nothing', { lie: true }, { befalls: ['delete'] }),
  refusal('400', 'answers 400', { status: 400 }),
  refusal('403', 'answers 403', { status: 403 }),
  refusal('409 conflict', 'answers 409 `state-conflict`', { status: 409, body: conflict }),
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
    { commitLater: LANES.hasty.requestTimeout + LATE },
    { befalls: changing, done: true },
  ),
  lasting(
    'lie…',
    'answers 204 and deletes nothing until the run gives up',
    { lie: true },
    { befalls: ['delete'] },
  ),
];

export type EntityKind = 'source' | 'destination' | 'connection';

export const OPERATIONS = [
  'first provision',
  'update',
  'unprovision',
  'unprovision with removeData',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Call {
  operation: Operation;
  /** Airbyte's name of it. */
  name: string;
  /** When the operation makes it more than once: which of them. */
  which: string;
  access: Access;
  /** The step it belongs to: look and make, then for a failed run undo; clear data and remove. */
  step: 'look' | 'make' | 'undo' | 'clear' | 'remove';
  /** Whose undoing or removal it belongs to. */
  of: EntityKind;
  /** Another call that must have been made before this one is meant. */
  after?: string;
  /** What brings the run to this call. */
  brought?: object[];
  /** The request tells the ids a former run reported. */
  byIds?: true;
  /** Somebody paused the connection in Airbyte's user interface. */
  paused?: true;
}

const accessOf = (name: string): Access => {
  if (name.startsWith('delete')) return 'delete';
  return /^(list|get|createAccessToken)/.test(name) ? 'read' : 'write';
};

const entityOf = (name: string): EntityKind => {
  if (name.includes('Connection')) return 'connection';
  return name.includes('Destination') ? 'destination' : 'source';
};

const calls =
  (operation: Operation) =>
  (step: Call['step'], names: string[], more: Partial<Call> = {}): Call[] =>
    names.map((name) => ({
      operation,
      name,
      which: '',
      access: accessOf(name),
      step,
      of: entityOf(name),
      ...more,
    }));

/** A worker asks for a token when the one it has is refused. */
const TOKEN = ['createAccessToken'];
const tokenRefused = { brought: [{ operation: 'listSources', status: 401 }] };
const LISTS = ['listSources', 'listDestinations', 'listConnections'];
const BY_IDS = ['getSource', 'getDestination', 'getConnection'];
const byIds = { byIds: true, which: 'by id' } as const;

const whenLost = (operation: string) => ({
  which: 'after a lost creation',
  after: operation,
  brought: [{ operation, reset: 'after' }],
});

/** The step that fails last has been done all the same, so that there is everything to undo. */
const undoing = (operation: string) => ({
  which: 'to undo',
  after: operation,
  brought: [{ operation, status: 422, commit: true }],
});

const firstProvision = calls('first provision');
const undone = undoing('createConnection');
const update = calls('update');
const restored = undoing('patchConnection');

const gone = (name: string) => ({ which: 'is it gone?', after: name });

const removals = (operation: Operation) => {
  const removal = calls(operation);
  return [
    ...removal('remove', ['deleteConnection', 'deleteSource', 'deleteDestination']),
    ...removal('remove', ['getConnection'], gone('deleteConnection')),
    ...removal('remove', ['getSource'], gone('deleteSource')),
    ...removal('remove', ['getDestination'], gone('deleteDestination')),
  ];
};

export const CALLS: Call[] = [
  ...firstProvision('look', TOKEN, tokenRefused),
  ...firstProvision('look', ['listSources', 'listDestinations']),
  ...firstProvision('make', ['createSource', 'createDestination']),
  ...firstProvision('make', ['getStreamProperties', 'createConnection']),
  ...firstProvision('make', ['listSources'], whenLost('createSource')),
  ...firstProvision('make', ['listDestinations'], whenLost('createDestination')),
  ...firstProvision('make', ['listConnections'], whenLost('createConnection')),
  ...firstProvision('undo', ['listSources'], {
    ...undone,
    which: 'to undo the connection',
    of: 'connection',
  }),
  ...firstProvision('undo', ['listConnections', 'deleteConnection'], undone),
  ...firstProvision('undo', ['getConnection'], { ...undone, ...gone('deleteConnection') }),
  ...firstProvision('undo', ['listDestinations', 'deleteDestination'], undone),
  ...firstProvision('undo', ['getDestination'], { ...undone, ...gone('deleteDestination') }),
  ...firstProvision('undo', ['listSources'], {
    ...undone,
    which: 'to undo the source',
    after: 'deleteDestination',
  }),
  ...firstProvision('undo', ['deleteSource'], undone),
  ...firstProvision('undo', ['getSource'], { ...undone, ...gone('deleteSource') }),

  ...update('look', TOKEN, tokenRefused),
  ...update('look', LISTS),
  ...update('look', BY_IDS, byIds),
  ...update('make', ['putSource', 'putDestination', 'getStreamProperties', 'patchConnection']),
  ...update('undo', ['patchConnection', 'putDestination', 'putSource'], restored),

  ...calls('unprovision')('look', TOKEN, tokenRefused),
  ...calls('unprovision')('look', LISTS),
  ...calls('unprovision')('look', BY_IDS, byIds),
  ...removals('unprovision'),

  ...calls('unprovision with removeData')('look', TOKEN, tokenRefused),
  ...calls('unprovision with removeData')('look', LISTS),
  ...calls('unprovision with removeData')('clear', ['patchConnection'], {
    which: 'of a paused connection',
    paused: true,
  }),
  ...calls('unprovision with removeData')('clear', ['listJobs', 'createJob', 'getJob']),
  ...removals('unprovision with removeData'),
];

export interface End {
  status: string;
  /**
   * What exists, newest configuration in capitals, as it was before the run in small letters: of
   * source, destination and connection the first letters.
   */
  exists: string;
  /** What the status names as left behind, by the same letters. */
  leftBehind: string;
}

const stepFails = (call: Call, kind: Kind) => {
  // A new token is asked for once: refused credentials are not tried again.
  if (call.name === 'createAccessToken' && kind.name === '401') return true;
  // Nothing is read from the answer to a deletion.
  if (call.access === 'delete' && kind.name === 'odd JSON') return false;
  // Other people's entities answer 403: an id that was told is then not ours, and the name decides.
  if (call.byIds && kind.name === '403') return false;
  return kind.step === 'fails';
};

const initial = (kind: EntityKind) => kind.charAt(0);
/** Of a deletion that failed, or of one that was not seen to be done, what is there. */
const unremoved = ({ of, access, name }: Call, kind: Kind) =>
  name.startsWith('get') || (access === 'delete' && kind.done) ? '' : initial(of);

const provisioned = (call: Call, fails: boolean): End =>
  fails
    ? { status: 'FAILED', exists: call.operation === 'update' ? 'sdc' : '', leftBehind: '' }
    : { status: 'COMPLETED', exists: 'SDC', leftBehind: '' };

const undoneFirst = (call: Call, kind: Kind, fails: boolean): End => ({
  status: 'FAILED',
  // Airbyte deletes the connections of a source with it.
  exists: fails && call.of !== 'connection' ? unremoved(call, kind).toUpperCase() : '',
  leftBehind: fails ? initial(call.of) : '',
});

const undoneUpdate = (call: Call, kind: Kind, fails: boolean): End => {
  const stays = initial(call.of);
  return {
    status: 'FAILED',
    exists: fails && !kind.done ? 'sdc'.replace(stays, stays.toUpperCase()) : 'sdc',
    leftBehind: fails ? stays : '',
  };
};

const removed = (call: Call, kind: Kind, fails: boolean): End => {
  if (!fails || (call.step === 'remove' && call.of === 'connection'))
    return { status: 'COMPLETED', exists: '', leftBehind: '' };
  // Nothing is deleted by a run that could not look, or could not clear the data.
  if (call.step !== 'remove') return { status: 'FAILED', exists: 'sdc', leftBehind: 'sdc' };
  return { status: 'FAILED', exists: unremoved(call, kind), leftBehind: initial(call.of) };
};

/** How a run must end, by the rules; whatever it is, the same request then ends COMPLETED. */
const endOf = (call: Call, kind: Kind): End => {
  const fails = stepFails(call, kind);
  if (call.operation.startsWith('unprovision')) return removed(call, kind, fails);
  if (call.step !== 'undo') return provisioned(call, fails);
  return call.operation === 'update'
    ? undoneUpdate(call, kind, fails)
    : undoneFirst(call, kind, fails);
};

/** Undoing is tried for a day: it does not give up in the time of a test. */
const isPossible = ({ access, step }: Call, { befalls, lane }: Kind) =>
  (befalls?.includes(access) ?? true) && !(step === 'undo' && lane === 'hasty');

export const labelOf = ({ name, which }: Call) => (which ? `${name}, ${which}` : name);

export interface Row {
  name: string;
  call: Call;
  kind: Kind;
  /** What Airbyte is told to do to the calls of the run. */
  faults: object[];
  end: End;
}

export const ROWS: Row[] = CALLS.flatMap((call) =>
  KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({
    name: `${call.operation}: ${labelOf(call)} ${kind.what} (${kind.name})`,
    call,
    kind,
    faults: [
      ...(call.brought ?? []),
      { operation: call.name, ...(call.after && { after: call.after }), ...kind.fault },
    ],
    end: endOf(call, kind),
  })),
);

export const rowsOf = (operation: Operation) =>
  ROWS.filter(({ call }) => call.operation === operation);

/** `C SDC`, `F sdc`: how a run ended and what then exists. */
export const markOf = ({ status, exists }: End) => `${status.charAt(0)} ${exists || '–'}`;
