import { z } from 'zod';
import { Replays, RunDetails, RunList } from '../src/operations-contract';
import { ProvisioningStatus } from '../src/contract';
import { counts, eventually, runCli, startHarness } from './harness';
import type { Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

/** What a command answered to a script: one JSON document and nothing else. */
const json = async <Schema extends z.ZodType>(schema: Schema, ...args: string[]) => {
  const { code, stdout, stderr } = await harness.cli(...args, '--json');
  return { code, stderr, ...{ answer: schema.parse(JSON.parse(stdout)) } };
};

const OutcomesJson = z.object({
  replays: z.array(Replays.shape.replays.element.extend(ProvisioningStatus.partial().shape)),
});

const ours = () => ['--environment', harness.environment];
const failedUnprovisions = () => [
  ...['runs', 'replay', '--failed', '--operation', 'unprovision', '--since', '24h'],
  ...ours(),
];

/** A pipeline whose destination Airbyte refuses to delete until the faults are cleared. */
const failUnprovision = async (component: string) => {
  await harness.run('provision', { component });
  await harness.fault({ operation: 'deleteDestination', status: 403, times: 0 });
  const token = await harness.start('unprovision', { component });
  expect((await harness.finished(token)).status).toBe('FAILED');
  return token;
};

/** Lists lag: what is asked for by them is asked until they have it. */
const listed = (token: string) =>
  eventually(async () => {
    const { answer } = await json(RunList, 'runs', 'list', '--failed', ...ours());
    return answer.runs.some((run) => run.token === token) || undefined;
  }, `${token} in the list`);

test('a failed unprovision is replayed under its token once Airbyte is well', async () => {
  const token = await failUnprovision('replayed');
  const { answer: before } = await json(RunDetails, 'runs', 'show', token);
  expect(before).toMatchObject({ token, status: 'FAILED', execution: 'Failed' });
  await harness.clearFaults();

  const seen = new Set<string>();
  const replay = harness.cli('runs', 'replay', token, '--wait');
  const watch = eventually(async () => {
    const { status } = await harness.status(token);
    seen.add(status);
    return status === 'COMPLETED' || undefined;
  }, 'COMPLETED');
  const { code, stdout } = await replay;
  await watch;
  expect([...seen]).toEqual(expect.arrayContaining(['RUNNING', 'COMPLETED']));
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(token) as unknown });
  expect(stdout).toMatch(/^DONE +STATUS +TOKEN +WHY\nreplayed +COMPLETED/);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  const { answer: after } = await json(RunDetails, 'runs', 'show', token);
  expect(after).toMatchObject({ execution: 'Completed', component: before.component });
  expect(after.runId).not.toBe(before.runId);
});
