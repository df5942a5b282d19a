import { ProvisioningRequest } from '../src/contract/coordinator';
import { readDescriptor } from '../src/descriptor/descriptor';
import { startOptions } from './bench';
import type { Bench } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import { sidesOf, withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults } from './table';

const retry = { initial: 1000, maxInterval: 30_000, giveUpAfter: 900_000, settleTime: 60_000 };

const sidesFor = (bench: Bench, programs: Programs[]) => ({
  floor: {
    prepare: (id: string) => {
      const request = ProvisioningRequest.parse(bench.requestFor(id));
      const { plan, known, warnings } = readDescriptor(request);
      return () =>
        bench.client.workflow.start('provision', {
          ...startOptions,
          // Nobody polls it: the worker of another part would run what is left here.
          taskQueue: 'bench-start-floor',
          workflowId: `floor.${id}`,
          args: [{ plan, known, warnings, retry }],
        });
    },
  },
  ...sidesOf(programs, ({ gatewayUrl }) => ({
    prepare: (id: string) => {
      const body = JSON.stringify(bench.requestFor(id));
      return () => postOk(`${gatewayUrl}/v1/provision`, body, 202);
    },
  })),
});

/** POST /v1/provision until its 202, against the start of a run by Temporal's client alone. */
export const benchStart = async (bench: Bench) => {
  const results = await withPrograms(bench, { part: 'start', worker: false }, async (programs) => {
    const sides = sidesFor(bench, programs);
    return [
      await compete({ concurrency: 1, rounds: 7, count: 60, sides }),
      await compete({ concurrency: 10, rounds: 7, count: 100, sides }),
      await compete({ concurrency: 50, rounds: 7, count: 150, sides }),
    ];
  });
  return printResults(
    'a. POST /v1/provision until 202; floor: client.workflow.start with the same options',
    results,
  );
};
