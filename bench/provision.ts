import { NativeConnection, Worker } from '@temporalio/worker';
import { emptyAirbyte, provision, startOptions } from './bench';
import type { Bench } from './bench';
import type { floor, FloorActivities } from './floor-workflow';
import { compete } from './measure';
import { sidesOf, withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults, printTable } from './table';

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

const provisionOn = (bench: Bench, { gatewayUrl }: Programs) => ({
  prepare: (id: string) => {
    const body = JSON.stringify(bench.requestFor(`whole-${id}`));
    return () => provision(bench, { gatewayUrl, body });
  },
});

/** Its worker is this process, which has other work, too. */
const floorOn = ({ client, stack }: Bench) => ({
  pids: { temporal: stack.processes.temporal?.pid ?? 0 },
  prepare: (id: string) => () =>
    client.workflow.execute<typeof floor>('floor', {
      ...startOptions,
      taskQueue: TASK_QUEUE,
      workflowId: `floor.whole.${id}`,
    }),
});

/** Of a first provision, by side. */
const eventsOn = async (bench: Bench, programs: Programs[]) => {
  const counted: Record<string, number> = {};
  for (const { name, gatewayUrl } of programs) {
    await emptyAirbyte(bench);
    const body = JSON.stringify(bench.requestFor(`events-${name}`));
    const token = await provision(bench, { gatewayUrl, body });
    const { historyLength } = await bench.client.workflow.getHandle(token).describe();
    counted[name] = historyLength;
  }
  const rows = Object.entries(counted).map(([name, count]) => [name, String(count)]);
  printTable('Events in the history of a first provision', ['side', 'events'], rows);
  return counted;
};

/** A whole first provision, against a run with as many activities that do nothing. */
export const benchProvision = async (bench: Bench) => {
  const connection = await NativeConnection.connect({ address: bench.stack.temporalAddress });
  try {
    const worker = await createFloorWorker(connection);
    return await withPrograms(bench, { part: 'provision', worker: true }, async (programs) => {
      const sides = {
        floor: floorOn(bench),
        ...sidesOf(programs, (each) => provisionOn(bench, each)),
      };
      const before = () => emptyAirbyte(bench);
      const results = await worker.runUntil(async () => [
        await compete({ concurrency: 1, rounds: 7, count: 12, sides, before }),
        await compete({ concurrency: 10, rounds: 7, count: 40, sides, before }),
      ]);
      const figures = printResults(
        'b. A provision from POST to the end of its run; floor: a run of five activities that do nothing',
        results,
      );
      return { figures, events: await eventsOn(bench, programs) };
    });
  } finally {
    await connection.close();
  }
};
