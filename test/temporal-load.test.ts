import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { pino } from 'pino';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';
import { createOperations } from '../src/operator/operations';
import { oneQueue } from '../src/temporal/queues';
import { dataConverter } from '../src/temporal/payload-codec';
import { createRuns } from '../src/runs/runs';
import { createStartRun } from '../src/runs/start';
import { createStatus } from '../src/runs/status';
import { TO_CHANGE, repeatedly } from '../src/temporal/calls';
import { CONNECTION_OPTIONS } from '../src/temporal/client';
import { isOutage, isTooLarge, lastingProblem } from '../src/temporal/errors';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* A Temporal that answers late, is not there, or refuses; one of its own, as it is stopped on the way. */

let temporal: Temporal;
let harness: Harness;
beforeAll(async () => {
  const [port = 0] = await findFreePorts(1);
  const logFile = path.join(os.tmpdir(), `provisioner-tests-temporal-${String(port)}.log`);
  temporal = await startTemporal({ cli: findCli(), port, logFile });
  // A run held by a fault stays held while Temporal stands still.
  const env = { OPERATIONS: 'on', AIRBYTE_GIVE_UP_AFTER: '5m' };
  harness = await startHarness({ temporal: temporal.address, env });
});
afterAll(async () => {
  await harness.stop();
  await temporal.stop();
});

/** Stands still for so many milliseconds, more than a try may take. */
const FROZEN = TO_CHANGE.each + 1500;

/** What is asked while Temporal stands still, which then goes on. */
const whileFrozen = async <Result>(ask: () => Promise<Result>, time = FROZEN): Promise<Result> => {
  process.kill(temporal.pid, 'SIGSTOP');
  try {
    const answer = ask();
    await pause(time);
    process.kill(temporal.pid, 'SIGCONT');
    return await answer;
  } finally {
    process.kill(temporal.pid, 'SIGCONT');
  }
};

test('a request whose start is answered late gets its token, and its run runs once', async () => {
  const token = await whileFrozen(() => harness.start('provision', { component: 'late' }));
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const query = `WorkflowId = '${token}'`;
  const runIds = async () => {
    const runs: string[] = [];
    for await (const { runId } of harness.client.workflow.list({ query })) runs.push(runId);
    return runs.length > 0 ? runs : undefined;
  };
  // A second run of the token would begin after the first, and be its newest.
  const { runId, status } = await harness.client.workflow.getHandle(token).describe();
  expect(status.name).toBe('COMPLETED');
  expect(await eventually(runIds, 'the run in the list')).toEqual([runId]);
});

test('so do a status, a DELETE and a cancel', async () => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const tokens = await Promise.all(
    ['one', 'two', 'three'].map((component) => harness.start('provision', { component })),
  );
  const [read = '', ended = '', cancelled = ''] = tokens;
  const answers = await whileFrozen(() =>
    Promise.all([
      harness.call('GET', `/v1/provision/${read}/status`),
      harness.call('DELETE', `/v1/provision/${ended}`),
      harness.call('POST', `/operations/runs/${cancelled}/cancel`, '{}'),
    ]),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 202, 202]);
  await harness.clearFaults();
  const ends = await Promise.all(tokens.map((token) => harness.finished(token)));
  expect(ends[2]?.result).toContain('An operator cancelled the run.');
});

/** For so many milliseconds an answer of Temporal's stands for the gateway's `/readyz`. */
const STANDS = 5000;

test.each([
  ['late', 2000, 200],
  ['not there', FROZEN, 503],
])(
  'when an answer of Temporal is %s, /readyz is so after %i ms: %i',
  async (_how, time, status) => {
    await pause(STANDS);
    const asked = await whileFrozen(() => harness.call('GET', '/readyz'), time);
    expect(asked.status).toBe(status);
    const isReady = async () => (await harness.call('GET', '/readyz')).status === 200 || undefined;
    expect(await eventually(isReady, 'readiness')).toBe(true);
  },
  30_000,
);

const clientAt = (address: string, namespace = 'default') => {
  const connection = Connection.lazy({ address, ...CONNECTION_OPTIONS });
  return { connection, client: new Client({ connection, namespace, dataConverter }) };
};

