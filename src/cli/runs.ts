import { Option } from 'commander';
import type { Command } from 'commander';
import ms from 'ms';
import { z } from 'zod';
import { causeTable, replayTable, runPage, runTable } from './tables';
import type { Outcome, Terminal } from './tables';
import { untilEnded } from './wait';
import { patienceText } from '../contract/durations';
import type { ProvisioningStatus } from '../contract/coordinator';
import type { Operations } from '../operator/operations';
import { ReplayFailedRequest, RunFilter } from '../contract/commands';
import { summed } from '../contract/operator';
import type { Replay } from '../contract/operator';
import { wordsFor } from '../contract/wording';
import { OPERATIONS } from '../../workflows/protocol/run-names';

const Patience = z.object({ timeout: patienceText.default('30m').transform((text) => ms(text)) });

type Options = Record<string, unknown>;

interface RunsCommandDeps extends Terminal {
  /** Of Temporal, which a command is sure of only when it acts. */
  operations: () => Operations;
  statusOf: (token: string) => Promise<ProvisioningStatus>;
}

/** As it is typed: `--dry-run` for `dryRun`. */
const flag = (name: PropertyKey) =>
  `--${String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const withFilters = (command: Command) =>
  command
    .addOption(new Option('--operation <operation>', 'only these').choices(OPERATIONS.provisioning))
    .option('--component <component>', 'finance.cashflow.0.bookings, or the URN')
    .option('--environment <environment>', 'only of this environment')
    .option('--since <duration>', 'only runs that go on or ended within it: 30m, 24h, 7d');

const withJson = (command: Command) =>
  command.option('--json', 'print one JSON document instead of a table');

const wasStarted = ({ outcome }: Replay) => outcome === 'replayed' || outcome === 'already running';

/** Whether what was to be replayed was started, or with its status has succeeded. */
const succeeded = ({ outcome, status }: Outcome) =>
  outcome !== 'not started' && (status === undefined || status === 'COMPLETED');

/** The part of the command line that concerns runs. */
export const addRunsCommand = (
  program: Command,
  { operations, statusOf, print, say, exitWith }: RunsCommandDeps,
) => {
  const runs = program
    .command('runs')
    .description('the runs of what was requested; a run is named by its token');

  /** What the arguments mean; else the command ends as one that was wrongly used. */
  const read = <Schema extends z.ZodType>(
    command: Command,
    schema: Schema,
    given: unknown,
  ): z.output<Schema> => {
    const parsed = schema.safeParse(given, { error: wordsFor });
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.map(flag).join(', ')} has no meaning here`
        : `${issue.path.map(flag).join(' ')} ${issue.message}`,
    );
    return command.error(`error: ${problems.join('; ')}`);
  };

  const show = <Answer>(answer: Answer, json: unknown, text: (answer: Answer) => string) =>
    print(json ? JSON.stringify(answer, null, 2) : text(answer));

  const waitedFor = async (replays: Replay[], timeout: number): Promise<Outcome[]> => {
    const tokens = replays.filter(wasStarted).map(({ token }) => token);
    if (tokens.length > 0) say(`Waiting for ${String(tokens.length)} of them to end …`);
    const statuses = await untilEnded(tokens, { statusOf, timeout });
    return replays.map((replay) => {
      if (!wasStarted(replay)) return replay;
      const { status = 'RUNNING', result = '' } = statuses.get(replay.token) ?? {};
      return { ...replay, status, result };
    });
  };

  const replaysOf = async (command: Command, token: string | undefined, given: Options) => {
    const { failed, force = false, ...filter } = given;
    if (token === undefined) {
      if (force) return command.error('error: --force needs a TOKEN: look at each run it is for');
      if (!failed) return command.error('error: give a TOKEN, or --failed for all that failed');
      const request = { ...filter, failed };
      return operations().replayFailed(read(command, ReplayFailedRequest, request));
    }
    const [extra] = Object.keys({ ...(failed !== undefined && { failed }), ...filter });
    if (extra) return command.error(`error: ${flag(extra)} and a TOKEN do not go together`);
    return [await operations().replay(token, { force: Boolean(force) })];
  };

  withJson(withFilters(runs.command('list')))
    .description('runs, each token once: those that go on first, then those that ended last')
    .option('--failed', 'only Failed, Terminated and TimedOut ones')
    .option('--running', 'only those that go on')
    .option(
      '--stuck',
      'only those whose step fails each time, that no worker takes, or that do not end',
    )
    .option('--by-cause', 'a line for each cause instead of each run')
    .option('--limit <number>', 'at most so many (default: 50)', Number)
    .action(async ({ json, byCause, ...given }: Options, command: Command) => {
      const list = await operations().list(read(command, RunFilter, given));
      const [first, ...others] = list.runs.flatMap(({ notKnown }) => notKnown ?? []);
      if (first !== undefined)
        say(`Not all is known of ${String(others.length + 1)} of these runs. ${first}`);
      show(list, json, byCause ? causeTable : runTable);
    });

  withJson(runs.command('show'))
    .description('one run: its steps, attempts and last errors, and what is left in Airbyte')
    .argument('<token>')
    .action(async (token: string, { json }: Options) => {
      show(await operations().show(token), json, runPage);
    });

  withJson(withFilters(runs.command('replay')))
    .description('do again what a run was to do, under the same token; or all that --failed')
    .argument('[token]')
    .option('--failed', 'all whose newest run failed and that no later request has superseded')
    .option('--dry-run', 'with --failed: only tell what would be replayed')
    .option('--force', 'with a TOKEN: also a run that completed or was superseded')
    .option('--wait', 'wait for the end of what was replayed')
    .option('--timeout <duration>', 'with --wait: how long (default: 30m)')
    .option('--all', 'name also those of many that are left alone')
    .action(async (token: string | undefined, given: Options, command: Command) => {
      const { json, wait, timeout, all, ...rest } = given;
      const patience = read(command, Patience, { timeout }).timeout;
      const replays = await replaysOf(command, token, rest);
      const outcomes: Outcome[] = wait ? await waitedFor(replays, patience) : replays;
      show(summed(outcomes), json, (answer) => replayTable(answer, { all: Boolean(all) }));
      exitWith(outcomes.every(succeeded) ? 0 : 1);
    });

  withJson(runs.command('cancel'))
    .description('end a run: a provision undoes what it did, an unprovision stops where it is')
    .argument('<token>')
    .action(async (token: string, { json }: Options) => {
      show(await operations().cancel(token), json, ({ message }) => message);
    });
};
