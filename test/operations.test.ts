import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { Replays, RunDetails, RunList } from '../src/contract/operator';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { findCli } from '../scripts/temporal';
import { counts, eventually, isWrite, runCli, startHarness, slowness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  // Commands take their time on a busy machine; no step may give up meanwhile.
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '80s' } });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

/** What a command answered to a script: one JSON document and nothing else. */
const json = async <Schema extends z.ZodType>(schema: Schema, ...args: string[]) => {
  const { code, stdout, stderr } = await harness.cli(...args, '--json');
  return { code, stderr, answer: schema.parse(JSON.parse(stdout)) };
};

const OutcomesJson = z.object({
  replays: z.array(Replays.shape.replays.element.extend(ProvisioningStatus.partial().shape)),
});

const ours = () => ['--environment', harness.environment];
const failedUnprovisions = () => [
  ...['runs', 'replay', '--failed', '--operation', 'unprovision', '--since', '24h'],
  ...ours(),
];

/* Matchers, which jest types as any. */
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);
const aText: unknown = expect.any(String);

const byToken = <Item extends { token: string }>(items: Item[]) =>
  Object.fromEntries(items.map((item) => [item.token, item]));

/** A pipeline whose destination Airbyte refuses to delete until the faults are cleared. */
const failUnprovision = async (component: string) => {
  await harness.run('provision', { component });
  await harness.fault({ operation: 'deleteDestination', status: 403, times: 0 });
  const token = await harness.start('unprovision', { component });
  expect((await harness.finished(token)).status).toBe('FAILED');
  return token;
};

/** The phase of a run, as a list has it. */
const phaseInList = async (token: string) => {
  const { answer } = await json(RunList, 'runs', 'list', ...ours());
  return answer.runs.find((run) => run.token === token)?.phase;
};

/** Lists lag: what is asked for by them is asked until they have it. */
const listed = (token: string) =>
  eventually(async () => {
    const { answer } = await json(RunList, 'runs', 'list', '--failed', ...ours());
    return answer.runs.some((run) => run.token === token) || undefined;
  }, `${token} in the list`);

test('a failed unprovision is replayed under its token once Airbyte is well', async () => {
  const token = await failUnprovision('replayed');
  const { answer: before } = await json(RunDetails, 'runs', 'show', token);
  expect(before).toMatchObject({ token, status: 'FAILED', execution: 'Failed' });
  await harness.clearFaults();

  const seen = new Set<string>();
  const replay = harness.cli('runs', 'replay', token, '--wait');
  const watch = eventually(async () => {
    const { status } = await harness.status(token);
    seen.add(status);
    return status === 'COMPLETED' || undefined;
  }, 'COMPLETED');
  const { code, stdout } = await replay;
  await watch;
  expect([...seen]).toEqual(expect.arrayContaining(['RUNNING', 'COMPLETED']));
  expect(code).toBe(0);
  expect(stdout).toContain(token);
  expect(stdout).toMatch(/^DONE +STATUS +TOKEN +WHY\nreplayed +COMPLETED/);
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  const { answer: after } = await json(RunDetails, 'runs', 'show', token);
  expect(after).toMatchObject({
    execution: 'Completed',
    component: before.component,
    phase: 'Completed',
  });
  expect(after.runId).not.toBe(before.runId);
});

test('all failed unprovisions are replayed, first for show; what came later is left alone', async () => {
  const old = await failUnprovision('superseded');
  const other = await failUnprovision('other');
  await harness.clearFaults();
  const newer = await harness.start('provision', { component: 'superseded' });
  expect((await harness.finished(newer)).status).toBe('COMPLETED');
  await Promise.all([listed(old), listed(other)]);
  const skipped = { token: old, outcome: 'skipped', supersededBy: newer };

  const dry = await eventually(async () => {
    const told = await json(OutcomesJson, ...failedUnprovisions(), '--dry-run');
    return told.answer.replays.some(({ supersededBy }) => supersededBy) ? told : undefined;
  }, 'the later provision in the list');
  expect(dry.code).toBe(0);
  expect(byToken(dry.answer.replays)).toMatchObject(
    byToken([skipped, { token: other, outcome: 'would be replayed' }]),
  );
  expect((await harness.status(other)).status).toBe('FAILED');

  const done = await json(OutcomesJson, ...failedUnprovisions(), '--wait');
  expect(done.code).toBe(0);
  expect(byToken(done.answer.replays)).toMatchObject(
    byToken([skipped, { token: other, outcome: 'replayed', status: 'COMPLETED' }]),
  );
  // The pipeline that was deployed since is alive.
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);

  const { code, stdout, stderr } = await harness.cli('runs', 'replay', old);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`came later and has ended Completed: ${newer}`);
  const forced = await harness.cli('runs', 'replay', old, '--force', '--wait');
  expect(forced).toMatchObject({ code: 0 });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

