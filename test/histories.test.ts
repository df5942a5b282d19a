import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { findCli } from '../scripts/temporal';
import { createDrift } from '../src/drift';
import { createLook } from '../src/look';
import { eventually, startHarness } from './harness';
import type { Harness } from './harness';

/*
 * Histories of runs that ended in each way, recorded with RECORD_HISTORIES=1. Replaying them with
 * today's workflow code tells whether runs under way survive a deployment of it.
 */

const FOLDER = path.join(__dirname, 'histories');

const changed = { url: 'https://files.example.invalid/changed.csv', database: 'changed' };

/** One of the runs that an id has had. */
interface Execution {
  workflowId: string;
  runId: string;
}

const until = (harness: Harness, token: string, words: string) =>
  eventually(
    async () => (await harness.status(token)).result.includes(words) || undefined,
    `${token}: ${words}`,
  );

/** A run that holds its component until its faults are cleared. */
const holding = async (harness: Harness) => {
  await harness.fault({ operation: 'listSources', status: 503, times: 0 });
  const token = await harness.start('provision', { connection: { prefix: 'first_' } });
  await until(harness, token, 'Looking');
  return token;
};

/** Each leaves behind what the next begins with, and gives the id of the workflow to record. */
const RECORDINGS: Record<string, (harness: Harness) => Promise<string | Execution>> = {
  'provision-compensated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 400 });
    return harness.start('provision');
  },
  'provision-settled': async (harness) => {
    await harness.fault({ operation: 'createSource', hang: 'after', times: 0 });
    await harness.fault({ operation: 'createDestination', status: 422 });
    return harness.start('provision');
  },
  'provision-cancelled': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { connection: { prefix: 'cancelled_' } });
    await until(harness, token, 'connection');
    await harness.client.workflow.getHandle(token).cancel();
    return token;
  },
  'provision-terminated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { connection: { prefix: 'terminated_' } });
    await until(harness, token, 'connection');
    await harness.call('DELETE', `/v1/provision/${token}`);
    return token;
  },
  'provision-completed': (harness) => harness.start('provision', { sourceName: 'Payments' }),
  'provision-unchanged': (harness) =>
    harness.start('provision', { sourceName: 'Payments', connection: { dbtGitUrl: 'ignored' } }),
  'provision-retried': async (harness) => {
    await harness.fault({ operation: 'putSource', reset: 'after' });
    return harness.start('provision', changed);
  },
  'provision-restored': async (harness) => {
    await harness.fault({ operation: 'patchConnection', status: 422 });
    return harness.start('provision', { connection: { prefix: 'refused_' } });
  },
  'provision-waited': async (harness) => {
    const first = await holding(harness);
    const token = await harness.start('provision', { connection: { prefix: 'second_' } });
    await until(harness, token, `Waiting for ${first}`);
    await harness.clearFaults();
    return token;
  },
  'provision-cancelled-waiting': async (harness) => {
    const first = await holding(harness);
    const token = await harness.start('provision', { connection: { prefix: 'third_' } });
    await until(harness, token, `Waiting for ${first}`);
    await harness.client.workflow.getHandle(token).cancel();
    await harness.finished(token);
    await harness.clearFaults();
    await harness.finished(first);
    return token;
  },
  'lease-handed-over': async (harness) => {
    const first = await holding(harness);
    const workflowId = `component.${harness.environment}.finance.cashflow.0.payments`;
    const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
    const second = await harness.start('provision', { connection: { prefix: 'second_' } });
    await until(harness, second, `Waiting for ${first}`);
    const third = await harness.start('provision', changed);
    await until(harness, third, `Waiting for ${second}`);
    await harness.clearFaults();
    await harness.finished(third);
    return { workflowId, runId };
  },
  'lease-of-a-terminated-run': async (harness) => {
    const token = await holding(harness);
    const workflowId = `component.${harness.environment}.finance.cashflow.0.payments`;
    const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
    await harness.client.workflow.getHandle(token).terminate();
    return { workflowId, runId };
  },
  'provision-left-behind': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 422 });
    await harness.fault({ operation: 'deleteSource', status: 403 });
    return harness.start('provision', { component: 'left' });
  },
  'unprovision-failed': async (harness) => {
    await harness.fault({ operation: 'deleteDestination', status: 403 });
    return harness.start('unprovision');
  },
  'unprovision-cancelled': async (harness) => {
    await harness.fault({ operation: 'deleteSource', status: 503, times: 0 });
    const token = await harness.start('unprovision', { component: 'left' });
    await until(harness, token, 'Deleting');
    await harness.client.workflow.getHandle(token).cancel();
    return token;
  },
  'unprovision-completed': (harness) => harness.start('unprovision', { component: 'left' }),
  'reconcile-drift': async (harness) => {
    await harness.run('provision', { component: 'drifted' });
    const [connection] = (await harness.entities()).connections;
    await harness.airbyte('DELETE', `/connections/${connection?.connectionId ?? ''}`);
    await createDrift({ client: harness.client, taskQueue: harness.environment }).check();
    return `reconcile.${harness.environment}.now`;
  },
  'look-drifted': async (harness) => {
    const { environment } = harness;
    const component = 'finance.cashflow.0.drifted';
    await createLook({ client: harness.client, taskQueue: environment })({
      environment,
      component,
    });
    return `look.${environment}.${component}`;
  },
  'unprovision-data-cleared': async (harness) => {
    await harness.run('provision');
    return harness.start('unprovision', {}, { removeData: true });
  },
};

