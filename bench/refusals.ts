import { ValidationResult } from '../src/contract/coordinator';
import type { Bench } from './bench';
import { post } from './http';
import { percentile, repeat } from './measure';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printTable, showMs } from './table';

const LIMIT = 2 * 1024 * 1024;
const REPEATS = 5;

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

interface Refusal {
  what: string;
  bytes: number;
  /** Milliseconds of each try. */
  latencies: number[];
  answer: string;
}

const refusalOf = async (
  { gatewayUrl }: Programs,
  what: string,
  descriptor: string,
): Promise<Refusal> => {
  const url = `${gatewayUrl}/v1/validate`;
  const body = JSON.stringify({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor });
  const { status, text } = await post(url, body);
  const { data } = ValidationResult.safeParse(JSON.parse(text));
  if (status === 200 && data?.valid !== false) throw new Error(`${what} was not refused: ${text}`);
  const why = data?.error?.errors[0] ?? '';
  const latencies = await repeat(() => post(url, body), REPEATS);
  const answer = `${String(status)} ${why}`.trim();
  return { what, bytes: Buffer.byteLength(body), latencies, answer };
};

const refusalsOf = async (programs: Programs, descriptor: string) => {
  const spare = 4096;
  const refusals = [
    await refusalOf(programs, 'alias bomb, 10^6 nodes', aliasBomb().join('\n')),
    await refusalOf(programs, 'just under 2 MB', swollen(descriptor, LIMIT - spare)),
    await refusalOf(programs, 'over 2 MB', swollen(descriptor, LIMIT + spare)),
  ];
  printTable(
    `d. POST /v1/validate, requests to be refused: ${programs.name}`,
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

/** Requests meant to keep the gateway busy. */
export const benchRefusals = (bench: Bench): Promise<Record<string, Refusal[]>> =>
  withPrograms(bench, { part: 'refusals', worker: false }, async (all) => {
    const { descriptor } = bench.requestFor('bookings');
    const bySide: Record<string, Refusal[]> = {};
    for (const programs of all) bySide[programs.name] = await refusalsOf(programs, descriptor);
    return bySide;
  });
