// Holds the simulator of Databricks against Databricks' own client, of two versions: that of the jobs
// API 2.1, and one of today. It takes Python 3 and a network, once; without them it says so in one
// line, and ends with 75.
//   node scripts/setup.mjs node scripts/conformance/databricks.mjs
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HERE, NOT_TO_BE_HAD, pythonWith, ROOT } from './python.mjs';

const CLIENT = path.join(HERE, 'databricks-client.py');
const VERSIONS = ['0.38.0', '0.162.0'];

/** Milliseconds for all checks by one version. */
const CHECKS = 300_000;

const KNOWN = {
  warehouse: '0123456789abcdef',
  cluster: '0123-456789-abcdefgh',
  catalog: 'main',
  clientId: '5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
  clientSecret: 'simulator-secret',
  token: 'dapi-simulator',
};

/** The simulator as a program, on a port of its own, with the ids that the client asks for. */
const startSimulator = async () => {
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'dist', 'simulator', 'databricks', 'main.js')],
    {
      env: {
        PATH: process.env.PATH,
        DATABRICKS_SIMULATOR_PORT: '0',
        DATABRICKS_SIMULATOR_WAREHOUSE: KNOWN.warehouse,
        DATABRICKS_SIMULATOR_CLUSTER: KNOWN.cluster,
        DATABRICKS_SIMULATOR_CATALOG: KNOWN.catalog,
        DATABRICKS_SIMULATOR_CLIENT_ID: KNOWN.clientId,
        DATABRICKS_SIMULATOR_CLIENT_SECRET: KNOWN.clientSecret,
        DATABRICKS_SIMULATOR_TOKEN: KNOWN.token,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line);
    if (url) return { url, stop: () => child.kill() };
  }
  throw new Error('The simulator of Databricks did not start.');
};

/** As the exit code of a program. */
const holds = async (version) => {
  const python = pythonWith(
    [`databricks-sdk==${version}`],
    'the simulator of Databricks is not held against its client',
  );
  if (python === undefined) return NOT_TO_BE_HAD;
  const { url, stop } = await startSimulator();
  try {
    console.log(`databricks-sdk ${version}`);
    const args = [CLIENT, url, ...Object.values(KNOWN)];
    const options = { stdio: 'inherit', timeout: CHECKS, killSignal: 'SIGKILL' };
    return spawnSync(python, args, options).status === 0 ? 0 : 1;
  } finally {
    stop();
  }
};

const main = async () => {
  const ends = [];
  for (const version of VERSIONS) ends.push(await holds(version));
  return ends.includes(1) ? 1 : Math.max(...ends);
};

process.exitCode = await main();
