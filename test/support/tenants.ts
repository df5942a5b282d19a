import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../../simulator/simulator';
import { ProvisioningStatus } from '../../src/contract/coordinator';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';
import { eventually, startProgram } from './harness';
import { AUDIENCE, startIdentityProvider } from './identity-provider';

/* One deployment for two teams and two environments, with an Airbyte each and a real identity provider. */

/** What must be seen nowhere but in the Airbyte that it was given for. */
export const SECRETS = {
  AIRBYTE_DEV: 'simulator-secret',
  AIRBYTE_PROD: 'simulator-secret',
  FIN_DEV: 'canary-fin-dev-91c2',
  FIN_PROD: 'canary-fin-prod-77aa',
  MKT_DEV: 'canary-mkt-dev-03be',
  ERP_PASSWORD: 'canary-erp-5512',
  CRM_TOKEN: 'canary-crm-8841',
};

const snowflake = (team: string, environment: string, secret: keyof typeof SECRETS) => ({
  type: 'snowflake',
  team,
  environments: [environment],
  host: `${team}-${environment}.snowflakecomputing.com`,
  warehouse: 'LOAD_WH',
  user: 'AIRBYTE',
  role: 'LOADER',
  credentials: { password: { secretRef: secret } },
});

const Entities = z.object({
  sources: z.array(z.looseObject({ name: z.string() })),
  destinations: z.array(
    z.looseObject({ name: z.string(), configuration: z.record(z.string(), z.unknown()) }),
  ),
  connections: z.array(z.looseObject({ name: z.string() })),
});

/** The URL of a descriptor's domain and environment. */
export interface Place extends Changes {
  domain: string;
  environment: string;
}

const descriptorIn = ({ domain, ...changes }: Place) =>
  descriptor(changes)
    .replaceAll(':finance:', `:${domain}:`)
    .replace('domain: finance', `domain: ${domain}`);

export type Tenants = Awaited<ReturnType<typeof startTenants>>;

interface TenantsOptions {
  /** host:port; else the server that all tests share. */
  temporal?: string;
  /** What the file has besides, made in the folder of its secrets. */
  more?: (folder: string) => object;
  env?: Record<string, string>;
}

export const startTenants = async ({ temporal, more, env: also }: TenantsOptions = {}) => {
  const mark = randomBytes(4).toString('hex');
  const names = { development: `dev-${mark}`, production: `prod.${mark}` };
  const [development, production, identity] = await Promise.all([
    startSimulator({ port: 0 }),
    startSimulator({ port: 0 }),
    startIdentityProvider(),
  ]);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tenants-'));
  for (const [name, secret] of Object.entries(SECRETS))
    writeFileSync(path.join(folder, name), secret);
  const file = path.join(folder, 'provisioner.yaml');
  const workerFile = path.join(folder, 'worker.yaml');
  const airbyte = (url: string, secretRef: string) => ({
    url,
    workspaceId: DEFAULT_WORKSPACE_ID,
    auth: { clientId: 'simulator', clientSecret: { secretRef } },
  });
  const settings = {
    environments: {
      [names.development]: { airbyte: airbyte(development.url, 'AIRBYTE_DEV') },
      [names.production]: { airbyte: airbyte(production.url, 'AIRBYTE_PROD') },
    },
    teams: {
      finance: {
        domains: ['finance', 'treasury'],
        environments: Object.values(names),
        secrets: ['ERP_PASSWORD'],
        groups: { deployer: ['fin-engineers'], operator: ['fin-operators'], reader: ['fin'] },
        defaultFabric: { [names.development]: 'finance-dev', [names.production]: 'finance-prod' },
      },
      marketing: {
        domains: ['marketing'],
        environments: [names.development],
        secrets: ['CRM_TOKEN'],
        groups: { deployer: ['mkt-engineers'] },
        defaultFabric: { [names.development]: 'marketing-dev' },
      },
    },
    fabrics: {
      'finance-dev': snowflake('finance', names.development, 'FIN_DEV'),
      'finance-prod': snowflake('finance', names.production, 'FIN_PROD'),
      'marketing-dev': snowflake('marketing', names.development, 'MKT_DEV'),
    },
    gateway: {
      auth: {
        mode: 'oidc',
        issuer: identity.issuer,
        audience: AUDIENCE,
        coordinators: ['witboost-coordinator'],
        platformOperators: ['platform-ops'],
      },
    },
    ...more?.(folder),
  };
  const writeForWorker = (content: object = settings) => {
    writeFileSync(workerFile, stringify(content));
  };
  const write = (content: object = settings) => {
    writeFileSync(file, stringify(content));
    writeForWorker(content);
  };
  write();
  const env = {
    TEMPORAL_ADDRESS: temporal ?? process.env.TEST_TEMPORAL_ADDRESS ?? '',
    TEMPORAL_TASK_QUEUE: `tenants-${mark}`,
    PROVISIONER_CONFIG: file,
    SECRETS_DIR: folder,
    PORT: '0',
    WORKER_PORT: '0',
    FINGERPRINT_KEY: 'of these tests',
    AIRBYTE_RETRY_INITIAL: '50ms',
    AIRBYTE_RETRY_MAX_INTERVAL: '400ms',
    AIRBYTE_GIVE_UP_AFTER: '10s',
    AIRBYTE_SETTLE_TIME: '1s',
    ...also,
  };
  const [gateway, worker] = await Promise.all([
    startProgram('server', { env }),
    startProgram('worker', { env: { ...env, PROVISIONER_CONFIG: workerFile } }),
  ]);

  const bearers: string[] = [];
  /** As a client of the identity provider; undefined: without a credential. */
  const call = async (
    client: string | undefined,
    method: string,
    at: string,
    body?: object,
  ): Promise<{ status: number; text: string; challenge: string | null }> => {
    const token = client && (await identity.tokenFor(client));
    if (token) bearers.push(token);
    const response = await fetch(`${gateway.found}${at}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, text: await response.text(), challenge };
  };
  const entitiesOf = async ({ url }: { url: string }) =>
    Entities.parse(await (await fetch(`${url}/_simulator/entities`)).json());

  return {
    names,
    settings,
    env,
    folder,
    write,
    /** The worker reads a copy of the file, which may be another for a while. */
    writeForWorker,
    identity,
    /** The access tokens that were sent. */
    bearers: (): readonly string[] => bearers,
    call,
    gateway,
    worker,
    ask: (client: string | undefined, operation: string, place: Place, more = {}) =>
      call(client, 'POST', `/v1/${operation}`, request(descriptorIn(place), more)),
    finished: (token: string, client = 'witboost-coordinator') =>
      eventually(async () => {
        const { text } = await call(client, 'GET', `/v1/provision/${token}/status`);
        const status = ProvisioningStatus.parse(JSON.parse(text));
        return status.status === 'RUNNING' ? undefined : status;
      }, `the end of ${token}`),
    fault: async (fault: object) => {
      await fetch(`${development.url}/_simulator/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fault),
      });
    },
    inDevelopment: () => entitiesOf(development),
    inProduction: () => entitiesOf(production),
    output: () => gateway.output() + worker.output(),
    stop: async () => {
      await Promise.all([gateway.end('SIGKILL'), worker.end('SIGKILL')]);
      identity.stop();
      await Promise.all([development.close(), production.close()]);
      rmSync(folder, { recursive: true });
    },
  };
};
