import { commandsOf } from '../commands';
import { createComponents } from './components';
import type { Engine } from './engine';
import { createProject, writeEnvironment } from './project';
import type { Variables } from './project';
import { completed } from './rounds';
import { AIRBYTE, choosePorts, SHORT_RETRIES } from './variables';

/* Two teams on one machine, by the commands of docs/install.md. Each has an Airbyte of its own. */

const UP = commandsOf('install.md', '## Two teams on one machine');

const createTeam = async (engine: Engine, name: string, network: string, secrets: Variables) => {
  const { variables: ports, gatewayUrl, airbyteUrl } = await choosePorts();
  const variables = {
    ...ports,
    ...SHORT_RETRIES,
    ...AIRBYTE,
    ...secrets,
    BASE_PATH: `/${name}`,
    TEMPORAL_TASK_QUEUE: name,
    TEST_NETWORK: network,
  };
  writeEnvironment(name, variables);
  const components = createComponents({ gatewayUrl: `${gatewayUrl}/${name}`, airbyteUrl });
  return { name, variables, components, project: createProject(engine, name) };
};
type Team = Awaited<ReturnType<typeof createTeam>>;

/** Ends a team, and forgets its runs. */
const forget = ({ project, variables }: Team) =>
  project.compose(variables, '--profile', 'demo', 'down', '--volumes', '--timeout', '5');

const compare = async (a: Team, b: Team): Promise<string[]> => {
  const tokenA = await a.components.start('provision', 'of-a');
  const tokenB = await b.components.start('provision', 'of-b');
  await completed(a.components, tokenA);
  await completed(b.components, tokenB);
  const known = [
    ...((await a.components.isKnown(tokenB)) ? ['Team A knows a token of team B.'] : []),
    ...((await b.components.isKnown(tokenA)) ? ['Team B knows a token of team A.'] : []),
  ];
  await forget(b);
  await completed(a.components, tokenA);
  await completed(a.components, await a.components.start('provision', 'after-b'));
  return [...known, ...(await a.components.problems())];
};

export const tryTeams = async (engine: Engine, secrets: Variables): Promise<string[]> => {
  const a = await createTeam(engine, 'team-a', '198.18.78', secrets);
  const b = await createTeam(engine, 'team-b', '198.18.79', secrets);
  try {
    for (const { project, variables } of [a, b])
      await project.compose(variables, 'up', '--detach', '--no-build', 'simulator');
    await a.project.type(a.variables, UP);
    for (const { project } of [a, b])
      for (const service of ['gateway', 'worker']) await project.untilUp(service, '');
    return await compare(a, b);
  } finally {
    for (const team of [a, b]) await forget(team).catch(() => undefined);
  }
};
