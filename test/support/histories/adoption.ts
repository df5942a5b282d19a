import { createAdoption } from '../../../src/operator/adoption';
import { oneQueue } from '../../../src/temporal/queues';
import type { Harness } from '../harness';
import type { Recordings } from './recordings';
import { AS_MADE, connect, makeActor, makeAsScala, makeByHand } from '../adoption-world';

/* Of taking over. Each begins with an Airbyte of its own, so that it can be recorded alone. */

const adopting = (component: string, adopt: string, more: object = {}) => ({
  ...AS_MADE,
  component,
  connection: { ...AS_MADE.connection, adopt, ...more },
});

const adoptAll = async (harness: Harness, perform: boolean) => {
  await harness.resetAirbyte();
  await makeAsScala(harness);
  const { client, environment } = harness;
  const adopt = createAdoption({ client, queues: oneQueue(environment) });
  await adopt({ query: { environment }, perform, limit: 20 });
  const query = `WorkflowType = 'adopt' AND TaskQueue = '${environment}' AND WorkflowId STARTS_WITH 'adopt.'`;
  for (;;)
    for await (const { workflowId, runId } of client.workflow.list({ query }))
      if (workflowId.includes('.plan.') !== perform) return { workflowId, runId };
};

export const RECORDINGS: Recordings = {
  'provision-taken-over': async (harness) => {
    await harness.resetAirbyte();
    const { connectionId } = await makeByHand(harness);
    return harness.start('provision', adopting('taken', connectionId));
  },
  'provision-given-back': async (harness) => {
    await harness.resetAirbyte();
    const { connectionId } = await makeByHand(harness);
    await harness.fault({ operation: 'patchConnection', status: 422 });
    return harness.start('provision', adopting('given-back', connectionId));
  },
  'provision-replaced': async (harness) => {
    await harness.resetAirbyte();
    const { connectionId, destinationId } = await makeByHand(harness);
    const sourceId = await makeActor(harness, 'source', { name: 'Another' });
    await connect(harness, { sourceId, destinationId }, { name: 'Their own' });
    return harness.start('provision', adopting('anew', connectionId, { adoptShared: 'anew' }));
  },
  'adopt-planned': (harness) => adoptAll(harness, false),
  'adopt-done': (harness) => adoptAll(harness, true),
};
