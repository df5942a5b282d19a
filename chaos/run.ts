import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import pLimit from 'p-limit';
import { ROOT } from '../scripts/child';
import { startAirbyte } from './airbyte';
import { orphansIn } from './check';
import { createCoordinator } from './coordinator';
import { fabricOrphans } from './fabric-check';
import { LATEST_COMMIT, planDisturbances } from './disturbances';
import { startLakehouse } from './lakehouse';
import { catalogFlaws, lakeOrphans } from './lakehouse-check';
import { createComponents } from './load';
import type { Component } from './load';
import { createProblems } from './problems';
import { startPrograms } from './programs';
import { alarmsIn, explain, summaryOf } from './report';
import { createRuns } from './runs';
import { createSecrets } from './secrets';
import { writeSettings } from './settings';
import { createTrouble } from './trouble';
import { startWarehouse } from './warehouse';

/** Milliseconds that what is under way has to end in, once nothing disturbs it any more. */
const PATIENCE = 150_000;
/** Milliseconds the leases have to end after the last run. */
const LEASES_END = 30_000;
const PROGRESS = 10_000;
/** Nothing is to be in their way, not even each other on a busy machine. */
const MENDED_AT_ONCE = 8;

interface Options {
  seed: number;
  minutes: number;
  components: number;
}

const number = (isRight: (value: number) => boolean, what: string) => (text: string) => {
  const value = Number(text);
  if (!isRight(value)) throw new InvalidArgumentError(`It must be ${what}.`);
  return value;
};
const isWhole = (value: number) => Number.isSafeInteger(value) && value > 0;

const readOptions = (): Options => {
  const command = new Command('npm run chaos --')
    .description('Kills programs and breaks the network while components live and change.')
    .option('--seed <n>', 'of all chance; by default any', number(isWhole, 'a whole number'))
    .option(
      '--minutes <n>',
      'of load',
      number((value) => value > 0, 'more than 0'),
      3,
    )
    .option('--components <n>', 'at once', number(isWhole, 'a whole number'), 50)
    .parse();
  return { seed: randomInt(1, 1_000_000), ...command.opts<Omit<Options, 'seed'>>() };
};

const say = (line: string) => process.stderr.write(`${line}\n`);

/** What has been started, ended newest first: nothing outlives us, however we end. */
const createEnds = () => {
  const ends: (() => unknown)[] = [];
  const endAll = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void endAll().finally(() => process.exit(130)));
  return { onEnd: (end: () => unknown) => ends.push(end), endAll };
};

/** A signal that each component waits for. */
const createSwitch = () => {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
};

/** Everything there is to disturb, and who uses it. */
const setUp = async (
  { seed, components: count }: Options,
  folder: string,
  onEnd: (end: () => unknown) => unknown,
) => {
  const problems = createProblems();
  const airbyte = await startAirbyte(seed);
  onEnd(airbyte.close);
  const onDeath = (message: string) => problems.add([message]);
  const secrets = createSecrets(folder);
  const secretsDirectory = secrets.directory;
  const warehouse = await startWarehouse({ seed, folder, secretsDirectory }, onDeath);
  onEnd(warehouse.close);
  const lakehouse = await startLakehouse({ seed, folder, secretsDirectory }, onDeath);
  onEnd(lakehouse.close);
  const urls = {
    airbyteUrl: airbyte.url,
    fabricUrl: warehouse.url,
    lakehouseUrl: lakehouse.url,
  };
  const settingsFile = writeSettings(folder, urls);
  const programs = await startPrograms({ folder, secretsDirectory, settingsFile, onDeath });
  onEnd(programs.stop);
  await programs.start();
  const [enough, giveUp] = [createSwitch(), createSwitch()];
  const coordinator = createCoordinator(programs.gatewayUrls, giveUp.signal);
  const runs = createRuns(programs.temporalAddress, giveUp.signal);
  onEnd(runs.close);
  const look = async () => ({
    airbyte: await airbyte.look(),
    warehouse: await warehouse.look(),
    lakehouse: await lakehouse.look(),
  });
  const common = { coordinator, runs, secrets, problems, look };
  const load = { seed, count, ...common, enough: enough.signal };
  const components = createComponents(load);
  const trouble = createTrouble({ airbyte, warehouse, lakehouse, programs, secrets, problems });
  return {
    ...common,
    airbyte,
    warehouse,
    lakehouse,
    programs,
    components,
    trouble,
    enough,
    giveUp,
  };
};
type Setting = Awaited<ReturnType<typeof setUp>>;

