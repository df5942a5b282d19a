import type { Components } from './components';
import { createComponents } from './components';
import { commandsOf } from '../commands';
import {
  alertProblems,
  checkLinks,
  checkRefusals,
  startProblems,
  startTime,
  targetProblems,
} from './compose-checks';
import type { Engine } from './engine';
import { checkImage, sizes } from './image-checks';
import { createProject } from './project';
import type { Project, Variables } from './project';
import { note, say, step } from './report';
import { copyAndRestore } from './restore';
import { provisionAgain, runRounds } from './rounds';
import type { Found, World } from './rounds';
import { tryConfigured } from './configured';
import { tryTeams } from './teams';
import { upgrade } from './upgrade';
import { tryWarehouses } from './warehouses';
import { AIRBYTE, choosePorts, COLLECTOR, KEY, SHORT_RETRIES, writeSecrets } from './variables';

/* What is done with the containers, one after the other, and found wrong. */

/** After the demo: the database of the demo gets the password that is now asked for. */
const NEW_PASSWORD = commandsOf('containers.md', '### Another password for the database');

const showImages = async (engine: Engine) => {
  const { added, problems } = await checkImage(engine);
  note(problems);
  say(`\nImages, in MB, with the layers they share (ours adds ${String(added)} to Debian):`);
  for (const [image, size] of await sizes(engine)) say(`${String(size).padStart(7)}  ${image}`);
};

const showRounds = async (rounds: AsyncIterable<Found>) => {
  say('\nKilled in the middle of three runs:          up again   runs ended');
  for await (const { round, up, ended, statuses, problems } of rounds) {
    const times = [`${String(up)} s`.padStart(10), `${String(ended)} s`.padStart(12)];
    say(`  ${round.padEnd(38)} ${times.join(' ')}   ${statuses}`);
    note(problems);
  }
};

const showRestored = async (work: () => ReturnType<typeof copyAndRestore>) => {
  const { kibibytes, away, back, problems } = await step(
    "Temporal's database copied, lost and restored",
    work,
  );
  say(
    `${String(kibibytes)} KiB compressed; ${String(away)} s without Temporal for the copy, ready ${String(back)} s after the loss.`,
  );
  note(problems);
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

const showStarts = async (project: Project) => {
  const starts = {
    gateway: await startTime(project, 'gateway', 'gateway listens'),
    worker: await startTime(project, 'worker', 'worker probes listen'),
  };
  say(`Milliseconds from the start of a container until it listens: ${JSON.stringify(starts)}`);
  note(startProblems(starts));
};

/** As docs/containers.md leads from the demo to a real Airbyte: with the demo's password it does not work. */
const upForReal = async (project: Project, variables: Variables) => {
  await project.compose(variables, 'up', '--detach', '--no-build', 'simulator');
  const { code } = await project.tryCompose(variables, 'up', '--detach', '--no-build');
  const log = await project.logOf('temporal-schema');
  if (code === 0) note(['With another password of the database all comes up.']);
  if (!log.includes('POSTGRES_PASSWORD is not the password of the database'))
    note([`temporal-schema does not tell that the password is another one: ${log}`]);
  await project.type(variables, NEW_PASSWORD);
  for (const service of ['gateway', 'worker']) await project.untilUp(service, '');
};

const runDemo = async (world: World, prometheusUrl: string) => {
  const { project, variables } = world;
  await step('docker compose up', () => project.compose(variables, 'up', '--detach', '--no-build'));
  await step('The demo has run', () => project.untilEnded('demo'));
  note(await checkLinks(project));
  await showStarts(project);
  await showRounds(runRounds(world));
  note(await targetProblems(prometheusUrl));
  note(await alertProblems(prometheusUrl));
  await showRestored(() => copyAndRestore(world));
};

const runForReal = async ({ project, components, variables }: World) => {
  const before = await components.statuses();
  await step('docker compose down', () => project.compose(variables, '--profile', 'demo', 'down'));
  await step('docker compose up, as for a real Airbyte', () => upForReal(project, variables));
  expectSame(before, await components.statuses());
  await step('Everything provisioned again', () => provisionAgain(components));
  note(await components.problems());
  if (!(await components.hasSecret(KEY))) note(["The key of Snowflake's file is not in Airbyte."]);
  note(await step('Upgraded', () => upgrade({ project, components, variables })));
  await step('Everything unprovisioned', () => removeAll(components));
};

const playLife = async (engine: Engine) => {
  const project = createProject(engine);
  const { variables: ports, ...urls } = await choosePorts();
  const secrets = writeSecrets();
  const common = { ...ports, ...SHORT_RETRIES, ...secrets };
  const variables = { ...common, COMPOSE_PROFILES: 'demo,observability' };
  const components = createComponents(urls);
  const down = (...args: string[]) => project.compose(variables, 'down', ...args);
  try {
    note(await step('What must be refused, with the reason', () => checkRefusals(project)));
    await runDemo({ project, components, variables }, urls.prometheusUrl);
    const real = { ...common, ...AIRBYTE, ...COLLECTOR, COMPOSE_PROFILES: 'observability' };
    await runForReal({ project, components, variables: real });
  } finally {
    await down('--volumes', '--timeout', '5').catch(() => undefined);
  }
};

const PARTS = {
  image: showImages,
  life: playLife,
  teams: async (engine: Engine) => {
    note(await step('Two teams', () => tryTeams(engine, writeSecrets())));
  },
  file: async (engine: Engine) => {
    note(await step('Two teams by a configuration file', () => tryConfigured(engine)));
  },
  fabrics: async (engine: Engine) => {
    note(await step('Simulated warehouses', () => tryWarehouses(engine)));
  },
};
export type Part = keyof typeof PARTS;
export const PART_NAMES: readonly string[] = Object.keys(PARTS);
export const isPart = (name: string): name is Part => name in PARTS;

export const play = async (engine: Engine, parts: readonly Part[]): Promise<void> => {
  for (const part of parts) await PARTS[part](engine);
};
