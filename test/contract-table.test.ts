import Ajv from 'ajv';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { openApi } from '../src/openapi/document';
import { mimeOf } from './support/contract/rows';
import type { Row } from './support/contract/rows';
import { CONTRACTS, schemas } from './support/contract/schema';
import { ROWS } from './support/contract/table';
import { documentOf } from './support/contract/table-document';
import { startWorld } from './support/contract/world';
import type { World } from './support/contract/world';

const DOCUMENT = path.join(ROOT, 'docs', 'contract-table.md');
const PRETTIER = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
const TOKEN = /^[A-Za-z]+\.[A-Za-z0-9._-]+\.[0-9a-f]{12}$/;

let world: World;
beforeAll(async () => {
  world = await startWorld();
  // Each waits for as long as the gateway asks a Temporal that is not there: all at the same time.
  for (const row of ROWS) if (row.behind === 'no Temporal') early.set(row, send(row));
  // Within one minute, whose only request is this.
  const { found } = world.gateways['a used up rate'];
  await fetch(`${found}/datamesh.specificprovisioner/v1/provision/none/status`);
  for (const row of ROWS) if (row.behind === 'a used up rate') early.set(row, send(row));
  await Promise.allSettled(early.values());
});
afterAll(() => world.stop());

const ajv = new Ajv();

const send = async (row: Row) => {
  const { harness, gateways, tokens } = world;
  const gateway = gateways[row.behind ?? 'worker'];
  const at = row.path.replace('{token}', row.token?.(tokens) ?? '');
  const response = await fetch(`${gateway.found}${at}`, {
    method: row.method,
    ...(row.body && {
      body: row.body(harness.environment),
      headers: { 'content-type': row.type ?? 'application/json' },
    }),
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, text: await response.text() };
};

/** The answers to those that were sent before the others. */
const early = new Map<Row, ReturnType<typeof send>>();

const expectShape = ({ shape }: Row, text: string) => {
  if (shape === 'token' || shape === 'nothing') {
    expect(text).toMatch(shape === 'token' ? TOKEN : /^$/);
    return;
  }
  ajv.validate(schemas[shape], JSON.parse(text));
  expect(ajv.errors).toBeNull();
  expect(text).not.toMatch(/:null\b|<html|\bat .*\.js/i);
};

test.each(ROWS)('$operation: $status for $when', async (row) => {
  const { status, type, text } = await (early.get(row) ?? send(row));
  expect({ status, type, text }).toEqual({ status: row.status, type: mimeOf(row), text });
  expectShape(row, text);
  if (row.says) expect(text).toMatch(row.says);
});

const Operation = z.object({ operationId: z.string(), responses: z.looseObject({}) });

test('every status of every operation of the contract is in the table, and no other', () => {
  const given = ROWS.filter(({ status }) => status !== 404).map(
    ({ operation, status }) => `${operation} ${String(status)}`,
  );
  const ids = new Set(CONTRACTS['2.5.0'].operations.map(({ operationId }) => operationId));
  const operations = Object.values(openApi({ basePath: '', operations: false }).paths)
    .flatMap((item): unknown[] => Object.values(item))
    .flatMap((each) => Operation.safeParse(each).data ?? []);
  const documented = operations
    .filter(({ operationId }) => ids.has(operationId))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
  // It asks nobody, so that only a mistake of its own could make it fail.
  given.push('validate 500');
  expect([...new Set(given)].toSorted()).toEqual(documented.toSorted());
});

/** Without what prettier adds to line up tables. */
const words = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();

test('the document has the rows of today', () => {
  if (process.env.RECORD_CONTRACT_TABLE) {
    writeFileSync(DOCUMENT, documentOf(ROWS));
    execFileSync(process.execPath, [PRETTIER, '--write', DOCUMENT]);
  }
  expect(words(readFileSync(DOCUMENT, 'utf8'))).toBe(words(documentOf(ROWS)));
});