/** Neither the machine's paths nor its name belong into a file that is kept. */
const withoutMachine = (json: string) =>
  JSON.stringify(
    JSON.parse(json, (key, value: unknown) => {
      if (key === 'stackTrace') return '';
      return key === 'identity' ? 'recorded' : value;
    }),
    null,
    1,
  );

const record = async () => {
  const harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '60s' } });
  await mkdir(FOLDER, { recursive: true });
  try {
    await recordAll(harness);
  } finally {
    await harness.stop();
  }
};

/** As the CLI exports it: that is the form the SDK replays. */
const historyOf = ({ workflowId, runId }: Execution, address: string) => {
  const which = ['--workflow-id', workflowId, '--run-id', runId, '--address', address];
  return execFileSync(findCli(), ['workflow', 'show', ...which, '--output', 'json'], {
    encoding: 'utf8',
  });
};

const closed = ({ client }: Harness, { workflowId, runId }: Execution) =>
  eventually(async () => {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  }, `the end of ${workflowId}`);

const recordAll = async (harness: Harness) => {
  for (const [name, begin] of Object.entries(RECORDINGS)) {
    const begun = await begin(harness);
    const execution =
      typeof begun === 'string' ? await harness.client.workflow.getHandle(begun).describe() : begun;
    await closed(harness, execution);
    await harness.clearFaults();
    const history = historyOf(execution, harness.env.TEMPORAL_ADDRESS ?? '');
    await writeFile(path.join(FOLDER, `${name}.json`), withoutMachine(history));
  }
};

beforeAll(async () => {
  if (process.env.RECORD_HISTORIES) await record();
});

test('there is a history of each outcome', async () => {
  const recorded = await readdir(FOLDER);
  expect(recorded.sort()).toEqual(
    Object.keys(RECORDINGS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

/** In a process of its own: the SDK's conversion of histories does not work in jest's modules. */
const replay = (files: string[]) =>
  spawnSync(process.execPath, [path.join(ROOT, 'dist', 'scripts', 'replay.js'), ...files], {
    encoding: 'utf8',
  });

test('each replays with the workflows of today', () => {
  const names = Object.keys(RECORDINGS).map((name) => `${name}.json`);
  const { stdout, status } = replay(names.map((name) => path.join(FOLDER, name)));
  expect(stdout.trim().split('\n')).toEqual(names.map((name) => `replays  ${name}`));
  expect(status).toBe(0);
});

test('a history of other workflows does not', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
  const file = path.join(folder, 'other.json');
  const text = await readFile(path.join(FOLDER, 'provision-completed.json'), 'utf8');
  await writeFile(file, text.replaceAll('"putSource"', '"makeSource"'));
  const { stdout, status } = replay([file]);
  await rm(folder, { recursive: true });
  expect(stdout).toMatch(/^differs {2}other\.json: .*TMPRL1100/m);
  expect(status).toBe(1);
});
