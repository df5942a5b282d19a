import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Argument, Command } from 'commander';
import { z } from 'zod';
import { ROOT } from '../child';
import { findProgram, NotHere } from '../containers/place';
import { prepareGo, timed } from '../containers/prepare';
import { startCluster } from './cluster';
import type { Cluster } from './cluster';
import { hasPostgres, unpackPostgres } from './programs';

/*
 * npm run test:postgres [-- [--within MINUTES] [PART [ARGUMENT…]]]
 * Each Temporal server that the part starts keeps its state in a PostgreSQL, which is started for it.
 * Exits with 0 when all was right, 1 when something was not, and 75 where it cannot be run here, or not
 * be made ready in the time given.
 */

const CANNOT = 75;

/** A program's exit code; null when a signal ended it. */
const Ended = z.tuple([z.number().nullable(), z.unknown()]);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const Options = z.object({ within: z.number().positive().optional() });

const JEST = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const suites = (...names: string[]) => [
  ...[JEST, '--selectProjects', 'public API', '--runTestsByPath'],
  ...names.map((name) => path.join(ROOT, 'test', `${name}.test.ts`)),
];

/** In the order of what they tell of Temporal; the first ones alone in `short`. */
const SHORT = ['postgres', 'limits', 'provision', 'undo', 'visibility'];
const SELECTION = [
  ...SHORT,
  ...['unprovision', 'terminate', 'products', 'operations', 'updateacl', 'drift', 'outages'],
  ...['crash', 'late-writes', 'lease', 'lease-waits', 'waiting', 'sizes', 'large-product'],
];
const MATRIX = [
  'faults-provision',
  'faults-update',
  'faults-unprovision',
  'faults-remove-data',
  'faults-situations',
];
/** Of the rows of the fault matrix one in so many. */
const ROWS = '1/25';

const program = (...names: string[]) => path.join(ROOT, 'dist', ...names);

interface Step {
  args: string[];
  env?: NodeJS.ProcessEnv;
}

/** What each part runs, one after the other. */
const PARTS: Record<string, Step[]> = {
  short: [{ args: suites(...SHORT) }, { args: suites('postgres-crash') }],
  suites: [
    { args: suites(...SELECTION) },
    { args: suites('postgres-crash') },
    { args: suites(...MATRIX), env: { LONG: ROWS } },
    { args: [program('chaos', 'run.js'), '--seed', '1', '--minutes', '2'] },
  ],
  jest: [{ args: [JEST] }],
  chaos: [{ args: [program('chaos', 'run.js')] }],
  bench: [{ args: [program('bench', 'run.js')] }],
  sizing: [{ args: [program('bench', 'sizing.js')] }],
  retention: [{ args: [program('bench', 'retention.js')] }],
  closed: [{ args: [program('bench', 'closed.js')] }],
};

const say = (line: string) => {
  console.log(line);
};
const report = (what: string, seconds: number) => {
  say(`${String(seconds).padStart(7)} s  ${what}`);
};

const command = () =>
  new Command('npm run test:postgres --')
    .description('Runs our suites with Temporal on PostgreSQL, or another part.')
    .option('--within <minutes>', 'to make everything ready; as many as it takes', Number)
    .addArgument(new Argument('[part]').choices(Object.keys(PARTS)).default('suites'))
    .argument('[arguments...]', 'of the last program of the part')
    .passThroughOptions()
    .allowUnknownOption()
    .parse();

/** Throws NotHere where it cannot be run whatever is fetched. */
const checkMachine = () => {
  if (process.platform !== 'linux') throw new NotHere('it takes Linux');
  if (process.getuid?.() === 0) findProgram('unshare');
};

const prepare = async (within: number | undefined) => {
  const signal = within === undefined ? undefined : AbortSignal.timeout(within * 60_000);
  checkMachine();
  try {
    await prepareGo(['temporal-server', 'temporal-sql-tool'], report, signal);
    if (!hasPostgres()) await timed(report, "Debian's packages of PostgreSQL", unpackPostgres);
  } catch (err) {
    if (!signal?.aborted) throw err;
    throw new NotHere(`Temporal could not be built within ${String(within)} minutes`);
  }
};

/** Runs a program of Node to its end, which a signal to us brings about; gives its exit code. */
const node = async ({ args, env }: Step, more: string[], cluster: Cluster): Promise<number> => {
  const child = spawn(process.execPath, [...args, ...more], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...env,
      TEMPORAL_POSTGRES: String(cluster.port),
      POSTGRES_PID: String(cluster.pid),
    },
  });
  const onSignal = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const [code] = Ended.parse(await once(child, 'exit'));
  for (const signal of SIGNALS) process.off(signal, onSignal);
  return code ?? 1;
};

const runAll = async (steps: Step[], more: string[], cluster: Cluster): Promise<number> => {
  const codes: number[] = [];
  for (const step of steps) {
    const code = await node(step, step === steps.at(-1) ? more : [], cluster);
    codes.push(code);
  }
  return codes.every((code) => code === 0) ? 0 : 1;
};

const main = async (): Promise<number> => {
  const given = command();
  const [part = 'suites', ...more] = given.args;
  const { within } = Options.parse(given.opts());
  await prepare(within);
  const cluster = await timed(report, 'Starting PostgreSQL', () =>
    startCluster((child) => {
      process.once('exit', child.kill);
    }),
  );
  return runAll(PARTS[part] ?? [], more, cluster).finally(cluster.stop);
};

const fail = (err: unknown) => {
  if (err instanceof NotHere) {
    say(`NOTE: Temporal on PostgreSQL is not run here: ${err.message}.`);
    return CANNOT;
  }
  console.error(err instanceof Error ? err.stack : err);
  return 1;
};

void main()
  .catch(fail)
  .then((code) => process.exit(code));
