import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { openEncryption } from '../src/encryption/encryption';
import { createKeys } from '../src/operator/keys';
import { eventually } from './support/harness';

/* More records than Temporal lists at once, in a namespace of their own. */

const mark = randomBytes(4).toString('hex');
const namespace = `keys-${mark}`;
/** Of each key: both together are more than one list of 500 has, and end within one. */
const OF = { first: 430, second: 210 };

const keysDir = mkdtempSync(path.join(os.tmpdir(), 'keys-'));
let connection: Connection;
beforeAll(async () => {
  for (const id of Object.keys(OF)) writeFileSync(path.join(keysDir, id), randomBytes(32));
  connection = await Connection.connect({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
});
afterAll(async () => {
  await connection.close();
  rmSync(keysDir, { recursive: true });
});

const clientWith = (current: string) => {
  const { codec, ring } = openEncryption({ keysDir, current });
  const dataConverter = { payloadCodecs: [codec] };
  return { client: new Client({ connection, namespace, dataConverter }), ring };
};

const startOf = (current: keyof typeof OF) => {
  const { client } = clientWith(current);
  const starts = Array.from({ length: OF[current] }, (_, index) =>
    client.workflow.start('nobody', {
      workflowId: `${current}-${String(index)}`,
      taskQueue: namespace,
      args: [`geheim ${String(index)}`],
    }),
  );
  return Promise.all(starts);
};

test('records on two pages of a list are all read, and counted by their keys', async () => {
  const { client, ring } = clientWith('second');
  await eventually(
    () =>
      client.workflow
        .start('nobody', { workflowId: 'in-clear', taskQueue: namespace })
        .catch(() => undefined),
    'the namespace',
  );
  await Promise.all([startOf('first'), startOf('second')]);
  const all = OF.first + OF.second + 1;
  const heard: number[] = [];
  const keys = createKeys({
    client,
    ring: ring && { ids: ring.ids(), current: ring.current().id },
    observe: (read) => heard.push(read),
  });
  // What was started is listed a moment later.
  await eventually(
    async () => (await client.workflow.count()).count === all || undefined,
    'all records to be listed',
  );
  const uses = await keys();
  expect(uses).toMatchObject({ records: all, inClear: 1 });
  expect(
    uses.keys.map(({ id, openRuns, keptHistories }) => ({ id, openRuns, keptHistories })),
  ).toEqual(Object.entries(OF).map(([id, openRuns]) => ({ id, openRuns, keptHistories: 0 })));
  expect(heard.at(-1)).toBe(all);
});