/** What becomes of a start there. */
const startAt = async ({
  address = temporal.address,
  namespace = 'default',
  args = [dense(10)],
  patience = TO_CHANGE,
}): Promise<unknown> => {
  const { client, connection } = clientAt(address, namespace);
  const workflowId = `load-${randomBytes(5).toString('hex')}`;
  const begin = () => client.workflow.start('nobodyRunsThis', { workflowId, taskQueue: 'x', args });
  try {
    return await repeatedly(client, patience, begin);
  } catch (err) {
    return err;
  } finally {
    await connection.close();
  }
};

/** So many bytes that cannot be made fewer. */
const dense = (bytes: number) => randomBytes((bytes * 3) / 4).toString('base64');

test('only that Temporal is not there is an outage', async () => {
  const [port = 0] = await findFreePorts(1);
  const [away, unknown, large, larger] = await Promise.all([
    startAt({ address: `127.0.0.1:${String(port)}`, patience: { each: 500, whole: 1200 } }),
    startAt({ namespace: 'nowhere' }),
    startAt({ args: [dense(3 * 2 ** 20)] }),
    startAt({ args: [dense(6 * 2 ** 20)] }),
  ]);
  expect([away, unknown, large, larger].map(isOutage)).toEqual([true, false, false, false]);
  expect([away, unknown, large, larger].map(isTooLarge)).toEqual([false, false, true, true]);
  expect(lastingProblem(away)).toBeUndefined();
  expect(lastingProblem(unknown)?.message).toMatch(
    /^Temporal refuses what the provisioner asks of it: .*nowhere/,
  );
  expect(lastingProblem(unknown)?.solutions.join()).toContain('TEMPORAL_NAMESPACE');
});

test('a namespace that Temporal does not know for a moment is asked for again', async () => {
  const namespace = `late-${randomBytes(5).toString('hex')}`;
  const starting = startAt({ namespace, patience: { each: 30_000, whole: 30_000 } });
  const { client, connection } = clientAt(temporal.address);
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('24h'),
  });
  expect(await starting).toHaveProperty('workflowId');
  await connection.close();
});

test('what is too large for Temporal is refused with what it takes, and fails nobody behind it', async () => {
  const { client, connection } = clientAt(temporal.address);
  const log = pino({ level: 'silent' });
  const queues = oneQueue('nobody');
  const startRun = createStartRun({ client, queues, log });
  const runs = createRuns({ client, startRun, queues, log });
  const start = (index: number, input: string) =>
    runs.start({
      token: `reverseProvision.load.${String(index).padStart(12, '0')}`,
      args: [input],
    });
  const large = Array.from({ length: 3 }, (_, index) => start(index, dense(3 * 2 ** 20)));
  const small = Array.from({ length: 12 }, (_, index) => start(100 + index, 'small'));
  const [refused, started] = [await Promise.allSettled(large), await Promise.allSettled(small)];
  await connection.close();
  expect(new Set(started.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  const reasons = refused.map((each): unknown => (each.status === 'rejected' ? each.reason : each));
  for (const reason of reasons)
    expect(reason).toMatchObject({
      status: 400,
      problems: [
        {
          path: 'body',
          message:
            'asks for a run whose input is too large for Temporal, which takes 2 MiB when it is compressed',
        },
      ],
    });
});

test('a run that ends while it is told to cancel had ended', async () => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'ending' });
  const { client, connection } = clientAt(temporal.address);
  const taskQueue = harness.environment;
  const log = pino({ level: 'silent' });
  const statusOf = createStatus({ client, queues: oneQueue(taskQueue) });
  /** The run ends in between our look and the cancel. */
  const endsFirst: WorkflowClientInterceptor = {
    cancel: async (input, next) => {
      await harness.clearFaults();
      await harness.finished(token);
      return next(input);
    },
  };
  const racing = new Client({
    connection,
    dataConverter,
    interceptors: { workflow: [endsFirst] },
  });
  const startRun = createStartRun({ client: racing, queues: oneQueue(taskQueue), log });
  const operations = createOperations({
    client: racing,
    queues: oneQueue(taskQueue),
    startRun,
    statusOf,
    log,
  });
  expect(await operations.cancel(token)).toEqual({
    token,
    outcome: 'had ended',
    status: 'COMPLETED',
    message: 'The run had ended already, with COMPLETED.',
  });
  await connection.close();
});
