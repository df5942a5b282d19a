import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ProvisioningStatus, ValidationResult } from '../src/contract/coordinator';
import type { Log } from '../src/contract/coordinator';
import { ROOT } from './child';
import { SECRETS_DIR } from './simulator-keys';
import type { Stack, StandIns } from './stack';

export const EXAMPLE = 'examples/cashflow.yaml';
export const REQUESTS = '.cache/demo';
const FABRICS = 'examples/fabrics.yaml';
const CONFIGURATION = path.join(REQUESTS, 'provisioner.yaml');

/** Milliseconds between two looks at a run, and until one that does not end is given up. */
const POLL = 100;
const PATIENCE = 60_000;

const entity = <Kind extends 'source' | 'destination' | 'connection'>(kind: Kind) =>
  z.record(z.string(), z.unknown()).transform((given) => ({
    kind,
    name: z.string().parse(given.name),
    id: z.string().parse(given[`${kind}Id`]),
  }));
const Entities = z
  .object({
    sources: z.array(entity('source')),
    destinations: z.array(entity('destination')),
    connections: z.array(entity('connection')),
  })
  .transform((all) => [...all.sources, ...all.destinations, ...all.connections]);
export type Entity = z.infer<typeof Entities>[number];

const Grant = z.object({ privilege: z.string(), role: z.string() });
const Warehouse = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      comment: z.string().nullish(),
      schemas: z.array(
        z.object({
          name: z.string(),
          comment: z.string().nullish(),
          grants: z.array(Grant),
          futureGrants: z.array(
            z.object({ privilege: z.string(), on: z.string(), role: z.string() }),
          ),
        }),
      ),
    }),
  ),
  roles: z.array(z.object({ name: z.string(), comment: z.string().nullish() })),
  members: z.array(z.object({ role: z.string(), name: z.string() })),
});

const TAG = 'provisioner:';
const isOurs = ({ comment }: { comment?: string | null | undefined }) =>
  comment?.startsWith(TAG) === true;

/** What carries our tag, a line each, and what it is granted. */
const linesOf = ({ databases, roles, members }: z.infer<typeof Warehouse>): string[] => {
  const ours = roles.filter(isOurs);
  const isRole = (name: string) => ours.some((role) => role.name === name);
  const schemas = databases.flatMap((database) =>
    database.schemas.filter(isOurs).map((schema) => ({ ...schema, in: database.name })),
  );
  return [
    ...databases.filter(isOurs).map(({ name, comment }) => `database  ${name}  (${comment ?? ''})`),
    ...schemas.map((schema) => `schema    ${schema.in}.${schema.name}  (${schema.comment ?? ''})`),
    ...ours.map(({ name, comment }) => `role      ${name}  (${comment ?? ''})`),
    ...schemas.flatMap(({ grants, futureGrants }) => [
      ...grants
        .filter(({ role }) => isRole(role))
        .map(({ privilege, role }) => `grant     ${privilege} on the schema to ${role}`),
      ...futureGrants
        .filter(({ role }) => isRole(role))
        .map(({ privilege, on, role }) => `grant     ${privilege} on future ${on} to ${role}`),
    ]),
    ...members
      .filter(({ role }) => isRole(role))
      .map(({ role, name }) => `member    ${name} of ${role}`),
  ];
};

const Statements = z.object({ requests: z.array(z.object({ statement: z.string().nullish() })) });

const Requests = z.object({
  requests: z.array(z.object({ operation: z.string().nullable(), method: z.string() })),
});

export const requestFor = (descriptor: string, removeData = false) =>
  JSON.stringify({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor, removeData });

const READERS = ['user:jane.doe_example.com'];
const accessFor = (descriptor: string) =>
  JSON.stringify({ refs: READERS, provisionInfo: { request: descriptor, result: '' } });

