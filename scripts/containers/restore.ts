import { untilBegun } from './rounds';
import type { World } from './rounds';

/* The commands of docs/install.md for a copy of Temporal's database, taken while a run is open. */

const DATABASES = ['temporal', 'temporal_visibility'];

/** Its run is open in the copy, and has ended when the database is lost. */
const OPEN = 'open-in-the-copy';
/** Of this one the copy knows nothing. */
const LATER = 'after-the-copy';

const seconds = (since: number) => Math.round((Date.now() - since) / 100) / 10;

/** The statements that make both databases, and for how many seconds there was no Temporal. */
const copy = async ({ project: { compose, stateOf, untilUp }, variables }: World) => {
  const since = Date.now();
  const { StartedAt } = await stateOf('temporal');
  await compose(variables, 'stop', 'temporal');
  const dumps: string[] = [];
  for (const database of DATABASES)
    dumps.push(
      await compose(
        variables,
        ...['exec', '-T', 'postgres', 'pg_dump', '--username', 'temporal'],
        ...['--create', '--clean', '--if-exists', database],
      ),
    );
  await compose(variables, 'up', '--detach', '--no-build', 'temporal');
  await untilUp('temporal', StartedAt);
  return { text: dumps.join('\n'), away: seconds(since) };
};

/** Seconds until gateway and worker are ready again, with an empty volume to begin with. */
const restore = async ({ project, variables }: World, text: string) => {
  const since = Date.now();
  await project.compose(variables, 'up', '--detach', '--no-build', 'postgres');
  await project.untilUp('postgres', '');
  await project.feed(
    variables,
    text,
    ...['exec', '-T', 'postgres', 'psql', '--username', 'temporal', '--dbname', 'postgres'],
    ...['--quiet', '--set', 'ON_ERROR_STOP=1'],
  );
  await project.compose(variables, 'up', '--detach', '--no-build');
  await project.untilUp('gateway', '');
  await project.untilUp('worker', '');
  return seconds(since);
};

const completed = async ({ components: { endOf } }: World, token: string) => {
  const { status, result } = await endOf(token);
  if (status !== 'COMPLETED') throw new Error(`${token}: ${status} ${result}`);
};

export const copyAndRestore = async (world: World) => {
  const { project, components } = world;
  await components.client.fault({ operation: 'createConnection', status: 503, times: 0 });
  const open = await components.start('provision', OPEN);
  await untilBegun(components, [open]);
  const { text, away } = await copy(world);
  if (!(await components.hasBegun(open))) throw new Error(`${open} has ended before the copy.`);
  await components.client.clearFaults();
  await completed(world, open);
  const later = await components.start('provision', LATER);
  await completed(world, later);
  const before = await components.statuses();
  await project.lose('postgres', ['temporal', 'temporal-ui', 'gateway', 'worker']);
  const back = await restore(world, text);
  await completed(world, open);
  const problems = (await components.isKnown(later)) ? [`${later} is known to the copy.`] : [];
  // What was made after the copy is found in Airbyte by its names.
  await completed(world, await components.start('provision', LATER));
  const after = await components.statuses();
  const differ = before.filter((status, at) => status !== after[at]);
  return {
    kibibytes: Math.round(text.length / 1024),
    away,
    back,
    problems: [
      ...problems,
      ...differ.map((status) => `Restored with another status than: ${status}`),
      ...(await components.problems()),
    ],
  };
};
