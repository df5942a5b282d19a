import { setTimeout as pause } from 'node:timers/promises';
import type { Components } from './components';
import type { Project, Variables } from './project';

/* Containers that are killed while runs go on. */

/** Milliseconds by which every answer of Airbyte is late, so that a run can be met in its middle. */
const DELAY = 400;
const PATIENCE = 60_000;
const POLL = 50;
const AT_ONCE = 3;

type Way = 'crash' | 'kill';

type Round = [service: string, way: Way];

/** In this order: each is met by runs of its own. */
const ROUNDS: Round[] = [
  ['gateway', 'crash'],
  ['worker', 'crash'],
  ['temporal', 'crash'],
  ['postgres', 'crash'],
  ['temporal', 'kill'],
  ['worker', 'kill'],
  ['simulator', 'crash'],
];

export interface Found {
  round: string;
  /** Seconds from the kill until the container was up again, and until all runs had ended. */
  up: number;
  ended: number;
  statuses: string;
  problems: string[];
}

const seconds = (since: number) => Math.round((Date.now() - since) / 100) / 10;

export const untilBegun = async ({ hasBegun }: Components, tokens: string[]) => {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    for (const token of tokens) if (await hasBegun(token)) return;
    await pause(POLL);
  }
  throw new Error(`None of these runs was met while it went on: ${tokens.join(', ')}`);
};

/** Throws where a run ends otherwise. */
export const completed = async ({ endOf }: Components, token: string): Promise<void> => {
  const { status, result } = await endOf(token);
  if (status !== 'COMPLETED') throw new Error(`${token}: ${status} ${result}`);
};

/** Of `COMPLETED, COMPLETED, FAILED`: `2 COMPLETED, 1 FAILED`. */
const tally = (statuses: string[]) =>
  [...new Set(statuses)]
    .map((status) => `${String(statuses.filter((each) => each === status).length)} ${status}`)
    .join(', ');

export interface World {
  project: Project;
  components: Components;
  variables: Variables;
}

/** Kills a container while these runs go on, and waits until it is up again; since when it was killed. */
const killDuring = async (
  { project, components, variables }: World,
  tokens: string[],
  [service, way]: Round,
) => {
  await untilBegun(components, tokens);
  const killed = Date.now();
  const since = await project[way](service);
  if (way === 'kill') await project.compose(variables, 'up', '--detach', '--no-build');
  await project.untilUp(service, since);
  return killed;
};

const runRound = async (world: World, round: Round, number: number): Promise<Found> => {
  const { client, start, endOf, problems } = world.components;
  const [service, way] = round;
  await client.fault({ operation: '*', delay: DELAY, times: 0 });
  const names = Array.from({ length: AT_ONCE }, (_, at) => `round-${String(number)}-${String(at)}`);
  const tokens = await Promise.all(names.map((name) => start('provision', name)));
  const killed = await killDuring(world, tokens, round);
  const up = seconds(killed);
  await client.clearFaults();
  const ends = await Promise.all(tokens.map(endOf));
  const ended = seconds(killed);
  // The simulator keeps nothing: what was there is to be had by provisioning it again.
  if (service === 'simulator') await provisionAgain(world.components);
  return {
    round: `${service}, ${way === 'crash' ? 'crashed' : 'killed and brought up'}`,
    up,
    ended,
    statuses: tally(ends.map(({ status }) => status)),
    problems: [...(await problems()), ...unexpected(ends, service)],
  };
};

export async function* runRounds(world: World): AsyncGenerator<Found> {
  for (const [number, round] of ROUNDS.entries()) yield await runRound(world, round, number + 1);
}

/** Nothing but the loss of Airbyte itself is a reason to fail. */
const unexpected = (ends: { token: string; status: string; result: string }[], service: string) =>
  ends
    .filter(({ status }) => status !== 'COMPLETED' && service !== 'simulator')
    .map(({ token, status, result }) => `${token}: ${status} ${result}`);

/** Sends every request once more. */
export const provisionAgain = async (components: Components): Promise<void> => {
  const tokens = await Promise.all(
    components.names().map((name) => components.start('provision', name)),
  );
  await Promise.all(tokens.map((token) => completed(components, token)));
};
