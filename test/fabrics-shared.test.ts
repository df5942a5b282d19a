import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { z } from 'zod';
import { anyWorkerConfig } from '../src/config/config';
import { environmentOfFile } from '../src/environments/environment';
import { createOpenFabrics } from '../src/environments/fabrics';
import { readSettings } from '../src/settings/read';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import { clientId, clientSecret, warehouseId, catalog } from './support/databricks';
import { step } from './support/snowflake-fabric';

/* One fabric that components of several environments write to, in one worker. */

const Requests = z.object({
  maxInFlight: z.number(),
  requests: z.array(z.looseObject({ operation: z.string().nullable() })),
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'fabrics-shared-'));
let simulator: Awaited<ReturnType<typeof startDatabricksSimulator>>;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({});
  writeFileSync(path.join(folder, 'LAKEHOUSE'), clientSecret);
});
beforeEach(() => {
  simulator.reset();
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true });
});

const ENVIRONMENTS = ['development', 'staging', 'production'];
const airbyte = { url: 'http://127.0.0.1:1', workspaceId: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6' };

const file = (fabrics: Record<string, object>) => ({
  gateway: { auth: { mode: 'none' } },
  environments: Object.fromEntries(ENVIRONMENTS.map((name) => [name, { airbyte }])),
  teams: { finance: { domains: ['finance'], environments: ENVIRONMENTS } },
  fabrics,
});

const lakehouse = (more: object = {}) => ({
  type: 'databricks',
  team: 'finance',
  host: simulator.url,
  warehouseId,
  catalog,
  auth: { oauth: { clientId, clientSecret: { secretRef: 'LAKEHOUSE' } } },
  manage: { schema: true, access: true },
  maxInFlight: 2,
  ...more,
});

/** A worker of such a file, which may be rewritten. */
const workerOf = (fabrics: Record<string, object>) => {
  let now = fabrics;
  const { config } = anyWorkerConfig({
    PROVISIONER_CONFIG: 'provisioner.yaml',
    SECRETS_DIR: folder,
    FINGERPRINT_KEY: 'of these tests',
  });
  const settings = () => readSettings(stringify(file(now)));
  const log = pino({ level: 'silent' });
  const open = createOpenFabrics(settings, { ...config, log });
  const environmentOf = (name: string) => {
    const environment = environmentOfFile({ name, settings, open }, config);
    if (!environment) throw new Error(`There is no environment ${name}.`);
    return environment;
  };
  return {
    rewrite: (fabricsNow: Record<string, object>) => {
      now = fabricsNow;
    },
    environmentOf,
    in: (environment: string, fabric = 'lakehouse', formerly?: string) => {
      const configuration = { schema: 'cashflow_0' };
      const where = formerly === undefined ? undefined : { host: simulator.url, catalog: formerly };
      const end = { connector: 'databricks', configuration, fabric, where };
      const key = `${environment}/finance.cashflow.0.pipeline`;
      const found = environmentOf(environment).fabricOf(end, key);
      if (!found) throw new Error(`There is no fabric in ${environment}.`);
      return found;
    },
  };
};

const seen = async () =>
  Requests.parse(await (await fetch(`${simulator.url}/_simulator/requests`)).json());

const fault = async (body: object) => {
  const response = await fetch(`${simulator.url}/_simulator/faults`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(await response.text()).not.toContain('error');
};

test('calls of all environments of a worker are counted together, and share one token', async () => {
  const worker = workerOf({ lakehouse: lakehouse() });
  await fault({ operation: '*', delay: 50, times: 0 });
  const all = ENVIRONMENTS.flatMap((name) => [worker.in(name), worker.in(name)]);
  await Promise.all(all.map((each) => each.look(step())));
  const { maxInFlight, requests } = await seen();
  expect(maxInFlight).toBe(2);
  expect(requests.filter(({ operation }) => operation === 'issueToken')).toHaveLength(1);
});

test('its secrets are masked in each environment, whichever has asked', async () => {
  const worker = workerOf({ lakehouse: lakehouse() });
  await worker.in('development').look(step());
  for (const name of ENVIRONMENTS)
    expect(worker.environmentOf(name).redactor.redact(`of ${clientSecret}`)).toBe('of **********');
});

test('one stays open until the file says something else of it', () => {
  const worker = workerOf({ lakehouse: lakehouse(), other: lakehouse() });
  const former = worker.in('development');
  const other = worker.in('staging', 'other');
  expect(worker.in('staging').fabric).toBe(former.fabric);
  expect(other.fabric).not.toBe(former.fabric);
  worker.rewrite({ lakehouse: lakehouse({ maxInFlight: 3 }) });
  expect(worker.in('production').fabric).not.toBe(former.fabric);
  expect(() => worker.in('staging', 'other')).toThrow('is not a fabric');
  worker.rewrite({ lakehouse: lakehouse({ maxInFlight: 3 }), other: lakehouse() });
  expect(worker.in('staging', 'other').fabric).not.toBe(other.fabric);
});

test('where one led to before stays open, too, and its calls are counted together', async () => {
  const worker = workerOf({ lakehouse: lakehouse() });
  const former = (catalogWas = 'former') =>
    worker.in('development', 'lakehouse', catalogWas).fabric;
  const [now, first] = [worker.in('development').fabric, former()];
  expect(first).not.toBe(now);
  expect(first.where.catalog).toBe('former');
  expect([former(), worker.in('staging').fabric]).toEqual([first, now]);
  await fault({ operation: '*', delay: 50, times: 0 });
  await Promise.all(
    Array.from({ length: 6 }, () =>
      worker.in('staging', 'lakehouse', 'former').look(step()).catch(String),
    ),
  );
  const { maxInFlight, requests } = await seen();
  expect(maxInFlight).toBe(2);
  expect(requests.filter(({ operation }) => operation === 'issueToken')).toHaveLength(1);
  worker.rewrite({ lakehouse: lakehouse({ maxInFlight: 3 }) });
  expect(former()).not.toBe(first);
});

test('of too many places where one led to the oldest is closed', () => {
  const worker = workerOf({ lakehouse: lakehouse() });
  const now = worker.in('development').fabric;
  const catalogs = Array.from({ length: 11 }, (_each, index) => `former_${String(index)}`);
  const openAll = () => catalogs.map((each) => worker.in('staging', 'lakehouse', each).fabric);
  const before = openAll();
  const [oldest, ...others] = catalogs;
  expect(others.map((each) => worker.in('staging', 'lakehouse', each).fabric)).toEqual(
    before.slice(1),
  );
  expect(worker.in('staging', 'lakehouse', oldest).fabric).not.toBe(before[0]);
  expect(worker.in('production').fabric).toBe(now);
});
