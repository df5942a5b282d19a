import { ProvisioningRequest } from '../src/contract/coordinator';
import { readDescriptor } from '../src/descriptor/descriptor';
import { startOptions, withServer } from './bench';
import type { Bench } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import type { Result } from './measure';
import { printResults } from './table';

/** No worker polls it, so that the runs started here cost nothing but their start. */
const TASK_QUEUE = 'bench-without-worker';

const retry = { initial: 1000, maxInterval: 30_000, giveUpAfter: 900_000, settleTime: 60_000 };

const contests = (bench: Bench, gatewayUrl: string) => ({
  ours: (id: string) => {
    const body = JSON.stringify(bench.requestFor(id));
    return () => postOk(`${gatewayUrl}/v1/provision`, body, 202);
  },
  floor: (id: string) => {
    const request = ProvisioningRequest.parse(bench.requestFor(id));
    const { plan, known, warnings } = readDescriptor(request);
    return () =>
      bench.client.workflow.start('provision', {
        ...startOptions,
        taskQueue: TASK_QUEUE,
        workflowId: `floor.${id}`,
        args: [{ plan, known, warnings, retry }],
      });
  },
});

/** POST /v1/provision until its 202, against the start of a run by Temporal's client alone. */
export const benchStart = async (bench: Bench): Promise<Result[]> => {
  const env = {
    TEMPORAL_ADDRESS: bench.stack.temporalAddress,
    TEMPORAL_TASK_QUEUE: TASK_QUEUE,
    // No file of this name: the one in the user's home may point at another server.
    TEMPORAL_CONFIG_FILE: 'none',
  };
  const gateway = { name: 'The gateway', file: 'src/server.js', health: '/readyz', env };
  const results = await withServer(bench, gateway, async (url) => {
    const sides = contests(bench, url);
    return [
      await compete({ concurrency: 1, rounds: 7, count: 60, ...sides }),
      await compete({ concurrency: 10, rounds: 7, count: 100, ...sides }),
      await compete({ concurrency: 50, rounds: 7, count: 150, ...sides }),
    ];
  });
  printResults(
    'a. POST /v1/provision until 202; floor: client.workflow.start with the same options',
    results,
  );
  return results;
};
