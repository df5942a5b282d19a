import pino from 'pino';
import { createAirbyte } from '../src/airbyte-client';
import type { AirbyteOptions } from '../src/airbyte-client';
import { createRedactor } from '../src/secrets';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../src/simulator/simulator';
import type { SimulatorOptions } from '../src/simulator/simulator';
import { POSTGRES, SNOWFLAKE, postgres, snowflake } from './simulator-bodies';

/* Clients of a simulator of their own, without gateway and worker. */

const SECRET = 'simulator-secret';
const never = new AbortController().signal;
const interest = { cancelled: never, timeUp: never };

const optionsOf = (given: Partial<AirbyteOptions>): AirbyteOptions => ({
  api: 'auto',
  url: '',
  uiUrl: '',
  auth: { kind: 'oauth', clientId: 'simulator', clientSecret: SECRET },
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

export const clientOf = (given: Partial<AirbyteOptions>) =>
  createAirbyte(optionsOf(given)).airbyteFor(interest);

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
  return {
    url,
    client,
    control,
    both: { public: client({ api: 'public' }), config: client({ api: 'config' }) },
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
