import { accessOf } from './access';
import { eventually, startHarness } from './harness';

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
