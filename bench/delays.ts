import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { startOptions } from './bench';
import type { Bench } from './bench';
import type { lateness } from './delays-workflow';
import { percentile } from './measure';
import { printTable } from './table';

/* What Temporal's own delays are: until a run is in the list, and how late a timer fires. */

const TASK_QUEUE = 'bench-delays';
const STARTS = 40;
const RUNS = 20;
const TIMERS = 5;
/** Ten queries a second are answered, and ten at once. */
const POLL = 20;
const REST = 1200;

/** Milliseconds from the answer to a start until a list, by one of our search attributes, has the run. */
const untilListed = async ({ client }: Bench, index: number) => {
  const workflowId = `delays.listed.${String(index)}.${String(Date.now())}`;
  await client.workflow.start('nobodyRunsThis', {
    ...startOptions,
    workflowId,
    taskQueue: `${TASK_QUEUE}-of-nobody`,
  });
  const began = performance.now();
  const query = `Component = "finance.cashflow.0.bookings" AND WorkflowId = "${workflowId}"`;
  for (;;) {
    const { executions } = await client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query,
    });
    if (executions.length > 0) return performance.now() - began;
    await pause(POLL);
  }
};

const timersOf = async ({ client, stack }: Bench) => {
  const connection = await NativeConnection.connect({ address: stack.temporalAddress });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowsPath: require.resolve('./delays-workflow'),
    });
    return await worker.runUntil(async () => {
      const runs = Array.from({ length: RUNS }, (_, index) =>
        client.workflow.execute<typeof lateness>('lateness', {
          taskQueue: TASK_QUEUE,
          workflowId: `delays.timers.${String(index)}.${String(Date.now())}`,
          args: [TIMERS, 1000 + index * 37],
        }),
      );
      return (await Promise.all(runs)).flat();
    });
  } finally {
    await connection.close();
  }
};

export const benchDelays = async (bench: Bench) => {
  const listed: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    listed.push(await untilListed(bench, index));
    await pause(REST);
  }
  const timers = await timersOf(bench);
  const row = (what: string, values: number[]) => [
    what,
    ...[0.5, 0.95, 1].map((share) => `${percentile(values, share).toFixed(0)} ms`),
  ];
  printTable(
    'k. What Temporal delays',
    ['what', 'p50', 'p95', 'most'],
    [row('a started run is in the list', listed), row('a timer fires late', timers)],
  );
  return { listed, timers };
};
