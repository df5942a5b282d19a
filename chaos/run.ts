import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ROOT } from '../scripts/child';
import { startSimulator } from '../src/simulator/simulator';
import { flawsOf, orphansIn, differencesOf, World } from './check';
import { createCoordinator } from './coordinator';
import { disturb, LATEST_COMMIT, outageOf, planDisturbances } from './disturbances';
import type { Disturbance } from './disturbances';
import { startFlakyProxy } from './flaky-proxy';
import { createComponent } from './load';
import type { Component, Load } from './load';
import { startPrograms } from './programs';
import { createRandom } from './random';
import { alarmsIn, explain, summaryOf } from './report';
import type { Counts } from './report';
import { createRuns } from './runs';

/** Milliseconds after the load for what is under way to end. */
const PATIENCE = 150_000;
const PROGRESS = 10_000;

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

const readOptions = (): Options =>
  new Command('npm run chaos --')
    .description(
      'Kills programs and breaks the network while components provision, update and unprovision.',
    )
    .option('--seed <number>', 'of all chance', number(Number.isSafeInteger, 'a whole number'))
    .option(
      '--minutes <number>',
      'of load',
      number((value) => value > 0, 'above 0'),
      3,
    )
    .option('--components <number>', 'at once', number(isWhole, 'a whole number above 0'), 50)
    .parse()
    .opts<Options>();

const say = (line: string) => process.stderr.write(`${line}\n`);

/** What is started is ended in reverse, however we end. */
const createEnds = () => {
  const ends: (() => Promise<unknown>)[] = [];
  const endAll = async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void endAll().finally(() => process.exit(130)));
  return { onEnd: (end: () => Promise<unknown>) => ends.push(end), endAll };
};

const abortable = () => {
  const controller = new AbortController();
  // Each component waits with it.
  setMaxListeners(0, controller.signal);
  return controller;
};

const chaos = async ({ seed, minutes, components: count }: Options) => {
  const { onEnd, endAll } = createEnds();
  const logs = path.join(ROOT, '.cache', 'chaos');
  mkdirSync(logs, { recursive: true });
  const folder = mkdtempSync(path.join(logs, `seed-${String(seed)}-`));
  const title = `seed ${String(seed)}, ${String(minutes)} minutes, ${String(count)} components`;
  say(`${title}; logs in ${folder}`);

  const load: Load = { sent: [], ended: [], problems: [] };
  const counts: Counts = { kills: {}, faults: 0, outage: outageOf(minutes), harms: 0, retries: 0 };
  const complain = (what: string[], tokens: string[] = []) => {
    load.problems.push(...what.map((each) => ({ what: each, tokens })));
  };

  try {
    const simulator = await startSimulator();
    onEnd(simulator.close);
    const proxy = await startFlakyProxy(simulator.port, createRandom(seed, 'proxy'));
    onEnd(proxy.close);
    const programs = await startPrograms({
      folder,
      airbyteUrl: proxy.url,
      onDeath: (message) => complain([message]),
    });
    onEnd(programs.stop);
    await programs.start();

    const [enough, giveUp] = [abortable(), abortable()];
    const coordinator = createCoordinator(programs.gatewayUrls, giveUp.signal);
    const runs = createRuns(programs.temporalAddress, giveUp.signal);
    onEnd(runs.close);
    const control = async (method: string, at: string, body?: object): Promise<unknown> => {
      const answer = await fetch(`${simulator.url}/_simulator${at}`, {
        method,
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    };
    const look = async () => World.parse(await control('GET', '/entities'));

    const names = Array.from({ length: count }, (_, index) => `c${String(index + 1)}`);
    const given = { seed, coordinator, runs, look, enough: enough.signal };
    const components = names.map((name) => createComponent(name, given, load));

    const restarts: Promise<unknown>[] = [];
    const happen = (disturbance: Disturbance) => {
      if (disturbance.what === 'fault') {
        counts.faults += 1;
        restarts.push(control('POST', '/faults', disturbance.fault));
      } else if (disturbance.what === 'weather') {
        restarts.push(change(disturbance));
      } else {
        restarts.push(kill(disturbance));
      }
    };
    const kill = async ({ victim, which, downFor }: Extract<Disturbance, { what: 'kill' }>) => {
      const program = programs.victim(victim, which);
      const killed = program?.kill(downFor);
      if (await killed) counts.kills[victim] = (counts.kills[victim] ?? 0) + 1;
    };
    const change = async ({ weather, lasts }: Extract<Disturbance, { what: 'weather' }>) => {
      // An outage is not interrupted by mere flakiness.
      if (proxy.weather() !== 'fair' && weather === 'flaky') return;
      proxy.turn(weather);
      await pause(lasts, undefined, { signal: enough.signal }).catch(() => undefined);
      if (proxy.weather() === weather) proxy.turn('fair');
    };

    const start = Date.now();
    const progress = setInterval(() => {
      const open = load.sent.filter(({ status }) => !status).length;
      const time = String(Math.round((Date.now() - start) / 1000)).padStart(4);
      say(
        `${time} s  ${String(load.sent.length)} sent, ${String(open)} open, network ${proxy.weather()}, kills ${JSON.stringify(counts.kills)}, ${String(load.problems.length)} problems`,
      );
    }, PROGRESS);
    onEnd(() => Promise.resolve(clearInterval(progress)));

    const lives = components.map((component) => component.live());
    const troubles = disturb(planDisturbances(seed, minutes), happen, enough.signal);
    const settled = Promise.allSettled(lives);
    await pause(minutes * 60_000);
    enough.abort();
    await troubles.catch(() => undefined);
    await Promise.all(restarts);
    proxy.turn('fair');
    await control('DELETE', '/faults');
    const timer = setTimeout(() => giveUp.abort(), PATIENCE);
    onEnd(() => Promise.resolve(clearTimeout(timer)));
    await settled;
    for (const component of components) void component;
    const crashes = (await settled).filter((life) => life.status === 'rejected');
    if (!giveUp.signal.aborted) complain(crashes.map(({ reason }) => String(reason)));
    for (const { token, status } of load.sent)
      if (!status) complain(flawsOf(token, status), [token]);

    const checkAll = async () => {
      await pause(LATEST_COMMIT);
      const world = await look();
      for (const { key, expected } of components) complain(differencesOf(key, expected(), world));
      complain(
        orphansIn(
          world,
          components.map(({ key }: Component) => key),
        ),
      );
    };
    await checkAll();
    await Promise.all(components.map((component) => component.mend()));
    await checkAll();
    complain((await runs.open()).map((id) => `${id} still runs`));
    complain(alarmsIn(programs.logFiles()));
    complain(coordinator.refusals);

    counts.harms = proxy.harms();
    counts.retries = coordinator.retries();
    console.log(summaryOf(title, load, counts));
    if (load.problems.length === 0) return 0;
    console.log(await explain(load, programs.temporalAddress, folder));
    return 1;
  } finally {
    await endAll();
  }
};

const main = async () => {
  const { seed = randomInt(1_000_000), ...options } = readOptions();
  process.exitCode = await chaos({ seed, ...options });
};

main().catch((err: unknown) => {
  console.error(err);
  process.exitCode = 1;
});
