import { ProvisioningStatus } from '../src/contract/coordinator';
import { emptyAirbyte, provision } from './bench';
import type { Bench } from './bench';
import { getOk, postOk } from './http';
import { compete } from './measure';
import type { Side } from './measure';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults } from './table';

/** Runs that are asked about, all at once. */
const POLLS = 100;
/** Provisioned at once, so that there are so many. */
const AT_ONCE = 10;
/** Milliseconds that Airbyte takes for a call, so that none of the runs ends meanwhile. */
const SLOW = 20_000;

const bodyOf = (bench: Bench, { name }: Programs, index: number) =>
  JSON.stringify(bench.requestFor(`status-${name}-${String(index)}`));

const numbers = Array.from({ length: POLLS }, (_, index) => index);

const closedOn = async (bench: Bench, programs: Programs) => {
  const { gatewayUrl } = programs;
  const tokens: string[] = [];
  for (let from = 0; from < POLLS; from += AT_ONCE) {
    await emptyAirbyte(bench);
    const some = numbers.slice(from, from + AT_ONCE);
    const runs = some.map((index) =>
      provision(bench, { gatewayUrl, body: bodyOf(bench, programs, index) }),
    );
    tokens.push(...(await Promise.all(runs)));
  }
  return tokens;
};

const runningOn = (bench: Bench, programs: Programs) => {
  const url = `${programs.gatewayUrl}/v1/provision`;
  return Promise.all(numbers.map((index) => postOk(url, bodyOf(bench, programs, index), 202)));
};

/** From now on each look of a run takes so long that all go on meanwhile. */
const slowDown = async (bench: Bench) => {
  await emptyAirbyte(bench);
  const slow = JSON.stringify({ operation: '*', times: 0, delay: SLOW });
  await postOk(`${bench.stack.airbyteUrl}/_simulator/faults`, slow, 200);
};

/** What a gateway answers to a poll, and a run's description by the client alone. */
const sidesOn = (
  { client }: Bench,
  { programs, tokens, status }: { programs: Programs; tokens: string[]; status: string },
): [string, Side][] => {
  const { name, gatewayUrl, pids } = programs;
  const tokenOf = (id: string) => tokens[Number(id.split('-').at(-1)) % tokens.length] ?? '';
  const poll = async (token: string) => {
    const text = await getOk(`${gatewayUrl}/v1/provision/${token}/status`);
    const answer = ProvisioningStatus.parse(JSON.parse(text));
    if (answer.status !== status) throw new Error(`${token} is not ${status}: ${text}`);
  };
  return [
    [`${name} floor`, { prepare: (id) => () => client.workflow.getHandle(tokenOf(id)).describe() }],
    [name, { pids, prepare: (id) => () => poll(tokenOf(id)) }],
  ];
};

const KINDS = [
  { status: 'COMPLETED', what: 'closed', before: emptyAirbyte, runsOn: closedOn },
  { status: 'RUNNING', what: 'running', before: slowDown, runsOn: runningOn },
];

/** So many polls at once, one of each run, against as many descriptions of the same runs. */
export const benchStatus = (bench: Bench) =>
  withPrograms(bench, { part: 'status', worker: true }, async (all) => {
    const figures: Record<string, ReturnType<typeof printResults>> = {};
    for (const { status, what, before, runsOn } of KINDS) {
      await before(bench);
      const sides: [string, Side][] = [];
      for (const programs of all) {
        const tokens = await runsOn(bench, programs);
        sides.push(...sidesOn(bench, { programs, tokens, status }));
      }
      const contest = { rounds: 7, count: POLLS, sides: Object.fromEntries(sides) };
      figures[what] = printResults(
        `j. ${String(POLLS)} status polls at once, of ${what} runs; floor: describe by the client`,
        [await compete({ concurrency: POLLS, ...contest })],
        'p99',
      );
    }
    return figures;
  });
