// Holds the simulator of Databricks against Databricks' own client, of two versions: that of the jobs
// API 2.1, and one of today. It takes Python 3 and a network, once; without them it says so in one
// line, and ends with 75.
//   node scripts/setup.mjs node scripts/conformance/databricks.mjs
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const CACHE = path.join(ROOT, '.cache', 'conformance');
const CLIENT = path.join(ROOT, 'scripts', 'conformance', 'databricks-client.py');
const VERSIONS = ['0.38.0', '0.162.0'];
const CANNOT = 75;

const PACKAGES = 300_000;
const CHECKS = 300_000;

const KNOWN = {
  warehouse: '0123456789abcdef',
  cluster: '0123-456789-abcdefgh',
  catalog: 'main',
  clientId: '5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
  clientSecret: 'simulator-secret',
  token: 'dapi-simulator',
};

class Missing extends Error {}

const run = (command, args, options) =>
  spawnSync(command, args, { encoding: 'utf8', killSignal: 'SIGKILL', ...options });

/** Complete or not there: a run that is broken off leaves nothing that is taken for whole. */
const clientOf = (version) => {
  const target = path.join(CACHE, `databricks-sdk-${version}`);
  const python = path.join(target, 'bin', 'python');
  const done = path.join(target, 'complete');
  if (existsSync(done)) return python;
  console.log(`Getting databricks-sdk ${version} …`);
  mkdirSync(CACHE, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  const made = run('python3', ['-m', 'venv', target]);
  if (made.status !== 0) throw new Missing('python3 with venv is not there');
  const args = ['-m', 'pip', 'install', '--quiet', `databricks-sdk==${version}`];
  const got = run(python, args, { timeout: PACKAGES });
  if (got.status !== 0) throw new Missing(`databricks-sdk ${version} cannot be got`);
  mkdirSync(`${done}.making`);
  renameSync(`${done}.making`, done);
  return python;
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

const holds = async (version) => {
  const python = clientOf(version);
  const { url, stop } = await startSimulator();
  try {
    console.log(`databricks-sdk ${version}`);
    const args = [CLIENT, url, ...Object.values(KNOWN)];
    return run(python, args, { stdio: 'inherit', timeout: CHECKS }).status === 0;
  } finally {
    stop();
  }
};

const main = async () => {
  let failed = false;
  for (const version of VERSIONS) if (!(await holds(version))) failed = true;
  return failed ? 1 : 0;
};

process.exitCode = await main().catch((err) => {
  if (!(err instanceof Missing)) throw err;
  console.log(`NOTE: the simulator of Databricks is not held against its client: ${err.message}.`);
  return CANNOT;
});
