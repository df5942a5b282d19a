import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findCli } from '../scripts/temporal';
import { accessOf } from './support/access';
import { eventually, startHarness } from './support/harness';

const DEVS = 'group:devs';

test.each([
  ['before', { hang: 'before' }],
  ['after', { hang: 'after' }],
])(
  'a worker killed %s Airbyte has granted is no loss: the next one grants once, and revokes it when asked',
  async (_moment, fault) => {
    const harness = await startHarness({
      simulator: { edition: 'enterprise' },
      env: { AIRBYTE_REQUEST_TIMEOUT: '30s', AIRBYTE_GIVE_UP_AFTER: '90s' },
    });
    const access = accessOf(harness);
    try {
      await harness.fault({ operation: 'createGroupPermission', ...fault });
      const token = await access.ask([DEVS]);
      await eventually(
        async () => (await harness.calls('createGroupPermission')).length > 0 || undefined,
        'the grant',
      );
      await harness.worker()?.end('SIGKILL');
      await harness.startWorker();
      expect((await harness.finished(token)).status).toBe('COMPLETED');
      expect(await access.who()).toEqual(['devs: workspace_reader']);
      expect((await access.update([])).status).toBe('COMPLETED');
      expect(await access.who()).toEqual([]);
    } finally {
      await access.forget();
      await harness.stop();
    }
  },
);

test('a worker killed in the middle of many is no loss: each is granted, and revoked when asked', async () => {
  const harness = await startHarness({
    simulator: { edition: 'enterprise' },
    env: { AIRBYTE_REQUEST_TIMEOUT: '30s', AIRBYTE_GIVE_UP_AFTER: '90s' },
  });
  const access = accessOf(harness);
  const emails = Array.from({ length: 60 }, (_, index) => `many.${String(index)}@foo.bar`);
  const refs = emails.map((email) => `user:${email}`);
  try {
    await access.seed({ users: emails.map((email) => ({ email })) });
    await harness.fault({ operation: 'createPermission', skip: 20, times: 1, hang: 'after' });
    const token = await access.ask(refs);
    await eventually(
      async () => (await harness.calls('createPermission')).length > 20 || undefined,
      'some grants',
    );
    await harness.worker()?.end('SIGKILL');
    await harness.startWorker();
    expect((await harness.finished(token)).result).toContain('60 granted');
    expect((await access.shown()).map(({ of }) => of).sort()).toEqual([...emails].sort());
    expect((await access.update([])).status).toBe('COMPLETED');
    expect(await access.who()).toEqual([]);
    expect(await access.remembered()).toEqual({});
  } finally {
    await access.forget();
    await harness.stop();
  }
});

test('what is remembered goes on with the current version of the workers when its own is gone', async () => {
  const harness = await startHarness({ simulator: { edition: 'enterprise' }, worker: false });
  const access = accessOf(harness);
  const deploymentName = harness.environment;
  const startVersion = async (buildId: string) => {
    const worker = await harness.startWorker({
      WORKER_DEPLOYMENT_NAME: deploymentName,
      WORKER_BUILD_ID: buildId,
    });
    const command = ['worker', 'deployment', 'set-current-version', '--yes'];
    const which = ['--deployment-name', deploymentName, '--build-id', buildId];
    const address = ['--address', harness.env.TEMPORAL_ADDRESS ?? ''];
    // The server knows a version once its worker has polled.
    const makeCurrent = () =>
      promisify(execFile)(findCli(), [...command, ...which, ...address]).catch(() => undefined);
    await eventually(makeCurrent, `version ${buildId} as the current one`);
    return worker;
  };
  try {
    const first = await startVersion('one');
    await access.update([DEVS]);
    await startVersion('two');
    await first.end();
    expect((await access.update([])).status).toBe('COMPLETED');
    expect(await access.who()).toEqual([]);
  } finally {
    await access.forget();
    await harness.stop();
  }
});
