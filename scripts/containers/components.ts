import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ProvisioningStatus } from '../../src/contract/coordinator';
import { ROOT } from '../child';
import { createDemoClient, EXAMPLE, requestFor } from '../demo-client';

/* Components that are provisioned through the published port, and what has to be true of them. */

/** Milliseconds until a run that does not end is given up, and between two looks. */
const PATIENCE = 180_000;
const POLL = 250;

export const Entities = z.object({
  sources: z.array(z.looseObject({ sourceId: z.string(), name: z.string() })),
  destinations: z.array(z.looseObject({ destinationId: z.string(), name: z.string() })),
  connections: z.array(
    z.looseObject({ name: z.string(), sourceId: z.string(), destinationId: z.string() }),
  ),
});

interface Ended {
  token: string;
  status: string;
  result: string;
}

/** What the service `demo` provisions: the example as it is. */
const EXAMPLE_COMPONENT = 'bookings';

export const bodyOf = (name: string, removeData = false): string =>
  requestFor(
    readFileSync(path.join(ROOT, EXAMPLE), 'utf8').replaceAll(EXAMPLE_COMPONENT, name),
    removeData,
  );

/** What of a component is in Airbyte, such as `1 1 1`: sources, destinations, connections between them. */
const countOf = (
  name: string,
  { sources, destinations, connections }: z.infer<typeof Entities>,
) => {
  const owned = (entity: { name: string }) => entity.name.includes(`finance.cashflow.0.${name} `);
  const own = { sources: sources.filter(owned), destinations: destinations.filter(owned) };
  const between = connections.filter(
    ({ sourceId, destinationId }) =>
      own.sources.some((source) => source.sourceId === sourceId) &&
      own.destinations.some((destination) => destination.destinationId === destinationId),
  );
  return [own.sources, own.destinations, between].map(({ length }) => length).join(' ');
};

const EXPECTED: Record<string, string> = { COMPLETED: '1 1 1', FAILED: '0 0 0' };

export const createComponents = (urls: { gatewayUrl: string; airbyteUrl: string }) => {
  const client = createDemoClient(urls);
  /** Token of each component's provision. */
  const tokens = new Map<string, string>();

  const getJson = async (url: string): Promise<unknown> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) }).catch(
      (cause: unknown) => {
        throw new Error(`${url} does not answer`, { cause });
      },
    );
    if (!response.ok) throw new Error(`${url} answered ${String(response.status)}`);
    return response.json();
  };
  const entities = async () =>
    Entities.parse(await getJson(`${urls.airbyteUrl}/_simulator/entities`));
  const statusOf = async (token: string) =>
    ProvisioningStatus.parse(await getJson(`${urls.gatewayUrl}/v1/provision/${token}/status`));

  /** Polls as the Coordinator does: what does not answer is asked again. */
  const endOf = async (token: string): Promise<Ended> => {
    const deadline = Date.now() + PATIENCE;
    let seen = 'no answer';
    while (Date.now() < deadline) {
      const status = await statusOf(token).catch(() => undefined);
      if (status && status.status !== 'RUNNING')
        return { token, status: status.status, result: status.result };
      seen = status?.status ?? seen;
      await pause(POLL);
    }
    throw new Error(`${token} has not ended after ${String(PATIENCE / 1000)} s: ${seen}`);
  };

  const start = async (operation: 'provision' | 'unprovision', name: string) => {
    const { text: token } = await client.start(operation, bodyOf(name));
    if (operation === 'provision') tokens.set(name, token);
    return token;
  };

  /** What is not as the statuses say, of all components so far. */
  const problems = async (expected: (name: string, status: string) => string) => {
    const there = await entities();
    const found: string[] = [];
    for (const [name, token] of tokens) {
      const { status } = await statusOf(token);
      const count = countOf(name, there);
      const wanted = expected(name, status);
      if (count !== wanted)
        found.push(`${name}: ${status}, and Airbyte has ${count} instead of ${wanted}`);
    }
    const known = [...tokens.keys(), EXAMPLE_COMPONENT];
    const strange = [...there.sources, ...there.destinations].filter(
      (entity) => !known.some((name) => entity.name.includes(`.0.${name} `)),
    );
    return [...found, ...strange.map(({ name }) => `${name} is nobody's`)];
  };

  return {
    client,
    start,
    endOf,
    statusOf,
    names: () => [...tokens.keys()],
    statuses: async () => {
      const all = await Promise.all([...tokens.values()].map(statusOf));
      return all.map(({ status, result }) => `${status}: ${result}`);
    },
    /** Whether a secret has come to Airbyte. */
    hasSecret: async (secret: string) => {
      const answer = await fetch(`${urls.airbyteUrl}/_simulator/entities?secrets=true`);
      return (await answer.text()).includes(secret);
    },
    /** Every token's status against what Airbyte has. */
    problems: () => problems((_name, status) => EXPECTED[status] ?? 'an end'),
    /** After a removal nothing may be there, whatever the provision's status. */
    leftovers: () => problems(() => '0 0 0'),
    /** Whether the gateway has a status for it: a token that was never given is answered with 400. */
    isKnown: async (token: string) =>
      (await fetch(`${urls.gatewayUrl}/v1/provision/${token}/status`)).status !== 400,
    hasBegun: async (token: string) => {
      const { status, logs = [] } = await statusOf(token);
      return status === 'RUNNING' && logs.length > 0;
    },
  };
};
export type Components = ReturnType<typeof createComponents>;
