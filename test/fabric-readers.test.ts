import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { pino } from 'pino';
import { z } from 'zod';
import { createReaderActivities } from '../activities/fabric/readers';
import { databricks } from '../src/fabrics/databricks';
import { MOST_READERS } from '../src/fabrics/databricks/readers';
import { createRedactor } from '../src/secrets/masking';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import { catalog, personalToken, warehouseId } from './support/databricks';

/* What is found of who may read, in an activity, before a run changes anything. */

const KEY = 'development/finance.cashflow.0.pipeline';
const place = { connector: 'databricks', configuration: { schema: 'cashflow_0' } };

let simulator: Awaited<ReturnType<typeof startDatabricksSimulator>>;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({});
  await fetch(`${simulator.url}/_simulator/seed`, {
    method: 'POST',
    body: JSON.stringify({ users: MOST_READERS + 1 }),
  });
});
afterAll(() => simulator.close());

/** What Temporal gives an activity, as far as an attempt at one asks for it. */
const context = () =>
  z.custom<Context>().parse({
    info: {
      attempt: 1,
      activityId: '1',
      workflowExecution: { workflowId: 'w', runId: 'r' },
      heartbeatTimeoutMs: 60_000,
      scheduleToCloseTimeoutMs: 60_000,
      startToCloseTimeoutMs: 60_000,
      scheduledTimestampMs: Date.now(),
      currentAttemptScheduledTimestampMs: Date.now(),
    },
    cancelled: new Promise(() => undefined),
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
  });

const found = (count: number) => {
  const fabric = databricks.open(
    databricks.settings.parse({
      type: 'databricks',
      team: 'finance',
      host: simulator.url,
      warehouseId,
      catalog,
      auth: { pat: { secretRef: 'PAT' } },
      manage: { schema: true, access: true },
    }),
    {
      name: 'lakehouse',
      secretOf: () => Promise.resolve(personalToken),
      redactor: createRedactor(),
      requestTimeout: 5000,
      log: pino({ level: 'silent' }),
    },
  );
  const { findReaders } = createReaderActivities({
    fabricOf: (end, key) => ({ ...fabric.of({ key, end }), fabric }),
    isInAirbyte: false,
  });
  const refs = Array.from(
    { length: count },
    (_, index) => `user:user-${String(index + 1)}_example.com`,
  );
  return asyncLocalStorage.run(context(), () => findReaders({ key: KEY, place, refs }));
};

test('as many as the fabric holds are found', async () => {
  expect(await found(MOST_READERS)).toEqual({
    system: 'Databricks',
    isInAirbyte: false,
    unknown: [],
    former: [],
  });
});

test('one more is refused with both numbers, when only looks have been made', async () => {
  await expect(found(MOST_READERS + 1)).rejects.toThrow(
    /^refs: 1001 principals of Databricks .* at most 1000 can/,
  );
});
