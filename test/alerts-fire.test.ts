import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { ALERTS, promtool, withPrometheus } from './support/alerts';
import { queriesOf } from './support/dashboards';
import { control } from './support/environments';
import { descriptor, request } from './support/fixtures';
import { createFolder } from './support/guarded-gateway';
import { eventually } from './support/harness';
import { textOf } from './support/metrics';
import { startWatched } from './support/watched';
import type { Watched } from './support/watched';

/*
 * Each alert fires by what it is about, and is over when that is. Meanwhile the commands that its section
 * of docs/runbook.md looks with are run.
 */

/** Seconds. */
const GIVE_UP_AFTER = 10;

let world: Watched;
beforeAll(async () => {
  if (!promtool) return;
  world = await startWatched({
    AIRBYTE_GIVE_UP_AFTER: `${String(GIVE_UP_AFTER)}s`,
    // Calls that hang hold all slots with it, and fail several times before their run gives up.
    AIRBYTE_REQUEST_TIMEOUT: '2s',
  });
});
afterAll(async () => {
  if (promtool) await world.stop();
});
afterEach(async () => {
  if (!promtool) return;
  await world.harness.clearFaults();
  await world.prometheus.untilQuiet();
});

const fired = new Set<string>();

/** Variables of the harness that a worker with a configuration file does not take. */
const SAID_IN_THE_FILE = Object.fromEntries(
  [
    ...['AIRBYTE_URL', 'AIRBYTE_WORKSPACE_ID', 'AIRBYTE_API'],
    ...['AIRBYTE_CLIENT_ID', 'AIRBYTE_CLIENT_SECRET'],
    ...['SNOWFLAKE_HOST', 'SNOWFLAKE_ROLE', 'SNOWFLAKE_WAREHOUSE'],
    ...['SNOWFLAKE_USER', 'SNOWFLAKE_PASSWORD', 'SECRETS_ALLOWED'],
  ].map((name) => [name, '']),
);

/** One environment, one team, and a fabric that makes schemas. */
const settingsFor = ({ environment, simulator }: Watched['harness'], apiUrl: string) => ({
  gateway: { auth: { mode: 'none' } },
  environments: {
    [environment]: {
      airbyte: {
        url: simulator.url,
        workspaceId: DEFAULT_WORKSPACE_ID,
        auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE_SECRET' } },
      },
    },
  },
  teams: {
    finance: {
      domains: ['finance'],
      environments: [environment],
      defaultFabric: { [environment]: 'warehouse' },
    },
  },
  fabrics: {
    warehouse: {
      type: 'snowflake',
      team: 'finance',
      host: 'simulator.snowflakecomputing.com',
      apiUrl,
      warehouse: 'PROVISIONING',
      user: 'AIRBYTE',
      role: 'AIRBYTE',
      credentials: { password: { secretRef: 'LOADER' } },
      manage: {
        schema: true,
        by: { user: 'PROVISIONER', role: 'PROVISIONER', token: { secretRef: 'ADMIN' } },
      },
    },
  },
});

/** Waits for an alert, and looks as the runbook says: at this run, where it is about one. */
const fires = async (alert: string, token = '', more: Record<string, string> = {}) => {
  await world.prometheus.untilFiring(alert);
  fired.add(alert);
  return world.runbook(alert, 0, { TOKEN: token, ...more });
};

const startMany = (prefix: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      world.harness.start('provision', { component: `${prefix}-${String(index)}` }),
    ),
  );

const finishedAll = async (tokens: string[]) =>
  new Set(
    await Promise.all(tokens.map(async (token) => (await world.harness.finished(token)).status)),
  );

withPrometheus('somebody deletes a connection in Airbyte, and it is made again', async () => {
  const { harness, prometheus, runbook } = world;
  await harness.run('provision', { component: 'drifts' });
  const [connection] = (await harness.entities()).connections;
  await harness.airbyte('DELETE', `/connections/${connection?.connectionId ?? ''}`);
  await eventually(
    async () => ((await harness.cli('drift')).code === 3 ? true : undefined),
    'the run in the list, and its drift',
  );
  expect(await fires('ProvisionerDrift')).toContain('missing');
  expect((await prometheus.firing()).get('ProvisionerDrift')).toBe(
    `1 components of ${harness.environment} are missing in Airbyte`,
  );
  expect(await runbook('ProvisionerDrift', 1)).toContain('COMPLETED');
  expect((await harness.entities()).connections).toHaveLength(1);
});

withPrometheus('runs are refused, and cannot take back what they did', async () => {
  const { harness, runbook } = world;
  await harness.fault({ operation: 'createConnection', status: 422, times: 0 });
  await harness.fault({ operation: 'deleteSource', status: 403, times: 0 });
  const tokens = await startMany('refused', 7);
  const [token = ''] = tokens;
  const [left, refused] = await Promise.all([
    fires('ProvisionerLeftBehind', token),
    fires('ProvisionerRunsRefused'),
  ]);
  expect(await finishedAll(tokens)).toEqual(new Set(['FAILED']));
  expect(left).toContain('Left behind in Airbyte: the source');
  expect(refused).toContain('Airbyte answered 422');
  await harness.clearFaults();
  expect(await runbook('ProvisionerLeftBehind', 1, { TOKEN: token })).toContain('COMPLETED');
});

