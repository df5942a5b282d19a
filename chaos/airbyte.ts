import { z } from 'zod';
import { startSimulator } from '../simulator/simulator';
import { World } from './check';
import { startFlakyProxy } from './flaky-proxy';
import { createRandom } from './random';

const Requests = z.object({
  requests: z.array(
    z.object({
      secrets: z
        .array(z.object({ sha256: z.string().nullable(), host: z.string().nullable() }))
        .default([]),
    }),
  ),
});

export type Airbyte = Awaited<ReturnType<typeof startAirbyte>>;

/** The simulator behind a network that can break. It is told and asked past that network. */
export const startAirbyte = async (seed: number) => {
  const simulator = await startSimulator();
  const proxy = await startFlakyProxy(simulator.port, createRandom(seed, 'proxy'));
  const control = async (method: string, at: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${simulator.url}/_simulator${at}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  return {
    /** Through the network. */
    url: proxy.url,
    network: proxy,
    look: async () => World.parse(await control('GET', '/entities?secrets=true')),
    /** The secrets that writes carried: of the last ten thousand calls at least. */
    sentSecrets: async () => {
      const { requests } = Requests.parse(await control('GET', '/requests'));
      return requests.flatMap(({ secrets }) => secrets);
    },
    fault: (fault: object) => control('POST', '/faults', fault),
    clearFaults: () => control('DELETE', '/faults'),
    close: async () => {
      await proxy.close();
      await simulator.close();
    },
  };
};
