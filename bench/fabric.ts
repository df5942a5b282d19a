import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { SECRETS_DIR } from '../scripts/simulator-keys';
import { OF_ONE_ENVIRONMENT } from '../src/config/worker';
import { ProvisioningStatus } from '../src/contract/coordinator';
import { emptyAirbyte, provision } from './bench';
import type { Bench } from './bench';
import { getOk, postOk, send } from './http';
import { compete } from './measure';
import type { Side } from './measure';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults, printTable } from './table';

/* What a fabric that makes schemas, roles and grants adds to the runs of a component. */

const TYPES = ['snowflake', 'databricks'] as const;
type Type = (typeof TYPES)[number];
/** Of an updateacl. */
const CROWDS = [1, 200];
const MANAGE = { schema: true, access: true };

const people = (count: number) =>
  Array.from({ length: count }, (_, index) => `user-${String(index + 1)}@example.com`);

/** Of each type one that only lends its credentials, the floor, and one that manages. */
const fabricsOn = ({ stack }: Bench) => {
  const owned = { team: 'finance' };
  const snowflake = {
    ...owned,
    type: 'snowflake',
    host: 'simulator.snowflakecomputing.com',
    apiUrl: stack.snowflakeUrl,
    warehouse: 'PROVISIONING',
    user: 'AIRBYTE',
    role: 'AIRBYTE',
    credentials: { password: { secretRef: 'SNOWFLAKE_SIMULATOR_PASSWORD' } },
  };
  const by = {
    user: 'PROVISIONER',
    role: 'PROVISIONER',
    privateKey: { secretRef: 'SNOWFLAKE_SIMULATOR_KEY' },
  };
  const databricks = {
    ...owned,
    type: 'databricks',
    host: stack.databricksUrl,
    warehouseId: '0123456789abcdef',
    catalog: 'main',
    auth: {
      oauth: {
        clientId: '5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
        clientSecret: { secretRef: 'DATABRICKS_SIMULATOR' },
      },
    },
  };
  return {
    'snowflake-floor': snowflake,
    snowflake: { ...snowflake, manage: { ...MANAGE, by } },
    'databricks-floor': databricks,
    databricks: { ...databricks, manage: MANAGE },
  };
};

const settingsOn = (bench: Bench) => ({
  gateway: { auth: { mode: 'none' } },
  environments: {
    development: {
      airbyte: {
        url: bench.stack.airbyteUrl,
        workspaceId: bench.stack.env.AIRBYTE_WORKSPACE_ID,
        auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE_SIMULATOR' } },
      },
      workspaceAccess: 'none',
    },
  },
  teams: { finance: { domains: ['finance'], environments: ['development'] } },
  fabrics: fabricsOn(bench),
});

const Descriptor = z.looseObject({
  dataProduct: z.looseObject({
    components: z.tuple([z.looseObject({ specific: z.looseObject({}) })]),
  }),
});

/** The example's component under a name of its own, in a fabric of the file. */
const requestOn = (bench: Bench, { fabric, id }: { fabric: string; id: string }) => {
  const connector = fabric.startsWith('snowflake') ? 'snowflake' : 'databricks';
  const component = `${fabric}-${id}`.toLowerCase().replaceAll(' ', '-');
  const request = bench.requestFor(component);
  const document = Descriptor.parse(parse(request.descriptor));
  const [{ specific }] = document.dataProduct.components;
  const name = component.replaceAll('-', '_');
  specific.destination = {
    name: 'Warehouse',
    connector,
    fabric,
    connectionConfiguration:
      connector === 'snowflake'
        ? { database: 'ANALYTICS', schema: name.toUpperCase() }
        : { schema: name },
  };
  return { ...request, descriptor: stringify(document) };
};

const controlOf = ({ stack }: Bench, type: Type) =>
  `${type === 'snowflake' ? stack.snowflakeUrl : stack.databricksUrl}/_simulator`;

/** Lists grow with what earlier rounds made. */
const emptyAll = async (bench: Bench) => {
  await emptyAirbyte(bench);
  for (const type of TYPES) await postOk(`${controlOf(bench, type)}/reset`, '', 200);
  await postOk(`${controlOf(bench, 'databricks')}/seed`, '{"users":200}', 200);
  for (const mail of people(Math.max(...CROWDS))) {
    const user = JSON.stringify({ name: mail.toUpperCase() });
    await postOk(`${controlOf(bench, 'snowflake')}/users`, user, 200);
  }
};

type On = Pick<Programs, 'gatewayUrl' | 'pids'> & { bench: Bench };

const provisionOf = ({ bench, gatewayUrl }: On, fabric: string, id: string) => {
  const body = JSON.stringify(requestOn(bench, { fabric, id }));
  return () => provision(bench, { gatewayUrl, body });
};

