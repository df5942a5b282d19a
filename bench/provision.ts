import { NativeConnection, Worker } from '@temporalio/worker';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { startOptions } from './bench';
import type { Bench } from './bench';
import type { floor, FloorActivities } from './floor-workflow';
import { postOk } from './http';
import { compete } from './measure';
import type { Result } from './measure';
import { printResults } from './table';

const TASK_QUEUE = 'bench-floor';

/** With the options of src/worker.ts. */
const createFloorWorker = async (connection: NativeConnection) => {
  const activities: FloorActivities = { nothing: () => Promise.resolve() };
  return Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowsPath: require.resolve('./floor-workflow'),
    activities,
    maxCachedWorkflows: 200,
    maxConcurrentWorkflowTaskExecutions: 20,
    maxConcurrentActivityTaskExecutions: 20,
    maxHeartbeatThrottleInterval: '1s',
  });
};

const contests = ({ stack, client, requestFor }: Bench) => ({
  // Airbyte's lists have no filter: an older component would make each later one slower.
  before: () => postOk(`${stack.airbyteUrl}/_simulator/reset`, '', 200),
  ours: (id: string) => {
    const body = JSON.stringify(requestFor(`whole-${id}`));
    return async () => {
      const token = await postOk(`${stack.gatewayUrl}/v1/provision`, body, 202);
      const { status, result } = ProvisioningStatus.parse(
        await client.workflow.getHandle(token).result(),
      );
      if (status !== 'COMPLETED') throw new Error(`${token} ended ${status}: ${result}`);
    };
  },
  floor: (id: string) => () =>
    client.workflow.execute<typeof floor>('floor', {
      ...startOptions,
      taskQueue: TASK_QUEUE,
      workflowId: `floor.whole.${id}`,
    }),
});

/** A whole first provision, against a run with as many activities that do nothing. */
export const benchProvision = async (bench: Bench): Promise<Result[]> => {
  const connection = await NativeConnection.connect({ address: bench.stack.temporalAddress });
  try {
    const worker = await createFloorWorker(connection);
    const sides = contests(bench);
    const results = await worker.runUntil(async () => [
      await compete({ concurrency: 1, rounds: 7, count: 12, ...sides }),
      await compete({ concurrency: 10, rounds: 7, count: 40, ...sides }),
    ]);
    printResults(
      'b. A provision from POST to the end of its run; floor: a run of five activities that do nothing',
      results,
    );
    return results;
  } finally {
    await connection.close();
  }
};
