import { z } from 'zod';
import { emptyAirbyte, provision } from './bench';
import type { Bench } from './bench';
import { getOk, send } from './http';
import { compete } from './measure';
import type { Side } from './measure';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults, printTable } from './table';

const Calls = z.object({ requests: z.array(z.object({ changes: z.boolean() })) });

/** A provision of what is as wanted already, and a first one beside it. */
const sidesOn = (bench: Bench, { name, gatewayUrl, pids }: Programs): [string, Side][] => {
  const provisionOf = (component: string) => {
    const body = JSON.stringify(bench.requestFor(component));
    return () => provision(bench, { gatewayUrl, body });
  };
  const again = async (id: string) => {
    const once = provisionOf(`same-${id}`);
    await once();
    return once;
  };
  return [
    [`${name} floor`, { pids, prepare: (id) => provisionOf(`first-${id}`) }],
    [name, { pids, prepare: again }],
  ];
};

/** Writes to Airbyte of one more provision that changes nothing, by side; the first made it. */
const writesOn = async (bench: Bench, programs: Programs[]) => {
  const calls = `${bench.stack.airbyteUrl}/_simulator/requests`;
  const written: Record<string, number> = {};
  for (const { name, gatewayUrl } of programs) {
    await emptyAirbyte(bench);
    const body = JSON.stringify(bench.requestFor(`writes-${name}`));
    await provision(bench, { gatewayUrl, body });
    await send('DELETE', calls);
    await provision(bench, { gatewayUrl, body });
    const { requests } = Calls.parse(JSON.parse(await getOk(calls)));
    written[name] = requests.filter(({ changes }) => changes).length;
  }
  const rows = Object.entries(written).map(([name, count]) => [name, String(count)]);
  printTable('Writes of an unchanged provision', ['side', 'writes'], rows);
  return written;
};

/** A provision that finds all as wanted, against a first one of the same side. */
export const benchUnchanged = (bench: Bench) =>
  withPrograms(bench, { part: 'unchanged', worker: true }, async (programs) => {
    const sides = Object.fromEntries(programs.flatMap((each) => sidesOn(bench, each)));
    const before = () => emptyAirbyte(bench);
    const figures = printResults(
      'i. A provision of what is as wanted already; floor: a first provision of the same side',
      [
        await compete({ concurrency: 1, rounds: 7, count: 12, sides, before }),
        await compete({ concurrency: 10, rounds: 7, count: 40, sides, before }),
      ],
    );
    return { figures, writes: await writesOn(bench, programs) };
  });
