import type { WorkflowExecutionInfo } from '@temporalio/client';
import { phaseOf } from '../src/runs/phase';
import { BETWEEN, IN_STEPS } from '../workflows/phases';

type Name = WorkflowExecutionInfo['status']['name'];

const run = (name: Name, phase: string) => ({ status: { name }, memo: { phase }, raw: {} });

test.each<[Name, string]>([
  ['COMPLETED', 'Completed'],
  ['FAILED', 'Failed'],
  ['CANCELLED', 'Cancelled'],
  ['TERMINATED', 'Terminated'],
  ['TIMED_OUT', 'Timed out'],
])('a run that ended %s before its memo could say so is told by its end', (name, phase) => {
  expect(phaseOf(run(name, IN_STEPS))).toBe(phase);
  expect(phaseOf(run(name, 'Failed; undoing what was done'))).toBe('Failed; undoing what was done');
});

test('a run that goes on is told by its steps', () => {
  expect(phaseOf(run('RUNNING', IN_STEPS))).toBe(BETWEEN);
});
