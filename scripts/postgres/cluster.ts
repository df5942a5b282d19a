import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { launch, untilReady } from '../child';
import type { Child } from '../child';
import { binaryOf } from '../containers/go-programs';
import { CACHE, read, runLogged } from '../containers/place';
import { findFreePorts } from '../ports';
import { postgresProgram } from './programs';

/* A PostgreSQL of our own on loopback, whose data go with it. */

const HOST = '127.0.0.1';
export const USER = 'temporal';
const START_TIMEOUT = 30_000;
/** A Temporal server takes up to 120, and tests start some of their own. */
const CONNECTIONS = 600;

/** What a new server's databases are copied from. */
const TEMPLATES = { temporal: 'temporal_template', visibility: 'visibility_template' };
type Kind = keyof typeof TEMPLATES;
const KINDS: readonly Kind[] = ['temporal', 'visibility'];

/** Runs a statement; gives its rows, columns separated by `|`. */
export const sql = async (port: number, database: string, statement: string): Promise<string[]> => {
  const where = ['--host', HOST, '--port', String(port), '--username', USER];
  const how = ['--no-psqlrc', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1'];
  const said = await read(
    postgresProgram('psql', [...where, ...how, '--dbname', database, '--command', statement]),
  );
  return said.split('\n').filter(Boolean);
};

/** As the compose file's temporal-schema. */
const makeTemplate = async (port: number, kind: Kind) => {
  const tool = (...args: string[]) =>
    runLogged(`temporal-sql-tool-${kind}`, {
      command: binaryOf('temporal-sql-tool'),
      args,
      env: {
        SQL_PLUGIN: 'postgres12',
        SQL_HOST: HOST,
        SQL_PORT: String(port),
        SQL_USER: USER,
        SQL_PASSWORD: USER,
        SQL_DATABASE: TEMPLATES[kind],
      },
    });
  await tool('create-database');
  await tool('setup-schema', '-v', '0.0');
  await tool('update-schema', '--schema-name', `postgresql/v12/${kind}`);
};

/** The schema's version stands under the name of its database. */
const copyTemplate = async (port: number, kind: Kind, name: string) => {
  await sql(port, 'postgres', `CREATE DATABASE ${name} TEMPLATE ${TEMPLATES[kind]}`);
  await sql(port, name, `UPDATE schema_version SET db_name = '${name}'`);
};

/** The two databases of a Temporal server of this name, made where it has none. */
export const databasesOf = async (port: number, name: string) => {
  const names = { temporal: name, visibility: `${name}_visibility` };
  const have = await sql(port, 'postgres', 'SELECT datname FROM pg_database');
  for (const kind of KINDS)
    if (!have.includes(names[kind])) await copyTemplate(port, kind, names[kind]);
  return names;
};

const isListening = async (port: number) => {
  const socket = connect(port, HOST);
  await once(socket, 'connect').finally(() => socket.destroy());
  await sql(port, 'postgres', 'SELECT 1');
  return true;
};

export interface Cluster {
  port: number;
  pid: number;
  stop: () => Promise<void>;
}

/** Starts it with the templates of Temporal's databases; `onLaunch` comes before it is ready. */
export const startCluster = async (onLaunch: (child: Child) => void): Promise<Cluster> => {
  const [port = 0] = await findFreePorts(1);
  const folder = mkdtempSync(path.join(CACHE, 'postgres-'));
  const data = path.join(folder, 'data');
  await read(
    postgresProgram('initdb', ['-D', data, `--username=${USER}`, '--auth=trust', '-E', 'UTF8']),
  );
  const settings = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: '',
    max_connections: String(CONNECTIONS),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launch({
    name: 'PostgreSQL',
    ...postgresProgram('postgres', ['-D', data, ...options]),
    logFile: path.join(CACHE, 'logs', 'postgres.log'),
  });
  onLaunch(child);
  await untilReady(child, { isReady: () => isListening(port), timeout: START_TIMEOUT });
  for (const kind of KINDS) await makeTemplate(port, kind);
  return {
    port,
    pid: child.pid,
    stop: async () => {
      // A fast shutdown: whoever is still connected is sent away.
      if (!child.hasEnded()) process.kill(child.pid, 'SIGINT');
      await child.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
