import { commandsOf } from '../commands';
import { completed, untilBegun } from './rounds';
import type { World } from './rounds';

/* An upgrade by the commands of docs/install.md while runs are open: the same sources, in another image. */

const UPGRADE = commandsOf('install.md', '## Upgrade');
const NAMES = ['upgrade-0', 'upgrade-1', 'upgrade-2'];
const UPGRADED = ['gateway', 'worker'];

export const upgrade = async ({ project, components, variables }: World): Promise<string[]> => {
  const images = () => Promise.all(UPGRADED.map(project.imageOf));
  await components.client.fault({ operation: 'createConnection', status: 503, times: 0 });
  const tokens = await Promise.all(NAMES.map((name) => components.start('provision', name)));
  for (const token of tokens) await untilBegun(components, [token]);
  const before = await images();
  await project.type(variables, UPGRADE);
  for (const service of UPGRADED) await project.untilUp(service, '');
  const after = await images();
  for (const token of tokens)
    if (!(await components.hasBegun(token))) throw new Error(`${token} ended before the upgrade.`);
  await components.client.clearFaults();
  for (const token of tokens) await completed(components, token);
  return [
    ...UPGRADED.filter((_service, at) => after[at] === before[at]).map(
      (service) => `After the upgrade ${service} runs the former image.`,
    ),
    ...(await components.problems()),
  ];
};
