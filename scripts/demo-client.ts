import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ProvisioningStatus, ValidationResult } from '../src/contract/coordinator';
import type { Log } from '../src/contract/coordinator';
import { ROOT } from './child';
import type { Stack } from './stack';

export const EXAMPLE = 'examples/cashflow.yaml';
export const REQUESTS = '.cache/demo';

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

const Requests = z.object({
  requests: z.array(z.object({ operation: z.string().nullable(), method: z.string() })),
});

export const requestFor = (descriptor: string) =>
  JSON.stringify({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor, removeData: false });

/** One text per change must be there: the demo would go on with the wrong descriptor unnoticed. */
const changed = (text: string, changes: [from: RegExp, to: string][]) =>
  changes.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${EXAMPLE} has no line like ${String(from)} any more.`);
    return after;
  }, text);

/** Bodies of requests, under the names of their files. */
export interface Bodies {
  bookings: string;
  /** The same with three mistakes. */
  wrong: string;
  /** Another component. */
  forecast: string;
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
    forecast: requestFor(changed(descriptor, [[/bookings/g, 'forecast']])),
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
}: Pick<Stack, 'gatewayUrl' | 'airbyteUrl'>) => {
  const post = (path: string, body: string) =>
    call(`${gatewayUrl}/v1/${path}`, { method: 'POST', body });
  const control = `${airbyteUrl}/_simulator`;
  return {
    validate: async (body: string): Promise<ValidationResult> =>
      ValidationResult.parse(JSON.parse((await post('validate', body)).text)),

    /** The answer to a request that changes something. */
    start: (operation: 'provision' | 'unprovision', body: string) => post(operation, body),

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

    forgetCalls: () => call(`${control}/requests`, { method: 'DELETE' }),
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
