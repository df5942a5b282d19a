import type { WorkflowExecutionInfo } from '@temporalio/client';
import { isInSteps, phaseOf } from '../src/runs/phase';
import { BETWEEN, IN_STEPS, SOMEWHERE } from '../workflows/phases';

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
  expect(isInSteps(run(name, IN_STEPS))).toBe(false);
  expect(phaseOf(run(name, 'Failed; undoing what was done'))).toBe('Failed; undoing what was done');
});

test('a run that goes on is told by its steps', () => {
  expect(isInSteps(run('RUNNING', IN_STEPS))).toBe(true);
  const at = (...names: string[]) => {
    const pendingActivities = names.map((name) => ({ activityType: { name } }));
    return phaseOf({ ...run('RUNNING', IN_STEPS), raw: { pendingActivities } });
  };
  expect(at('putSource', 'putDestination')).toBe('Putting source and destination in place');
  expect(at('recallAccess')).toBe('Looking at who was granted what through the component');
  expect(at('retireConnection')).toBe('Pausing the connection whose place is taken');
  expect(at('ofANewerWorker', 'connect')).toBe('Putting the connection in place');
  expect(at('ofANewerWorker')).toBe('At the step ofANewerWorker');
  expect(at()).toBe(BETWEEN);
  // As it is listed, where it could not be described.
  expect(phaseOf(run('RUNNING', IN_STEPS))).toBe(SOMEWHERE);
});
