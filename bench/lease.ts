import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { pino } from 'pino';
import { createActivities } from '../activities/pipeline/pipeline';
import { ROOT } from '../scripts/child';
import { createReadOne } from '../src/airbyte/odd';
import { createPublicAirbyte } from '../src/airbyte/public-api/client';
import { createAirbyteHttp } from '../src/airbyte/http';
import { ProvisioningRequest } from '../src/contract/coordinator';
import { readDescriptor } from '../src/descriptor/descriptor';
import { createLimit } from '../src/concurrency/limit';
import { createSecretReferences } from '../src/secrets/references';
import { createRedactor } from '../src/secrets/masking';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { startOptions } from './bench';
import type { Bench } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import type { Result } from './measure';
import { printResults } from './table';

const WITH_LEASE = 'bench-with-lease';
const WITHOUT_LEASE = 'bench-without-lease';

const retry = { initial: 1000, maxInterval: 30_000, giveUpAfter: 900_000, settleTime: 60_000 };

/** The workflows as they are, but for the module that takes the lease. */
const bundleWithoutLease = () => {
  const workflows = path.join(ROOT, 'dist', 'workflows');
  const replaced = { [path.join(workflows, 'run', 'lease.js')]: require.resolve('./no-lease') };
  return bundleWorkflowCode({
    workflowsPath: path.join(workflows, 'index.js'),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => {
      const alias = config.resolve?.alias;
      const aliases = { ...(Array.isArray(alias) ? {} : alias), ...replaced };
      return { ...config, resolve: { ...config.resolve, alias: aliases } };
    },
  });
};

const activitiesOn = (airbyteUrl: string) => {
  const redactor = createRedactor([]);
  const log = pino({ level: 'silent' });
  const http = createAirbyteHttp({
    url: airbyteUrl,
    auth: { kind: 'oauth', clientId: 'simulator', clientSecret: 'simulator-secret' },
    requestTimeout: 30_000,
    limit: createLimit(3),
    redactor,
    log,
  });
  const snowflake = {
    host: 'bench.snowflakecomputing.com',
    role: 'r',
    warehouse: 'w',
    username: 'u',
    credentials: { auth_type: 'Username and Password', password: 'p' },
  };
  const airbyteFor = createPublicAirbyte({
    http,
    workspaceId: DEFAULT_WORKSPACE_ID,
    readOne: createReadOne(log),
  });
  return createActivities({
    airbyteFor: (interest) => Promise.resolve(airbyteFor(interest)),
    fabrics: { snowflake: () => Promise.resolve(snowflake) },
    references: createSecretReferences(
      { directory: undefined, allowed: [], fromEnvironment: new Map() },
      redactor,
    ),
    // Only what is updated has something before it.
    provisioned: { findFormer: () => Promise.resolve(undefined) },
    fingerprintKey: 'bench',
    workspaceId: DEFAULT_WORKSPACE_ID,
    adoptExisting: 'refuse',
    uiUrl: airbyteUrl,
    mappersByHand: 'keep',
  });
};

const contests = ({ stack, client, requestFor }: Bench) => {
  const runOn = (taskQueue: string) => (id: string) => {
    const component = `${taskQueue}-${id}`;
    const { plan, known, warnings } = readDescriptor(
      ProvisioningRequest.parse(requestFor(component)),
    );
    return () =>
      client.workflow.execute('provision', {
        ...startOptions,
        taskQueue,
        workflowId: `provision.${component}`,
        args: [{ plan, known, warnings, retry }],
      });
  };
  return {
    before: () => postOk(`${stack.airbyteUrl}/_simulator/reset`, '', 200),
    ours: runOn(WITH_LEASE),
    floor: runOn(WITHOUT_LEASE),
  };
};

/** A first provision with the lease that keeps other writers away, against the same without it. */
export const benchLease = async (bench: Bench): Promise<Result[]> => {
  const connection = await NativeConnection.connect({ address: bench.stack.temporalAddress });
  try {
    const activities = activitiesOn(bench.stack.airbyteUrl);
    const workerOf = (taskQueue: string, workflowBundle: WorkflowBundleOption) =>
      Worker.create({ connection, taskQueue, workflowBundle, activities, maxCachedWorkflows: 200 });
    const leased = await workerOf(WITH_LEASE, {
      codePath: path.join(ROOT, 'dist', 'workflow-bundle.js'),
    });
    const free = await workerOf(WITHOUT_LEASE, await bundleWithoutLease());
    const sides = contests(bench);
    const results = await leased.runUntil(
      free.runUntil(async () => [
        await compete({ concurrency: 1, rounds: 7, count: 12, ...sides }),
        await compete({ concurrency: 10, rounds: 7, count: 40, ...sides }),
      ]),
    );
    printResults('f. A provision with its lease; floor: the same without the lease', results);
    return results;
  } finally {
    await connection.close();
  }
};
