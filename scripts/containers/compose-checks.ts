import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../child';
import type { Compose, Project, Variables } from './project';
import { AIRBYTE, writeSecrets } from './variables';

/* What docker-compose.yml has to do beside bringing all of it up. */

const PROFILES = [[], ['demo'], ['fabrics'], ['observability'], ['demo', 'observability']];

/** Milliseconds, on a machine that does other things too, from a container's start until it listens. */
const LONGEST_START = 8000;

const Line = z.object({ time: z.number(), msg: z.string() });

const ELSEWHERE = path.join(ROOT, 'ops', 'compose', 'temporal-elsewhere.yaml');

/** With a Temporal elsewhere both files make sense together, and nothing of Temporal is started. */
const checkElsewhere = async ({ compose }: Compose) => {
  const variables = {
    AIRBYTE_URL: 'https://airbyte.example.com',
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_NAMESPACE: 'provisioners',
  };
  const listed = await compose(variables, '--file', ELSEWHERE, 'config', '--services');
  const services = listed.trim().split('\n').toSorted();
  if (services.join() !== 'gateway,resolver,settings,worker')
    throw new Error(`With a Temporal elsewhere these are started: ${services.join(', ')}`);
};

/** The file says the same to everybody: with a real Airbyte, in every profile, with a Temporal elsewhere. */
export const checkFile = async (project: Compose): Promise<void> => {
  const { compose } = project;
  const real = {
    AIRBYTE_URL: 'https://airbyte.example.com',
    POSTGRES_PASSWORD: 'of-the-test',
  };
  for (const profiles of PROFILES)
    for (const variables of [{}, real])
      await compose(
        variables,
        ...profiles.flatMap((name) => ['--profile', name]),
        'config',
        '--quiet',
      );
  await checkElsewhere(project);
};

interface Refusal {
  what: string;
  variables: Variables;
  args: string[];
  says: string;
}

const WORKSPACE = '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6';
const refusals = (): Refusal[] => [
  {
    what: 'no Airbyte is named, and none is simulated',
    variables: {},
    args: ['up', '--no-build', '--exit-code-from', 'settings', 'settings'],
    says: 'set AIRBYTE_URL as .env.example says',
  },
  {
    what: 'Airbyte is named, and nothing else',
    variables: { AIRBYTE_URL: 'http://192.0.2.1', POSTGRES_PASSWORD: 'of-the-test' },
    args: ['up', '--no-build', '--exit-code-from', 'settings', 'settings'],
    says: 'AIRBYTE_WORKSPACE_ID is required',
  },
  {
    what: 'Airbyte is named, and the database has no password',
    variables: { AIRBYTE_URL: 'http://192.0.2.1', AIRBYTE_WORKSPACE_ID: WORKSPACE },
    args: ['up', '--no-build', '--exit-code-from', 'settings', 'settings'],
    says: 'POSTGRES_PASSWORD must be set',
  },
  {
    what: 'the gateway cannot see the file of a secret of its own',
    variables: {
      ...AIRBYTE,
      AIRBYTE_URL: 'http://192.0.2.1',
      OTEL_EXPORTER_OTLP_HEADERS_FILE: '/secrets/AIRBYTE_CLIENT_SECRET',
      ...writeSecrets(),
    },
    args: ['up', '--no-build', '--exit-code-from', 'settings', 'settings'],
    says: 'OTEL_EXPORTER_OTLP_HEADERS_FILE must be /secrets/gateway/NAME',
  },
  {
    what: 'the demo is started with a real Airbyte',
    variables: { AIRBYTE_URL: 'http://192.0.2.1' },
    args: ['run', '--rm', '--no-deps', 'demo'],
    says: 'The example is not provisioned: AIRBYTE_URL is http://192.0.2.1',
  },
  {
    what: 'Temporal is not there',
    variables: { TEMPORAL_SETUP_SECONDS: '5' },
    args: ['run', '--rm', '--no-deps', 'temporal-setup'],
    says: 'is not set up, as this fails: temporal operator cluster health',
  },
];

/** What is not refused, or for no visible reason. */
export const checkRefusals = async ({ tryCompose, compose }: Compose): Promise<string[]> => {
  const problems: string[] = [];
  for (const { what, variables, args, says } of refusals()) {
    const { code, all } = await tryCompose(variables, ...args);
    if (code === 0) problems.push(`Where ${what}, nothing fails.`);
    else if (!all.includes(says)) problems.push(`Where ${what}, the reason is not said: ${all}`);
    await compose({}, 'down', '--volumes', '--timeout', '1');
  }
  return problems;
};

/** Milliseconds from the start of a container until its program listens. */
export const startTime = async ({ stateOf, logOf }: Project, service: string, says: string) => {
  const { StartedAt } = await stateOf(service);
  const lines = (await logOf(service)).split('\n').filter((line) => line.startsWith('{'));
  const listens = lines.map((line) => Line.parse(JSON.parse(line))).find(({ msg }) => msg === says);
  if (!listens) throw new Error(`${service} has not said "${says}".`);
  return listens.time - Date.parse(StartedAt);
};

export const startProblems = (times: Record<string, number>): string[] =>
  Object.entries(times)
    .filter(([, time]) => time > LONGEST_START)
    .map(
      ([name, time]) =>
        `${name} listens after ${String(time)} ms: ${String(LONGEST_START)} at most.`,
    );

/** The links that the demo prints, which all must lead somewhere. */
export const checkLinks = async ({ logOf }: Project): Promise<string[]> => {
  const said = await logOf('demo');
  const links = said.match(/http:\/\/\S+/g) ?? [];
  if (links.length < 5 || !said.includes('COMPLETED')) return [`The demo says only: ${said}`];
  const problems: string[] = [];
  for (const link of links) {
    const { ok, status } = await fetch(link);
    if (!ok) problems.push(`The demo's link ${link} answers ${String(status)}.`);
  }
  return problems;
};

const Targets = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({
        health: z.string(),
        labels: z.object({ job: z.string() }),
        lastError: z.string(),
      }),
    ),
  }),
});

/** What Prometheus cannot scrape. */
export const targetProblems = async (prometheusUrl: string): Promise<string[]> => {
  const answer = await fetch(`${prometheusUrl}/api/v1/targets`);
  const { activeTargets } = Targets.parse(await answer.json()).data;
  const jobs = new Set(activeTargets.map(({ labels }) => labels.job));
  return [
    ...['provisioner-gateway', 'provisioner-worker', 'temporal']
      .filter((job) => !jobs.has(job))
      .map((job) => `Prometheus has no ${job}.`),
    ...activeTargets
      .filter(({ health }) => health !== 'up')
      .map(
        ({ labels, health, lastError }) => `Prometheus: ${labels.job} is ${health} ${lastError}`,
      ),
  ];
};

const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});

/** Alerts that Prometheus does not have, or cannot evaluate. */
export const alertProblems = async (prometheusUrl: string): Promise<string[]> => {
  const answer = await fetch(`${prometheusUrl}/api/v1/rules`);
  const { groups } = Rules.parse(await answer.json()).data;
  const rules = groups.flatMap((group) => group.rules);
  if (rules.length === 0) return ['Prometheus has no alerts.'];
  return rules
    .filter(({ lastError }) => lastError !== undefined)
    .map(({ name, lastError = '' }) => `Prometheus: ${name}: ${lastError}`);
};