withPrometheus('a run cannot undo what it did, for long', async () => {
  const { harness, runbook } = world;
  await harness.fault({ operation: 'createConnection', status: 422, times: 0 });
  await harness.fault({ operation: 'deleteSource', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'drags' });
  const [drags, old] = await Promise.all([
    fires('ProvisionerUndoDrags', token),
    fires('ProvisionerRunIsOld', token),
  ]);
  expect(drags).toContain('Airbyte answered 503');
  expect(old).toContain('undoing what was done');
  expect(await runbook('ProvisionerRunIsOld', 1, { TOKEN: token })).toContain('told to end');
  await harness.clearFaults();
  const { status, result } = await harness.finished(token);
  expect(status).toBe('FAILED');
  expect(result).not.toContain('Left behind');
});

withPrometheus('Airbyte hangs: all slots are taken, and runs give up', async () => {
  const { harness, runbook } = world;
  await harness.fault({ operation: '*', hang: 'before', times: 0 });
  const tokens = await startMany('hangs', 6);
  const [slots, , gaveUp] = await Promise.all([
    fires('ProvisionerNoFreeSlots'),
    fires('ProvisionerAirbyteFails'),
    fires('ProvisionerRunsGaveUp'),
  ]);
  expect(slots).toMatch(/slots_available\{.*ActivityWorker.*\} 0/);
  expect(gaveUp).toContain('RUNS');
  expect(await finishedAll(tokens)).toEqual(new Set(['FAILED']));
  await harness.clearFaults();
  const replayed = await runbook('ProvisionerRunsGaveUp', 1);
  for (const token of tokens)
    expect(replayed).toMatch(new RegExp(`^replayed +COMPLETED +${token}`, 'm'));
});

withPrometheus('a worker cannot go on with a run', async () => {
  const { client, environment } = world.harness;
  const workflowId = `provision.${environment}.of.nobody`;
  // Temporal's pauses are as long as ever: several runs fail as often as one does in an hour.
  const runs = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      client.workflow.start('provision', {
        workflowId: index === 0 ? workflowId : `${workflowId}.${String(index)}`,
        taskQueue: environment,
        args: [],
      }),
    ),
  );
  expect(await fires('ProvisionerRunsCannotGoOn', workflowId)).toContain('WorkflowTaskFailed');
  await Promise.all(runs.map((run) => run.terminate()));
});

/** A body of nearly two megabytes whose end does not come; the gateway holds it, or refuses it. */
const openBody = () => {
  const { hostname, port } = new URL(world.harness.gateway().found);
  const head = `POST /v1/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n`;
  return new Promise<Socket>((resolve) => {
    const socket = connect(Number(port), hostname);
    for (const event of ['error', 'close'])
      socket.on(event, () => {
        resolve(socket);
      });
    socket.write(head + ' '.repeat(1_900_000), () => {
      resolve(socket);
    });
  });
};

withPrometheus('bodies that do not end leave the gateway no room', async () => {
  const { harness, prometheus } = world;
  // It has room for 64 MiB of them, and gives up each after ten seconds.
  const sockets = await Promise.all(Array.from({ length: 34 }, openBody));
  const body = JSON.stringify(request(descriptor())) + ' '.repeat(1_900_000);
  await eventually(async () => {
    sockets.push(await openBody());
    await harness.call('POST', '/v1/validate', body);
    return (await prometheus.firing()).get('ProvisionerGatewayFails');
  }, 'the alert');
  expect(await fires('ProvisionerGatewayFails')).toMatch(/reason="busy"\} [1-9]/);
  for (const socket of sockets) socket.destroy();
});

withPrometheus('Temporal is slow, and so is the gateway', async () => {
  const { harness, temporal } = world;
  // So that there is something that more of it can rise above.
  expect((await harness.run('provision', { component: 'quick' })).status).toBe('COMPLETED');
  const { pid } = temporal();
  process.kill(pid, 'SIGSTOP');
  const until = Date.now() + 4000;
  const starting = startMany('slow', 3);
  await eventually(() => Date.now() > until || undefined, 'four seconds');
  process.kill(pid, 'SIGCONT');
  const tokens = await starting;
  expect(await fires('ProvisionerGatewaySlow')).toContain('"route":"provision"');
  expect(await finishedAll(tokens)).toEqual(new Set(['COMPLETED']));
});

withPrometheus('Temporal is gone, which is one page', async () => {
  const { harness, prometheus, restartTemporal, temporal } = world;
  temporal().kill();
  const said = await fires('ProvisionerNotReady');
  expect(said).toContain('no Temporal');
  expect(said).toContain('Temporal does not answer.');
  const pages = ALERTS.filter(({ labels }) => labels.severity === 'page').map(({ alert }) => alert);
  const now = await prometheus.firing();
  expect(pages.filter((alert) => now.has(alert))).toEqual(['ProvisionerNotReady']);
  await restartTemporal();
  await prometheus.untilQuiet();
  expect((await harness.run('provision', { component: 'later' })).status).toBe('COMPLETED');
});

