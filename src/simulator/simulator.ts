import { createServer } from 'node:http';
import express from 'express';
import type { Logger } from 'pino';
import { actorOperations } from './actors';
import { API_BASE, createApi } from './api';
import { type AuthOptions, createAuth } from './auth';
import { connectionOperations } from './connections';
import { CONTROL_BASE, createControl } from './control';
import { createFaults } from './faults';
import { jobOperations } from './jobs';
import type { Operation } from './operation';
import { createRequests } from './requests';
import { copyStore, createStore, DEFAULT_WORKSPACE_ID, resetStore } from './store';
import { createPeople, ofEnterprise } from './people';
import type { Edition } from './people';
import { groupOperations } from './groups';
import { permissionOperations } from './permissions';
import { streamOperations } from './streams';
import { unsupportedOperations } from './unsupported';
import { newWorkspace, workspaceOperations } from './workspaces';

export { DEFAULT_WORKSPACE_ID } from './store';

export interface SimulatorOptions extends Partial<AuthOptions> {
  /** The workspace that exists from the start. */
  workspaceId?: string;
  /** Milliseconds added to every call of the API. */
  latency?: number;
  /** Milliseconds a job takes. */
  jobDuration?: number;
  /** Whether there are users, groups and permissions. */
  edition?: Edition;
  log?: Logger;
}

const defaults = {
  auth: 'oauth' as const,
  clientId: 'simulator',
  clientSecret: 'simulator-secret',
  username: 'airbyte',
  password: 'password',
  tokenLifetime: 900,
  workspaceId: DEFAULT_WORKSPACE_ID,
  latency: 0,
  jobDuration: 300,
  edition: 'community' as const,
};

const webApp =
  '<!doctype html><html><head><title>Airbyte</title></head><body><div id="root"></div></body></html>';

const healthCheck: Operation = {
  id: 'getHealthCheck',
  method: 'get',
  path: '/health',
  anonymous: true,
  run: () => ({ status: 200, body: 'Successful operation' }),
};

const documentation: Operation = {
  id: 'getDocumentation',
  method: 'get',
  path: '/',
  anonymous: true,
  run: () => ({ status: 302, headers: { Location: 'https://reference.airbyte.com' } }),
};

/** What runs after its call is gone, until the simulator is reset. */
const createTimers = () => {
  const timers = new Set<NodeJS.Timeout>();
  return {
    later: (delay: number, action: () => Promise<unknown>) => {
      const timer = setTimeout(() => {
        void action().finally(() => timers.delete(timer));
      }, delay).unref();
      timers.add(timer);
    },
    /** How many have not ended yet. */
    pending: () => timers.size,
    clear: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
};

/** An Airbyte in memory: its public API, and the routes that steer it. */
export const createSimulator = (options: SimulatorOptions = {}) => {
  const settings = { ...defaults, ...options };
  const { jobDuration, latency, log, workspaceId } = settings;
  const store = createStore();
  const { people, ...crowd } = createPeople(settings.edition);
  const auth = createAuth(settings);
  const [faults, requests, timers] = [createFaults(), createRequests(), createTimers()];
  const forget = () => {
    timers.clear();
    faults.clear();
    requests.clear();
  };
  const reset = () => {
    forget();
    resetStore(store, newWorkspace(workspaceId, 'Default Workspace'));
    crowd.reset();
  };
  reset();
  let saved = copyStore(store);
  const save = () => {
    saved = copyStore(store);
    crowd.save();
  };
  const restore = () => {
    forget();
    Object.assign(store, copyStore(saved));
    crowd.restore();
  };
  const operations = [
    documentation,
    healthCheck,
    auth.operation,
    ...workspaceOperations(store),
    ...actorOperations(store, 'source'),
    ...actorOperations(store, 'destination'),
    ...connectionOperations(store),
    ...streamOperations(store),
    ...jobOperations(store, jobDuration),
    ...ofEnterprise(people, [
      ...permissionOperations(people, store),
      ...groupOperations(people, store),
    ]),
    ...unsupportedOperations,
  ];
  const names = operations.map(({ id }) => id);
  const app = express().disable('x-powered-by').disable('etag');
  const { later } = timers;
  app.use(`${CONTROL_BASE}/people`, crowd.control);
  app.use(
    CONTROL_BASE,
    createControl({
      store,
      faults,
      requests,
      operations: names,
      jobDuration,
      late: timers.pending,
      reset,
      save,
      restore,
    }),
  );
  app.use(API_BASE, createApi({ operations, auth, faults, requests, later, latency, log }));
  // The web app answers every other path, so a wrong base URL meets HTML and a 200.
  app.use((_req, res) => res.type('html').send(webApp));
  return { app, reset };
};

/** Listens; `port` 0 takes a free one. `close` ends hanging calls too. */
export const startSimulator = async ({
  port = 0,
  host = '127.0.0.1',
  ...options
}: SimulatorOptions & { port?: number; host?: string } = {}) => {
  const { app, reset } = createSimulator(options);
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  const shown = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return {
    /** Without a path: the API is below it at `/api/public/v1`. */
    url: `http://${shown}:${String(taken)}`,
    port: taken,
    reset,
    close: () =>
      new Promise<void>((resolve) => {
        reset();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
export type Simulator = Awaited<ReturnType<typeof startSimulator>>;
