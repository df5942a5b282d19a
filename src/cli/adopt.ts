import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { readWanted } from '../descriptor/adoption';
import type { Adoption } from '../operator/adoption';
import { MAX_REPORTED } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import { MAX_WANTED, REASONS, adoptionEnvironment, countOpen } from '../contract/adoption';
import type { AdoptionQuery, AdoptionReport, Left, Reason, Row } from '../contract/adoption';
import { environmentName } from '../contract/commands';
import { mustBeConfigured } from './environments';
import type { ConfiguredEnvironments } from './environments';
import { table } from './tables';
import type { Terminal } from './tables';
import { MAX_ENVIRONMENT } from '../descriptor/component';

/** The exit code where something is left to do; 1 is an error. */
const LEFT = 3;
const SHOWN = 20;

interface AdoptCommandDeps extends Terminal {
  adoption: Adoption;
  environments: ConfiguredEnvironments;
  /** Seconds that Airbyte wants between two syncs, for reading descriptors as the gateway does. */
  minSyncInterval: number;
}

interface Options {
  environment?: string;
  descriptor?: string[];
  dryRun?: boolean;
  yes?: boolean;
  limit: string;
  after?: string;
  json?: boolean;
}

const isReason = (text: string): text is Reason => text in REASONS;

const totalsOf = ({ totals: { take, taken, ours, left } }: AdoptionReport, isDone: boolean) => [
  isDone
    ? `Taken over: ${String(taken)} of ${String(take)}. Already the components': ${String(ours)}.`
    : `To be taken over: ${String(take)}. Already the components': ${String(ours)}.`,
  ...Object.entries(left).map(
    ([reason, count]) =>
      `Left, as ${isReason(reason) ? REASONS[reason] : reason}: ${String(count)}.`,
  ),
];

const takeRow = ({ key, name, connectionId }: Row) => [key, inOneLine(name), connectionId];
const leftRow = ({ reason, name, id, detail }: Left) => [
  reason,
  `${inOneLine(name)}\n${id}`,
  inOneLine(detail),
];

const section = (head: string[], rows: string[][], total: number) =>
  rows.length === 0
    ? []
    : [
        table(head, rows.slice(0, SHOWN)),
        ...(total > SHOWN ? [`… and ${String(total - Math.min(SHOWN, rows.length))} more.`] : []),
        '',
      ];

const pageOf = (report: AdoptionReport, isDone: boolean) => {
  const left = report.left.filter(({ reason }) => reason !== 'foreign');
  const all = Object.entries(report.totals.left)
    .filter(([reason]) => reason !== 'foreign')
    .reduce((sum, [, count]) => sum + count, 0);
  return [
    ...(isDone
      ? []
      : section(['COMPONENT', 'CONNECTION', 'ID'], report.take.map(takeRow), report.totals.take)),
    ...section(['LEFT', 'WHAT', 'WHY'], left.map(leftRow), all),
    ...totalsOf(report, isDone),
  ].join('\n');
};

