import { silent } from '../activities/access/asking';
import { badEnd } from '../activities/pipeline/jobs';
import { errorOf } from '../src/fabrics/databricks/errors';
import { resultOf } from '../src/fabrics/databricks/run/results';
import { createFailures } from '../src/fabrics/snowflake/api/failures';
import { createRedactor } from '../src/secrets/masking';
import { withoutStop } from '../workflows/protocol/one-line';

/* What others say stands in sentences of ours, which end once. */

const SAID = 'JWT token is invalid.';

test.each([
  ['It is so', 'It is so'],
  ['It is so.', 'It is so'],
  ['It is so. \n', 'It is so'],
  ['It is so...', 'It is so'],
  ['a.b.c', 'a.b.c'],
  ['.', ''],
  ['', ''],
])('%j has no stop as %j', (text, without) => {
  expect(withoutStop(text)).toBe(without);
});

const asking = {
  fabric: 'finance-dev',
  statement: { text: 'DROP ROLE "R"' },
  user: 'U',
  role: 'R',
  warehouse: 'W',
  writes: true,
};
const snowflake = (status: number, code?: string) =>
  createFailures(createRedactor()).of(
    { status, headers: new Headers(), text: JSON.stringify({ code, message: SAID }) },
    asking,
  ).message;
const databricks = (status: number, field: string) =>
  errorOf(
    { status, headers: new Headers(), text: JSON.stringify({ [field]: SAID }) },
    { method: 'GET', operation: '/x', writes: false },
    (text) => text,
  ).message;
const command = () => {
  try {
    const results = { resultType: 'error' as const, summary: SAID };
    return resultOf({ status: 'Finished', results }, 1, (text) => text);
  } catch (err) {
    return err instanceof Error ? err.message : err;
  }
};

test.each<[string, () => unknown]>([
  ['Snowflake lets nobody in', () => snowflake(401, '390144')],
  ['Snowflake keeps an address out', () => snowflake(403, '390420')],
  ['Snowflake refuses a statement', () => snowflake(422, '001003')],
  ['Snowflake has not done one yet', () => snowflake(422, '000625')],
  ['Snowflake has trouble', () => snowflake(503)],
  ['Snowflake does not take what is sent', () => snowflake(400)],
  ['Databricks refuses', () => databricks(400, 'message')],
  ['Databricks has trouble', () => databricks(503, 'error')],
  ['SCIM refuses', () => databricks(403, 'detail')],
  ['a command fails', command],
  [
    'a job of Airbyte’s fails',
    () => badEnd({ jobId: 1, status: 'failed', jobType: 'sync', message: SAID }, 'The sync'),
  ],
  ['a workflow does not answer', () => silent('w', new Error(SAID)).message],
])('%s: one period, and what was said', (_what, said) => {
  expect(said()).toMatch(/JWT token is invalid\.$/);
});

test('a privilege that is missing in Snowflake: what was said stands in brackets', () => {
  expect(snowflake(422, '003001')).toMatch(/\(003001 JWT token is invalid\)\.$/);
});
