import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import type { Bench, Checkout } from './bench';
import { getOk, post } from './http';
import { timed } from './measure';
import { withPrograms } from './sides';
import { printTable, showMs } from './table';

const REPEATS = 5;
/** Milliseconds without a request, for the row that says what the machine itself does. */
const IDLE = 2000;

const HEAD = `dataProduct:
  id: urn:dmb:dp:finance:big:0
  name: Big
  domain: finance
  version: 0.1.0
  environment: development
  components:
    - kind: workload
      id: urn:dmb:cmp:finance:big:0:many
      specific:
        source: {connector: postgres, name: ERP, connectionConfiguration: {host: erp.example.com, database: erp, username: u, password: {secretRef: ERP}}}
        destination: {name: Warehouse}
`;
const END = 'componentIdToProvision: urn:dmb:cmp:finance:big:0:many\n';
const many = (count: number, line: (number: number) => string) =>
  Array.from({ length: count }, (_, number) => line(number)).join('\n');
const withConnection = (more: string) =>
  `${HEAD}        connection:\n          name: ERP to warehouse\n${more}\n${END}`;
const streams = (count: number, key = 'name') =>
  withConnection(
    `          streams:\n${many(count, (number) => `            - ${key}: s${String(number).padStart(5, '0')}`)}`,
  );

/** Descriptors by what they are; the last two are of more than 1 MB. */
const DESCRIPTORS: Record<string, string> = {
  'three streams': streams(3),
  '4,000 streams': streams(4000),
  '30,000 streams': streams(30_000),
  '30,000 streams with a slip': streams(30_000, 'nmae'),
  '30,000 streams of one name': withConnection(
    `          streams:\n${many(30_000, () => '            - name: one')}`,
  ),
  '90 aliases to 400 maps': `all: &all [${Array<string>(400).fill('{name: s, tags: [a]}').join(',')}]\nmany: [${'*all, '.repeat(90)}]\n${streams(3)}`,
  '50,000 unknown keys': withConnection(many(50_000, (n) => `          key${String(n)}: 1`)),
  '300,000 empty lists': `many: [${'[],'.repeat(300_000)}]\n${streams(3)}`,
  '300,000 open brackets': `many: ${'['.repeat(300_000)}`,
  'a key of 900 kB': `${'k'.repeat(900_000)}: 1\n${streams(3)}`,
  '900 kB of empty lines': `${'\n'.repeat(450_000)}${streams(3)}`,
  '38,000 streams': streams(38_000),
  '1.8 MB of comments': `${many(36_000, () => `#${'x'.repeat(48)}`)}\n${streams(3)}`,
};

/** As a caller sees it, and what of it was work of the loop's own. */
const Probe = z.object({ seen: z.number(), own: z.number().catch(NaN) });

interface Stop {
  what: string;
  bytes: number;
  /** Milliseconds: the longest stop of the event loop, and of each answer. */
  stop: z.infer<typeof Probe>;
  latencies: number[];
  answer: string;
}

const probeOf = (url: string) => async () => Probe.parse(JSON.parse(await getOk(url)));

const stopOf = async (
  { gateway, probe }: { gateway: string; probe: ReturnType<typeof probeOf> },
  what: string,
  { descriptor, path: at = '/v1/validate' }: { descriptor: string; path?: string },
): Promise<Stop> => {
  const body = JSON.stringify({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor });
  const latencies: number[] = [];
  let answer = '';
  await probe();
  for (let time = 0; time < REPEATS; time += 1)
    latencies.push(
      await timed(async () => {
        const { status, text } = await post(`${gateway}${at}`, body);
        answer = `${String(status)} ${text.slice(0, 90)}`;
      }),
    );
  return { what, bytes: Buffer.byteLength(body), stop: await probe(), latencies, answer };
};

const rowsOf = async (gateway: string, probe: ReturnType<typeof probeOf>) => {
  const measured = { gateway, probe };
  await stopOf(measured, 'warms up', { descriptor: streams(3) });
  await pause(IDLE);
  const idle = { what: 'nothing', bytes: 0, stop: await probe(), latencies: [0], answer: '' };
  const rows: Stop[] = [idle];
  for (const [what, descriptor] of Object.entries(DESCRIPTORS))
    rows.push(await stopOf(measured, what, { descriptor }));
  // The first start connects to Temporal.
  await stopOf(measured, 'warms up', { descriptor: streams(3), path: '/v1/provision' });
  const largest = { descriptor: streams(30_000), path: '/v1/provision' };
  rows.push(await stopOf(measured, 'the same 30,000 streams, provisioned', largest));
  return rows;
};

const print = (name: string, stops: Stop[]) => {
  printTable(
    `g. How long the event loop stands still (POST /v1/validate where nothing else is said): ${name}`,
    ['descriptor', 'bytes', 'longest stop', 'as seen at that load', 'longest answer', 'answer'],
    stops.map(({ what, bytes, stop, latencies, answer }) => [
      what,
      String(bytes),
      showMs(stop.own),
      showMs(stop.seen),
      showMs(Math.max(...latencies)),
      answer,
    ]),
  );
};

const stopsOn = async (bench: Bench, checkout: Checkout): Promise<Stop[]> => {
  const [port = 0] = await findFreePorts(1);
  const env = {
    NODE_OPTIONS: `--require ${path.join(ROOT, 'dist', 'bench', 'loop-probe.js')}`,
    PROBE_PORT: String(port),
  };
  const wanted = { part: 'bodies', worker: false, checkouts: [checkout], env };
  return withPrograms(bench, wanted, async ([gateway]) => {
    const probe = probeOf(`http://127.0.0.1:${String(port)}`);
    const stops = await rowsOf(gateway?.gatewayUrl ?? '', probe);
    print(checkout.name, stops);
    return stops;
  });
};

/** How long hostile and large bodies hold the event loop of a gateway. */
export const benchBodies = async (bench: Bench): Promise<Record<string, Stop[]>> => {
  const bySide: Record<string, Stop[]> = {};
  for (const checkout of bench.checkouts) bySide[checkout.name] = await stopsOn(bench, checkout);
  return bySide;
};