/** Several reports of as many parts of the descriptors. */
const joined = (reports: AdoptionReport[]): AdoptionReport => {
  const sum = (of: (report: AdoptionReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const left: AdoptionReport['totals']['left'] = {};
  for (const { totals } of reports)
    for (const [reason, count] of Object.entries(totals.left))
      if (isReason(reason)) left[reason] = (left[reason] ?? 0) + count;
  return {
    totals: {
      take: sum(({ totals }) => totals.take),
      taken: sum(({ totals }) => totals.taken),
      ours: sum(({ totals }) => totals.ours),
      left,
    },
    take: reports.flatMap(({ take }) => take),
    left: reports.flatMap((report) => report.left),
  };
};

const environmentOf = ({ key }: { key: string }) => key.split('/')[0] ?? '';

/** Each is about one environment: another may have another Airbyte. */
const queriesOf = (
  { environment, descriptor }: Options,
  minSyncInterval: number,
  command: Command,
): AdoptionQuery[] => {
  if ((environment === undefined) === (descriptor === undefined))
    return command.error('error: give either --environment ENV or --descriptor FILE…');
  if (environment !== undefined) {
    const rule = environmentName.max(
      MAX_ENVIRONMENT,
      `may have ${String(MAX_ENVIRONMENT)} characters at most`,
    );
    const problems = rule.safeParse(environment).error?.issues.map(({ message }) => message);
    if (problems) return command.error(`error: --environment ${problems.join('; ')}`);
    return [{ environment }];
  }
  const wanted = readWanted(descriptor ?? [], minSyncInterval);
  const names = [...new Set(wanted.map(environmentOf))];
  return names.flatMap((name) => {
    const some = wanted.filter((one) => environmentOf(one) === name);
    return Array.from({ length: Math.ceil(some.length / MAX_WANTED) }, (_, part) => ({
      wanted: some.slice(part * MAX_WANTED, (part + 1) * MAX_WANTED),
    }));
  });
};

const isConfirmed = async (count: number) => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Take over ${String(count)} pipelines? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
};

/** `provisioner adopt`: what the existing provisioner has made becomes the components'. */
export const addAdoptCommand = (
  program: Command,
  { adoption, environments, minSyncInterval, print, say, exitWith }: AdoptCommandDeps,
) => {
  const ask = async (queries: AdoptionQuery[], how: Omit<Parameters<Adoption>[0], 'query'>) => {
    const reports: AdoptionReport[] = [];
    for (const query of queries) reports.push(await adoption({ query, ...how }));
    return joined(reports);
  };

  const show = (
    report: AdoptionReport,
    { json, isDone }: { json?: boolean | undefined; isDone: boolean },
  ) => print(json ? JSON.stringify(report, null, 2) : pageOf(report, isDone));

  program
    .command('adopt')
    .description('take over the pipelines that the existing provisioner has made: a plan first')
    .option('--environment <environment>', 'of components that are told by the names in Airbyte')
    .option('--descriptor <files...>', 'descriptors: their connections, by their exact names')
    .option('--dry-run', 'only tell what would be taken over, and what is left and why')
    .option('--yes', 'do it without asking')
    .option(
      '--limit <number>',
      `how many of the plan are listed, at most ${String(MAX_REPORTED)}`,
      '20',
    )
    .option('--after <component>', 'list those after this component key')
    .option('--json', 'print one JSON document instead of tables')
    .addHelpText('after', '\nEnds with 0: nothing is left to do, 3: something is, 1: an error.')
    .action(async (given: Options, command: Command) => {
      const { dryRun, yes, json, after } = given;
      const limit = Number(given.limit);
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_REPORTED)
        return command.error(`error: --limit must be a number from 1 to ${String(MAX_REPORTED)}`);
      if (!dryRun && !yes && !process.stdin.isTTY)
        return command.error('error: nobody can be asked here: give --dry-run or --yes');
      const queries = queriesOf(given, minSyncInterval, command);
      for (const query of queries) mustBeConfigured(adoptionEnvironment(query), environments());
      const plan = await ask(queries, { perform: false, limit, after });
      const codeFor = (open: number) => (open > 0 ? LEFT : 0);
      if (!json || dryRun) show(plan, { json, isDone: false });
      if (dryRun || plan.totals.take === 0) {
        if (json && !dryRun) show(plan, { json, isDone: false });
        exitWith(codeFor(plan.totals.take + countOpen(plan)));
        return;
      }
      if (!yes && !(await isConfirmed(plan.totals.take))) {
        say('Nothing was changed.');
        exitWith(LEFT);
        return;
      }
      const report = await ask(queries, { perform: true, limit });
      show(report, { json, isDone: true });
      exitWith(codeFor(report.totals.take - report.totals.taken + countOpen(report)));
    });
};
