import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { ROOT } from '../scripts/child';
import { addAdoptCommand } from '../src/cli/adopt';
import { addDescribeCommand } from '../src/cli/describe';
import { addDriftCommand } from '../src/cli/drift';
import { addFabricsCommand } from '../src/cli/fabrics';
import { addPlanCommand } from '../src/cli/plan';
import { addProvisionCommand } from '../src/cli/provision';
import { addRunsCommand } from '../src/cli/runs';
import { addValidateCommand } from '../src/cli/validate';

/* Whatever documents tell people to type is understood by the command line. */

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const NAMES =
  'runs (?:list|show|replay|cancel)|fabrics (?:list|check)|drift|adopt|validate|plan|provision|describe';
/** With its program wherever that is named; in code within a sentence often without it. */
const NAMED = new RegExp(`\\bprovisioner(?:\\.js)? ((?:${NAMES}|runs)\\b[^\`|;&#>\\n]*)`, 'g');
/** What has neither an option nor a FILE or TOKEN behind it is only called by its name. */
const UNNAMED = new RegExp(`\`((?:${NAMES}) [-A-Z"][^\`|;&#>\\n]*)`, 'g');

const commandLinesIn = (text: string): string[] =>
  [...text.matchAll(NAMED), ...text.matchAll(UNNAMED)]
    .map(([, line = '']) => line.trim())
    // `runs …` is each of them.
    .filter((line) => line !== 'runs …');

/** As a shell would hand it on, but for what stands for something. */
const argumentsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, word = '']) => double ?? single ?? word,
  );

class Understood extends Error {}

const never = () => {
  throw new Error('Nothing is to be done here.');
};
const silent = { print: never, say: never, exitWith: never };
const engineer = { ...silent, gatewayUrl: 'http://127.0.0.1:1' };

const quiet = (command: Command) => {
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  command.commands.forEach(quiet);
};

/** The command line without what it acts on, which is not come to. */
const commandLine = () => {
  const program = new Command('provisioner').hook('preAction', () => {
    throw new Understood();
  });
  const operations = () => ({
    list: never,
    show: never,
    replay: never,
    replayFailed: never,
    cancel: never,
  });
  addRunsCommand(program, { ...silent, operations, statusOf: never });
  addDriftCommand(program, {
    ...silent,
    drift: { check: never, last: never, knows: never },
    environments: () => undefined,
    replay: never,
    statusOf: never,
  });
  addAdoptCommand(program, {
    ...silent,
    environments: () => undefined,
    adoption: never,
    minSyncInterval: 0,
  });
  addFabricsCommand(program, {
    ...silent,
    settings: never,
    addressOf: never,
    open: never,
    interruption: never,
  });
  for (const add of [addValidateCommand, addPlanCommand, addProvisionCommand, addDescribeCommand])
    add(program, engineer);
  quiet(program);
  return program;
};

/** What the command line has against it. */
const problemOf = async (line: string) => {
  try {
    await commandLine().parseAsync(argumentsOf(line), { from: 'user' });
  } catch (err) {
    if (err instanceof Understood) return undefined;
    if (err instanceof CommanderError) return err.message;
    throw err;
  }
  return 'is no command';
};

test.each(DOCUMENTS)('every command in %s is understood', async (document) => {
  const lines = commandLinesIn(readFileSync(path.join(ROOT, document), 'utf8'));
  const problems: string[] = [];
  for (const line of lines) {
    const problem = await problemOf(line);
    if (problem !== undefined) problems.push(`${line}: ${problem}`);
  }
  expect(problems).toEqual([]);
});

test('documents have commands, and one that is not understood is found', async () => {
  const all = DOCUMENTS.map((each) => readFileSync(path.join(ROOT, each), 'utf8'));
  expect(all.flatMap(commandLinesIn).length).toBeGreaterThan(50);
  const [line = ''] = commandLinesIn('Then `npx provisioner runs list --nosuch`, and look.');
  expect(await problemOf(line)).toBe("error: unknown option '--nosuch'");
  expect(await problemOf('drift --repair --all')).toBe("error: unknown option '--all'");
});
