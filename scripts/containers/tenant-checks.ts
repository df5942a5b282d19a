import { z } from 'zod';
import { findCli } from '../temporal';
import type { Ask, Call } from './callers';
import { bodyOf, Entities } from './components';
import { read } from './place';
import type { Project, Variables } from './project';
import { KEY_ID, SECRETS } from './tenants';
import type { Client, Team } from './tenants';

/* What has to be true of two teams in one deployment. */

/** What has a file, and what is started after `settings`. */
export const PROGRAMS = ['gateway', 'worker', 'codec'];

/** What of a plan nobody may read in Temporal. */
const IN_PLANS = 'https://files.example.com/finance/cashflow.csv';

export const requestOf = (team: Team, name: string): string =>
  bodyOf(name)
    .replaceAll(':finance:', `:${team}:`)
    .replaceAll('domain: finance', `domain: ${team}`);

export interface Deployment {
  project: Project;
  variables: Variables;
  tokens: Record<Client, string>;
  call: Call;
  trust: (certificate: string) => void;
  gateway: string;
  codec: string;
  airbyteUrl: string;
}

/** What is answered otherwise than it has to be. */
const answerProblems = async (
  { call }: Deployment,
  rows: [what: string, status: number, ask: Ask][],
): Promise<string[]> => {
  const problems: string[] = [];
  for (const [what, wanted, ask] of rows) {
    const { status, said } = await call(ask);
    if (status !== wanted)
      problems.push(`${what} is answered ${String(status)} instead of ${String(wanted)}: ${said}`);
  }
  return problems;
};

/** Before the file knows marketing. */
export const strangers = (deployment: Deployment) => {
  const url = `${deployment.gateway}/v1/provision`;
  const body = requestOf('finance', 'of-nobody');
  return answerProblems(deployment, [
    ['Who shows nothing', 401, { url, body }],
    ['A token that the file does not have', 401, { url, body, client: 'marketing' }],
    ['A probe', 200, { url: `${deployment.gateway}/readyz` }],
  ]);
};

/** One team against the other. */
export const foreigners = async (deployment: Deployment, ofFinance: string) => {
  const { call, gateway } = deployment;
  const statusOf = (token: string) => `${gateway}/v1/provision/${token}/status`;
  const never = ofFinance.replace(/[0-9a-f]{12}$/, '000000000000');
  const [foreign, unknown] = await Promise.all(
    [ofFinance, never].map((token) => call({ url: statusOf(token), client: 'marketing' })),
  );
  const told = foreign?.said.replaceAll(ofFinance, never) === unknown?.said;
  return [
    ...(told ? [] : ['A token of the other team is answered otherwise than one that never was.']),
    ...(await answerProblems(deployment, [
      ['A token of the other team', 400, { url: statusOf(ofFinance), client: 'marketing' }],
      [
        "The other team's descriptor",
        403,
        {
          url: `${gateway}/v1/provision`,
          client: 'marketing',
          body: requestOf('finance', 'of-the-other'),
        },
      ],
      ['A team at the codec server', 403, payloadsFor(deployment, 'finance')],
      ['Nobody at the codec server', 401, payloadsFor(deployment)],
    ])),
  ];
};

const payloadsFor = ({ codec }: Deployment, client?: Client): Ask => ({
  url: `${codec}/decode`,
  ...(client && { client }),
  body: '{"payloads":[]}',
});

/** What of a run Temporal has, as its command line shows it; base64 is what it does not understand. */
const historyOf = async (
  { variables }: Deployment,
  token: string,
  more: string[] = [],
  env = {},
) => {
  const shown = await read({
    command: findCli(),
    args: [
      ...['workflow', 'show', '--workflow-id', token, '--output', 'json'],
      ...['--address', `127.0.0.1:${variables.TEMPORAL_PORT ?? ''}`, ...more],
    ],
    env: { ...process.env, ...env },
  });
  const inBase64 = [...shown.matchAll(/"([A-Za-z0-9+/]{16,}={0,2})"/g)].map(([, found = '']) =>
    Buffer.from(found, 'base64').toString('latin1'),
  );
  return [shown, ...inBase64].join('\n');
};

export const encryptionProblems = async (
  deployment: Deployment,
  token: string,
  certificate: string,
) => {
  const { project, variables, tokens, codec } = deployment;
  const stored = await historyOf(deployment, token);
  const decoded = await historyOf(
    deployment,
    token,
    ['--codec-endpoint', codec, '--codec-auth', `Bearer ${tokens.operator}`],
    { SSL_CERT_FILE: certificate },
  );
  const keys = await project.compose(
    variables,
    ...['exec', '-T', 'worker', 'node', 'dist/src/provisioner.js', 'keys', 'list'],
  );
  return [
    ...(stored.includes('binary/encrypted') ? [] : ['Temporal has nothing encrypted of a run.']),
    ...(stored.includes(IN_PLANS) ? ['Temporal has a plan in clear.'] : []),
    ...(decoded.includes(IN_PLANS) ? [] : ['The codec server does not give the plan back.']),
    ...(new RegExp(`^${KEY_ID} +encrypts `, 'm').test(keys) ? [] : [`The keys are: ${keys}`]),
  ];
};

const Line = z.looseObject({ caller: z.string().optional(), operation: z.string() });

/** Of who did what, the lines that there have to be; and no secret in any log. */
export const logProblems = async ({ project, tokens }: Deployment, token: string) => {
  const logs = await Promise.all(PROGRAMS.map(project.logOf));
  const lines = (logs[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"operation"'))
    .map((line) => Line.parse(JSON.parse(line)));
  const wanted = [
    { caller: 'finance-deploys', operation: 'provision', status: 202, token },
    { caller: 'marketing-deploys', operation: 'provision', status: 403 },
    { operation: 'provision', status: 401 },
  ];
  const has = (row: object) =>
    lines.some((line) => Object.entries(row).every(([name, value]) => line[name] === value));
  return [
    ...wanted
      .filter((row) => !has(row))
      .map((row) => `The audit has no line with ${JSON.stringify(row)}.`),
    ...[...Object.values(SECRETS), ...Object.values(tokens), IN_PLANS]
      .filter((secret) => logs.some((log) => log.includes(secret)))
      .map((secret) => `A log has ${secret}.`),
  ];
};

/** Each team's data goes to its own place, with its own secret. */
export const airbyteProblems = async ({ airbyteUrl }: Deployment) => {
  const answer = await fetch(`${airbyteUrl}/_simulator/entities?secrets=true`);
  const { destinations } = Entities.parse(await answer.json());
  const has = (...parts: string[]) =>
    destinations.some((each) => parts.every((part) => JSON.stringify(each).includes(part)));
  return [
    ...(destinations.length === 2 ? [] : [`Airbyte has ${String(destinations.length)} places.`]),
    ...(has('finance.snowflakecomputing.com', SECRETS.FINANCE)
      ? []
      : ["Finance's place is not there."]),
    ...(has('marketing.snowflakecomputing.com', SECRETS.MARKETING)
      ? []
      : ["Marketing's place is not there."]),
  ];
};