withPrometheus('the worker is lost, and the next one is on another task queue', async () => {
  const { harness, runbook } = world;
  await harness.fault({ operation: 'createSource', hang: 'before', times: 0 });
  await harness.forgetCalls();
  const lost = await harness.start('provision', { component: 'lost' });
  await eventually(
    async () => (await harness.calls('createSource')).length > 0 || undefined,
    'its first write',
  );
  const givesUpAt = Date.now() + GIVE_UP_AFTER * 1000;
  await harness.worker()?.end('SIGKILL');
  const waits = await harness.start('provision', { component: 'waits' });
  const said = await Promise.all([fires('ProvisionerTargetDown'), fires('ProvisionerNoWorker')]);
  for (const each of said) expect(each).toContain('The worker does not answer.');
  await harness.startWorker({ TEMPORAL_TASK_QUEUE: 'of-somebody-else' });
  await fires('ProvisionerRunsWait');
  await harness.worker()?.end('SIGKILL');
  await harness.clearFaults();
  await eventually(() => Date.now() > givesUpAt || undefined, 'the end of its time');
  await harness.startWorker();
  expect((await harness.finished(waits)).status).toBe('COMPLETED');
  expect((await harness.finished(lost)).status).toBe('FAILED');
  await fires('ProvisionerRunsBroken', lost);
  expect(await runbook('ProvisionerRunsBroken', 1, { TOKEN: lost })).toContain('COMPLETED');
});

withPrometheus('a configuration file is wrong since it changed', async () => {
  const { harness, prometheus } = world;
  const { write, file, remove } = createFolder();
  write();
  await harness.gateway().end();
  const gateway = await harness.startGateway({ PROVISIONER_CONFIG: file });
  write({ more: { environments: {} } });
  const looked = await fires('ProvisionerConfigurationBroken', '', { PROVISIONER_CONFIG: file });
  expect(looked).toContain('The configuration file is wrong since it changed');
  expect(looked).toMatch(/:1: environments: must have at least one$/m);
  write();
  await prometheus.untilQuiet();
  await gateway.end();
  await harness.restartGateway();
  remove();
});

withPrometheus('a fabric does nothing that it is asked', async () => {
  const { harness, prometheus } = world;
  const snowflake = await startSnowflakeSimulator({ tokens: ['of-the-test'] });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-fabric-'));
  const file = path.join(folder, 'provisioner.yaml');
  writeFileSync(file, stringify(settingsFor(harness, snowflake.url)));
  const env = {
    ...SAID_IN_THE_FILE,
    PROVISIONER_CONFIG: file,
    FINGERPRINT_KEY: 'of these tests',
    AIRBYTE_SECRET: 'simulator-secret',
    LOADER: 'of-the-loader',
    ADMIN: 'of-the-test',
  };
  await harness.gateway().end();
  await harness.worker()?.end();
  const gateway = await harness.startGateway(env);
  const worker = await harness.startWorker(env);
  const fault = { operation: 'submitStatement', status: 503, times: 0 };
  await control(snowflake, { at: '/faults', body: fault });
  const destination = {
    name: 'Warehouse',
    connector: 'snowflake',
    connectionConfiguration: { database: 'ANALYTICS', schema: 'UNREACHED' },
  };
  const text = descriptor({
    environment: harness.environment,
    component: 'unreached',
    destination,
  });
  const started = await fetch(`${gateway.found}/v1/provision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request(text)),
  });
  expect(started.status).toBe(202);
  expect(await fires('ProvisionerFabricFails', await started.text())).toContain(
    '"status":"503","system":"Snowflake"',
  );
  await control(snowflake, { method: 'DELETE', at: '/faults' });
  await prometheus.untilQuiet();
  await gateway.end();
  await worker.end();
  await harness.restartGateway();
  await harness.startWorker();
  await snowflake.close();
  rmSync(folder, { recursive: true });
});

withPrometheus('every query of the dashboards is answered', async () => {
  const queries = queriesOf(world.age());
  const answers = await Promise.all(
    queries.map(async ({ where, query }) => ({
      where,
      has: await world.prometheus.hasValues(query, world.age()),
    })),
  );
  expect(answers.filter(({ has }) => !has).map(({ where }) => where)).toEqual([]);
});

withPrometheus.each(['gateway', 'worker'] as const)(
  'promtool has nothing against the metrics of the %s',
  async (program) => {
    // Those of Temporal's SDK are as it has them.
    const own = (await textOf(world.harness, program)).replaceAll(
      /^(# (HELP|TYPE) )?temporal_.*\n/gm,
      '',
    );
    expect(execFileSync(promtool ?? '', ['check', 'metrics'], { input: own }).toString()).toBe('');
  },
);

withPrometheus('each alert has fired', () => {
  expect([...fired].toSorted()).toEqual(ALERTS.map(({ alert }) => alert).toSorted());
});
