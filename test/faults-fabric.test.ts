import {
  askedIn,
  declareCalls,
  declaredCalls,
  isUndo,
  OPERATIONS,
} from './support/fabric-faults/calls';
import type { Asked } from './support/fabric-faults/calls';
import { testFabricRows, usePlays } from './support/fabric-faults/run-rows';
import { isRecording } from './support/faults/matrix-recording';

const withPlay = usePlays();

const byStatement = (calls: Asked[]) =>
  [...calls].sort((one, other) => one.statement.localeCompare(other.statement));

test('the rows are of the statements that the runs send', async () => {
  await withPlay('patient', async (at) => {
    const base = new Map<string, number>();
    for (const operation of OPERATIONS) {
      const { status, statements, undone, isAsBefore, result } = await at.asks(operation);
      expect([operation, status, isAsBefore, result]).toEqual([
        operation,
        isUndo(operation) ? 'FAILED' : 'COMPLETED',
        true,
        result,
      ]);
      base.set(operation, statements.length);
      const undoOf = { 'undo of a first provision': 'first provision' };
      const begins =
        undone ??
        (operation === 'undo of a first provision'
          ? base.get(undoOf[operation])
          : operation === 'undo of a moved schema'
            ? base.get('schema moves')
            : 0);
      const asked = askedIn(statements, begins);
      if (isRecording) declareCalls(operation, asked);
      expect([operation, byStatement(declaredCalls(operation))]).toEqual([
        operation,
        byStatement(asked),
      ]);
    }
  });
}, 300_000);

testFabricRows(withPlay);
