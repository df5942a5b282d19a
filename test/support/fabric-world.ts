import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../../simulator/simulator';
import type { Simulator } from '../../simulator/simulator';
import { startSnowflakeSimulator } from '../../simulator/snowflake/simulator';
import { ProvisioningStatus } from '../../src/contract/coordinator';
import { parseJson } from '../../src/contract/json';
import { control, stateOf } from './environments';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';
import { eventually, runCli, startProgram } from './harness';
import { startLakehouse } from './lakehouse';

/*
 * An environment whose team has a fabric that makes schemas, roles and grants: an Airbyte and a Snowflake
 * over HTTP, a gateway and a worker with a configuration file.
 */

const json = { 'content-type': 'application/json' };

/** A key pair as Snowflake's users have it. */
export const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

const Named = z.looseObject({ name: z.string() });
const Schema = z.looseObject({
  name: z.string(),
  owner: z.string(),
  comment: z.string().nullish(),
  grants: z.array(z.looseObject({ privilege: z.string(), role: z.string() })),
  futureGrants: z.array(z.looseObject({ role: z.string() })),
  objects: z.array(Named),
});
const Database = z.looseObject({
  name: z.string(),
  grants: z.array(z.looseObject({ privilege: z.string(), role: z.string() })),
  schemas: z.array(Schema),
});
/** What the stand-in of Snowflake has, as far as tests look at it. */
const Warehouse = z.looseObject({
  databases: z.array(Database),
  roles: z.array(z.looseObject({ name: z.string(), comment: z.string().nullish() })),
  members: z.array(
    z.looseObject({ role: z.string(), to: z.string(), name: z.string(), grantedBy: z.string() }),
  ),
});
export type Warehouse = z.infer<typeof Warehouse>;

const Request = z.looseObject({ operation: z.string(), statement: z.string().nullish() });

export interface FabricChanges extends Omit<Changes, 'destination'> {
  /** Of Airbyte's Snowflake destination, unless the component writes to a lakehouse. */
  schema?: string;
  /** Where Airbyte is to keep raw tables, in Snowflake. */
  raw?: string;
  /** Another Snowflake by its name, or a lakehouse. */
  fabric?: string;
  removeData?: boolean;
}

const Granted = z.object({ access_token: z.string() });

const asPerson = async (
  { url }: Pick<Simulator, 'url'>,
  { method, at, body }: { method: string; at: string; body: object | undefined },
) => {
  const api = `${url}/api/public/v1`;
  const granted = await fetch(`${api}/applications/token`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
  });
  const { access_token: token } = Granted.parse(await granted.json());
  const answer = await fetch(`${api}${at}`, {
    method,
    headers: { ...json, authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${String(answer.status)} ${await answer.text()}`);
};

const destinationOf = ({
  schema,
  raw,
  fabric,
  database = 'ANALYTICS',
  component = 'payments',
}: FabricChanges) =>
  fabric?.endsWith('lakehouse')
    ? {
        name: 'Databricks',
        connector: 'databricks',
        fabric,
        connectionConfiguration: { schema: schema ?? component },
      }
    : {
        name: 'Snowflake',
        connector: 'snowflake',
        ...(fabric !== undefined && { fabric }),
        connectionConfiguration: {
          database,
          schema: schema ?? component.toUpperCase(),
          ...(raw !== undefined && { raw_data_schema: raw }),
        },
      };

/** A stand-in of Snowflake, as tests look at and steer it. */
export const steered = (snowflake: { url: string }) => ({
  warehouse: async () =>
    Warehouse.parse(await (await fetch(`${snowflake.url}/_simulator/entities`)).json()),
  fault: (fault: object) => control(snowflake, { at: '/faults', body: fault }),
  clearFaults: () => control(snowflake, { method: 'DELETE', at: '/faults' }),
  /** A statement by somebody else, such as an administrator. */
  sql: async (statement: string, role = 'ACCOUNTADMIN') => {
    const answer = await fetch(`${snowflake.url}/_simulator/sql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ statement, role }),
    });
    // A statement that is refused is an answer, too.
    const text = await answer.text();
    if (!('rows' in Object(parseJson(text)))) throw new Error(`${statement}: ${text}`);
  },
  control: (at: string, body?: object, method = 'POST') =>
    control(snowflake, { method, at, ...(body && { body }) }),
  requests: async () =>
    z
      .object({ requests: z.array(Request) })
      .parse(await (await fetch(`${snowflake.url}/_simulator/requests`)).json()).requests,
  forgetRequests: () => control(snowflake, { method: 'DELETE', at: '/requests' }),
});

