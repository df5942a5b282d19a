import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import ms from 'ms';
import { firstFew } from '../../workflows/protocol/lengths';
import { readable } from '../../workflows/protocol/one-line';
import { forTimer, patienceText } from '../contract/durations';
import { LANGUAGES } from '../fabrics/fabric';
import type { Language } from '../fabrics/fabric';
import type { FabricSettings } from '../fabrics/types';
import { suggestion } from '../reading/suggestions';
import type { Named } from '../settings/ownership';
import type { Settings } from '../settings/settings';
import { UNKNOWN } from './engineer';
import { codeFor, look, masked, pageOf, withoutSecrets } from './fabric-check';
import type { OpenedFabric } from './fabric-check';
import { table } from './tables';
import type { Terminal } from './tables';

/** Where a fabric is, for people. */
type AddressOf = (settings: FabricSettings) => string;

interface FabricsCommandDeps extends Terminal {
  /** What the configuration file says; undefined: there is none. */
  settings: () => Settings | undefined;
  addressOf: AddressOf;
  /** One of the file's. */
  open: (fabric: Named<FabricSettings>) => OpenedFabric;
  /** Over when who sits at the terminal wants no more. */
  interruption: () => AbortSignal;
}

interface CheckOptions {
  run?: string;
  language?: Language;
  maxRows: number;
  timeout: string;
  json?: boolean;
}

/** Rows of a result: this is for a look, and they are all held at once. */
const MAX_ROWS = 1000;
/** As of any program that ends with Ctrl-C: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

const ENDED = 'Ended before all was known.';

/** Whether it had begun, was done by then and is over by now, only the fabric can tell. */
const endedIn = (system: string) =>
  `If what was to run had begun, ${system} was asked to end it; what it had done by then stays, and shows there.`;

const NO_FILE =
  'There is no configuration file, so there are no fabrics by name: PROVISIONER_CONFIG names one.';

const listed = (names: readonly string[]) => names.join(', ') || '–';

/** What a type may say that it makes and grants by itself. */
interface Listable {
  manage?: object | undefined;
}

const managedBy = ({ manage = {} }: Listable) =>
  Object.entries(manage).flatMap(([what, does]) => (does === true ? [what] : []));

/** No account, no credentials, no reference to a secret. */
const entriesOf = ({ fabrics }: Pick<Settings, 'fabrics'>, addressOf: AddressOf) =>
  Object.entries(fabrics).map(([name, settings]) => ({
    name,
    type: settings.type,
    team: settings.team,
    sharedWith: settings.sharedWith,
    environments: settings.environments,
    host: addressOf(settings),
    manages: managedBy(settings),
  }));

const listPage = (entries: ReturnType<typeof entriesOf>) =>
  entries.length === 0
    ? 'The configuration file has no fabrics.'
    : table(
        ['NAME', 'TYPE', 'TEAM', 'SHARED WITH', 'ENVIRONMENTS', 'HOST', 'MANAGES'],
        entries.map(({ name, type, team, sharedWith, environments, host, manages }) => [
          name,
          type,
          team,
          listed(sharedWith),
          environments ? listed(environments) : 'all of its team',
          host,
          listed(manages),
        ]),
      );

const rowsWanted = (text: string) => {
  const rows = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (rows < 1 || rows > MAX_ROWS)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${String(MAX_ROWS)}`);
  return rows;
};

const textWanted = (text: string) => {
  if (text.trim() === '') throw new InvalidArgumentError('must have a statement or a command');
  return text;
};

const timeWanted = (text: string) => {
  const patience = patienceText.safeParse(text);
  if (!patience.success)
    throw new InvalidArgumentError(patience.error.issues[0]?.message ?? 'must be a duration');
  return patience.data;
};

/** `provisioner fabrics`: what the file says of them, and whether one does what it would have to. Needs no Temporal. */
export const addFabricsCommand = (program: Command, deps: FabricsCommandDeps) => {
  const { settings, addressOf, open, interruption, print, say, exitWith } = deps;
  const fabrics = program
    .command('fabrics')
    .description('warehouses and engines that the configuration file names');

  fabrics
    .command('list')
    .description('those of the file that PROVISIONER_CONFIG names; calls none')
    .option('--json', 'print one JSON document')
    .action(({ json }: { json?: boolean }) => {
      const given = settings();
      const entries = entriesOf(given ?? { fabrics: {} }, addressOf);
      if (json) print(JSON.stringify(entries, null, 2));
      else print(given ? listPage(entries) : NO_FILE);
    });

  /** Else the command ends as one that was wrongly used. */
  const opened = (name: string, command: Command): OpenedFabric => {
    const given = settings();
    if (!given) return command.error(`error: ${NO_FILE}`);
    const found = given.fabrics[name];
    if (found) return open({ name, settings: found });
    const names = Object.keys(given.fabrics);
    const meant = suggestion(name, names);
    const there = `; there are ${firstFew([...names].sort()).join(', ')}`;
    const others = names.length === 0 ? ', which has none' : meant || there;
    return command.error(
      `error: ${readable(name)} is not a fabric of the configuration file${others}`,
    );
  };

  fabrics
    .command('check')
    .description(
      'say whether one can be reached, and may do what it would have to; changes nothing by itself',
    )
    .argument('<name>', 'as in the configuration file')
    .option('--run <text>', 'also run this: a statement, or with --language a command', textWanted)
    .addOption(
      new Option(
        '--language <language>',
        'run it as a command on the cluster, which is started if it may be',
      ).choices(LANGUAGES),
    )
    .option('--max-rows <rows>', 'at most so many rows of its result', rowsWanted, 100)
    .option('--timeout <duration>', 'how long all of it may take', timeWanted, '10m')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `\nEnds with 0: all passed, 1: something failed, 2: wrong usage, ${String(UNKNOWN)}: nothing failed, and not all could be told, ${String(INTERRUPTED)}: Ctrl-C.`,
    )
    .action(async (name: string, options: CheckOptions, command: Command) => {
      const { run, language, maxRows, timeout, json } = options;
      if (language !== undefined && run === undefined)
        command.error('error: --language says what --run is written in');
      const target = opened(name, command);
      const cancelled = interruption();
      const timeUp = AbortSignal.timeout(forTimer(ms(timeWanted(timeout))));
      const step = { id: `fabrics check ${randomUUID()}`, interest: { cancelled, timeUp } };
      const { system } = target.fabric;
      try {
        const found = await look(target.fabric, { step, run, language, maxRows });
        const document = masked({ fabric: name, system, ...found }, target.redact);
        print(json ? JSON.stringify(document, null, 2) : pageOf(target, found, run !== undefined));
        exitWith(codeFor(found));
      } catch (err) {
        if (!cancelled.aborted) throw withoutSecrets(err, target.redact);
        say(run === undefined ? ENDED : `${ENDED} ${endedIn(system)}`);
        exitWith(INTERRUPTED);
      }
    });
};
