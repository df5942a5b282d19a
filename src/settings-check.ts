import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { ConfigError, anyWorkerConfig, gatewayConfig } from './config/config';
import type { OneEnvironmentConfig } from './config/config';
import { temporalConfig } from './config/temporal';
import { RequestError } from './contract/problems';
import { judgeExposure } from './gateway/exposure';
import { encryptionBy, fromConfiguration, readConfiguration, runProgram } from './program';
import { checkTls } from './tls';

/* Whether gateway and worker can work with their variables: run before both, in their container. */

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

const hostProblem = async ({ airbyte }: OneEnvironmentConfig) => {
  const { hostname } = new URL(airbyte.url);
  if (LOOPBACK.test(hostname))
    return `AIRBYTE_URL names ${hostname}, which is the container itself: for an Airbyte on this machine write http://host.docker.internal:PORT.`;
  const known = await lookup(hostname).catch(() => undefined);
  if (known) return undefined;
  return `The host of AIRBYTE_URL, ${hostname}, is not found: set AIRBYTE_URL as .env.example says, or start a simulated Airbyte with --profile demo.`;
};

const keyProblem = async ({ snowflake }: OneEnvironmentConfig) => {
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
    if (err instanceof ConfigError || err instanceof RequestError) return err.message;
    throw err;
  }
};

type Gateway = ReturnType<typeof gatewayConfig>;

/** What is wrong with a configuration file for a gateway that listens there, and with the files that it names. */
const fileProblems = (file: string, gateway: Gateway | string) => {
  const settings = readOf(() => readConfiguration(file));
  if (typeof settings === 'string') return [settings];
  const { tls } = settings.gateway;
  const judged = (judge: () => void) => readOf(() => fromConfiguration(file, judge));
  return [
    judged(() => {
      if (typeof gateway !== 'string') judgeExposure(settings, gateway.host);
    }),
    judged(() => {
      if (tls) checkTls(tls);
    }),
    readOf(() => encryptionBy(settings)),
  ];
};

type Worker = ReturnType<typeof anyWorkerConfig>;

/** What the variables, if they can be read, lead to. */
const problemsOf = async (gateway: Gateway | string, worker: Worker | string) => {
  const program = typeof worker === 'string' ? gateway : worker;
  if (typeof program === 'string') return [];
  if (program.file !== undefined) return fileProblems(program.file, gateway);
  if (typeof worker === 'string' || worker.file !== undefined) return [];
  return [await hostProblem(worker.config), await keyProblem(worker.config)];
};

runProgram(async () => {
  const gateway = readOf(gatewayConfig);
  const worker = readOf(anyWorkerConfig);
  const problems = [
    gateway,
    worker,
    ...(await problemsOf(gateway, worker)),
    readOf(temporalConfig),
  ];
  const found = new Set(problems.filter((each) => typeof each === 'string'));
  if (found.size > 0) throw new ConfigError([...found].join('\n'));
});