const accessOf = (
  { bench, gatewayUrl }: On,
  { fabric, id, count }: { fabric: string; id: string; count: number },
) => {
  const { descriptor } = requestOn(bench, { fabric, id });
  const refs = people(count).map((mail) => `user:${mail.replace('@', '_')}`);
  const body = JSON.stringify({ refs, provisionInfo: { request: descriptor, result: '' } });
  return async () => {
    const token = await postOk(`${gatewayUrl}/v1/updateacl`, body, 202);
    const run: unknown = await bench.client.workflow.getHandle(token).result();
    const { status, result } = ProvisioningStatus.parse(run);
    if (status !== 'COMPLETED') throw new Error(`${token} ended ${status}: ${result}`);
  };
};

const SIDES = TYPES.flatMap((type) => [`${type} floor`, type]);
const fabricOf = (side: string) => side.replace(' ', '-');

const provisionSides = (on: On, isAgain: boolean): Record<string, Side> =>
  Object.fromEntries(
    SIDES.map((side) => [
      side,
      {
        pids: on.pids,
        prepare: async (id: string) => {
          const once = provisionOf(on, fabricOf(side), id);
          if (isAgain) await once();
          return once;
        },
      },
    ]),
  );

/** Against a first provision of the same type that manages nothing. */
const accessSides = (on: On): Record<string, Side> =>
  Object.fromEntries(
    TYPES.flatMap((type) =>
      CROWDS.flatMap((count): [string, Side][] => {
        const side = `${type} for ${String(count)}`;
        return [
          [
            `${side} floor`,
            { pids: on.pids, prepare: (id) => provisionOf(on, `${type}-floor`, id) },
          ],
          [
            side,
            {
              pids: on.pids,
              prepare: async (id) => {
                await provisionOf(on, type, id)();
                return accessOf(on, { fabric: type, id, count });
              },
            },
          ],
        ];
      }),
    ),
  );

const Calls = z.object({
  requests: z.array(
    z.looseObject({ statement: z.string().nullish(), changes: z.boolean().optional() }),
  ),
});

/** Looks at Snowflake are statements, too. */
const isWrite = ({ statement, changes }: z.output<typeof Calls>['requests'][number]) =>
  statement ? !/^(SHOW|SELECT) /.test(statement) : changes === true;

/** Calls of one run of each kind to its fabric, tokens included, and those of them that write. */
const callsOn = async (on: On) => {
  const rows: string[][] = [];
  for (const type of TYPES) {
    await emptyAll(on.bench);
    const url = `${controlOf(on.bench, type)}/requests`;
    const given = { fabric: type, id: 'calls' };
    const runs: [string, () => Promise<unknown>][] = [
      ['a first provision', provisionOf(on, type, 'calls')],
      ['an unchanged one', provisionOf(on, type, 'calls')],
      ...CROWDS.map((count): [string, () => Promise<unknown>] => [
        `an updateacl for ${String(count)}`,
        accessOf(on, { ...given, count }),
      ]),
      ['the same again', accessOf(on, { ...given, count: Math.max(...CROWDS) })],
      ['an updateacl for nobody', accessOf(on, { ...given, count: 0 })],
    ];
    for (const [what, run] of runs) {
      await send('DELETE', url);
      await run();
      const { requests } = Calls.parse(JSON.parse(await getOk(url)));
      const writes = requests.filter(isWrite).length;
      rows.push([type, what, String(requests.length), String(writes)]);
    }
  }
  printTable('Calls to the fabric', ['type', 'run', 'calls', 'that write'], rows);
  return rows;
};

const checkoutOf = (bench: Bench, folder: string) => {
  const file = path.join(folder, 'fabrics.yaml');
  writeFileSync(file, stringify(settingsOn(bench)));
  const [ours] = bench.checkouts;
  const unset = Object.fromEntries(OF_ONE_ENVIRONMENT.map((variable) => [variable, '']));
  const env = { ...unset, PROVISIONER_CONFIG: file, SECRETS_DIR, FINGERPRINT_KEY: 'bench' };
  return ours ? [{ name: 'ours', root: ours.root, env }] : [];
};

const measure = async (on: On) => {
  const before = () => emptyAll(on.bench);
  const contest = { concurrency: 1, before };
  const first = { ...contest, rounds: 3, count: 3, sides: provisionSides(on, false) };
  const again = { ...contest, rounds: 3, count: 3, sides: provisionSides(on, true) };
  const access = { ...contest, rounds: 3, count: 1, sides: accessSides(on) };
  const floor = 'floor: the same type, which lends its credentials only';
  return {
    calls: await callsOn(on),
    first: printResults(`l. A first provision; ${floor}`, [await compete(first)]),
    again: printResults(`An unchanged provision; ${floor}`, [await compete(again)]),
    access: printResults('An updateacl; floor: a first provision without a fabric', [
      await compete(access),
    ]),
  };
};

export const benchFabric = async (bench: Bench) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-fabric-'));
  try {
    const checkouts = checkoutOf(bench, folder);
    return await withPrograms(
      bench,
      { part: 'fabric', worker: true, checkouts },
      async ([programs]) => programs && measure({ ...programs, bench }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
};
