import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from '../child';
import type { Child } from '../child';
import { prepareGo, timed } from '../containers/prepare';
import { startCluster } from './cluster';
import { hasPostgres, unpackPostgres } from './programs';

/*
 * npm run test:postgres -- [--within MINUTES] [PROGRAM ARGUMENT…]
 * Runs our suites, or a program of dist/, with Temporal servers that keep their state in PostgreSQL.
 */

const report = (what: string, seconds: number) => {
  console.log(`${String(seconds).padStart(7)} s  ${what}`);
};

const prepare = async () => {
  await prepareGo(['temporal-server', 'temporal-sql-tool'], report);
  if (!hasPostgres()) await timed(report, "Debian's PostgreSQL", unpackPostgres);
};

const node = async (args: string[], env: NodeJS.ProcessEnv) => {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env });
  const [code] = await once(child, 'exit');
  return Number(code ?? 1);
};

const main = async () => {
  await prepare();
  const cluster = await timed(report, 'Starting PostgreSQL', () =>
    startCluster((child: Child) => {
      process.once('exit', child.kill);
    }),
  );
  const env = { ...process.env, TEMPORAL_POSTGRES: String(cluster.port) };
  try {
    return await node(process.argv.slice(2), env);
  } finally {
    await cluster.stop();
  }
};

main().then(
  (code) => process.exit(code),
  (err: unknown) => {
    console.error(err);
    process.exit(1);
  },
);