/** One text per change must be there: the demo would go on with the wrong descriptor unnoticed. */
const changed = (text: string, changes: [from: RegExp, to: string][]) =>
  changes.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${EXAMPLE} has no line like ${String(from)} any more.`);
    return after;
  }, text);

/** The example of a configuration file, with where its stand-ins are here. */
export const prepareConfiguration = ({ airbyteUrl, snowflakeUrl, databricksUrl }: StandIns) => {
  const example = readFileSync(path.join(ROOT, FABRICS), 'utf8');
  const here = example
    .replace('http://127.0.0.1:8000', airbyteUrl)
    .replace('http://127.0.0.1:8097', snowflakeUrl)
    .replace('http://127.0.0.1:8098', databricksUrl);
  const file = path.join(ROOT, CONFIGURATION);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, here);
  return { PROVISIONER_CONFIG: file, SECRETS_DIR, FINGERPRINT_KEY: 'of the demo' };
};

/** Bodies of requests, under the names of their files. */
export interface Bodies {
  bookings: string;
  /** The same with three mistakes. */
  wrong: string;
  /** Another component, with a schema of its own. */
  forecast: string;
  /** The first, with what it wrote. */
  everything: string;
  /** Who shall read the data of the first. */
  access: string;
}

/** Written to files too, so that the commands shown can be typed. */
export const prepareBodies = (example: string, { airbyteUrl }: Stack): Bodies => {
  // A file the simulator can read, so that the streams it discovers are real.
  const url = `url: ${airbyteUrl}/_simulator/files/cashflow.csv`;
  const descriptor = changed(example, [[/url: .*/, url]]);
  const mistakes: [RegExp, string][] = [
    [/url: .*/, 'url: cashflow.csv'],
    [/database: .*/, '$&\n            password: not-a-real-password'],
    [/cronExpression: .*/, 'cronExpression: daily at six'],
  ];
  const bodies = {
    bookings: requestFor(descriptor),
    wrong: requestFor(changed(descriptor, mistakes)),
    forecast: requestFor(
      changed(descriptor, [
        [/bookings/g, 'forecast'],
        [/schema: .*/, 'schema: FORECAST_0'],
      ]),
    ),
    everything: requestFor(descriptor, true),
    access: accessFor(descriptor),
  };
  mkdirSync(path.join(ROOT, REQUESTS), { recursive: true });
  for (const [name, body] of Object.entries(bodies))
    writeFileSync(path.join(ROOT, REQUESTS, `${name}.json`), body);
  return bodies;
};

const call = async (url: string, init: RequestInit = {}) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { headers, ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}: ${text}`);
  return { status: response.status, text };
};

/** The two sides of the demo: the gateway as the Coordinator uses it, and a look into Airbyte. */
export const createDemoClient = ({
  gatewayUrl,
  airbyteUrl,
  snowflakeUrl = '',
}: Pick<Stack, 'gatewayUrl' | 'airbyteUrl'> & { snowflakeUrl?: string }) => {
  const post = (path: string, body: string) =>
    call(`${gatewayUrl}/v1/${path}`, { method: 'POST', body });
  const control = `${airbyteUrl}/_simulator`;
  const warehouse = `${snowflakeUrl}/_simulator`;
  return {
    validate: async (body: string): Promise<ValidationResult> =>
      ValidationResult.parse(JSON.parse((await post('validate', body)).text)),

    /** The answer to a request that changes something. */
    start: (operation: 'provision' | 'unprovision' | 'updateacl', body: string) =>
      post(operation, body),

    /** Polls until the run has ended, telling each line of its log once. */
    follow: async (token: string, show: (log: Log) => void): Promise<ProvisioningStatus> => {
      const deadline = Date.now() + PATIENCE;
      let shown = 0;
      while (Date.now() < deadline) {
        const { text } = await call(`${gatewayUrl}/v1/provision/${token}/status`);
        const status = ProvisioningStatus.parse(JSON.parse(text));
        const { logs = [] } = status;
        logs.slice(shown).forEach(show);
        shown = Math.max(shown, logs.length);
        if (status.status !== 'RUNNING') return status;
        await pause(POLL);
      }
      throw new Error(`The run ${token} did not end within ${String(PATIENCE / 1000)} s.`);
    },

    /** What exists in Airbyte. */
    entities: async (): Promise<Entity[]> =>
      Entities.parse(JSON.parse((await call(`${control}/entities`)).text)),

    /** What of ours exists in Snowflake. */
    warehouse: async (): Promise<string[]> =>
      linesOf(Warehouse.parse(JSON.parse((await call(`${warehouse}/entities`)).text))),

    /** How many statements Snowflake was sent since, and how many of those change anything. */
    statements: async () => {
      const { requests } = Statements.parse(JSON.parse((await call(`${warehouse}/requests`)).text));
      const sent = requests.flatMap(({ statement }) => statement ?? []);
      const changes = sent.filter((text) => !/^(SHOW|SELECT) /.test(text));
      return { reads: sent.length - changes.length, writes: changes.length };
    },

    forgetCalls: async () => {
      await call(`${control}/requests`, { method: 'DELETE' });
      await call(`${warehouse}/requests`, { method: 'DELETE' });
    },
    /** How many calls Airbyte got since then that read, and that write; tokens are neither. */
    calls: async () => {
      const { text } = await call(`${control}/requests`);
      const { requests } = Requests.parse(JSON.parse(text));
      const calls = requests.filter(({ operation }) => operation !== 'createAccessToken');
      const reads = calls.filter(({ method }) => method === 'GET').length;
      return { reads, writes: calls.length - reads };
    },
    fault: (fault: object) =>
      call(`${control}/faults`, { method: 'POST', body: JSON.stringify(fault) }),
    clearFaults: () => call(`${control}/faults`, { method: 'DELETE' }),
  };
};
export type DemoClient = ReturnType<typeof createDemoClient>;
