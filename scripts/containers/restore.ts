import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { commandsOf } from '../commands';
import { WORK } from './project';
import { completed, untilBegun } from './rounds';
import type { World } from './rounds';

/* A copy of Temporal's database by the commands of docs/install.md, taken while a run is open. */

const COPY = commandsOf('install.md', "### A copy of Temporal's database");
const PUT_BACK = commandsOf('install.md', '### Put it back');

/** Its run is open in the copy, and has ended when the database is lost. */
const OPEN = 'open-in-the-copy';
/** Of this one the copy knows nothing. */
const LATER = 'after-the-copy';

const seconds = (since: number) => Math.round((Date.now() - since) / 100) / 10;

const copiesIn = (folder: string) =>
  readdirSync(folder).filter((name) => /^temporal-.*\.sql/.test(name));

/** The name of the copy's file, and for how many seconds there was no Temporal. */
const copy = async ({ project: { type, stateOf, untilUp }, variables }: World) => {
  for (const name of copiesIn(WORK)) rmSync(path.join(WORK, name));
  const since = Date.now();
  const { StartedAt } = await stateOf('temporal');
  await type(variables, COPY);
  await untilUp('temporal', StartedAt);
  const [file, ...others] = copiesIn(WORK);
  if (!file?.endsWith('.sql.gz') || others.length > 0)
    throw new Error(`The copy is not one file: ${[file, ...others].join(', ')}`);
  return { file, away: seconds(since) };
};

/** Seconds until gateway and worker are ready again, with an empty volume to begin with. */
const putBack = async ({ project, variables }: World, file: string) => {
  const since = Date.now();
  const stem = file.replace(/\.sql\.gz$/, '');
  await project.type(variables, PUT_BACK.replaceAll(/temporal-\d{4}[\d-]*/g, stem));
  await project.untilUp('gateway', '');
  await project.untilUp('worker', '');
  return seconds(since);
};

export const copyAndRestore = async (world: World) => {
  const { project, components } = world;
  await components.client.fault({ operation: 'createConnection', status: 503, times: 0 });
  const open = await components.start('provision', OPEN);
  await untilBegun(components, [open]);
  const { file, away } = await copy(world);
  if (!(await components.hasBegun(open))) throw new Error(`${open} has ended before the copy.`);
  await components.client.clearFaults();
  await completed(components, open);
  const later = await components.start('provision', LATER);
  await completed(components, later);
  const before = await components.statuses();
  await project.lose('postgres', ['temporal', 'temporal-ui', 'gateway', 'worker']);
  const back = await putBack(world, file);
  await completed(components, open);
  const problems = (await components.isKnown(later)) ? [`${later} is known to the copy.`] : [];
  // What was made after the copy is found in Airbyte by its names.
  await completed(components, await components.start('provision', LATER));
  const after = await components.statuses();
  const differ = before.filter((status, at) => status !== after[at]);
  return {
    kibibytes: Math.round(statSync(path.join(WORK, file)).size / 1024),
    away,
    back,
    problems: [
      ...problems,
      ...differ.map((status) => `Restored with another status than: ${status}`),
      ...(await components.problems()),
    ],
  };
};
