import pino from 'pino';
import { z } from 'zod';
import { createAirbyte } from '../../src/airbyte/client';
import type { AirbyteOptions } from '../../src/airbyte/client';
import { detect } from '../../src/airbyte/instance';
import type { AirbyteAuth } from '../../src/airbyte/session';
import { createRedactor } from '../../src/secrets/masking';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../../simulator/simulator';
import type { SimulatorOptions } from '../../simulator/simulator';
import { POSTGRES, SNOWFLAKE, postgres, snowflake } from './simulator-bodies';

/* Clients of a simulator of their own, without gateway and worker. */

const SECRET = 'simulator-secret';
const never = new AbortController().signal;
export const interest = { cancelled: never, timeUp: never };

const optionsOf = (given: Partial<AirbyteOptions>): AirbyteOptions => ({
  api: 'auto',
  url: '',
  credentials: () =>
    Promise.resolve({ kind: 'oauth', clientId: 'simulator', clientSecret: SECRET }),
  workspaceId: DEFAULT_WORKSPACE_ID,
  requestTimeout: 5000,
  maxInFlight: 3,
  redactor: createRedactor([SECRET, 'hush']),
  log: pino({ level: 'silent' }),
  ...given,
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** Ended with the test, as what `startAirbyte` starts is. */
export const atEnd = (close: () => unknown) => closing.push(close);

export const airbyteOf = (given: Partial<AirbyteOptions>) => createAirbyte(optionsOf(given));

export const clientOf = (given: Partial<AirbyteOptions>) => airbyteOf(given).airbyteFor(interest);

/** An interest, and what ends it. */
export const interestOf = () => {
  const [cancelled, timeUp] = [new AbortController(), new AbortController()];
  return { cancelled, timeUp, interest: { cancelled: cancelled.signal, timeUp: timeUp.signal } };
};

/** What is found at an address with these credentials. */
export const detectAt = (url: string, auth: AirbyteAuth) =>
  detect(optionsOf({ url, credentials: () => Promise.resolve(auth) }));

const Requests = z.object({
  requests: z.array(z.object({ operation: z.string().nullable() })),
  maxInFlight: z.number(),
});

/** A simulator, what steers it, and a client of each API. */
export const startAirbyte = async (given: SimulatorOptions = {}) => {
  const simulator = await startSimulator({ ...given, port: 0 });
  atEnd(() => simulator.close());
  const { url } = simulator;
  const client = (options: Partial<AirbyteOptions> = {}) => clientOf({ url, ...options });
  const control = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', body: JSON.stringify(body), headers };
    const response = await fetch(`${url}/_simulator${path}`, init);
    expect({ status: response.status, text: await response.text() }).toMatchObject({ status: 200 });
  };
  const seen = async () => {
    const answer: unknown = await (await fetch(`${url}/_simulator/requests`)).json();
    return Requests.parse(answer);
  };
  const requests = async () => (await seen()).requests.map(({ operation }) => operation);
  const inFlight = async () => (await seen()).maxInFlight;
  return {
    url,
    client,
    control,
    requests,
    inFlight,
    both: { public: await client({ api: 'public' }), config: await client({ api: 'config' }) },
  };
};

export const source = {
  name: 'shop',
  definitionId: POSTGRES,
  configuration: postgres.connectionConfiguration,
};
export const destination = {
  name: 'warehouse',
  definitionId: SNOWFLAKE,
  configuration: snowflake.connectionConfiguration,
};
