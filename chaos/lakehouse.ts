import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { launch, ROOT, untilReady } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import { startFlakyProxy } from './flaky-proxy';
import { Lakehouse } from './lakehouse-check';
import { createRandom } from './random';
import { CATALOG, MEMBERS } from './requests';
import { LAKE_LOADER, LAKE_MANAGER, LAKE_MANAGER_SECRET } from './secrets';

const START_TIMEOUT = 60_000;

export type LakehouseSide = Awaited<ReturnType<typeof startLakehouse>>;

/** The stand-in of Databricks, a program of its own, behind a network that can break. */
export const startLakehouse = async (
  { seed, folder, secretsDirectory }: { seed: number; folder: string; secretsDirectory: string },
  onDeath: (message: string) => void,
) => {
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${String(port)}`;
  const secretFile = path.join(secretsDirectory, LAKE_MANAGER_SECRET);
  let count = 1;
  const secret = () => `${LAKE_MANAGER_SECRET} number ${String(count)}`;
  writeFileSync(secretFile, secret());
  const child = launch({
    name: 'The Databricks simulator',
    command: process.execPath,
    args: ['--enable-source-maps', path.join(ROOT, 'dist', 'simulator', 'databricks', 'main.js')],
    env: {
      PATH: process.env.PATH ?? '',
      LOG_LEVEL: 'warn',
      DATABRICKS_SIMULATOR_PORT: String(port),
      DATABRICKS_SIMULATOR_CATALOG: CATALOG,
      DATABRICKS_SIMULATOR_CLIENT_ID: LAKE_MANAGER,
      DATABRICKS_SIMULATOR_CLIENT_SECRET: secret(),
      DATABRICKS_SIMULATOR_SERVICE_PRINCIPALS: LAKE_LOADER,
      DATABRICKS_SIMULATOR_USERS: MEMBERS.join(',').toLowerCase(),
    },
    logFile: path.join(folder, 'databricks-simulator.log'),
  });
  const killNow = () => child.kill();
  process.once('exit', killNow);
  let isStopped = false;
  void child.ended.then((message) => {
    if (!isStopped) onDeath(message);
  });
  const isReady = async () =>
    (await fetch(`${url}/_simulator`, { signal: AbortSignal.timeout(2000) })).ok;
  await untilReady(child, { isReady, timeout: START_TIMEOUT });
  const proxy = await startFlakyProxy(port, createRandom(seed, 'proxy of the lakehouse'));
  const control = async (method: string, at: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${url}/_simulator${at}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  // Nobody is let into the catalog but by us.
  const catalog = { on: 'catalog', name: CATALOG };
  const everybody = { principal: 'account users', add: [], remove: ['USE_CATALOG'] };
  await control('POST', '/grants', { ...catalog, ...everybody });
  await control('POST', '/grants', { ...catalog, principal: LAKE_MANAGER, add: ['MANAGE'] });

  return {
    /** Through the network. */
    url: proxy.url,
    network: proxy,
    look: async () => Lakehouse.parse(await control('GET', '/entities')),
    fault: (fault: object) => control('POST', '/faults', fault),
    clearFaults: () => control('DELETE', '/faults'),
    expireTokens: () => control('DELETE', '/tokens?how=expire&kind=oauth'),
    /** The former one is refused at once; tokens made with it are accepted still. */
    rotateSecret: async () => {
      count += 1;
      writeFileSync(secretFile, secret());
      await control('POST', '/client', { secret: secret() });
    },
    /** The secret is gone for so many milliseconds. */
    loseSecret: async (lasts: Promise<unknown>) => {
      rmSync(secretFile, { force: true });
      await lasts;
      writeFileSync(secretFile, secret());
    },
    close: async () => {
      isStopped = true;
      await proxy.close();
      child.kill();
      await child.ended;
      process.off('exit', killNow);
    },
  };
};
