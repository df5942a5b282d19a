import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { ConfigError, gatewayConfig, workerConfig } from './config/config';
import type { WorkerConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { runProgram } from './program';

/* Whether gateway and worker can work with their variables: run before both, in their container. */

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

const hostProblem = async ({ airbyte }: WorkerConfig) => {
  const { hostname } = new URL(airbyte.url);
  if (LOOPBACK.test(hostname))
    return `AIRBYTE_URL names ${hostname}, which is the container itself: for an Airbyte on this machine write http://host.docker.internal:PORT.`;
  const known = await lookup(hostname).catch(() => undefined);
  if (known) return undefined;
  return `The host of AIRBYTE_URL, ${hostname}, is not found: set AIRBYTE_URL as .env.example says, or start a simulated Airbyte with --profile demo.`;
};

const keyProblem = async ({ snowflake }: WorkerConfig) => {
  const file = snowflake?.privateKeyFile;
  if (!file) return undefined;
  const readable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  return readable
    ? undefined
    : `SNOWFLAKE_PRIVATE_KEY_FILE, ${file}, cannot be read: it must be in the folder of SECRETS_DIR, and user 1001 must be let read it.`;
};

/** The configuration, or what is wrong with it. */
const readOf = <Config>(config: () => Config): Config | string => {
  try {
    return config();
  } catch (err) {
    if (err instanceof ConfigError) return err.message;
    throw err;
  }
};

runProgram(async () => {
  const gateway = readOf(gatewayConfig);
  const worker = readOf(workerConfig);
  const problems =
    typeof worker === 'string'
      ? [gateway, worker]
      : [gateway, await hostProblem(worker), await keyProblem(worker)];
  const found = new Set(
    [...problems, readOf(temporalConfig)].filter((each) => typeof each === 'string'),
  );
  if (found.size > 0) throw new ConfigError([...found].join('\n'));
});
