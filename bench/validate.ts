import { ValidationResult } from '../src/contract/coordinator';
import { withServer } from './bench';
import type { Bench } from './bench';
import { post, postOk } from './http';
import { compete, percentile, repeat } from './measure';
import type { Result } from './measure';
import { printResults, printTable, showMs } from './table';

const LIMIT = 2 * 1024 * 1024;
const REPEATS = 5;

/** Validation of an ordinary descriptor, against Express that reads and answers the same JSON. */
export const benchValidate = async (bench: Bench): Promise<Result[]> => {
  const body = JSON.stringify(bench.requestFor('bookings'));
  const echo = { name: 'The echo server', file: 'bench/echo-server.js', health: '/' };
  const results = await withServer(bench, echo, async (url) => {
    const ours = () => () => postOk(`${bench.stack.gatewayUrl}/v1/validate`, body, 200);
    const floor = () => () => postOk(url, body, 200);
    return [
      await compete({ concurrency: 1, rounds: 7, count: 300, ours, floor }),
      await compete({ concurrency: 10, rounds: 7, count: 600, ours, floor }),
    ];
  });
  printResults(
    `c. POST /v1/validate (${String(body.length)} bytes); floor: Express that answers the JSON it got`,
    results,
  );
  return results;
};

/** Six levels of ten references each: a million nodes. */
const aliasBomb = () => {
  const level = (name: string, of: string) =>
    `${name}: &${name} [${Array<string>(10).fill(of).join(',')}]`;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  return names.map((name, index) => level(name, index ? `*${names[index - 1] ?? ''}` : 'x'));
};

/** A descriptor with a mistake and a sibling of so many bytes, which is read although it is ignored. */
const swollen = (descriptor: string, bytes: number) => {
  const line = '          key-0000000: some value\n';
  const lines = Array.from({ length: Math.floor(bytes / (line.length + 1)) }, (_, number) =>
    line.replace('0000000', String(number).padStart(7, '0')),
  );
  const sibling = `    - id: urn:dmb:cmp:finance:cashflow:0:sibling\n      specific:\n        many:\n`;
  return descriptor
    .replace(/url: .*/, 'url: nowhere')
    .replace('componentIdToProvision', `${sibling}${lines.join('')}componentIdToProvision`);
};

export interface Refusal {
  what: string;
  bytes: number;
  /** Milliseconds of each try. */
  latencies: number[];
  answer: string;
}

const refusalOf = async (bench: Bench, what: string, descriptor: string): Promise<Refusal> => {
  const url = `${bench.stack.gatewayUrl}/v1/validate`;
  const body = JSON.stringify({ ...bench.requestFor('bookings'), descriptor });
  const { status, text } = await post(url, body);
  const { data } = ValidationResult.safeParse(JSON.parse(text));
  if (status === 200 && data?.valid !== false) throw new Error(`${what} was not refused: ${text}`);
  const why = data?.error?.errors[0] ?? '';
  const latencies = await repeat(() => post(url, body), REPEATS);
  const answer = `${String(status)} ${why}`.trim();
  return { what, bytes: Buffer.byteLength(body), latencies, answer };
};

/** Requests meant to keep the gateway busy. It answers nobody else meanwhile. */
export const benchRefusals = async (bench: Bench): Promise<Refusal[]> => {
  const { descriptor } = bench.requestFor('bookings');
  const spare = 4096;
  const refusals = [
    await refusalOf(bench, 'alias bomb, 10^6 nodes', aliasBomb().join('\n')),
    await refusalOf(bench, 'just under 2 MB', swollen(descriptor, LIMIT - spare)),
    await refusalOf(bench, 'over 2 MB', swollen(descriptor, LIMIT + spare)),
  ];
  printTable(
    'd. POST /v1/validate, requests to be refused',
    ['descriptor', 'bytes', 'p50', 'longest', 'answer'],
    refusals.map(({ what, bytes, latencies, answer }) => [
      what,
      String(bytes),
      showMs(percentile(latencies, 0.5)),
      showMs(Math.max(...latencies)),
      answer,
    ]),
  );
  return refusals;
};
