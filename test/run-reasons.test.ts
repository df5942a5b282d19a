import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { RunDetails, RunList } from '../src/contract/operator';
import { createLaterThan } from '../src/operator/later';
import { createOperations } from '../src/operator/operations';
import { createOpenRuns } from '../src/runs/open-runs';
import { createStartRun } from '../src/runs/start';
import { createStatus } from '../src/runs/status';
import { oneQueue } from '../src/temporal/queues';
import { descriptor, request } from './support/fixtures';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { productsOf } from './support/product-harness';

/* What an operator at night reads of runs: why, how often, until when. */

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    env: {
      OPERATIONS: 'on',
      AIRBYTE_GIVE_UP_AFTER: '80s',
      AIRBYTE_SETTLE_TIME: '10s',
      // Long enough for a command to come between two tries: nobody then knows what the last one did.
      AIRBYTE_RETRY_INITIAL: '1s',
      AIRBYTE_RETRY_MAX_INTERVAL: '10s',
    },
  });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

/* Matchers, which jest types as any. */
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);

const listed = async (query: string) => {
  const at = `/operations/runs?environment=${harness.environment}&${query}`;
  return RunList.parse((await harness.call('GET', at)).json());
};
const list = (...args: string[]) =>
  harness.cli('runs', 'list', '--environment', harness.environment, ...args);
const shown = async (token: string) =>
  RunDetails.parse((await harness.call('GET', `/operations/runs/${token}`)).json());

/** An unprovision that Airbyte refuses. */
const refused = async (component: string) => {
  await harness.run('provision', { component });
  await harness.fault({ operation: 'deleteDestination', status: 403 });
  const token = await harness.start('unprovision', { component });
  expect((await harness.finished(token)).status).toBe('FAILED');
  return token;
};

/** A provision at its third try or later, as Airbyte answers 503. */
const stuck = async (component: string) => {
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const token = await harness.start('provision', { component });
  await eventually(
    async () => ((await shown(token)).attempts ?? 0) > 2 || undefined,
    'the third try',
  );
  return token;
};

/** As Temporal counts time. */
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

test('a list tells why runs failed, which are superseded, and how many for the same cause', async () => {
  const [old, other] = [await refused('why'), await refused('why-too')];
  const later = await harness.start('provision', { component: 'why' });
  expect((await harness.finished(later)).status).toBe('COMPLETED');
  const query = 'failed=true&operation=unprovision';
  const { runs, causes } = await eventually(async () => {
    const answer = await listed(query);
    return answer.runs.some(({ supersededBy }) => supersededBy) && answer.runs.length === 2
      ? answer
      : undefined;
  }, 'both, and the later request');
  const why = matching(/^Airbyte answered 403 to DELETE \/destinations\//);
  const cause = 'Airbyte answered 403';
  const one = { execution: 'Failed', why, cause };
  expect(runs.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))).toMatchObject([
    { ...one, token: old, supersededBy: later },
    { ...one, token: other },
  ]);
  expect(causes).toEqual([
    { cause, open: 1, superseded: 1, since: runs.at(-1)?.startedAt, token: other },
  ]);

  const table = await list('--failed', '--operation', 'unprovision');
  expect(table.stdout).toMatch(/ superseded; Airbyte answered 403 to DELETE/);
  const byCause = await list('--failed', '--operation', 'unprovision', '--by-cause');
  expect(byCause.stdout).toMatch(
    /^RUNS +SUPERSEDED +SINCE +CAUSE +FOR EXAMPLE\n1 +1 +\S+ +Airbyte/,
  );
  expect((await shown(old)).supersededBy).toBe(later);
});

