import express from 'express';
import type { Logger } from 'pino';
import { actorOperations } from './public-api/actors';
import { apiBases, createApi, publicDialect } from './api';
import { type AuthOptions, createAuth } from './auth';
import { createCheckFailures } from './checks';
import { configOperations } from './config-api/routes';
import { configDialect, type ErrorFamily, errorFamilyOf } from './config-api/errors';
import type { Instance } from './config-api/instance';
import type { SearchMode } from './config-api/search';
import { connectionOperations } from './public-api/connections';
import { createControl } from './control';
import { createFaults } from './faults';
import { jobOperations } from './public-api/jobs';
import type { ApiName, Operation } from './operation';
import type { ReceivedCall } from './requests';
import { secretsSent } from './secret-log';
import { copyStore, createStore, DEFAULT_WORKSPACE_ID, resetStore } from './store';
import { createPeople, ofEnterprise } from './public-api/people';
import { groupOperations } from './public-api/groups';
import { permissionOperations } from './public-api/permissions';
import { createShifts } from './shifts';
import { CONTROL_BASE } from './steering/control';
import { listen, type Place } from './steering/listener';
import { createRequests } from './steering/requests';
import { createTimers } from './steering/timers';
import { streamOperations } from './public-api/streams';
import { tagOperations } from './public-api/tags';
import { unsupportedOperations } from './unsupported';
import { newWorkspace, workspaceOperations } from './public-api/workspaces';

export { DEFAULT_WORKSPACE_ID } from './store';

export interface SimulatorOptions extends Partial<AuthOptions> {
  /** The workspace that exists from the start. */
  workspaceId?: string;
  /** Milliseconds added to every call of the API. */
  latency?: number;
  /** Milliseconds a job takes. */
  jobDuration?: number;
  /** Seconds between two syncs that a cron must keep. */
  minSyncInterval?: number;
  /** Airbyte's edition and version, as its Config API tells them. */
  edition?: Instance['edition'];
  version?: string;
  /** Follows from `auth` unless given. */
  authMode?: Instance['authMode'];
  /** The APIs it has: an old Airbyte has no public one. In place of a missing one is the web app. */
  apis?: ApiName[];
  /** How its Config API answers errors; follows from the version unless given. */
  errors?: ErrorFamily;
  /** Whether its Config API finds anything: today's do not. */
  search?: SearchMode;
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
  version: '2.0.0',
  search: 'empty' as const,
};

const everyApi: ApiName[] = ['public', 'config'];

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

const authModes = { oauth: 'simple', basic: 'none', none: 'none' } as const;

/** An Airbyte in memory: its two APIs, and the routes that steer it. */
const createSimulator = (options: SimulatorOptions = {}) => {
  const settings = { ...defaults, ...options };
  const { jobDuration, latency, log, workspaceId } = settings;
  const store = createStore(options.minSyncInterval);
  const { people, ...crowd } = createPeople(
    settings.edition === 'community' ? 'community' : 'enterprise',
  );
  const auth = createAuth(settings);
  const [faults, timers] = [createFaults(), createTimers()];
  const requests = createRequests<ReceivedCall>();
  const failures = createCheckFailures();
  const forget = () => {
    timers.clear();
    faults.clear();
    failures.clear();
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
  const publicOperations = [
    documentation,
    healthCheck,
    auth.operation,
    ...workspaceOperations(store),
    ...actorOperations(store, 'source'),
    ...actorOperations(store, 'destination'),
    ...connectionOperations(store),
    ...streamOperations(store),
    ...tagOperations(store),
    ...jobOperations(store, jobDuration),
    ...ofEnterprise(people, [
      ...permissionOperations(people, store),
      ...groupOperations(people, store),
    ]),
    ...unsupportedOperations,
  ];
  const { edition, version, search } = settings;
  const authMode = options.authMode ?? authModes[settings.auth];
  const instance = { edition, version, authMode, workspaceId };
  const operations = {
    public: publicOperations,
    config: configOperations({ store, auth, instance, failures, search, jobDuration }),
  };
  const dialects = {
    public: publicDialect,
    config: configDialect(options.errors ?? errorFamilyOf(version)),
  };
  const names = new Set(everyApi.flatMap((api) => operations[api].map(({ id }) => id)));
  const app = express().disable('x-powered-by').disable('etag');
  const { later } = timers;
  app.use(
    CONTROL_BASE,
    createControl({
      store,
      faults,
      failures,
      requests,
      operations: [...names],
      jobDuration,
      people: crowd.control,
      late: timers.pending,
      revokeTokens: auth.revokeTokens,
      rotateSecret: auth.rotateSecret,
      reset,
      save,
      restore,
    }),
  );
  const common = {
    auth,
    faults,
    requests,
    later,
    secretsSent: secretsSent.bind(undefined, store),
    shift: createShifts(store, people),
    latency,
    log,
  };
  for (const api of options.apis ?? everyApi)
    app.use(
      apiBases[api],
      createApi({ ...common, operations: operations[api], dialect: dialects[api] }),
    );
  // The web app answers every other path, so a wrong base URL meets HTML and a 200.
  app.use((_req, res) => res.type('html').send(webApp));
  return { app, reset };
};

/** The APIs are below its URL at `/api/public/v1` and `/api/v1`. */
export const startSimulator = ({ port, host, ...options }: SimulatorOptions & Place = {}) =>
  listen(createSimulator(options), { port, host });
export type Simulator = Awaited<ReturnType<typeof startSimulator>>;
