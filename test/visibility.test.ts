import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { quoted, runsOn } from '../src/temporal/visibility';
import { eventually } from './support/harness';

/* Texts of others in queries of Temporal's visibility, against a real server. */

let connection: Connection;
let client: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' });
  client = new Client({ connection });
});
afterAll(() => connection.close());

const found = async (query: string) => {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
};

test.each([
  ['a quote that ends the text', '" OR WorkflowType = "nobodyRunsThis'],
  ['an apostrophe', "' OR WorkflowType = 'nobodyRunsThis"],
  ['a backslash before the end', 'x\\'],
  ['a backslash and a quote', 'x\\" OR WorkflowType = "nobodyRunsThis'],
  ['what stands for anything', 'a%b_c'],
  ['lines, tabs and a comment', 'a\n\tb -- c /* d */'],
  ['other writings', 'é€😀\u2028'],
])('a query finds the runs of a task queue with %s, and no others', async (_what, hostile) => {
  const mark = randomUUID();
  const taskQueue = `${mark} ${hostile}`;
  const start = (workflowId: string, queue: string) =>
    client.workflow.start('nobodyRunsThis', { workflowId, taskQueue: queue });
  const handles = [
    await start(`${mark}.own.${hostile}`, taskQueue),
    await start(`${mark}.other`, `${mark} axbyc`),
  ];
  const query = runsOn(taskQueue, ['nobodyRunsThis']);
  const ofPrefix = `${query} AND WorkflowId STARTS_WITH ${quoted(`${mark}.own.${hostile}`)}`;
  const all = `WorkflowId STARTS_WITH ${quoted(mark)}`;
  await eventually(async () => (await found(all)).length === 2 || undefined, 'both in the list');
  expect(await found(query)).toEqual([`${mark}.own.${hostile}`]);
  expect(await found(ofPrefix)).toEqual([`${mark}.own.${hostile}`]);
  for (const handle of handles) await handle.terminate();
});
