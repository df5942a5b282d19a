import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { stringify } from 'yaml';
import { launch, untilReady } from '../../scripts/child';
import { findFreePorts } from '../../scripts/ports';
import { tool } from './chart';

/* A Kubernetes API server with its etcd, as processes on loopback; nothing runs pods. */

const PATIENCE = 180_000;

const etcd = tool('etcd');
const server = tool('kube-apiserver');
export const haveApiServer = etcd !== undefined && server !== undefined;

interface Answer {
  status: number;
  body: unknown;
}

/** Over TLS with the server's own certificate, as a member of system:masters. */
const createClient = ({ port, token, ca }: { port: number; token: string; ca: string }) => {
  const call = (method: string, at: string, body?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const options = { host: '127.0.0.1', port, path: at, method, ca: readFileSync(ca), headers };
      const sent = request(options, (res) => {
        const parts: Buffer[] = [];
        res.on('data', (part: Buffer) => parts.push(part));
        res.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const isJson = res.headers['content-type'] === 'application/json';
          resolve({ status: res.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return call;
};

const kubeconfig = ({ port, token, ca }: { port: number; token: string; ca: string }) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    {
      name: 'test',
      cluster: { server: `https://127.0.0.1:${String(port)}`, 'certificate-authority': ca },
    },
  ],
  users: [{ name: 'admin', user: { token } }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  'current-context': 'test',
});

const startEtcd = async (folder: string) => {
  const [port = 0, peers = 0] = await findFreePorts(2);
  const url = `http://127.0.0.1:${String(port)}`;
  const peerUrl = `http://127.0.0.1:${String(peers)}`;
  const child = launch({
    name: 'etcd',
    command: etcd ?? '',
    args: [
      `--data-dir=${path.join(folder, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ],
    env: { PATH: process.env.PATH },
    logFile: path.join(folder, 'etcd.log'),
  });
  const isReady = async () => (await fetch(`${url}/health`)).ok;
  await untilReady(child, { isReady, timeout: PATIENCE });
  return { url, child };
};

/** Writes what it keeps into a folder; `config` is the file that helm takes. */
export const startApiServer = async (folder: string) => {
  mkdirSync(folder, { recursive: true });
  const store = await startEtcd(folder);
  const [port = 0] = await findFreePorts(1);
  const token = randomBytes(16).toString('hex');
  const file = (name: string) => path.join(folder, name);
  writeFileSync(file('tokens.csv'), `${token},admin,1,system:masters\n`, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(file('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  const child = launch({
    name: 'kube-apiserver',
    command: server ?? '',
    args: [
      `--etcd-servers=${store.url}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${String(port)}`,
      `--cert-dir=${folder}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('key.pem')}`,
      `--service-account-signing-key-file=${file('key.pem')}`,
    ],
    env: { PATH: process.env.PATH },
    logFile: file('kube-apiserver.log'),
  });
  const ca = file('apiserver.crt');
  const call = createClient({ port, token, ca });
  const isReady = async () => existsSync(ca) && (await call('GET', '/readyz')).status === 200;
  await untilReady(child, { isReady, timeout: PATIENCE });
  writeFileSync(file('config'), stringify(kubeconfig({ port, token, ca })), { mode: 0o600 });
  return {
    call,
    config: file('config'),
    stop: async () => {
      await child.stop();
      await store.child.stop();
    },
  };
};