const progressOf = ({ components, airbyte, warehouse, lakehouse, trouble, problems }: Setting) => {
  const sent = components.flatMap((component) => component.sent);
  const open = sent.filter(({ status }) => !status).length;
  const { worker, gateway, temporal } = trouble.counts().kills;
  const figures = {
    sent: sent.length,
    open,
    kills: worker + gateway + temporal,
    problems: problems.all().length,
  };
  const shown = Object.entries(figures).map(([what, count]) => `${what} ${String(count)}`);
  const weathers = [airbyte, warehouse, lakehouse].map(({ network }) => network.weather());
  return [...shown, `networks ${weathers.join(', ')}`].join(', ');
};

/** Secrets where no descriptor gave them to; the simulator remembers its last calls only. */
const findStrays = async ({ airbyte, secrets, problems }: Setting) => {
  problems.add(secrets.strays(await airbyte.sentSecrets()));
};

/** Lets the components live in trouble, and resolves when all they began has ended in peace. */
const live = async (setting: Setting, { seed, minutes }: Options) => {
  const { components, trouble, enough } = setting;
  await Promise.all(components.map((component) => component.deploy()));
  const lives = Promise.allSettled(components.map((component) => component.live()));
  trouble.begin(planDisturbances(seed, minutes));
  await pause(minutes * 60_000);
  enough.abort();
  await trouble.heal();
  await inTime(lives, setting);
};

/** Gives up what does not end; its tokens, which then have no terminal status, tell of it. */
const inTime = async (
  lives: Promise<PromiseSettledResult<void>[]>,
  { giveUp, problems }: Setting,
) => {
  const timer = setTimeout(() => giveUp.abort(), PATIENCE);
  const failures = (await lives).filter((life) => life.status === 'rejected');
  clearTimeout(timer);
  if (!giveUp.signal.aborted) problems.add(failures.map(({ reason }) => String(reason)));
};

const check = async (setting: Setting) => {
  const { components, look, problems } = setting;
  // What is done late must show.
  await pause(LATEST_COMMIT);
  const worlds = await look();
  for (const component of components) component.check(worlds);
  const keys = components.map(({ key }: Component) => key);
  problems.add(orphansIn(worlds.airbyte, keys));
  problems.add(fabricOrphans(worlds.warehouse, keys));
  problems.add(lakeOrphans(worlds.lakehouse, keys));
  await findStrays(setting);
  return worlds;
};

/**
 * A lease ends after its run, and later where its task was for a worker that has been killed: Temporal
 * gives it to another one after ten seconds.
 */
const stillOpen = async ({ open }: Setting['runs']) => {
  const latest = Date.now() + LEASES_END;
  for (let left = await open(); ; left = await open()) {
    if (left.length === 0 || Date.now() > latest) return left;
    await pause(500);
  }
};

/** Looks at what is left, mends what failed, and looks again. */
const judge = async (setting: Setting) => {
  const { components, runs, programs, coordinator, problems } = setting;
  await check(setting);
  if (setting.giveUp.signal.aborted) return;
  const limit = pLimit(MENDED_AT_ONCE);
  const mends = components.map((component) => limit(() => component.mend()));
  await inTime(Promise.allSettled(mends), setting);
  const { lakehouse } = await check(setting);
  problems.add(catalogFlaws(lakehouse));
  problems.add((await stillOpen(runs)).map((id) => `${id} still runs`));
  problems.add(alarmsIn(programs.logFiles()));
  problems.add(coordinator.unexpected);
};

const chaos = async (options: Options, folder: string) => {
  const { seed, minutes, components } = options;
  const title = `seed ${String(seed)}, ${String(minutes)} minutes, ${String(components)} components`;
  say(`${title}; logs in ${folder}`);
  const { onEnd, endAll } = createEnds();
  try {
    const setting = await setUp(options, folder, onEnd);
    const start = Date.now();
    const progress = setInterval(() => {
      const time = String(Math.round((Date.now() - start) / 1000));
      say(`${time.padStart(4)} s  ${progressOf(setting)}`);
      findStrays(setting).catch((err: unknown) => say(String(err)));
    }, PROGRESS);
    onEnd(() => clearInterval(progress));
    await live(setting, options);
    await judge(setting);
    const outcome = {
      title,
      components: setting.components,
      problems: setting.problems.all(),
      trouble: setting.trouble.counts(),
      retries: setting.coordinator.retries(),
    };
    console.log(summaryOf(outcome));
    if (outcome.problems.length === 0) return 0;
    console.log(await explain(outcome, { address: setting.programs.temporalAddress, folder }));
    return 1;
  } finally {
    await endAll();
  }
};

const main = async () => {
  const options = readOptions();
  const folder = path.join(ROOT, '.cache', 'chaos');
  mkdirSync(folder, { recursive: true });
  process.exitCode = await chaos(
    options,
    mkdtempSync(path.join(folder, `seed-${String(options.seed)}-`)),
  );
};

main().catch((err: unknown) => {
  console.error(err);
  process.exitCode = 1;
});