test('--wait ends with 1 when the replay fails again, and says why', async () => {
  const token = await failUnprovision('fails-again');
  const { code, answer } = await json(OutcomesJson, 'runs', 'replay', token, '--wait');
  expect(code).toBe(1);
  expect(answer.replays).toMatchObject([{ token, outcome: 'replayed', status: 'FAILED' }]);
  const shown = await json(RunDetails, 'runs', 'show', token);
  expect(shown.answer.airbyte).toMatchObject({
    leftBehind: [matching(/^the destination "Snowflake/)],
    ids: { destinationId: aText },
    now: [{ kind: 'destination', id: aText, name: matching(/^Snowflake \[/) }],
  });
  expect(shown.answer.steps).toContainEqual(
    expect.objectContaining({
      activity: 'deleteDestination',
      state: 'failed',
      attempts: 1,
      lastError: containing('403'),
      solution: aText,
    }),
  );
});

test('a run that goes on is shown with the step it tries, is not replayed, and is cancelled', async () => {
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'goes-on' });
  const step = await eventually(async () => {
    const { answer } = await json(RunDetails, 'runs', 'show', token);
    return answer.steps.find(({ lastError }) => lastError);
  }, 'an attempt that failed');
  expect(step).toMatchObject({
    activity: 'connect',
    name: containing('Payments'),
  });
  expect(step.lastError).toContain('503');
  await eventually(
    async () => (await phaseInList(token)) === 'Putting the connection in place' || undefined,
    'the phase of its step in the list',
  );

  const replay = await json(OutcomesJson, 'runs', 'replay', token);
  expect(replay).toMatchObject({
    code: 0,
    answer: { replays: [{ token, outcome: 'already running' }] },
  });
  expect(await harness.cli('runs', 'cancel', token)).toMatchObject({
    code: 0,
    stdout: containing('now undoes what it did'),
  });
  expect((await harness.finished(token)).status).toBe('FAILED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  expect((await harness.cli('runs', 'cancel', token)).stdout).toBe(
    'The run had ended already, with FAILED.\n',
  );
});

test('a run that completed is not replayed unless forced', async () => {
  const token = await harness.start('provision', { component: 'completed' });
  await harness.finished(token);
  const refused = await harness.cli('runs', 'replay', token);
  expect(refused).toMatchObject({ code: 1, stderr: containing('has completed') });
  await harness.forgetCalls();
  const forced = await harness.cli('runs', 'replay', token, '--force', '--wait');
  expect(forced.code).toBe(0);
  expect((await harness.calls()).length).toBeGreaterThan(0);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
});

test('runs are listed by component in either form, and the table says when there are more', async () => {
  const mine = await harness.start('provision', { component: 'listed' });
  const another = await harness.start('provision', { component: 'not-listed' });
  await Promise.all([mine, another].map((token) => harness.finished(token)));
  const names = ['finance.cashflow.0.listed', 'URN:dmb:cmp:Finance:cashflow:0:listed'];
  for (const component of names)
    await eventually(async () => {
      const given = ['--component', component, '--operation', 'provision', '--since', '1h'];
      const { answer } = await json(RunList, 'runs', 'list', ...given, ...ours());
      if (answer.runs.length === 0) return undefined;
      expect(answer.runs.map(({ token }) => token)).toEqual([mine]);
      return true;
    }, `the run of ${component}`);
  const { stdout } = await harness.cli('runs', 'list', '--limit', '1', ...ours());
  expect(stdout).toMatch(/^STATE +STARTED +ENDED +TOKEN +TRIES +WHY\n/);
  expect(stdout).toContain('There are more: raise --limit');
});

test.each([
  [['runs', 'replay'], 'give a TOKEN, or --failed'],
  [['runs', 'replay', '--failed', '--force'], '--force needs a TOKEN'],
  [['runs', 'replay', 'x', '--failed'], '--failed and a TOKEN do not go together'],
  [['runs', 'replay', 'x', '--dry-run'], '--dry-run and a TOKEN do not go together'],
  [['runs', 'replay', '--failed', '--since', '24'], '--since must be a duration'],
  [['runs', 'replay', '--failed', '--wait', '--timeout', 'long'], '--timeout must be a duration'],
  [['runs', 'list', '--component', 'bookings'], '--component must be <domain>'],
  [['runs', 'list', '--limit', 'many'], '--limit'],
  [['runs', 'list', '--failed', '--stuck'], '--stuck and failed do not go together'],
  [['runs', 'list', '--failed', '--running'], '--running and failed do not go together'],
  [['runs', 'list', '--running', '--stuck'], '--stuck and running do not go together'],
  [['runs', 'list', '--operation', 'poem'], '--operation'],
  [['runs', 'show'], 'token'],
  [['poems'], 'poems'],
])('%j is wrong usage: 2', async (args, problem) => {
  const { code, stdout, stderr } = await harness.cli(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(problem);
});

test.each(['nonsense', 'provision.a.b.c.0.d.0123456789ab'])(
  'there is no run %s, and the command says so',
  async (token) => {
    for (const command of ['show', 'replay', 'cancel']) {
      const { code, stderr } = await harness.cli('runs', command, token);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: containing(`there is no run with the token ${token}`),
      });
    }
  },
);

