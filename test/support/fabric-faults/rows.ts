import { callsOf, isUndo, labelOf, operationsOf } from './calls';
import type { Call, Operation, System } from './calls';
import { kindsOf } from './kinds';
import type { Kind } from './kinds';

/* The rows of the fabrics' fault table, and how each must end. */

export interface Row {
  name: string;
  call: Call;
  kind: Kind;
  status: 'COMPLETED' | 'FAILED';
  /** What of the fabric differs from before, or from what is wanted, and must be told as left behind. */
  leaves: boolean;
}

/** Undoing is tried for a day: it does not give up in the time of a test. */
export const isEndless = ({ operation }: Call, { patience }: Kind) =>
  isUndo(operation) && patience === 'hasty';

/** Of those that any call can meet, a look meets some: two calls with the same kind are far apart. */
const PER_LOOK = 3;

const kindsFor = (call: Call, index: number): Kind[] => {
  const possible = kindsOf(call.system).filter(
    (kind) => kind.befalls(call) && !isEndless(call, kind),
  );
  if (call.writes && call.of === 'submission') return possible;
  const step = Math.max(1, Math.floor(possible.length / PER_LOOK));
  const at = (nth: number) => possible[(index + nth * step) % possible.length];
  return [0, 1, 2].flatMap((nth) => at(nth) ?? []);
};

const isMaking = (operation: Operation) =>
  operation === 'first provision' || operation === 'schema moves';

/**
 * What was done, though nobody said so, is seen to be so by the next attempt: which asks neither for it again,
 * nor whether it is there.
 */
const isDone = ({ operation, statement, writes, of }: Call, { name, patience }: Kind) =>
  (writes && (of === 'look' || name === 'hang done…')) ||
  (patience === 'hasty' && isMaking(operation) && statement.startsWith('SHOW SCHEMAS LIKE'));

/** The data that a removal has taken does not come back in Databricks, which is always told. */
const isLoss = ({ system, operation }: Call) =>
  system === 'databricks' && operation === 'undo of an unprovision with removeData';

const endOf = (call: Call, kind: Kind): Pick<Row, 'status' | 'leaves'> => {
  const { operation } = call;
  const fails = kind.run === 'fails' && !isDone(call, kind);
  if (isUndo(operation)) return { status: 'FAILED', leaves: fails || isLoss(call) };
  return { status: fails ? 'FAILED' : 'COMPLETED', leaves: false };
};

export const rowsOf = (system: System, operation: Operation): Row[] =>
  callsOf(system, operation).flatMap((call, index) =>
    [...new Set(kindsFor(call, index))].map((kind) => ({
      name: `${operation}: ${labelOf(call)} ${kind.what} (${kind.name})`,
      call,
      kind,
      ...endOf(call, kind),
    })),
  );

const all = (system: System) =>
  operationsOf(system).flatMap((operation) => rowsOf(system, operation));

export const ROWS: Record<System, Row[]> = {
  snowflake: all('snowflake'),
  databricks: all('databricks'),
};
