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

/* Quotes, backslashes and line ends the server writes into its own SQL as MySQL has them: SQLite finds nothing. */
test.each([
  ['a quote that ends the text', '" OR WorkflowType = "nobodyRunsThis', 'nothing'],
  ['an apostrophe', "' OR WorkflowType = 'nobodyRunsThis", 'its own'],
  ['a backslash before the end', 'x\\', 'nothing'],
  ['a backslash and a quote', 'x\\" OR WorkflowType = "nobodyRunsThis', 'nothing'],
  ['what stands for anything', 'a%b_c', 'its own'],
  ['lines, tabs and a comment', 'a\n\tb -- c /* d */', 'nothing'],
  ['other writings', 'é€😀\u2028', 'its own'],
])('asked about %s a query finds nothing of others: of %j %s', async (_what, hostile, finds) => {
  const mark = randomUUID();
  const taskQueue = `${mark} ${hostile}`;
  const start = (workflowId: string, queue: string) =>
    client.workflow.start('nobodyRunsThis', { workflowId, taskQueue: queue });
  const handles = [
    await start(`${mark}.own.${hostile}`, taskQueue),
    await start(`${mark}.other`, `${mark} axbyc`),
  ];
  const query = runsOn([taskQueue], ['nobodyRunsThis']);
  const ofPrefix = `${query} AND WorkflowId STARTS_WITH ${quoted(`${mark}.own.${hostile}`)}`;
  const all = `WorkflowId STARTS_WITH ${quoted(mark)}`;
  await eventually(async () => (await found(all)).length === 2 || undefined, 'both in the list');
  const own = finds === 'nothing' ? [] : [`${mark}.own.${hostile}`];
  expect(await found(query)).toEqual(own);
  expect(await found(ofPrefix)).toEqual(own);
  for (const handle of handles) await handle.terminate();
});
