import type { Command } from 'commander';
import { RequestError } from '../contract/problems';
import type { Problem } from '../contract/problems';
import { readSettingsFile } from '../settings/file';
import type { Settings } from '../settings/settings';
import { table } from './tables';
import type { Terminal } from './tables';

const problemLine = (file: string, { path, line, message }: Problem) =>
  `${file}${line === undefined ? '' : `:${String(line)}`}: ${path}: ${message}`;

const listed = (names: readonly string[]) => names.join(', ') || '–';

/** What a reader of the file wants to see at a glance; no address, no secret. */
const pageOf = (file: string, { environments, teams, fabrics, gateway }: Settings) =>
  [
    `${file} is right.`,
    table(
      ['ENVIRONMENT', 'TASK QUEUE', 'DEFAULT FABRIC', 'UPDATEACL'],
      Object.entries(environments).map(([name, { taskQueue, defaultFabric, workspaceAccess }]) => [
        name,
        taskQueue ?? 'of TEMPORAL_TASK_QUEUE',
        defaultFabric ?? '–',
        workspaceAccess,
      ]),
    ),
    table(
      ['TEAM', 'DOMAINS', 'ENVIRONMENTS', 'SECRETS'],
      Object.entries(teams).map(([name, { domains, environments: where, secrets }]) => [
        name,
        listed(domains),
        listed(where),
        listed(secrets),
      ]),
    ),
    table(
      ['FABRIC', 'TYPE', 'TEAM', 'SHARED WITH', 'ENVIRONMENTS'],
      Object.entries(fabrics).map(([name, { type, team, sharedWith, environments: where }]) => [
        name,
        type,
        team,
        listed(sharedWith),
        where ? listed(where) : 'all of its team',
      ]),
    ),
    `Callers: ${gateway.auth.mode}.`,
  ].join('\n');

const checked = (file: string): { settings?: Settings; problems: Problem[] } => {
  try {
    return { settings: readSettingsFile(file), problems: [] };
  } catch (err) {
    if (err instanceof RequestError) return { problems: err.problems };
    throw err;
  }
};

/** `provisioner config`: the file that PROVISIONER_CONFIG names. Needs no gateway and no Temporal. */
export const addConfigCommand = (program: Command, { print, exitWith }: Terminal) => {
  program
    .command('config')
    .description('look at a configuration file')
    .command('check')
    .description('say what is wrong with it, each with its line; resolves no secret')
    .argument('<file>', 'the file that PROVISIONER_CONFIG is to name')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nEnds with 0: it is right, 1: it is not.')
    .action((file: string, { json }: { json?: boolean }) => {
      const { settings, problems } = checked(file);
      const valid = settings !== undefined;
      if (json) print(JSON.stringify({ valid, problems }, null, 2));
      else if (settings) print(pageOf(file, settings));
      else
        print(
          [...problems.map((each) => problemLine(file, each)), `${file} is not right.`].join('\n'),
        );
      exitWith(valid ? 0 : 1);
    });
};
