import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_WORKSPACE_ID } from '../../simulator/simulator';
import { findFreePorts } from '../ports';
import { CACHE } from './place';
import type { Variables } from './project';

/* What the containers are started with. */

/** The Dockerfile's. */
export const IMAGES_USER = 1001;

/** What is tried again soon, so that a round takes seconds. */
export const SHORT_RETRIES = {
  AIRBYTE_RETRY_INITIAL: '200ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '2s',
  AIRBYTE_SETTLE_TIME: '2s',
  AIRBYTE_REQUEST_TIMEOUT: '5s',
};

/** What a real Airbyte has to be set for; the simulator takes its place. */
export const AIRBYTE = {
  AIRBYTE_URL: 'http://simulator:8000',
  AIRBYTE_WORKSPACE_ID: DEFAULT_WORKSPACE_ID,
  AIRBYTE_CLIENT_ID: 'simulator',
  AIRBYTE_CLIENT_SECRET_FILE: '/secrets/AIRBYTE_CLIENT_SECRET',
  POSTGRES_PASSWORD: 'of-the-test',
  SNOWFLAKE_HOST: 'test.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'AIRBYTE_ROLE',
  SNOWFLAKE_WAREHOUSE: 'AIRBYTE_WAREHOUSE',
  SNOWFLAKE_USER: 'AIRBYTE_USER',
  SNOWFLAKE_PRIVATE_KEY_FILE: '/secrets/snowflake.pem',
};

/** A collector on this machine, which is not there: spans are dropped, and all else has to work. */
export const COLLECTOR = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host.docker.internal:4318',
  OTEL_EXPORTER_OTLP_HEADERS_FILE: '/secrets/gateway/OTEL_EXPORTER_OTLP_HEADERS',
};

export const KEY = 'not-a-key-but-as-good-as-one';
const SECRETS = {
  AIRBYTE_CLIENT_SECRET: 'simulator-secret',
  'snowflake.pem': KEY,
  'gateway/OTEL_EXPORTER_OTLP_HEADERS': 'x-team=one',
};

/** Files, which nobody but the image's user can read; one that is there is replaced in one step. */
export const giveToImage = (folder: string, files: Record<string, string>): void => {
  for (const [name, value] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${value}\n`, { mode: 0o400 });
    chownSync(`${file}.new`, IMAGES_USER, IMAGES_USER);
    renameSync(`${file}.new`, file);
  }
};

/** Secrets as files. */
export const writeSecrets = (): Variables => {
  const folder = path.join(CACHE, 'secrets');
  rmSync(folder, { recursive: true, force: true });
  giveToImage(folder, SECRETS);
  return { SECRETS_DIR: folder };
};

/** Free ports for all that the file publishes. */
export const choosePorts = async () => {
  const [gateway = 0, temporal = 0, temporalUi = 0, simulator = 0, prometheus = 0] =
    await findFreePorts(5);
  const variables = {
    PORT: String(gateway),
    TEMPORAL_PORT: String(temporal),
    TEMPORAL_UI_PORT: String(temporalUi),
    SIMULATOR_PORT: String(simulator),
    PROMETHEUS_PORT: String(prometheus),
  };
  const url = (port: number) => `http://127.0.0.1:${String(port)}`;
  return {
    variables,
    gatewayUrl: url(gateway),
    airbyteUrl: url(simulator),
    prometheusUrl: url(prometheus),
  };
};
