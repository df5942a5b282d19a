import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { findCli } from '../scripts/temporal';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import type { DriftReport } from '../src/contract/drift';
import { inToken } from '../workflows/protocol/ids';
import { createProvisioned } from '../src/runs/provisioned';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import type { Changes } from './support/fixtures';
import { API, nameIn } from './support/airbyte-operations';
import { CANARY, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { textOf, valueIn } from './support/metrics';

/*
 * Each test has a component of its own, as all checks of a harness see all its runs. The first one
 * is as nobody else has provisioned yet.
 */

let harness: Harness;
let reports = '';

beforeAll(async () => {
  // On a busy machine half a second may pass without an answer, and each call is counted here.
  harness = await startHarness({
    env: { AIRBYTE_REQUEST_TIMEOUT: '10s', AIRBYTE_GIVE_UP_AFTER: '1m' },
  });
});

afterAll(() => harness.stop());

const isListed = async (token: string, status: string) => {
  const query = `WorkflowId = '${token}' AND ExecutionStatus = '${status}'`;
  return (await harness.client.workflow.count(query)).count > 0 || undefined;
};

/** Runs to the end, and until Temporal's list, which lags behind, says so. */
const run = async (
  operation: 'provision' | 'unprovision',
  changes: Changes,
  ends: 'Completed' | 'Failed' = 'Completed',
) => {
  const token = await harness.start(operation, changes);
  await harness.finished(token);
  await eventually(() => isListed(token, ends), `${token} in the list as ${ends}`);
  return token;
};

/** What a program writes may come later than the answer that it is about. */
const logged = (line: RegExp) =>
  eventually(() => line.exec(harness.worker()?.output() ?? '') ?? undefined, String(line));

const drift = () => createDrift({ client: harness.client, queues: oneQueue(harness.environment) });

const check = async () => {
  const report = await drift().check();
  reports += JSON.stringify(report);
  return report;
};

const keyOf = (component: string) => `${harness.environment}/finance.cashflow.0.${component}`;

const about = ({ findings }: DriftReport, component: string) =>
  findings
    .filter((finding) => finding.component === keyOf(component))
    .map(({ kind, entity, ids, differs, token }) => ({
      kind,
      entity,
      ids,
      ...(differs && { differs }),
      ...(token && { token }),
    }));

/** What Airbyte has of a component, by kind: ids. */
const idsOf = async (component: string) => {
  const bracket = `[${keyOf(component)}`;
  const { sources, destinations, connections } = await harness.entities();
  const source = sources.find(({ name }) => name.includes(bracket));
  const destination = destinations.find(({ name }) => name.includes(bracket));
  const connection = connections.find(({ sourceId }) => sourceId === source?.sourceId);
  return {
    source: source?.sourceId ?? '',
    destination: destination?.destinationId ?? '',
    connection: connection?.connectionId ?? '',
  };
};

const aText: unknown = expect.any(String);
const refusal: unknown = expect.stringMatching(
  /^The check for drift failed\. Airbyte answered 403/,
);
const toCheck: unknown = expect.stringContaining('credentials');

const SourceRead = z.object({ sourceId: z.string(), createdAt: z.number() });

/** A source that somebody makes in Airbyte by hand. */
const makeSource = async (name: string) =>
  SourceRead.parse(
    await harness.airbyte('POST', '/sources', {
      name,
      workspaceId: DEFAULT_WORKSPACE_ID,
      definitionId: '778daa7c-feaf-4db6-96f3-70fd645acc77',
      configuration: {
        dataset_name: 'x',
        format: 'csv',
        url: 'https://files.example.invalid/x.csv',
        provider: { storage: 'HTTPS' },
      },
    }),
  );

/** As it can be read: payloads are base64 in what the CLI exports. */
const historyOf = (workflowId: string) => {
  const args = ['--workflow-id', workflowId, '--address', harness.env.TEMPORAL_ADDRESS ?? ''];
  const shown = execFileSync(findCli(), ['workflow', 'show', ...args, '--output', 'json'], {
    encoding: 'utf8',
  });
  const readable = (key: string, value: unknown) =>
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value;
  return JSON.stringify(JSON.parse(shown, readable));
};

const metrics = () => textOf(harness, 'worker');

const driftIn = (shown: string) => ({
  missing: valueIn(shown, 'provisioner_drift_entities', { kind: 'missing' }),
  at: valueIn(shown, 'provisioner_drift_checked_timestamp_seconds'),
});

test('what a provision has made is no drift, and looking at it writes nothing', async () => {
  await run('provision', { component: 'clean' });
  await harness.forgetCalls();
  const before = Date.now();
  const report = await check();
  expect(report).toEqual({
    checkedAt: aText,
    totals: {
      components: 1,
      busy: 0,
      unreadable: 0,
      missing: 0,
      changed: 0,
      foreign: 0,
      duplicate: 0,
      orphaned: 0,
      unfinished: 0,
      untraced: 0,
    },
    findings: [],
    busy: [],
    truncated: false,
  });
  expect(Date.parse(report.checkedAt)).toBeGreaterThanOrEqual(before);
  const lists = ['listConnections', 'listDestinations', 'listSources'];
  expect((await harness.calls()).map(({ operation }) => operation).sort()).toEqual(
    lists.map((name) => nameIn(API, name)),
  );
  // What is newest is read from Temporal's list, which lags behind the check's own answer.
  const last = await eventually(() => drift().last(), 'the check in the list');
  expect(last).toEqual(report);
  await logged(/"totals":.*"msg":"no drift found"/);
  const at = Math.floor(Date.parse(report.checkedAt) / 1000);
  expect(driftIn(await metrics())).toEqual({ missing: 0, at });
});

test('a connection deleted by hand is missing', async () => {
  const token = await run('provision', { component: 'lost' });
  const { connection } = await idsOf('lost');
  await harness.airbyte('DELETE', `/connections/${connection}`);
  await harness.forgetCalls();
  const report = await check();
  expect(about(report, 'lost')).toEqual([
    { kind: 'missing', entity: 'connection', ids: [], token },
  ]);
  expect(report.totals.missing).toBe(1);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect(driftIn(await metrics())).toMatchObject({ missing: 1 });
  await logged(/"findings":\[.*"msg":"drift found"/);
});

test('all three are missing after the source and the destination are deleted', async () => {
  await run('provision', { component: 'gone' });
  const { source, destination } = await idsOf('gone');
  await harness.airbyte('DELETE', `/sources/${source}`);
  await harness.airbyte('DELETE', `/destinations/${destination}`);
  expect(about(await check(), 'gone')).toMatchObject([
    { kind: 'missing', entity: 'source' },
    { kind: 'missing', entity: 'destination' },
    { kind: 'missing', entity: 'connection' },
  ]);
});

test('edits in Airbyte are told by field, without values', async () => {
  const token = await run('provision', {
    component: 'edited',
    connection: { streams: [{ name: 'payments' }] },
  });
  const { source, connection } = await idsOf('edited');
  await harness.airbyte('PATCH', `/sources/${source}`, {
    configuration: { url: 'https://files.example.invalid/edited-by-hand.csv' },
  });
  await harness.airbyte('PATCH', `/connections/${connection}`, {
    status: 'inactive',
    schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' },
    configurations: { streams: [{ name: 'payments', syncMode: 'full_refresh_append' }] },
  });
  const report = await check();
  expect(about(report, 'edited')).toEqual([
    { kind: 'changed', entity: 'source', ids: [source], differs: ['configuration.url'], token },
    {
      kind: 'changed',
      entity: 'connection',
      ids: [connection],
      differs: ['status', 'schedule', 'streams'],
      token,
    },
  ]);
  expect(JSON.stringify(report)).not.toContain('edited-by-hand');
});

test('streams that the descriptor does not name are not compared', async () => {
  await run('provision', { component: 'all-streams' });
  const { connection } = await idsOf('all-streams');
  await harness.airbyte('PATCH', `/connections/${connection}`, {
    configurations: { streams: [{ name: 'payments', syncMode: 'full_refresh_append' }] },
  });
  expect(about(await check(), 'all-streams')).toEqual([]);
});

test('a pipeline that a failed update has put back is no drift', async () => {
  await run('provision', { component: 'put-back' });
  await harness.fault({ operation: 'patchConnection', status: 422 });
  const update = {
    component: 'put-back',
    url: 'https://files.example.invalid/other.csv',
    connection: { prefix: 'other_' },
  };
  await run('provision', update, 'Failed');
  await harness.clearFaults();
  expect(about(await check(), 'put-back')).toEqual([]);
});

test('what is back after an unprovision is orphaned', async () => {
  await run('provision', { component: 'removed' });
  const token = await run('unprovision', { component: 'removed' });
  expect(about(await check(), 'removed')).toEqual([]);
  const { sourceId } = await makeSource(`By hand [${keyOf('removed')}]`);
  expect(about(await check(), 'removed')).toEqual([
    { kind: 'orphaned', entity: 'source', ids: [sourceId], token },
  ]);
});

test('a run that the list of runs does not show yet is known by the lease', async () => {
  await run('provision', { component: 'lagging' });
  const provisioned = createProvisioned({ client: harness.client, taskQueue: harness.environment });
  const component = inToken(keyOf('lagging'));
  const { signal } = new AbortController();
  const listed = await provisioned.components(signal);
  const confirmed = async () =>
    (await provisioned.confirmed(listed, [component], signal)).get(component)?.state;
  expect(await confirmed()).toBe('provisioned');
  await harness.run('unprovision', { component: 'lagging' });
  expect(await confirmed()).toBe('busy');
});

test('what a failed first provision has left behind is orphaned', async () => {
  await harness.fault({ operation: 'createConnection', status: 422 });
  await harness.fault({ operation: 'deleteSource', status: 403 });
  const token = await run('provision', { component: 'left' }, 'Failed');
  await harness.clearFaults();
  const { source } = await idsOf('left');
  expect(about(await check(), 'left')).toEqual([
    { kind: 'orphaned', entity: 'source', ids: [source], token },
  ]);
});

test('what is older than all runs that are known is untraced, though they have failed', async () => {
  const { sourceId, createdAt } = await makeSource(`Old [${keyOf('older')}]`);
  await eventually(() => Date.now() > (createdAt + 1) * 1000 || undefined, 'the next second');
  await harness.fault({ operation: 'createConnection', status: 422 });
  const token = await run('provision', { component: 'older' }, 'Failed');
  await harness.clearFaults();
  expect(about(await check(), 'older')).toEqual([
    { kind: 'untraced', entity: 'source', ids: [sourceId], token },
  ]);
});

test('what a removal that failed has left is unfinished, and nothing of it is missing', async () => {
  await run('provision', { component: 'half' });
  const { destination } = await idsOf('half');
  await harness.fault({ operation: 'deleteDestination', status: 403 });
  const token = await run('unprovision', { component: 'half' }, 'Failed');
  await harness.clearFaults();
  expect(about(await check(), 'half')).toEqual([
    { kind: 'unfinished', entity: 'destination', ids: [destination], token },
  ]);
});

test('a second entity with the same bracket is a duplicate', async () => {
  const token = await run('provision', { component: 'twice' });
  const { source } = await idsOf('twice');
  const { sourceId } = await makeSource(`Twice [${keyOf('twice')}]`);
  const [finding, ...more] = about(await check(), 'twice');
  expect({ ...finding, ids: finding?.ids.sort() }).toEqual({
    kind: 'duplicate',
    entity: 'source',
    ids: [source, sourceId].sort(),
    token,
  });
  expect(more).toEqual([]);
});

test('of what others have made only what bears a component in its name is told', async () => {
  await makeSource('Sales');
  await makeSource('Sales [EU]');
  await makeSource('Sales [finance/eu]');
  const { sourceId } = await makeSource(`Sales [${keyOf('unknown')} #01234567]`);
  const report = await check();
  expect(about(report, 'unknown')).toEqual([
    { kind: 'untraced', entity: 'source', ids: [sourceId] },
  ]);
  expect(report.findings.filter(({ component }) => !component.startsWith(keyOf('')))).toEqual([]);
});

test('nothing is said about a component with a run under way', async () => {
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'busy' });
  const atConnection = async () =>
    (await harness.status(token)).result.includes('connection') || undefined;
  await eventually(atConnection, 'the connection step');
  await eventually(() => isListed(token, 'Running'), `${token} in the list`);
  const report = await check();
  await harness.clearFaults();
  await harness.finished(token);
  expect(report.busy).toEqual([token]);
  expect(report.totals.busy).toBe(1);
  expect(about(report, 'busy')).toEqual([]);
  await eventually(() => isListed(token, 'Completed'), `${token} in the list as completed`);
});

