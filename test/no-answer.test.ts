import { RunDetails } from '../src/contract/operator';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* Who waits at a terminal while Airbyte does not answer is told that it is Airbyte. */

let harness: Harness;
beforeAll(async () => {
  // Answers that hang stay away for longer than an operator waits for a look.
  harness = await startHarness({
    env: { OPERATIONS: 'on', AIRBYTE_GIVE_UP_AFTER: '10m', AIRBYTE_REQUEST_TIMEOUT: '60s' },
  });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const noteOf = async (token: string) => {
  const answer = await harness.call('GET', `/operations/runs/${token}`);
  return RunDetails.parse(answer.json()).airbyte.note;
};

/** A busy machine's worker may come too late for a look, and then it is said so. */
const noteLike = (token: string, pattern: RegExp) =>
  eventually(async () => {
    const note = await noteOf(token);
    expect(note).not.toContain('No worker answered');
    return pattern.test(note) ? note : undefined;
  }, String(pattern));

test('while Airbyte is down, a look says what Airbyte answered, and not that a worker is gone', async () => {
  await harness.fault({ operation: '*', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'refused' });
  expect(await noteLike(token, /Airbyte answered 503/)).toMatch(
    /^Nobody could look at Airbyte now\. Airbyte answered 503 to \S+ \S+.* \(tried \d+ times\)\.? The run goes on/,
  );
});

test('while Airbyte answers nothing, a look says so, and not that a worker is gone', async () => {
  const token = await harness.start('provision', { component: 'hanging' });
  await harness.finished(token);
  await harness.fault({ operation: '*', hang: 'before', times: 0 });
  expect(await noteLike(token, /Airbyte has not/)).toBe(
    'Nobody could look at Airbyte now. Airbyte has not answered the worker in time. So it was when the run ended.',
  );
});

test('a check for drift that Airbyte holds up says what it waits for, and then tells what it found', async () => {
  await harness.fault({ operation: '*', status: 503, times: 0 });
  const said: string[] = [];
  const drift = harness.cli('drift').then((end) => {
    said.push(end.stderr);
    return end;
  });
  await eventually(async () => {
    const run = harness.client.workflow.getHandle(`reconcile.${harness.environment}.now`);
    const described = await run.describe().catch(() => undefined);
    return (described?.raw.pendingActivities?.[0]?.attempt ?? 0) > 3 || undefined;
  }, 'the third try');
  await harness.clearFaults();
  expect((await drift).stdout).toMatch(/compared at/);
  expect(said.join()).toMatch(/^The check for drift still goes on\. Airbyte answered 503 to /);
});
