import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { findCli } from '../scripts/temporal';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { RECORDINGS as OF_COMPONENTS } from './support/histories/recordings';
import type { Execution } from './support/histories/recordings';
import { RECORDINGS as OF_ADOPTION } from './support/histories/adoption';
import { RECORDINGS as IN_FABRICS, startFabrics } from './support/histories/fabrics';
import { RECORDINGS as IN_SHORT } from './support/histories/in-short';
import { RECORDINGS as LEAN } from './support/histories/lean';
import { RECORDINGS as PLANNED } from './support/histories/planned';
import { RECORDINGS as OF_THE_REST } from './support/histories/rest';
import { SECRETS } from './support/adoption-world';

/*
 * Histories of runs that ended in each way, recorded with RECORD_HISTORIES=1; with any other value
 * only those whose names begin with it. Replaying them with today's workflow code tells whether runs
 * under way survive a deployment of it.
 */

const FOLDER = path.join(__dirname, 'histories');

const IN_AIRBYTE = {
  ...OF_COMPONENTS,
  ...OF_THE_REST,
  ...OF_ADOPTION,
  ...IN_SHORT,
  ...LEAN,
  ...PLANNED,
};

const RECORDINGS = { ...IN_AIRBYTE, ...IN_FABRICS };

/** Where runs are recorded. */
interface World extends Pick<Harness, 'client'> {
  stop: () => Promise<unknown>;
  env: { TEMPORAL_ADDRESS?: string };
  clearFaults: () => Promise<unknown>;
}

/** Neither the machine's paths nor its name belong into a file that is kept. */
const withoutMachine = (json: string) =>
  JSON.stringify(
    JSON.parse(json, (key, value: unknown) => {
      if (key === 'stackTrace') return '';
      if (typeof value === 'string' && /^\d+@/.test(value)) return 'recorded';
      return key === 'identity' ? 'recorded' : value;
    }),
    null,
    1,
  );

const record = async () => {
  await mkdir(FOLDER, { recursive: true });
  const options = {
    env: { AIRBYTE_GIVE_UP_AFTER: '60s', ...SECRETS },
    simulator: { edition: 'enterprise' as const },
  };
  await recordAll(IN_AIRBYTE, () => startHarness(options));
  await recordAll(IN_FABRICS, startFabrics);
};

/** As the CLI exports it: that is the form the SDK replays. */
const historyOf = ({ workflowId, runId }: Execution, address: string) => {
  const which = ['--workflow-id', workflowId, '--run-id', runId, '--address', address];
  return execFileSync(findCli(), ['workflow', 'show', ...which, '--output', 'json'], {
    encoding: 'utf8',
  });
};

const closed = ({ client }: World, { workflowId, runId }: Execution) =>
  eventually(async () => {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  }, `the end of ${workflowId}`);

type Recordings<Where> = Record<string, (world: Where) => Promise<string | Execution>>;

const recordAll = async <Where extends World>(
  recordings: Recordings<Where>,
  start: () => Promise<Where>,
) => {
  const wanted = process.env.RECORD_HISTORIES ?? '1';
  const all = Object.entries(recordings).filter(
    ([name]) => wanted === '1' || name.startsWith(wanted),
  );
  if (all.length === 0) return;
  const world = await start();
  try {
    for (const [name, begin] of all) await recordOne(name, world, () => begin(world));
  } finally {
    await world.stop();
  }
};

const recordOne = async (name: string, world: World, begin: () => Promise<string | Execution>) => {
  const begun = await begin();
  const execution =
    typeof begun === 'string' ? await world.client.workflow.getHandle(begun).describe() : begun;
  await closed(world, execution);
  await world.clearFaults();
  const history = historyOf(execution, world.env.TEMPORAL_ADDRESS ?? '');
  await writeFile(path.join(FOLDER, `${name}.json`), withoutMachine(history));
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
