import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findCli } from '../scripts/temporal';
import type { Load, Problem } from './load';

const SHOWN_HISTORIES = 5;
const SHOWN_LINES = 40;

/** What was done to the programs and the network. */
export interface Counts {
  kills: Record<string, number>;
  faults: number;
  outage: number;
  harms: number;
  retries: number;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

const outcomesOf = ({ ended }: Load, operation: string) => {
  const runs = ended.filter(({ token }) => token.startsWith(`${operation}.`));
  const failed = runs.filter(({ status }) => status.status !== 'COMPLETED').length;
  return `${String(runs.length - failed)} completed, ${String(failed)} failed`;
};

/** The lines at the end of a run, whatever it showed. */
export const summaryOf = (title: string, load: Load, counts: Counts): string => {
  const kills = Object.entries(counts.kills).map(([name, times]) => `${name} ${String(times)}`);
  const longest = load.ended.reduce((most, { milliseconds }) => Math.max(most, milliseconds), 0);
  const rows = [
    ['provision', outcomesOf(load, 'provision')],
    ['unprovision', outcomesOf(load, 'unprovision')],
    ['requests', `${String(load.sent.length)} sent, ${String(counts.retries)} calls repeated`],
    ['longest run', seconds(longest)],
    ['killed', kills.join(', ')],
    ['faults', `${String(counts.faults)} at Airbyte, ${String(counts.harms)} in the network`],
    ['outage', `Airbyte was down for ${seconds(counts.outage)}`],
    ['verdict', load.problems.length === 0 ? 'clean' : `${String(load.problems.length)} problems`],
  ];
  return [title, ...rows.map(([what = '', told = '']) => `  ${what.padEnd(12)} ${told}`)].join(
    '\n',
  );
};

/** What a worker says when a run and its code do not fit, or when it breaks. */
const ALARMS = /nondetermin|TMPRL11\d\d|failing workflow task|workflow task fail|panicked/i;

export const alarmsIn = (logFiles: string[]): string[] =>
  logFiles.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => ALARMS.test(line))
      .map((line) => `${path.basename(file)}: ${line.slice(0, 500)}`),
  );

const run = promisify(execFile);

/** Saves the history of a token's latest run for a replay, and shows how it went. */
const showHistory = async (token: string, address: string, folder: string) => {
  const show = async (...more: string[]) => {
    const where = ['--address', address, '--workflow-id', token];
    const { stdout } = await run(findCli(), ['workflow', 'show', ...where, ...more], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };
  const file = path.join(folder, `${token}.json`);
  writeFileSync(file, await show('--output', 'json'));
  const lines = (await show()).split('\n').slice(0, SHOWN_LINES);
  return [`${token}: ${file}`, ...lines].join('\n');
};

/** What was wrong, with the statuses and histories of the runs concerned. */
export const explain = async (
  { problems, ended }: Pick<Load, 'problems' | 'ended'>,
  address: string,
  folder: string,
): Promise<string> => {
  const tokens = [...new Set(problems.flatMap((problem: Problem) => problem.tokens))];
  const statuses = ended
    .filter(({ token }) => tokens.includes(token))
    .map(({ token, runId, closedAt, status }) =>
      [new Date(closedAt).toISOString(), token, runId, status.status, status.result].join(' '),
    );
  const histories = await Promise.all(
    tokens
      .slice(0, SHOWN_HISTORIES)
      .map((token) =>
        showHistory(token, address, folder).catch((err: unknown) => `${token}: ${String(err)}`),
      ),
  );
  return [
    'What was wrong:',
    ...problems.map(({ what }) => `- ${what}`),
    'The runs concerned, as they ended:',
    ...statuses,
    'Histories:',
    ...histories,
  ].join('\n');
};
