import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../child';
import { binaryOf } from '../containers/go-programs';
import { findFreePorts } from '../ports';
import { databasesOf, USER } from './cluster';

/* The Temporal server on PostgreSQL, as docker-compose.yml has it but for its ports. */

/** As TEMPORAL_RETENTION of docker-compose.yml. */
const RETENTION = '168h';

const Compose = z.object({
  configs: z.object({ 'temporal-dynamic-config': z.object({ content: z.string() }) }),
});
const DynamicConfig = z.record(z.string(), z.unknown());

const dynamicConfig = (): z.infer<typeof DynamicConfig> => {
  const file: unknown = parse(readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8'), {
    merge: true,
  });
  return DynamicConfig.parse(parse(Compose.parse(file).configs['temporal-dynamic-config'].content));
};

interface Wanted {
  /** Of the PostgreSQL, on loopback. */
  database: number;
  host: string;
  port: number;
  /** Whose databases it has: the server started last with the same ones goes on. */
  identity: string;
  maxSignals?: number;
  logFile: string;
}

/** What to launch. */
export const serverProgram = async (wanted: Wanted) => {
  const { database, host, port, identity, maxSignals, logFile } = wanted;
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const databases = await databasesOf(database, `temporal_${digest}`);
  const ports = await findFreePorts(8);
  const inner = ['FRONTEND_HTTP', 'FRONTEND_MEMBERSHIP'].concat(
    ['HISTORY', 'MATCHING', 'WORKER'].flatMap((each) => [`${each}_GRPC`, `${each}_MEMBERSHIP`]),
  );
  const configFile = `${logFile}.dynamic-config.yaml`;
  const signals = maxSignals && { 'history.maximumSignalsPerExecution': [{ value: maxSignals }] };
  writeFileSync(configFile, stringify({ ...dynamicConfig(), ...signals }));
  return {
    name: 'The Temporal server on PostgreSQL',
    command: binaryOf('temporal-server'),
    args: ['--allow-no-auth', 'start'],
    env: {
      DB: 'postgres12',
      DB_PORT: String(database),
      POSTGRES_SEEDS: host,
      POSTGRES_USER: USER,
      POSTGRES_PWD: USER,
      DBNAME: databases.temporal,
      VISIBILITY_DBNAME: databases.visibility,
      NUM_HISTORY_SHARDS: process.env.NUM_HISTORY_SHARDS,
      DYNAMIC_CONFIG_FILE_PATH: configFile,
      LOG_LEVEL: 'warn',
      BIND_ON_IP: host,
      FRONTEND_GRPC_PORT: String(port),
      ...Object.fromEntries(inner.map((name, index) => [`${name}_PORT`, String(ports[index])])),
    },
  };
};

const KEYWORD = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** As the compose file's temporal-setup: a new server has no namespace and no search attributes. */
export const setUp = async (
  { workflowService, operatorService }: Connection,
  namespace: string,
  searchAttributes: string[],
): Promise<void> => {
  await workflowService.describeNamespace({ namespace }).catch(() =>
    workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    }),
  );
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = searchAttributes.filter((name) => !(name in customAttributes));
  if (missing.length > 0)
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  // The server looks for new ones every two seconds; until then this is refused, as are runs that have them.
  const query = searchAttributes.map((name) => `${name} = "none"`).join(' OR ');
  await workflowService.countWorkflowExecutions({ namespace, query });
};
