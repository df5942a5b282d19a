import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { DEFAULT_WORKSPACE_ID } from '../../simulator/simulator';
import { createComponents } from './components';
import type { Components } from './components';
import {
  alertProblems,
  checkFile,
  checkLinks,
  checkRefusals,
  startProblems,
  startTime,
  targetProblems,
} from './compose-checks';
import type { Engine } from './engine';
import { checkImage, sizes } from './image-checks';
import { GO_PROGRAMS } from './go-programs';
import { NotHere } from './place';
import { checkMachine, prepareEngine, prepareGo, timed } from './prepare';
import { choosePorts, createCompose, createProject, writeSecrets } from './project';
import { playRounds, provisionAgain } from './rounds';
import type { Found } from './rounds';
import { copyAndRestore } from './restore';

/*
 * npm run test:containers -- [--within MINUTES]
 * Exits with 0 when all was right, 1 when something was not, and 75 where containers cannot be run here,
 * or not be made ready in the time given.
 */

const CANNOT = 75;

const say = (line: string) => {
  console.log(line);
};
const times: [string, number][] = [];
const report = (what: string, seconds: number) => {
  times.push([what, seconds]);
  say(`${String(seconds).padStart(7)} s  ${what}`);
};
const step = <Result>(what: string, work: () => Promise<Result>) => timed(report, what, work);

const problems: string[] = [];
const note = (found: string[]) => {
  for (const problem of found) say(`  PROBLEM: ${problem}`);
  problems.push(...found);
};

/** What is tried again soon, so that a round takes seconds. */
const IMPATIENT = {
  AIRBYTE_RETRY_INITIAL: '200ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '2s',
  AIRBYTE_SETTLE_TIME: '2s',
  AIRBYTE_REQUEST_TIMEOUT: '5s',
};

/** As it is set for a real Airbyte, with its secrets in files; the first start has chosen the password. */
const KEY = 'not-a-key-but-as-good-as-one';
const forReal = {
  AIRBYTE_URL: 'http://simulator:8000',
  AIRBYTE_WORKSPACE_ID: DEFAULT_WORKSPACE_ID,
  AIRBYTE_CLIENT_ID: 'simulator',
  AIRBYTE_CLIENT_SECRET_FILE: '/secrets/AIRBYTE_CLIENT_SECRET',
  POSTGRES_PASSWORD: 'demo',
  SNOWFLAKE_HOST: 'test.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'AIRBYTE_ROLE',
  SNOWFLAKE_WAREHOUSE: 'AIRBYTE_WAREHOUSE',
  SNOWFLAKE_USER: 'AIRBYTE_USER',
  SNOWFLAKE_PRIVATE_KEY_FILE: '/secrets/snowflake.pem',
};

const showImages = async (engine: Engine) => {
  const { added, problems: found } = await checkImage(engine);
  note(found);
  say(`\nImages, in MB, with the layers they share (ours adds ${String(added)} to Debian):`);
  for (const [image, size] of await sizes(engine)) say(`${String(size).padStart(7)}  ${image}`);
};

const showRounds = async (rounds: AsyncIterable<Found>) => {
  say('\nKilled in the middle of three runs:          up again   runs ended');
  for await (const { round, up, ended, statuses, problems: found } of rounds) {
    const times = [`${String(up)} s`.padStart(10), `${String(ended)} s`.padStart(12)];
    say(`  ${round.padEnd(38)} ${times.join(' ')}   ${statuses}`);
    note(found);
  }
};

const showRestored = async (work: () => ReturnType<typeof copyAndRestore>) => {
  const {
    kibibytes,
    away,
    back,
    problems: found,
  } = await step("\nTemporal's database copied, lost and restored", work);
  say(
    `${String(kibibytes)} KiB; ${String(away)} s without Temporal for the copy, ready ${String(back)} s after the loss.`,
  );
  note(found);
};

const expectSame = (before: string[], after: string[]) => {
  const differ = before.filter((status, index) => status !== after[index]);
  note(differ.map((status) => `After down and up another status than: ${status}`));
};

const removeAll = async ({ names, start, endOf, leftovers }: Components) => {
  for (const name of names()) {
    const { status, token, result } = await endOf(await start('unprovision', name));
    if (status !== 'COMPLETED') note([`${token}: ${status} ${result}`]);
  }
  note(await leftovers());
};

