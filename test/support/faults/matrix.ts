import type { Api } from '../airbyte-operations';
import { callsOf, labelOf } from './calls';
import type { Call, EntityKind, Operation } from './calls';
import { kindsOf } from './kinds';
import type { Kind } from './kinds';
import type { Fault } from '../harness';

/*
 * The fault matrix: everything that can befall a call, at every call the operations make, and what
 * must come of it. fault-rows.ts runs it, fault-matrix-document.ts writes it down.
 */

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

const undoneFirst = (call: Call, kind: Kind, fails: boolean): End => {
  // Airbyte deletes the connections of a source with it.
  const stays = fails && call.of !== 'connection';
  return {
    status: 'FAILED',
    exists: stays ? unremoved(call, kind).toUpperCase() : '',
    leftBehind: stays ? initial(call.of) : '',
  };
};

const undoneUpdate = (call: Call, kind: Kind, fails: boolean): End => {
  const stays = initial(call.of);
  const isDone = kind.done && call.access !== 'read';
  return {
    status: 'FAILED',
    exists: fails && !isDone ? 'sdc'.replace(stays, stays.toUpperCase()) : 'sdc',
    leftBehind: fails ? stays : '',
  };
};

const removed = (call: Call, kind: Kind, fails: boolean): End => {
  if (!fails || (call.step === 'remove' && call.of === 'connection'))
    return { status: 'COMPLETED', exists: '', leftBehind: '' };
  // Nothing is deleted by a run that could not look, or could not clear the data.
  if (call.step !== 'remove') return { status: 'FAILED', exists: 'sdc', leftBehind: 'sdc' };
  // A deletion that was done, or whose check met what passes, is seen by the look that comes after.
  const isSeen = call.name.startsWith('get') ? kind.patience === 'patient' : kind.done;
  if (isSeen) return { status: 'COMPLETED', exists: '', leftBehind: '' };
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
const isPossible = ({ access, step }: Call, { befalls, patience }: Kind) =>
  (befalls?.includes(access) ?? true) && !(step === 'undo' && patience === 'hasty');

export interface Row {
  name: string;
  call: Call;
  kind: Kind;
  /** What Airbyte is told to do to the calls of the run. */
  faults: Fault[];
  end: End;
}

const rowsThrough = (api: Api): Row[] =>
  callsOf(api).flatMap((call) =>
    kindsOf(api)
      .filter((kind) => isPossible(call, kind))
      .map((kind) => ({
        name: `${call.operation}: ${labelOf(api, call)} ${kind.what} (${kind.name})`,
        call,
        kind,
        faults: [
          ...(call.brought ?? []),
          { operation: call.name, ...(call.after && { after: call.after }), ...kind.fault },
        ],
        end: endOf(call, kind),
      })),
  );

export const ROWS = { public: rowsThrough('public'), config: rowsThrough('config') };

export const rowsOf = (api: Api, operation: Operation) =>
  ROWS[api].filter(({ call }) => call.operation === operation);

/** `C SDC`, `F sdc`: how a run ended and what then exists. */
export const markOf = ({ status, exists }: End) => `${status.charAt(0)} ${exists || '–'}`;