test('what is tried in vain is stuck: how often, with what, and until when', async () => {
  const token = await stuck('stuck');
  const { runs } = await listed('stuck=true');
  expect(runs).toMatchObject([{ token, execution: 'Running', why: containing('503') }]);
  expect(runs[0]?.cause).toBe('Airbyte answered 503');
  expect(runs[0]?.attempts).toBeGreaterThan(2);
  const { givesUpAt = '', startedAt = '' } = runs[0] ?? {};
  expect(givesUpAt).toMatch(ISO);
  const whole = Date.parse(givesUpAt) - Date.parse(startedAt);
  expect(whole).toBeGreaterThan(79_000);

  const running = (await listed('running=true')).runs;
  expect(running.map((run) => [run.token, run.execution])).toEqual([[token, 'Running']]);

  const page = (await harness.cli('runs', 'show', token)).stdout;
  expect(page).toMatch(/\nGoes on +by itself; gives up at \S+Z, and the run then fails\n/);
  expect(page).toMatch(/Goes on by itself; gives up at \S+Z, and the run then fails\.\n/);
  expect(page).not.toContain('Try again when Airbyte answers');
  expect((await list('--stuck')).stdout).toMatch(
    /^Running +\S+ +provision\.\S+ +\d+ +Airbyte answered 503/m,
  );

  await harness.clearFaults();
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const gone = await eventually(async () => {
    const { runs: left } = await listed('running=true');
    return left.length === 0 ? left : undefined;
  }, 'a list without it');
  expect(gone).toEqual([]);
  expect((await listed('stuck=true')).runs).toEqual([]);
});

test.each([
  ['by an operator', 'Cancelled'],
  ['by a DELETE', 'Ended by a DELETE'],
])(
  'a run that is ended %s reads as %s, tells until when it waits, and keeps its tries',
  async (how, word) => {
    const component = word.toLowerCase().replaceAll(' ', '-');
    const token = await stuck(component);
    const { attempts: before = 0 } = await shown(token);
    // Two at once, as two operators may.
    if (word === 'Cancelled')
      await Promise.all([1, 2].map(() => harness.cli('runs', 'cancel', token)));
    else await harness.call('DELETE', `/v1/provision/${token}`);
    const phase = await eventually(async () => {
      const now = await shown(token);
      return now.phase.startsWith(`${word};`) ? now.phase : undefined;
    }, `the phase of a run ended ${how}`);
    expect(phase).toMatch(/; waiting until \S+Z for what Airbyte may still do$/);
    const status = await eventually(async () => {
      const seen = await harness.status(token);
      return ['RUNNING', 'TERMINATING'].includes(seen.status) ? undefined : seen;
    }, 'its end');
    expect(status.status).toBe(word === 'Cancelled' ? 'FAILED' : 'TERMINATED');
    const told = status.logs?.filter(({ message }) =>
      message.startsWith('The run was told to end'),
    );
    expect(told).toHaveLength(1);
    expect(status.logs?.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^The run was told to end when a step had been tried \d+ times: Airbyte answered 503/,
      ),
    );
    const { steps, execution } = await shown(token);
    expect(execution).toBe('Canceled');
    const step = steps.find(({ activity }) => activity === 'connect');
    expect(step?.state).toBe('cancelled');
    expect(step?.attempts).toBeGreaterThanOrEqual(before);
    expect(step?.lastError).toContain('503');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  },
);

test('many that are left alone are counted, and named only if all are wanted', async () => {
  for (const component of ['many-1', 'many-2', 'many-3', 'many-4', 'many-5', 'many-6'])
    await refused(component);
  for (const component of ['many-1', 'many-2', 'many-3', 'many-4', 'many-5'])
    await harness.run('provision', { component });
  const replay = (...args: string[]) =>
    harness.cli(
      ...['runs', 'replay', '--failed', '--dry-run', '--operation', 'unprovision'],
      ...['--environment', harness.environment],
      ...args,
    );
  const inShort = await eventually(async () => {
    const { stdout } = await replay();
    return /\b[56] left alone, as a later/.test(stdout) ? stdout : undefined;
  }, 'the later requests');
  expect(inShort).toMatch(
    /would be replayed, [56] left alone, as a later request has come\.\n--all names/,
  );
  expect(inShort).not.toContain('many-1');
  expect((await replay('--all')).stdout).toContain('many-1');
});

