import { execFile } from 'node:child_process';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { AdoptionReport } from '../src/contract/adoption';
import { DEFAULT_WORKSPACE_ID as workspaceId } from '../simulator/simulator';
import { ROOT } from '../scripts/child';
import { startStack } from '../scripts/stack';
import type { Stack } from '../scripts/stack';
import { forgetPeak, peakOf, residentOf } from './processes';

/*
 * What it takes to take over all that the existing provisioner has made:
 * node dist/bench/adopt.js [pipelines] [public|config]
 */

const FILE = '778daa7c-feaf-4db6-96f3-70fd645acc77';
const SNOWFLAKE = '424892c4-daac-4491-b35d-c6688ba547ba';
const AT_ONCE = 5;
const [count = '5000', api = 'public'] = process.argv.slice(2);

const Token = z.object({ access_token: z.string() });
const Ids = z.looseObject({
  sourceId: z.string().optional(),
  destinationId: z.string().optional(),
});
const Calls = z.object({ requests: z.array(z.object({ operation: z.string().nullable() })) });

const json = { 'content-type': 'application/json' };

const post = async (url: string, body: object, headers: Record<string, string> = json) => {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  const answer: unknown = await response.json();
  return answer;
};

const makerOn = async ({ airbyteUrl }: Stack) => {
  const credentials = { client_id: 'simulator', client_secret: 'simulator-secret' };
  const url = `${airbyteUrl}/api/public/v1/applications/token`;
  const { access_token: token } = Token.parse(await post(url, credentials));
  const headers = { ...json, authorization: `Bearer ${token}` };
  return async (at: string, body: object) =>
    Ids.parse(await post(`${airbyteUrl}/api/v1${at}`, { workspaceId, ...body }, headers));
};

/** One as the existing provisioner makes them. */
const makeOne = async (make: Awaited<ReturnType<typeof makerOn>>, name: string) => {
  const source = await make('/sources/create', {
    name,
    sourceDefinitionId: FILE,
    connectionConfiguration: {
      url: 'https://files.example.invalid/payments.csv',
      format: 'csv',
      provider: { storage: 'HTTPS', user_agent: false },
      dataset_name: 'payments',
      reader_options: '{"keep_default_na":false}',
    },
  });
  const destination = await make('/destinations/create', {
    name,
    destinationDefinitionId: SNOWFLAKE,
    connectionConfiguration: {
      host: 'demo.snowflakecomputing.com',
      role: 'R',
      warehouse: 'W',
      username: 'U',
      database: 'FINANCE',
      schema: 'CASHFLOW_0',
      loading_method: { method: 'Internal Staging' },
      credentials: { auth_type: 'Username and Password', password: 'stored' },
    },
  });
  const stream = { name: 'payments', jsonSchema: {}, supportedSyncModes: ['full_refresh'] };
  const config = { selected: true, syncMode: 'full_refresh', destinationSyncMode: 'overwrite' };
  await make('/connections/create', {
    name,
    ...source,
    ...destination,
    status: 'active',
    scheduleType: 'manual',
    syncCatalog: { streams: [{ stream, config }] },
  });
};

const fill = async (stack: Stack, total: number) => {
  const make = await makerOn(stack);
  let next = 0;
  const worker = async () => {
    for (let number = next++; number < total; number = next++)
      await makeOne(make, `finance.cashflow.${String(number % 7)}.load-${String(number)}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

const runCli = (stack: Stack, args: string[]) =>
  new Promise<AdoptionReport>((resolve, reject) => {
    const program = path.join(ROOT, 'dist', 'src', 'provisioner.js');
    const env = { PATH: process.env.PATH, TEMPORAL_ADDRESS: stack.temporalAddress };
    execFile(program, ['adopt', '--json', ...args], { env, maxBuffer: 1e9 }, (err, stdout) => {
      if (stdout === '') reject(err ?? new Error('no answer'));
      else resolve(AdoptionReport.parse(JSON.parse(stdout)));
    });
  });

/** Events of the longest of its runs, and of all of them. */
const historyOf = async (client: Client, query: string) => {
  let longest = 0;
  let all = 0;
  for await (const { historyLength } of client.workflow.list({ query })) {
    longest = Math.max(longest, historyLength);
    all += historyLength;
  }
  return { longest, all };
};

const measure = async (what: string, stack: Stack, args: string[]) => {
  await fetch(`${stack.airbyteUrl}/_simulator/requests`, { method: 'DELETE' });
  const pid = stack.processes.worker?.pid;
  const before = residentOf(pid);
  forgetPeak(pid);
  const began = performance.now();
  const { totals } = await runCli(stack, ['--environment', 'development', ...args]);
  const seconds = (performance.now() - began) / 1000;
  const peak = peakOf(pid);
  const answer = await fetch(`${stack.airbyteUrl}/_simulator/requests`);
  const { requests } = Calls.parse(await answer.json());
  console.log(
    JSON.stringify({
      what,
      totals,
      seconds: Number(seconds.toFixed(1)),
      calls: requests.length,
      worker: { before: Math.round(before), peak: Math.round(peak) },
    }),
  );
};

const main = async () => {
  const stack = await startStack({
    freePorts: 'always',
    env: { AIRBYTE_API: api, TEMPORAL_CONFIG_FILE: 'none' },
    logDir: path.join(ROOT, '.cache', 'logs', 'bench-adopt'),
  });
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    await fill(stack, Number(count));
    await measure('plan', stack, ['--dry-run']);
    await measure('take over', stack, ['--yes']);
    await measure('again', stack, ['--yes']);
    const client = new Client({ connection });
    console.log('history', await historyOf(client, "WorkflowType = 'adopt'"));
  } finally {
    await connection.close();
    await stack.stop();
  }
};

main().catch((err: unknown) => {
  process.stderr.write(`${err instanceof Error ? String(err.stack) : String(err)}\n`);
  process.exitCode = 1;
});
