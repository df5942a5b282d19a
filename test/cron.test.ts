import { z } from 'zod';
import { cronProblem, neverRuns, tooOften } from '../src/cron/advice';
import { CronProblem } from '../src/cron/fields';
import { judgeCron } from '../src/cron/judge';
import { leastInterval, parseCron } from '../simulator/cron/cron';
import { Incomputable } from '../simulator/cron/times';
import { ValidationResult } from '../src/contract/coordinator';
import { descriptor, fixture, request } from './support/fixtures';
import { counts, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const FROM = Date.UTC(2027, 0, 1) / 1000;
const HOUR = 3600;

const Verdicts = z.array(
  z
    .tuple([z.string(), z.boolean(), z.number().nullable()])
    .rest(z.literal('broken'))
    .transform(([expression, isValid, least, broken]) => ({
      expression,
      isValid,
      least,
      isBroken: broken !== undefined,
    })),
);
const VERDICTS = Verdicts.parse(JSON.parse(fixture('cron-verdicts.json')));

const ours = (expression: string) => {
  try {
    const { least, isBroken } = judgeCron(expression, FROM);
    return { expression, isValid: true, least: least ?? null, isBroken };
  } catch (err) {
    if (!(err instanceof CronProblem)) throw err;
    return { expression, isValid: false, least: null, isBroken: false };
  }
};

const simulators = (expression: string) => {
  const fields = parseCron(expression);
  if (!fields) return { expression, isValid: false, least: null, isBroken: false };
  try {
    const least = leastInterval(fields, FROM, 40) ?? null;
    return { expression, isValid: true, least, isBroken: false };
  } catch (err) {
    if (!(err instanceof Incomputable)) throw err;
    return { expression, isValid: true, least: null, isBroken: true };
  }
};

test.each([
  ['the provisioner', ours],
  ['the simulator', simulators],
])('%s judges every expression as cron-utils does', (_who, judge) => {
  expect(VERDICTS.length).toBeGreaterThan(2500);
  const judged = VERDICTS.map(({ expression }) => judge(expression));
  const differing = judged.filter((one, index) => {
    const verdict = VERDICTS[index];
    return JSON.stringify(one) !== JSON.stringify(verdict);
  });
  expect(differing).toEqual([]);
});

test.each([
  ['0 6 * * *', /begins with seconds: write "0 0 6 \* \* \?"/],
  ['*/5 * * * *', /begins with seconds: write "0 \*\/5 \* \* \* \?"/],
  // Unix counts Monday as 1, Quartz as 2.
  ['0 6 * * 1-5', /write "0 0 6 \? \* MON-FRI"/],
  ['0 6 1 * 1', /of 6 or 7 fields .* not of 5/],
  ['0 0 6 * * *', /must have \? for either .* write "0 0 6 \* \* \?"$/],
  ['0 0 6 * * MON', /write "0 0 6 \? \* MON"$/],
  ['0 0 6 ? * ?', /write "0 0 6 \* \* \?"$/],
  ['0 0 25 * * ?', /^the hour "25" must be from 0 to 23$/],
  ['0 0 6 32 * ?', /^the day of the month "32" must be from 1 to 31$/],
  ['0 0 6 * FOO ?', /^the month "FOO" must be a number or a name such as JAN$/],
  ['0 0 6 * * ? 2100', /^the year "2100" must be from 1970 to 2099$/],
  ['a b c d e f', /^the second "A" must be a number$/],
  ['0 0 6 * * ? Europe/Rome', /without the time zone Europe\/Rome: times are UTC/],
  ['0 0 6 * * ? CET', /without the time zone CET/],
  ['0 0 6 * * ? utc', /without the time zone utc/],
  ['@daily', /write "0 0 0 \* \* \?" for @daily$/],
  ['@every 5m', /must be a Quartz expression, for example/],
  ['0 0 6 * * ? | 0 0 7 * * ?', /Airbyte takes no \|/],
  ['* 0 6 * * ?', /one number for the seconds, not "\*"/],
  ['0/30 * * * * ?', /one number for the seconds/],
  ['0 0,30 6 * * ? *', /one number for the minutes/],
  ['0 0 6 30W * ?', /cannot work out when it runs/],
  [`0 0 6 ? * ${'MON,'.repeat(70)}TUE`, /longer than 255 characters/],
  ['', /of 6 or 7 fields/],
])('"%s" is refused with what to write', (expression, problem) => {
  expect(cronProblem(expression)).toMatch(problem);
});

test.each([
  ['0 * * * * ?', 'would run 1 minute after the run before; Airbyte wants 1 hour between two'],
  ['0 */5 * * * ?', 'would run 5 minutes after'],
  ['0 0,59 6 * * ?', 'would run 59 minutes after'],
])('%s is too often for an hour, and not for a minute', (expression, problem) => {
  expect(cronProblem(expression)).toBeUndefined();
  expect(tooOften(expression, HOUR)).toContain(problem);
  expect(tooOften(expression, 60)).toBeUndefined();
});

test.each([
  ['0 0 * * * ?', false],
  ['0 0 0 29 2 ?', false],
  ['59 59 23 31 12 ? 2099', false],
  ['0 0 6 * * ? 2020', true],
  ['0 0 6 31 2 ?', true],
  ['0 0 6 ? * 6#6', true],
])('%s is taken, and whether it never runs is known', (expression, never) => {
  expect(cronProblem(expression)).toBeUndefined();
  expect(tooOften(expression, HOUR)).toBeUndefined();
  expect(neverRuns(expression)).toBe(never);
});

describe('through the gateway', () => {
  const AT = 'specific.connection.schedule.cronExpression';
  const scheduled = (cronExpression: string) => ({
    connection: { schedule: { scheduleType: 'cron', cronExpression } },
  });
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.stop());

  test.each([
    ['0 0 25 * * ?', 'the hour "25" must be from 0 to 23'],
    ['0 */15 * * * ?', 'would run 15 minutes after the run before'],
    ['0 0 6 * * ? Europe/Rome', 'must be without the time zone Europe/Rome'],
  ])('%s is refused at its path and line, everywhere alike', async (expression, problem) => {
    const body = request(
      descriptor({ environment: harness.environment, ...scheduled(expression) }),
    );
    const line = body.descriptor.split('\n').findIndex((text) => text.includes('cronExpression:'));
    const wanted = `${AT} (line ${String(line + 1)}): ${problem}`;
    const validated = ValidationResult.parse((await harness.post('/v1/validate', body)).json());
    expect(validated).toEqual({
      valid: false,
      error: { errors: [expect.stringContaining(wanted)] },
    });
    const provisioned = await harness.post('/v1/provision', body);
    expect(provisioned).toMatchObject({ status: 400 });
    expect(provisioned.json()).toMatchObject({ errors: [expect.stringContaining(wanted)] });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('a schedule that has no time left is taken, and told', async () => {
    const status = await harness.run('provision', scheduled('0 0 6 * * ? 2020'));
    expect(status.status).toBe('COMPLETED');
    expect(JSON.stringify(status.info)).not.toContain('cronExpression');
    expect(status.logs?.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('has no time left to run at'),
    );
  });
});

test('where Airbyte allows less than an hour, the gateway can be told', async () => {
  const simulator = { minSyncInterval: 60 };
  const harness = await startHarness({ env: { AIRBYTE_MIN_SYNC_INTERVAL: '1m' }, simulator });
  try {
    const connection = { schedule: { scheduleType: 'cron', cronExpression: '0 */15 * * * ?' } };
    const { status } = await harness.run('provision', { connection });
    expect(status).toBe('COMPLETED');
    const { connections } = await harness.entities();
    expect(connections[0]?.schedule.cronExpression).toContain('0 */15 * * * ?');
  } finally {
    await harness.stop();
  }
});