const play = async (engine: Engine) => {
  await showImages(engine);
  const project = createProject(engine);
  const { variables: ports, ...urls } = await choosePorts();
  const variables = {
    ...ports,
    ...IMPATIENT,
    ...writeSecrets({ AIRBYTE_CLIENT_SECRET: 'simulator-secret', 'snowflake.pem': KEY }),
    COMPOSE_PROFILES: 'demo,observability',
  };
  const components = createComponents(urls);
  const up = (others = {}) =>
    project.compose({ ...variables, ...others }, 'up', '--detach', '--no-build');
  const down = (...args: string[]) => project.compose(variables, 'down', ...args);
  try {
    note(await step('What must be refused, with the reason', () => checkRefusals(project)));
    await step('docker compose up', () => up());
    await step('The demo has run', () => project.untilEnded('demo'));
    note(await checkLinks(project));
    const starts = {
      gateway: await startTime(project, 'gateway', 'gateway listens'),
      worker: await startTime(project, 'worker', 'worker probes listen'),
    };
    say(`\nMilliseconds from the start of a container until it listens: ${JSON.stringify(starts)}`);
    note(startProblems(starts));
    await showRounds(playRounds({ project, components, variables }));
    note(await targetProblems(urls.prometheusUrl));
    note(await alertProblems(urls.prometheusUrl));
    await showRestored(() => copyAndRestore({ project, components, variables }));
    const before = await components.statuses();
    await step('\ndocker compose down', () => down());
    await step('docker compose up, as for a real Airbyte', () => up(forReal));
    await project.untilEnded('demo');
    expectSame(before, await components.statuses());
    await step('Everything provisioned again', () => provisionAgain(components));
    note(await components.problems());
    if (!(await components.hasSecret(KEY)))
      note(["The key of Snowflake's file is not in Airbyte."]);
    await step('Everything unprovisioned', () => removeAll(components));
  } finally {
    await down('--volumes', '--timeout', '5').catch(() => undefined);
  }
};

/** However we end, the engine ends, too. */
const endWith = (stop: () => Promise<void>) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void stop().finally(() => process.exit(128 + constants.signals[signal]));
    });
};

/** Minutes that may be taken to make everything ready; absent: as many as it takes. */
const readWithin = () => {
  const { values } = parseArgs({ options: { within: { type: 'string' } } });
  if (values.within === undefined) return undefined;
  const minutes = Number(values.within);
  if (minutes > 0) return minutes;
  throw new Error('Usage: npm run test:containers -- [--within MINUTES]');
};

const prepare = async (within: number | undefined, onLaunch: (kill: () => void) => void) => {
  const signal = within === undefined ? undefined : AbortSignal.timeout(within * 60_000);
  try {
    await prepareGo(['docker-compose'], report, signal);
    const compose = createCompose({ HOME: process.env.HOME });
    await step('docker compose config, for every profile', () => checkFile(compose));
    checkMachine();
    await prepareGo(GO_PROGRAMS, report, signal);
    return await prepareEngine({ report, onLaunch, signal });
  } catch (err) {
    if (!signal?.aborted) throw err;
    throw new NotHere(`what they are made of could not be built within ${String(within)} minutes`);
  }
};

const main = async () => {
  const within = readWithin();
  let stop = () => Promise.resolve();
  endWith(() => stop());
  const engine = await prepare(within, (kill) => {
    process.once('exit', kill);
  });
  stop = engine.stop;
  await play(engine).finally(stop);
  const total = times.reduce((sum, [, seconds]) => sum + seconds, 0);
  say(`\n${String(Math.round(total))} s in all its steps.`);
  say(problems.length === 0 ? 'All is as it has to be.' : `${String(problems.length)} problems.`);
  return problems.length === 0 ? 0 : 1;
};

const fail = (err: unknown) => {
  if (err instanceof NotHere) {
    say(`NOTE: containers are not run here: ${err.message}.`);
    return CANNOT;
  }
  console.error(err instanceof Error ? err.stack : err);
  return 1;
};

void main()
  .catch(fail)
  .then((code) => process.exit(code));
