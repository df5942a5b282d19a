import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../src/contract/json';
import { saveHistory } from './history';
import type { Component } from './load';
import type { Problem } from './problems';
import { CHANGES } from './requests';
import type { ClosedRun } from './runs';
import type { Trouble } from './trouble';

const SHOWN_HISTORIES = 12;

interface Outcome {
  title: string;
  components: Component[];
  problems: Problem[];
  trouble: ReturnType<Trouble['counts']>;
  /** Calls of the Coordinator that had to be repeated. */
  retries: number;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

const countsOf = (ended: ClosedRun[], operation: string) => {
  const runs = ended.filter(({ token }) => token.startsWith(`${operation}.`));
  const failed = runs.filter(({ status }) => status.status !== 'COMPLETED').length;
  return `${String(runs.length - failed)} completed, ${String(failed)} failed`;
};

/** Changes of who reads, in the fabrics of one system. */
const accessIn = (components: Component[], system: string) => {
  const those = components.filter(({ fabric }) => fabric === system);
  const counts = countsOf(
    those.flatMap(({ ended }) => ended),
    'updateacl',
  );
  const changes = those.flatMap((component) => component.changes());
  const kinds = CHANGES.map(
    (kind) => `${kind} ${String(changes.filter((change) => change === kind).length)}`,
  );
  return `${counts} (${kinds.join(', ')})`;
};

/** The lines at the end, whatever they show. */
export const summaryOf = ({ title, components, problems, trouble, retries }: Outcome): string => {
  const ended = components.flatMap((component) => component.ended);
  const sent = components.flatMap((component) => component.sent).length;
  const longest = ended.reduce((most, { milliseconds }) => Math.max(most, milliseconds), 0);
  const kills = Object.entries(trouble.kills).map(([name, times]) => `${name} ${String(times)}`);
  const ofSide = (side: 'airbyte' | 'fabric' | 'lakehouse') =>
    `${String(trouble.faults[side])} and ${String(trouble.harms[side])} in the network`;
  const rows = [
    ['requests', `${String(sent)} sent, ${String(retries)} calls repeated`],
    ['provision', countsOf(ended, 'provision')],
    ['unprovision', countsOf(ended, 'unprovision')],
    ...['Snowflake', 'Databricks'].map((system) => [
      'updateacl',
      `${accessIn(components, system)} in ${system}`,
    ]),
    ['longest run', seconds(longest)],
    ['killed', `${kills.join(', ')}, each started again`],
    [
      'outages',
      `Airbyte was down for ${seconds(trouble.outages.airbyte)}, Snowflake for ${seconds(trouble.outages.fabric)}, Databricks for ${seconds(trouble.outages.lakehouse)}`,
    ],
    [
      'faults',
      `${ofSide('airbyte')} at Airbyte, ${ofSide('fabric')} at Snowflake, ${ofSide('lakehouse')} at Databricks`,
    ],
    ['secrets', `rotated ${String(trouble.rotations)} times`],
    ['outcome', problems.length === 0 ? 'clean' : `${String(problems.length)} problems`],
  ];
  return [title, ...rows.map(([what = '', shown = '']) => `  ${what.padEnd(12)} ${shown}`)].join(
    '\n',
  );
};

/**
 * What a worker says when a run and its code do not fit, or when it breaks. TMPRL1104 is neither: a task
 * that took over five seconds (sdk-core, managed_run.rs), as on a machine with too much to do.
 * One that hangs in our code fails, and that is told.
 */
const ALARMS = /nondetermin|TMPRL11(?!04)\d\d|failing workflow task|workflow task fail|panicked/i;

const LogLine = z.object({ workflowId: z.string().optional(), msg: z.string() });

const messageIn = (line: string) => {
  const { data } = LogLine.safeParse(parseJson(line));
  return data ? [data.workflowId, data.msg].filter(Boolean).join(' ') : line;
};

export const alarmsIn = (logFiles: string[]): string[] =>
  logFiles.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => ALARMS.test(line))
      .map((line) => `${path.basename(file)}: ${messageIn(line).slice(0, 500)}`),
  );

/** What was wrong, with the statuses and histories of the runs concerned. */
export const explain = async (
  { problems, components }: Outcome,
  where: { address: string; folder: string },
): Promise<string> => {
  const tokens = [...new Set(problems.flatMap((problem) => problem.tokens))];
  const runs = components
    .flatMap(({ ended }) => ended)
    .filter(({ token }) => tokens.includes(token))
    .sort((one, other) => one.closedAt - other.closedAt);
  const describe = async (how: string, token: string, runId?: string) =>
    [how, await saveHistory(token, runId, where).catch(String)].join('\n  ');
  const describeEnded = ({ token, runId, closedAt, status: { status, result } }: ClosedRun) =>
    describe(
      `${new Date(closedAt).toISOString()} ${token} ${runId} ${status}: ${result}`,
      token,
      runId,
    );
  const endless = tokens.filter((token) => !runs.some((run) => run.token === token));
  return [
    'What was wrong:',
    ...problems.map(({ what }) => `- ${what}`),
    'The runs concerned, those without an end last:',
    ...(await Promise.all(runs.slice(0, SHOWN_HISTORIES).map(describeEnded))),
    ...(await Promise.all(
      endless.slice(0, SHOWN_HISTORIES).map((token) => describe(`${token} has not ended`, token)),
    )),
  ].join('\n');
};