test('a data product is not superseded by the removal of a component that it is not about', async () => {
  const products = productsOf(harness);
  await harness.run('provision', { component: 'elsewhere' });
  await harness.fault({ operation: 'createConnection', status: 422 });
  const wishes = [{ component: 'within' }];
  const token = await products.start('provision', wishes);
  expect((await products.finished(token)).status).toBe('FAILED');
  const removal = await harness.start('unprovision', { component: 'elsewhere' });
  expect((await harness.finished(removal)).status).toBe('COMPLETED');
  await eventually(async () => {
    const { runs } = await listed('operation=unprovision');
    return runs.some((run) => run.token === removal) || undefined;
  }, 'the removal in the list');
  expect((await shown(token)).supersededBy).toBeUndefined();
  const replayed = await harness.post(`/operations/runs/${token}/replay`, {});
  expect(replayed.status).toBe(200);
  expect((await products.finished(token)).status).toBe('COMPLETED');
});

/** What operators ask, of Temporal as a client sees it. */
const operationsOf = (client: Client, lines: string[] = []) => {
  const queues = oneQueue(harness.environment);
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  return createOperations({
    client,
    queues,
    startRun: createStartRun({ client, queues, log }),
    statusOf: createStatus({ client, queues }),
    log,
  });
};

test('what Temporal does not tell of is in the list, by its cause, and in the log', async () => {
  const token = await refused('untold');
  await eventually(async () => {
    const { runs } = await listed('failed=true&component=finance.cashflow.0.untold');
    return runs.length > 0 || undefined;
  }, 'the failed run in the list');
  const { client } = harness;
  const fails = (): never => {
    throw new Error('no room');
  };
  const list = client.workflow.list.bind(client.workflow);
  const getHandle = client.workflow.getHandle.bind(client.workflow);
  const spies = [
    jest
      .spyOn(client.workflow, 'list')
      .mockImplementation((options) =>
        options?.query?.includes('STARTS_WITH') ? fails() : list(options),
      ),
    // Of its newest run Temporal tells, and not how that has ended.
    jest
      .spyOn(client.workflow, 'getHandle')
      .mockImplementation((id, runId) => (runId === undefined ? getHandle(id) : fails())),
  ];
  const lines: string[] = [];
  const { runs, causes } = await operationsOf(client, lines).list({
    failed: true,
    component: 'finance.cashflow.0.untold',
    limit: 10,
  });
  for (const spy of spies) spy.mockRestore();
  expect(runs).toMatchObject([
    { token, cause: 'Not known', notKnown: 'Temporal did not answer as expected. (no room)' },
  ]);
  expect(causes).toMatchObject([{ cause: 'Not known', open: 1, superseded: 0, token }]);
  expect(lines.join('')).toContain('not all is known of the runs that are listed');
});

test('a hundred runs cost four lists of what came later', async () => {
  const { client, environment } = harness;
  const list = jest.spyOn(client.workflow, 'list');
  const laterThan = createLaterThan({
    client,
    queues: oneQueue(environment),
    history: { argsOf: () => Promise.resolve([]) },
  });
  const runs = Array.from({ length: 100 }, (_, index) => ({
    workflowId: `provision.${environment}.finance.cashflow.0.c${String(index)}.0123456789ab`,
    runId: String(index),
    startTime: new Date(),
  }));
  const later = await Promise.all(runs.map(laterThan(runs)));
  expect(list).toHaveBeenCalledTimes(4);
  expect(later).toEqual(runs.map(() => undefined));
  list.mockRestore();
});

test('whatever waits for a worker in the metric is listed as stuck', async () => {
  const { client, environment } = harness;
  await harness.worker()?.end();
  const body = request(descriptor({ component: 'waits', environment }));
  for (const at of ['/v2/validate', '/v1/plan', '/v1/provision']) await harness.post(at, body);
  await client.workflow.start('reconcile', {
    workflowId: `reconcile.${environment}.now`,
    taskQueue: environment,
    memo: { phase: 'Waiting for a worker' },
  });
  const waiting = await eventually(async () => {
    const open = (await createOpenRuns({ client, queues: oneQueue(environment) })()) ?? [];
    const all = open.filter(({ state }) => state === 'waiting_for_worker');
    return all.length === 4 ? all : undefined;
  }, 'all four in the list');
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
  const { runs } = await operationsOf(client).list({ stuck: true, limit: 10 });
  now.mockRestore();
  expect(runs.map(({ operation }) => operation).toSorted()).toEqual(
    waiting.map(({ operation }) => operation).toSorted(),
  );
  expect(new Set(runs.map(({ why }) => why))).toEqual(new Set(['No worker has begun the run.']));
  await harness.startWorker();
});
