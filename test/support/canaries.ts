import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Connection } from '@temporalio/client';
import { ROOT } from '../../scripts/child';

/* Looks for texts where they must not be, in each form that they may take on the way. */

const base64 = (text: string) =>
  // Its digits depend on where in the bytes it begins; those at the ends on what is beside it.
  [0, 1, 2].map((offset) =>
    Buffer.from(`${' '.repeat(offset)}${text}`)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : 4, -4),
  );

const formsOf = (text: string) => [
  text,
  ...base64(text),
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
  Buffer.from(text).toString('hex'),
];

/** How often any of these is in a place. */
export const hitsIn = (place: string, canaries: readonly string[]) =>
  canaries.flatMap((canary) => [...new Set(formsOf(canary))].filter((form) => place.includes(form)))
    .length;

const GZIP = [0x1f, 0x8b];

/** Every text in a value, those kept as bytes included, compressed or not. */
export const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) {
    const isGzip = GZIP.every((byte, index) => value[index] === byte);
    return [(isGzip ? gunzipSync(value) : Buffer.from(value)).toString('latin1')];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** All files of a directory, byte for byte. */
export const filesIn = (directory: string) =>
  readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name)).toString('latin1'))
    .join('\n');

/** As Temporal's API gives runs, without a codec: histories, memo and search attributes. */
export const rawRuns = async (address: string, tokens: readonly string[]) => {
  const connection = await Connection.connect({ address });
  const asked = tokens.map(async (workflowId) => {
    const execution = { workflowId };
    const given = { namespace: 'default', execution };
    return [
      await connection.workflowService.getWorkflowExecutionHistory(given),
      await connection.workflowService.describeWorkflowExecution(given),
    ];
  });
  const all = await Promise.all(asked);
  await connection.close();
  return textsIn(all).join('\n');
};

/** What a gateway at this address, and a worker by its output, tell of themselves. */
export const metricsOf = async (gateway: string, worker: string) => {
  const probes = [...worker.matchAll(/"url":"([^"]+)","msg":"worker probes listen"/g)].at(-1)?.[1];
  const texts = await Promise.all(
    [gateway, probes ?? ''].map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  return texts.join('\n');
};

/** A table of a document, between its marker and the end: RECORD_CANARY_TABLE=1 writes it, else the two are compared. */
export const judgeTable = (
  document: string,
  { name, head, rows }: { name: string; head: readonly string[]; rows: readonly string[][] },
) => {
  const file = path.join(ROOT, 'docs', document);
  const text = readFileSync(file, 'utf8');
  const begin = `<!-- table: ${name} -->`;
  const [before = '', rest = ''] = text.split(begin);
  const after = rest.slice(rest.indexOf('<!-- end -->'));
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const prettier = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  const formatted = execFileSync(process.execPath, [prettier, '--stdin-filepath', file], {
    input: `${before}${begin}\n\n${lines.join('\n')}\n\n${after}`,
    encoding: 'utf8',
  });
  if (process.env.RECORD_CANARY_TABLE) writeFileSync(file, formatted);
  expect(formatted).toBe(readFileSync(file, 'utf8'));
};
