import os from 'node:os';
import path from 'node:path';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import { FIRST_WAIT, LONG, PART_OF_WAITED } from '../workflows/run/lease-limits';
import { isRecord } from '../src/contract/json';
import { createRunHistory } from '../src/runs/history';
import { eventually, leaseId, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/*
 * How long runs wait for a lease is no matter of events. The clock is compressed: the first wait
 * is of milliseconds, where it else is of 30 seconds.
 */

const WAITERS = 20;
const DAY = 86_400_000;

/** How often a run asks the lease by itself in `time` milliseconds, if nobody tells it anything. */
const triesIn = (time: number, firstWait = FIRST_WAIT) => {
  const steady = firstWait / PART_OF_WAITED;
  if (time <= steady) return Math.ceil(time / firstWait) + 1;
  const growing = Math.log(time / steady) / Math.log(1 + PART_OF_WAITED);
  return Math.ceil(steady / firstWait + growing) + 1;
};

/**
 * Events of a run: to begin with, and each time it asks (it tells the lease that it waits, hears who is
 * before it, waits, and may be asked itself whether it still waits).
 */
const BEGINNING = 30;
const PER_TRY = 20;
/** Events of a lease that come in the moment in which it starts anew. */
const MEANWHILE = 400;

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '10m' } });
});
afterAll(() => harness.stop());
beforeEach(() => harness.resetAirbyte());

const handleOf = (id: string) => harness.client.workflow.getHandle(id);
const leaseOf = (component: string) => handleOf(leaseId(harness, component));

/** A run that has the component until the faults are cleared. */
const holding = async (component: string) => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const token = await harness.start('provision', { component });
  await eventually(
    async () =>
      (await leaseOf(component)
        .describe()
        .catch(() => undefined)) && true,
    'the lease',
  );
  return token;
};

const waitsFor = (id: string, other: string) =>
  eventually(async () => {
    const { memo } = await handleOf(id).describe();
    return memo?.phase === `Waiting for ${other}, which comes first` || undefined;
  }, `${id} to wait for ${other}`);

/** Another run of what that one does, which first waits for so many milliseconds. */
const startLike = async (token: string, workflowId: string, firstWait: number) => {
  const { client, environment } = harness;
  const [input] = await createRunHistory({ client }).argsOf(await handleOf(token).describe());
  if (!isRecord(input) || !isRecord(input.retry)) throw new Error('a run without an input');
  await client.workflow.start('provision', {
    workflowId,
    taskQueue: environment,
    args: [{ ...input, retry: { ...input.retry, firstWait } }],
  });
  return workflowId;
};

const eventsOf = async (id: string) => (await handleOf(id).fetchHistory()).events ?? [];

test('events of who waits grow with the logarithm of the time, those of the lease do not grow', async () => {
  const firstWait = 10;
  const first = await holding('crowded');
  const begun = await leaseOf('crowded').describe();
  const since = Date.now();
  const waiting: string[] = [];
  for (let index = 0; index < WAITERS; index += 1) {
    const id = await startLike(first, `waits-${String(index)}.${harness.environment}`, firstWait);
    await waitsFor(id, waiting.at(-1) ?? first);
    waiting.push(id);
  }
  const anew = await eventually(async () => {
    const seen = await leaseOf('crowded').describe();
    return seen.runId === begun.runId ? undefined : seen;
  }, 'the lease to start anew');
  expect(anew.memo).toEqual({ holder: first });
  expect(anew.parentExecution?.workflowId).toBe(first);
  const triesOf = async (id: string) =>
    (await eventsOf(id)).filter(
      ({ signalExternalWorkflowExecutionInitiatedEventAttributes: told }) =>
        told?.signalName === 'wait',
    ).length;

  const longest = (await leaseOf('crowded').describe()).historyLength;
  expect(longest).toBeLessThan(LONG + MEANWHILE);
  for (const id of waiting) {
    const tries = await triesOf(id);
    const events = await eventsOf(id);
    expect(tries).toBeLessThanOrEqual(triesIn(Date.now() - since, firstWait));
    expect(events.length).toBeLessThanOrEqual(BEGINNING + PER_TRY * (tries + 1));
  }
  // By the same formula in seven days, and in a year.
  expect(BEGINNING + PER_TRY * triesIn(7 * DAY)).toBeLessThan(950);
  expect(BEGINNING + PER_TRY * triesIn(365 * DAY)).toBeLessThan(1300);

  await harness.clearFaults();
  await Promise.all(waiting.map((id) => handleOf(id).result()));
}, 400_000);

