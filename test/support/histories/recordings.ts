import { oneQueue } from '../../../src/temporal/queues';
import { createDrift } from '../../../src/operator/drift';
import { createLook, lookId } from '../../../src/operator/look';
import { eventually, leaseId } from '../harness';
import type { Harness } from '../harness';

const changed = { url: 'https://files.example.invalid/changed.csv', database: 'changed' };

/** One of the runs that an id has had. */
export interface Execution {
  workflowId: string;
  runId: string;
}

/** Until the status of a token has these words in it. */
export const until = (harness: Harness, token: string, words: string) =>
  eventually(
    async () => (await harness.status(token)).result.includes(words) || undefined,
    `${token}: ${words}`,
  );

/** A run that holds its component until its faults are cleared. */
const holding = async (harness: Harness) => {
  await harness.fault({ operation: 'listSources', status: 503, times: 0 });
  const token = await harness.start('provision', { connection: { prefix: 'first_' } });
  await until(harness, token, 'Looking');
  return token;
};

export type Recordings = Record<string, (harness: Harness) => Promise<string | Execution>>;

/** Each leaves behind what the next begins with, and gives the id of the workflow to record. */
export const RECORDINGS: Recordings = {
  'provision-compensated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 400 });
    return harness.start('provision');
  },
  'provision-settled': async (harness) => {
    await harness.fault({ operation: 'createSource', hang: 'after', times: 0 });
    await harness.fault({ operation: 'createDestination', status: 422 });
    return harness.start('provision');
  },
  'provision-cancelled': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { connection: { prefix: 'cancelled_' } });
    await until(harness, token, 'connection');
    await harness.client.workflow.getHandle(token).cancel();
    return token;
  },
  'provision-terminated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { connection: { prefix: 'terminated_' } });
    await until(harness, token, 'connection');
    await harness.call('DELETE', `/v1/provision/${token}`);
    return token;
  },
  'provision-completed': (harness) => harness.start('provision', { sourceName: 'Payments' }),
  'provision-unchanged': (harness) =>
    harness.start('provision', { sourceName: 'Payments', connection: { dbtGitUrl: 'ignored' } }),
  'provision-retried': async (harness) => {
    await harness.fault({ operation: 'putSource', reset: 'after' });
    return harness.start('provision', changed);
  },
  'provision-restored': async (harness) => {
    await harness.fault({ operation: 'patchConnection', status: 422 });
    return harness.start('provision', { connection: { prefix: 'refused_' } });
  },
  'provision-waited': async (harness) => {
    const first = await holding(harness);
    const token = await harness.start('provision', { connection: { prefix: 'second_' } });
    await until(harness, token, `Waiting for ${first}`);
    await harness.clearFaults();
    return token;
  },
  'provision-cancelled-waiting': async (harness) => {
    const first = await holding(harness);
    const token = await harness.start('provision', { connection: { prefix: 'third_' } });
    await until(harness, token, `Waiting for ${first}`);
    await harness.client.workflow.getHandle(token).cancel();
    await harness.finished(token);
    await harness.clearFaults();
    await harness.finished(first);
    return token;
  },
  'provision-left-the-queue': async (harness) => {
    const first = await holding(harness);
    const token = await harness.start('provision', { connection: { prefix: 'left_' } });
    await until(harness, token, `Waiting for ${first}`);
    await harness.client.workflow.getHandle(token).cancel();
    await harness.finished(token);
    await harness.clearFaults();
    await harness.finished(first);
    return token;
  },
  'lease-left-and-started-anew': async (harness) => {
    const first = await holding(harness);
    const workflowId = leaseId(harness, 'payments');
    const lease = harness.client.workflow.getHandle(workflowId);
    const { runId } = await lease.describe();
    const second = await harness.start('provision', { connection: { prefix: 'second_' } });
    await until(harness, second, `Waiting for ${first}`);
    const third = await harness.start('provision', changed);
    await until(harness, third, `Waiting for ${second}`);
    await lease.signal('wait', third, []);
    await harness.client.workflow.getHandle(second).cancel();
    await until(harness, third, `Waiting for ${first}`);
    for (let sent = 0; (await lease.describe()).runId === runId; sent += 1)
      await lease.signal('left', `nobody-${String(sent)}`);
    await harness.clearFaults();
    await harness.finished(third);
    return { workflowId, runId };
  },
  'lease-handed-over': async (harness) => {
    const first = await holding(harness);
    const workflowId = leaseId(harness, 'payments');
    const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
    const second = await harness.start('provision', { connection: { prefix: 'second_' } });
    await until(harness, second, `Waiting for ${first}`);
    const third = await harness.start('provision', changed);
    await until(harness, third, `Waiting for ${second}`);
    await harness.clearFaults();
    await harness.finished(third);
    return { workflowId, runId };
  },
  'lease-of-a-terminated-run': async (harness) => {
    const token = await holding(harness);
    const workflowId = leaseId(harness, 'payments');
    const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
    await harness.client.workflow.getHandle(token).terminate();
    return { workflowId, runId };
  },
  'provision-left-behind': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 422 });
    await harness.fault({ operation: 'deleteSource', status: 403 });
    return harness.start('provision', { component: 'left' });
  },
  'unprovision-failed': async (harness) => {
    await harness.fault({ operation: 'deleteDestination', status: 403 });
    return harness.start('unprovision');
  },
  'unprovision-cancelled': async (harness) => {
    await harness.fault({ operation: 'deleteSource', status: 503, times: 0 });
    const token = await harness.start('unprovision', { component: 'left' });
    await until(harness, token, 'Deleting');
    await harness.client.workflow.getHandle(token).cancel();
    return token;
  },
  'unprovision-completed': (harness) => harness.start('unprovision', { component: 'left' }),
  'reconcile-drift': async (harness) => {
    await harness.run('provision', { component: 'drifted' });
    const [connection] = (await harness.entities()).connections;
    await harness.airbyte('DELETE', `/connections/${connection?.connectionId ?? ''}`);
    await createDrift({ client: harness.client, queues: oneQueue(harness.environment) }).check();
    return `reconcile.${harness.environment}.now`;
  },
  'look-drifted': async (harness) => {
    const { environment } = harness;
    const component = 'finance.cashflow.0.drifted';
    await createLook({ client: harness.client, queues: oneQueue(environment) })({
      environment,
      component,
    });
    return lookId(environment, { environment, component });
  },
  'unprovision-data-cleared': async (harness) => {
    await harness.run('provision');
    return harness.start('unprovision', {}, { removeData: true });
  },
  'unprovision-clear-followed': async (harness) => {
    const component = 'followed-clear';
    await harness.run('provision', { component });
    return harness.start('unprovision', { component }, { removeData: true });
  },
  'unprovision-clear-put-back': async (harness) => {
    const component = 'put-back';
    const { info } = await harness.run('provision', { component });
    await harness.airbyte('PATCH', `/connections/${String(info?.privateInfo.connectionId)}`, {
      status: 'inactive',
    });
    await harness.fault({ operation: 'createJob', status: 403 });
    return harness.start('unprovision', { component }, { removeData: true });
  },
};