export interface FabricWorldOptions {
  /** In the place of what the fabric's part of the file has. */
  fabric?: Record<string, unknown>;
  /** In the place of what the environment's part has. */
  environment?: Record<string, unknown>;
  /** Variables of gateway and worker. */
  env?: Record<string, string>;
  snowflake?: Parameters<typeof startSnowflakeSimulator>[0];
  /** With these there is a second fabric, `lakehouse`. */
  lakehouse?: Parameters<typeof startLakehouse>[0];
}

export type FabricWorld = Awaited<ReturnType<typeof startFabricWorld>>;

export const startFabricWorld = async (options: FabricWorldOptions = {}) => {
  const mark = randomBytes(5).toString('hex');
  const environment = `fab-${mark}`;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fabrics-'));
  const secrets = path.join(folder, 'secrets');
  mkdirSync(secrets);
  const keys = keyPair();
  const secret = (name: string, value: string) => {
    writeFileSync(path.join(secrets, name), value);
  };
  secret('AIRBYTE', 'simulator-secret');
  secret('LOADER', 'canary-password-of-the-loader');
  secret('ADMIN_KEY', keys.privateKey);
  const [airbyte, snowflake, lakehouse] = await Promise.all([
    startSimulator({ port: 0, edition: 'enterprise' }),
    startSnowflakeSimulator({ publicKeys: [keys.publicKey], running: 20, ...options.snowflake }),
    options.lakehouse && startLakehouse(options.lakehouse),
  ]);
  for (const [name, value] of Object.entries(lakehouse?.secrets ?? {})) secret(name, value);
  const settings = {
    gateway: { auth: { mode: 'none' } },
    environments: {
      [environment]: {
        airbyte: {
          url: airbyte.url,
          workspaceId: DEFAULT_WORKSPACE_ID,
          auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE' } },
        },
        workspaceAccess: 'none',
        ...options.environment,
      },
    },
    teams: {
      finance: {
        domains: ['finance'],
        environments: [environment],
        defaultFabric: { [environment]: 'finance-dev' },
      },
    },
    fabrics: {
      'finance-dev': {
        type: 'snowflake',
        team: 'finance',
        host: 'simulator.snowflakecomputing.com',
        apiUrl: snowflake.url,
        warehouse: 'PROVISIONING',
        user: 'AIRBYTE',
        role: 'AIRBYTE',
        credentials: { password: { secretRef: 'LOADER' } },
        manage: {
          schema: true,
          access: true,
          by: {
            user: 'PROVISIONER',
            role: 'PROVISIONER',
            privateKey: { secretRef: 'ADMIN_KEY' },
          },
        },
        ...options.fabric,
      },
      ...(lakehouse && { lakehouse: lakehouse.fabric }),
    },
  };
  const file = path.join(folder, 'provisioner.yaml');
  const write = (content: object = settings) => {
    writeFileSync(file, stringify(content));
  };
  write();
  const env = {
    TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '',
    TEMPORAL_TASK_QUEUE: `fabrics-${mark}`,
    PROVISIONER_CONFIG: file,
    SECRETS_DIR: secrets,
    PORT: '0',
    WORKER_PORT: '0',
    FINGERPRINT_KEY: 'of these tests',
    RECONCILE_EVERY: '1h',
    AIRBYTE_REQUEST_TIMEOUT: '1s',
    AIRBYTE_RETRY_INITIAL: '50ms',
    AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
    AIRBYTE_GIVE_UP_AFTER: '15s',
    AIRBYTE_SETTLE_TIME: '1500ms',
    ...options.env,
  };
  const connection = Connection.lazy({ address: env.TEMPORAL_ADDRESS });
  const [gateway, first] = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env }),
  ]);
  let worker = first;
  const outputs: string[] = [];

  const textOf = (changes: FabricChanges = {}) =>
    descriptor({ ...changes, environment, destination: destinationOf(changes) });
  const call = async (method: string, at: string, body?: object) => {
    const response = await fetch(`${gateway.found}${at}`, {
      method,
      ...(body && { headers: json, body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const bodyOf = ({ removeData = false, ...changes }: FabricChanges, more: object = {}) =>
    request(textOf(changes), { removeData, ...more });
  const start = async (
    operation: 'provision' | 'unprovision',
    changes: FabricChanges = {},
    more: object = {},
  ) => {
    const { status, text } = await call('POST', `/v1/${operation}`, bodyOf(changes, more));
    if (status !== 202) throw new Error(`${String(status)} ${text}`);
    return text;
  };
  const status = async (token: string) =>
    ProvisioningStatus.parse(JSON.parse((await call('GET', `/v1/provision/${token}/status`)).text));
  const finished = (token: string) =>
    eventually(async () => {
      const seen = await status(token);
      return ['RUNNING', 'TERMINATING'].includes(seen.status) ? undefined : seen;
    }, `the end of ${token}`);
  const startAccess = (refs: string[], changes: FabricChanges = {}, result: string | null = '') =>
    call('POST', '/v1/updateacl', {
      refs,
      provisionInfo: { request: textOf(changes), result: result ?? '' },
    });

  const ofSnowflake = steered(snowflake);

  return {
    environment,
    folder,
    file,
    settings,
    write,
    /** Until gateway and worker go by what was written. */
    rewrite: async (content?: object) => {
      const takenBy = ({ output }: { output: () => string }) =>
        output().match(/the configuration file has changed, and is taken/g)?.length ?? 0;
      const programs = [gateway, worker].map((program) => ({ program, before: takenBy(program) }));
      write(content);
      await eventually(
        () =>
          Promise.resolve(
            programs.every(({ program, before }) => takenBy(program) > before) || undefined,
          ),
        'the configuration file to be taken',
      );
    },
    secret,
    keys,
    env,
    airbyte,
    snowflake,
    lakehouse,
    client: new Client({ connection }),
    gateway,
    call,
    textOf,
    bodyOf,
    start,
    status,
    finished,
    run: async (...given: Parameters<typeof start>) => finished(await start(...given)),
    startAccess,
    giveAccess: async (...given: Parameters<typeof startAccess>) => {
      const answer = await startAccess(...given);
      if (answer.status !== 202) throw new Error(`${String(answer.status)} ${answer.text}`);
      return finished(answer.text);
    },
    /** All that Airbyte and the fabrics have, secrets included: nothing that only a time says. */
    state: async () => {
      const { jobs: _past, ...entities } = await stateOf(airbyte);
      return {
        airbyte: entities,
        snowflake: await ofSnowflake.warehouse(),
        databricks: await lakehouse?.state(),
      };
    },
    ...ofSnowflake,
    /** As a person at Airbyte's user interface does, by its public API. */
    inAirbyte: (method: string, at: string, body?: object) =>
      asPerson(airbyte, { method, at, body }),
    airbyteFault: (fault: object) => control(airbyte, { at: '/faults', body: fault }),
    clearAirbyteFaults: () => control(airbyte, { method: 'DELETE', at: '/faults' }),
    cli: (...args: string[]) => runCli(args, env),
    killWorker: async () => {
      await worker.end('SIGKILL');
      outputs.push(worker.output());
    },
    startWorker: async () => {
      worker = await startProgram('worker', { env });
    },
    output: () => [...outputs, worker.output(), gateway.output()].join(''),
    stop: async () => {
      await Promise.all([gateway, worker].map((program) => program.end('SIGKILL')));
      await Promise.all([
        airbyte.close(),
        snowflake.close(),
        lakehouse?.close(),
        connection.close(),
      ]);
      rmSync(folder, { recursive: true });
    },
  };
};