test.each([
  ['refuses the connection', { TEMPORAL_ADDRESS: '127.0.0.1:1' }],
  [
    'speaks no TLS',
    { TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '', TEMPORAL_TLS: '1' },
  ],
])('a Temporal that %s is told with what to set, and 1, soon', async (_how, env) => {
  const began = Date.now();
  const { code, stdout, stderr } = await runCli(['runs', 'list', '--json'], env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    [
      `Temporal does not answer at ${env.TEMPORAL_ADDRESS}.`,
      'Set TEMPORAL_ADDRESS to the host and port of its frontend, which npm start prints, and TEMPORAL_TLS or TEMPORAL_API_KEY where it asks for them.',
      'If they are right, Temporal is down.',
      '',
    ].join('\n'),
  );
  expect(Date.now() - began).toBeLessThan(10_000 * slowness());
});

test('a namespace that is not there is told as such', async () => {
  const env = { ...harness.env, TEMPORAL_NAMESPACE: 'nowhere' };
  const { code, stderr } = await runCli(['runs', 'list'], env);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: matching(/^Temporal refuses .*nowhere is not found.*\n.*TEMPORAL_NAMESPACE/),
  });
});

test('what is in Airbyte is looked at now, also of a run that could not say, if a worker answers', async () => {
  await harness.fault({ operation: 'getStreamProperties', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'terminated' });
  await eventually(
    async () => (await harness.calls('getStreamProperties')).length > 0 || undefined,
    'the discovery',
  );
  const address = harness.env.TEMPORAL_ADDRESS ?? '';
  execFileSync(findCli(), ['workflow', 'terminate', '-w', token, '--address', address]);
  // The fault stays: the attempt under way does not know yet that its run is over.
  const { answer } = await json(RunDetails, 'runs', 'show', token);
  expect(answer.airbyte).toEqual({
    ids: {},
    leftBehind: [],
    now: [
      { kind: 'source', id: aText, name: matching(/^Payments CSV \[/) },
      { kind: 'destination', id: aText, name: matching(/^Snowflake \[/) },
    ],
    note: 'So it is now.',
  });
  const last = answer.steps.at(-1);
  expect(last).toMatchObject({ activity: 'connect', state: 'abandoned' });
  expect(last?.nextAttemptAt).toBeUndefined();
  await harness.worker()?.end();
  await harness.clearFaults();
  const without = await json(RunDetails, 'runs', 'show', token);
  expect(without.answer.airbyte).toEqual({
    ids: {},
    leftBehind: [],
    note: matching(
      /^Nobody could look at Airbyte now. No worker answered in time. Unknown: .* end in \[/,
    ),
  });
  await harness.startWorker();
});

test('a step that was done at its second attempt tells what the first met, and asks for nothing', async () => {
  await harness.fault({ operation: 'createConnection', hang: 'after' });
  const late = await harness.start('provision', { component: 'second-attempt' });
  expect((await harness.finished(late)).status).toBe('COMPLETED');
  const [step] = (await json(RunDetails, 'runs', 'show', late)).answer.steps.slice(-1);
  expect(step).toMatchObject({ state: 'done', lastError: containing('gave no answer') });
  expect(step?.solution).toBeUndefined();
});

test('an attempt whose worker was killed is told as that', async () => {
  await harness.forgetCalls();
  // Each call of the attempt takes long, but less than a call may: only its end can break it off.
  await harness.fault({ operation: '*', delay: 400, times: 0 });
  const token = await harness.start('provision', { component: 'killed' });
  await eventually(
    async () => (await harness.calls('listSources')).length > 0 || undefined,
    'the first look',
  );
  await harness.worker()?.end('SIGKILL');
  await harness.clearFaults();
  await harness.startWorker();
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const [look] = (await json(RunDetails, 'runs', 'show', token)).answer.steps;
  expect(look).toMatchObject({
    activity: 'inspect',
    state: 'done',
    attempts: 2,
    lastError: 'The worker of this attempt ended, or was cut off from Temporal.',
  });
});