test('a lease that has started anew hands over in order', async () => {
  const first = await holding('in-order');
  const { runId } = await leaseOf('in-order').describe();
  const waiting: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const id = await startLike(first, `${name}.${harness.environment}`, DAY);
    await waitsFor(id, waiting.at(-1) ?? first);
    waiting.push(id);
  }
  for (let sent = 0; (await leaseOf('in-order').describe()).runId === runId; sent += 1)
    await leaseOf('in-order').signal('left', `nobody-${String(sent)}`);
  await harness.clearFaults();
  await Promise.all(waiting.map((id) => handleOf(id).result()));
  const ends = await Promise.all(
    waiting.map(async (id) => ({ id, at: (await handleOf(id).describe()).closeTime?.getTime() })),
  );
  const inOrder = ends.toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0));
  expect(inOrder.map(({ id }) => id)).toEqual(waiting);
}, 180_000);

test('who waits behind a run that was terminated does not name it for long', async () => {
  const first = await holding('ended');
  const second = await startLike(first, `second.${harness.environment}`, FIRST_WAIT);
  await waitsFor(second, first);
  const third = await startLike(first, `third.${harness.environment}`, 500);
  await waitsFor(third, second);
  await handleOf(second).terminate();
  await waitsFor(third, first);
  await harness.clearFaults();
  expect(await handleOf(third).result()).toMatchObject({ status: 'COMPLETED' });
});

test('who waits behind a run that was cancelled is told so at once', async () => {
  const first = await holding('left');
  const second = await startLike(first, `leaves.${harness.environment}`, DAY);
  await waitsFor(second, first);
  const third = await startLike(first, `stays.${harness.environment}`, DAY);
  await waitsFor(third, second);
  await handleOf(second).cancel();
  await waitsFor(third, first);
  await harness.clearFaults();
  expect(await handleOf(third).result()).toMatchObject({ status: 'COMPLETED' });
});

test('a lease that takes no more signals is not asked again and again, and its end is found', async () => {
  const [port = 0] = await findFreePorts(1);
  const logFile = path.join(os.tmpdir(), `provisioner-tests-temporal-${String(port)}.log`);
  const maxSignals = 5;
  const temporal = await startTemporal({ cli: findCli(), port, logFile, maxSignals });
  const shared = harness;
  try {
    harness = await startHarness({
      temporal: temporal.address,
      env: { AIRBYTE_GIVE_UP_AFTER: '10m' },
    });
    const first = await holding('deaf');
    for (let sent = 0; sent < maxSignals; sent += 1)
      await leaseOf('deaf').signal('left', 'somebody');
    const second = await startLike(first, `second.${harness.environment}`, 4000);
    const refusals = async () =>
      (await eventsOf(second)).filter(
        (event) => event.signalExternalWorkflowExecutionFailedEventAttributes,
      ).length;
    await eventually(async () => (await refusals()) > 0 || undefined, 'the refusal of a signal');
    const waits = await eventually(async () => {
      const started = (await eventsOf(second)).flatMap(
        (event) => event.timerStartedEventAttributes ?? [],
      );
      return started.length > 0 ? started : undefined;
    }, 'the run to wait');
    expect(Number(waits[0]?.startToFireTimeout?.seconds)).toBe(4);
    await harness.clearFaults();
    expect(await handleOf(second).result()).toMatchObject({ status: 'COMPLETED' });
  } finally {
    if (harness !== shared) await harness.stop();
    harness = shared;
    await temporal.stop();
  }
}, 180_000);
