import { until } from './recordings';
import type { Recordings } from './recordings';

/* Of runs that go on lean (docs/adr/0040-lean-runs.md); those recorded before have a step for everything. */

const lean = { component: 'lean' };
const changed = { url: 'https://files.example.invalid/changed.csv', database: 'changed' };

export const RECORDINGS: Recordings = {
  'lean-provision-completed': (harness) => harness.start('provision', lean),
  'lean-provision-unchanged': (harness) =>
    harness.start('provision', { ...lean, connection: { dbtGitUrl: 'ignored' } }),
  'lean-provision-restored': async (harness) => {
    await harness.fault({ operation: 'patchConnection', status: 422 });
    return harness.start('provision', { ...lean, ...changed, connection: { prefix: 'refused_' } });
  },
  'lean-provision-cancelled': async (harness) => {
    await harness.fault({ operation: 'getStreamProperties', hang: 'before', times: 0 });
    const wish = { component: 'lean-cancelled', connection: { prefix: 'cancelled_' } };
    const token = await harness.start('provision', wish);
    await until(harness, token, 'connection');
    await harness.client.workflow.getHandle(token).cancel();
    return token;
  },
  'lean-provision-terminated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { component: 'lean-terminated' });
    await until(harness, token, 'connection');
    await harness.call('DELETE', `/v1/provision/${token}`);
    return token;
  },
  'lean-unprovision-looked': async (harness) => {
    const looked = { component: 'looked' };
    await harness.run('provision', looked);
    await harness.fault({ operation: 'deleteDestination', status: 403 });
    return harness.start('unprovision', looked);
  },
  'lean-unprovision-completed': (harness) => harness.start('unprovision', lean),
};
