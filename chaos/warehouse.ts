import { generateKeyPairSync } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, ROOT, untilReady } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';
import { Warehouse } from './fabric-check';
import { startFlakyProxy } from './flaky-proxy';
import { createRandom } from './random';
import { MEMBERS } from './requests';
import { MANAGER_KEY } from './secrets';

const START_TIMEOUT = 60_000;
/** Milliseconds that a user has two keys for while one takes the place of the other. */
const BOTH_KEYS_FOR = 3000;
const USER = 'PROVISIONER';

const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export type WarehouseSide = Awaited<ReturnType<typeof startWarehouse>>;

/** The stand-in of Snowflake, a program of its own, behind a network that can break. */
export const startWarehouse = async (
  { seed, folder, secretsDirectory }: { seed: number; folder: string; secretsDirectory: string },
  onDeath: (message: string) => void,
) => {
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${String(port)}`;
  const publicKeyFile = path.join(folder, 'snowflake-public-key.pem');
  const privateKeyFile = path.join(secretsDirectory, MANAGER_KEY);
  let keys = keyPair();
  writeFileSync(publicKeyFile, keys.publicKey);
  writeFileSync(privateKeyFile, keys.privateKey);
  const child = launch({
    name: 'The Snowflake simulator',
    command: process.execPath,
    args: ['--enable-source-maps', path.join(ROOT, 'dist', 'simulator', 'snowflake', 'main.js')],
    env: {
      PATH: process.env.PATH ?? '',
      LOG_LEVEL: 'warn',
      SNOWFLAKE_SIMULATOR_PORT: String(port),
      SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE: publicKeyFile,
      SNOWFLAKE_SIMULATOR_PEOPLE: MEMBERS.join(','),
    },
    logFile: path.join(folder, 'snowflake-simulator.log'),
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
  const proxy = await startFlakyProxy(port, createRandom(seed, 'proxy of the fabric'));
  const control = async (method: string, at: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${url}/_simulator${at}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const putKeys = (publicKeys: string[]) => control('POST', '/keys', { user: USER, publicKeys });

  return {
    /** Through the network. */
    url: proxy.url,
    network: proxy,
    look: async () => Warehouse.parse(await control('GET', '/entities')),
    fault: (fault: object) => control('POST', '/faults', fault),
    clearFaults: () => control('DELETE', '/faults'),
    expireTokens: () => control('POST', '/tokens/expire'),
    /** As Snowflake's documentation says, with two keys for a while; or, where in haste, at once. */
    rotateKey: async (inHaste: boolean) => {
      const former = keys;
      keys = keyPair();
      if (!inHaste) await putKeys([former.publicKey, keys.publicKey]);
      writeFileSync(privateKeyFile, keys.privateKey);
      if (!inHaste) await pause(BOTH_KEYS_FOR);
      await putKeys([keys.publicKey]);
    },
    /** The key is gone from the secrets for so many milliseconds. */
    loseKey: async (lasts: Promise<unknown>) => {
      rmSync(privateKeyFile, { force: true });
      await lasts;
      writeFileSync(privateKeyFile, keys.privateKey);
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
