import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ROOT } from '../scripts/child';
import { findCli } from '../scripts/temporal';
import { eventually, startHarness } from './harness';
import type { Harness } from './harness';

/*
 * Histories of runs that ended in each way, recorded with RECORD_HISTORIES=1. Replaying them with
 * today's workflow code tells whether runs under way survive a deployment of it.
 */

const FOLDER = path.join(__dirname, 'histories');

const changed = { url: 'https://files.example.invalid/changed.csv', database: 'changed' };

/** Each leaves behind what the next begins with. */
const RECORDINGS: Record<string, (harness: Harness) => Promise<string>> = {
  'provision-compensated': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 400 });
    return harness.start('provision');
  },
  'provision-cancelled': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { connection: { prefix: 'cancelled_' } });
    const atConnection = async () =>
      (await harness.status(token)).result.includes('connection') || undefined;
    await eventually(atConnection, 'the connection step');
    const connection = await Connection.connect({ address: harness.env.TEMPORAL_ADDRESS ?? '' });
    await new Client({ connection }).workflow.getHandle(token).cancel();
    await connection.close();
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
  'provision-left-behind': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 422 });
    await harness.fault({ operation: 'deleteSource', status: 403 });
    return harness.start('provision', { component: 'left' });
  },
  'unprovision-failed': async (harness) => {
    await harness.fault({ operation: 'deleteDestination', status: 403 });
    return harness.start('unprovision');
  },
  'unprovision-completed': (harness) => harness.start('unprovision', { component: 'left' }),
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
const historyOf = (token: string, address: string) => {
  const args = ['workflow', 'show', '--workflow-id', token, '--address', address];
  return execFileSync(findCli(), [...args, '--output', 'json'], { encoding: 'utf8' });
};

const recordAll = async (harness: Harness) => {
  const address = harness.env.TEMPORAL_ADDRESS ?? '';
  for (const [name, begin] of Object.entries(RECORDINGS)) {
    const token = await begin(harness);
    await harness.finished(token);
    await harness.clearFaults();
    await writeFile(path.join(FOLDER, `${name}.json`), withoutMachine(historyOf(token, address)));
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
