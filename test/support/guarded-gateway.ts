import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { DEFAULT_WORKSPACE_ID } from '../../simulator/simulator';
import { eventually, startProgram } from './harness';
import { descriptor, request } from './fixtures';
import type { Changes } from './fixtures';

/* A gateway with a configuration file of its own, and nothing behind it but Temporal. */

/** Who calls, by the token that is sent. */
export const CALLERS = {
  'finance-token': { name: 'finance-deployer', teams: ['finance'], roles: ['deployer'] },
  'finance-operator-token': { name: 'finance-operator', teams: ['finance'], roles: ['operator'] },
  'marketing-token': { name: 'marketing-deployer', teams: ['marketing'], roles: ['deployer'] },
  'coordinator-token': { name: 'witboost', roles: ['deployer'], coordinator: true },
  'platform-token': { name: 'platform', roles: ['operator'], platformOperator: true },
};
export type Token = keyof typeof CALLERS;

export const TOKENS = {
  mode: 'tokens',
  tokens: Object.entries(CALLERS).map(([token, caller]) => ({
    ...caller,
    sha256: createHash('sha256').update(token).digest('hex'),
  })),
};
export const NOBODY_ASKED = { mode: 'none' };

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

interface Asked {
  token?: string | undefined;
  method?: string;
  body?: string | object | undefined;
  headers?: http.OutgoingHttpHeaders;
  /** Who is trusted, and who calls. */
  tls?: https.RequestOptions;
  agent?: http.Agent;
}

/** One request, by its whole URL. */
export const ask = (url: string, { token, method, body, headers, tls, agent }: Asked = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const options = {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      agent: agent ?? false,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    };
    const take = (res: http.IncomingMessage) => {
      let all = '';
      res.setEncoding('utf8').on('data', (piece: string) => (all += piece));
      res.on('end', () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text: all });
      });
      res.on('error', reject);
    };
    const sent = url.startsWith('https:')
      ? https.request(url, { ...options, ...tls }, take)
      : http.request(url, options, take);
    sent.on('error', reject);
    sent.end(text);
  });

interface Guarded {
  gateway?: object;
  /** More of the file. */
  more?: object;
  env?: Record<string, string>;
}

export type GuardedGateway = Awaited<ReturnType<typeof startGuarded>>;

/** A folder for what a test writes, with a configuration file; `remove` ends it. */
export const createFolder = () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'guarded-'));
  const mark = randomBytes(4).toString('hex');
  const environment = `dev-${mark}`;
  const file = path.join(folder, 'provisioner.yaml');
  const team = (name: string) => ({
    domains: [name],
    environments: [environment],
    secrets: ['ERP_PASSWORD'],
    defaultFabric: { [environment]: `${name}-dev` },
  });
  const fabric = (name: string) => ({
    type: 'snowflake',
    team: name,
    host: `${name}.snowflakecomputing.com`,
    warehouse: 'W',
    user: 'U',
    role: 'R',
    credentials: { password: { secretRef: 'P' } },
  });
  const contentOf = ({ gateway = { auth: TOKENS }, more = {} }: Guarded = {}) => ({
    environments: {
      [environment]: {
        airbyte: { url: 'http://127.0.0.1:9', workspaceId: DEFAULT_WORKSPACE_ID },
      },
    },
    teams: { finance: team('finance'), marketing: team('marketing') },
    fabrics: { 'finance-dev': fabric('finance'), 'marketing-dev': fabric('marketing') },
    gateway,
    ...more,
  });
  return {
    at: (name: string) => path.join(folder, name),
    file,
    environment,
    write: (given: Guarded = {}) => {
      writeFileSync(file, stringify(contentOf(given)));
    },
    env: {
      TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS ?? '',
      TEMPORAL_TASK_QUEUE: `guarded-${mark}`,
      PROVISIONER_CONFIG: file,
      PORT: '0',
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const startGuarded = async (given: Guarded = {}, folder = createFolder()) => {
  folder.write(given);
  const program = await startProgram('server', { env: { ...folder.env, ...given.env } });
  const url = program.found.replace('0.0.0.0', '127.0.0.1');
  const call = (at: string, asked: Asked = {}) => ask(url + at, asked);
  const readiness = async (asked: Asked = {}) => {
    const { status, text } = await call('/readyz', asked);
    const body: unknown = JSON.parse(text);
    return { status, warning: String(Reflect.get(Object(body), 'warning') ?? ''), text };
  };
  return {
    ...folder,
    program,
    url,
    call,
    readiness,
    /** Waits for what /readyz warns of; an empty text: of nothing. */
    warned: (of: string, asked: Asked = {}) =>
      eventually(async () => {
        const seen = await readiness(asked);
        return (of === '' ? seen.warning === '' : seen.warning.includes(of)) ? seen : undefined;
      }, `a warning of ${of}`),
    /** Waits for a line of the log. */
    logged: (text: string) =>
      eventually(() => program.output().includes(text) || undefined, `the log of ${text}`),
    /** A descriptor of finance, unless it says otherwise. */
    post: (operation: string, token: Token | undefined, changes: Changes = {}, asked: Asked = {}) =>
      call(`/v1/${operation}`, {
        token,
        body: request(descriptor({ environment: folder.environment, ...changes })),
        ...asked,
      }),
    stop: async () => {
      await program.end('SIGKILL');
      folder.remove();
    },
  };
};