test('while Airbyte does not answer the check is repeated', async () => {
  await harness.fault({ operation: 'listSources', status: 503, times: 2 });
  await run('provision', { component: 'patient' });
  await harness.fault({ operation: 'listSources', status: 503, times: 2 });
  expect(about(await check(), 'patient')).toEqual([]);
});

test('a refusal of Airbyte is told with what to do', async () => {
  await harness.fault({ operation: 'listSources', status: 403 });
  await expect(drift().check()).rejects.toMatchObject({
    message: refusal,
    solutions: [toCheck],
  });
  await harness.clearFaults();
});

test('the schedule is there while RECONCILE_EVERY is set, and no longer', async () => {
  const schedule = harness.client.schedule.getHandle(`reconcile.${harness.environment}`);
  const isThere = () =>
    schedule.describe().then(
      ({ spec }) => spec.intervals?.[0]?.every ?? 0,
      () => 0,
    );
  expect(await isThere()).toBe(0);
  await harness.worker()?.end();
  // Several at once, as a deployment starts them.
  const workers = await Promise.all(
    [1, 2, 3].map(() => harness.startWorker({ RECONCILE_EVERY: '1h' })),
  );
  await eventually(async () => (await isThere()) === 3_600_000 || undefined, 'the schedule');
  const former = (await drift().last())?.checkedAt ?? '';
  await schedule.trigger();
  await eventually(
    async () => ((await drift().last())?.checkedAt ?? '') > former || undefined,
    'the report of the schedule',
  );
  for (const worker of workers) expect(worker.output()).not.toContain('could not be set');
  await Promise.all(workers.map((worker) => worker.end()));
  await harness.startWorker({ RECONCILE_EVERY: '2h' });
  await eventually(async () => (await isThere()) === 7_200_000 || undefined, 'the new interval');
  await harness.worker()?.end();
  await harness.startWorker();
  await eventually(async () => (await isThere()) === 0 || undefined, 'the end of the schedule');
});

test('without a worker the last report is there, and a check says what is lacking', async () => {
  await harness.worker()?.end();
  const last = await drift().last();
  expect(last?.totals.missing).toBeGreaterThan(0);
  await expect(drift().check()).rejects.toThrow(
    `No worker takes the check for drift from the task queue ${harness.environment}.`,
  );
  await harness.startWorker();
  await check();
});

test('a secret the worker has been given anew shows at the destination, and nowhere else', async () => {
  const token = await run('provision', { component: 'rotated' });
  const { destination } = await idsOf('rotated');
  await harness.worker()?.end();
  await harness.startWorker({ SNOWFLAKE_PASSWORD: `${CANARY}-rotated` });
  const report = await check();
  expect(about(report, 'rotated')).toEqual([
    { kind: 'changed', entity: 'destination', ids: [destination], differs: ['secrets'], token },
  ]);
  const history = historyOf(`reconcile.${harness.environment}.now`);
  expect(history.includes(destination)).toBe(true);
  const told = [reports, history, harness.logs(), await metrics()].join('');
  expect(told.includes(CANARY)).toBe(false);
});
