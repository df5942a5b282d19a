import { createServer } from 'node:http';
import express from 'express';
import type { Logger } from 'pino';
import { type Account, createAccount } from './account';
import { BASE } from './answers';
import { createApi, type Timing } from './api';
import { createAuth } from './auth';
import { CONTROL_BASE, createControl } from './control';
import { createFaults } from './faults';
import { createRequests } from './requests';
import { createRuns } from './runs';
import { addStart, type Start } from './seed';

/** What there is from the start, and how statements run; all has a default. */
export interface SnowflakeOptions extends Partial<Start>, Partial<Timing> {
  account?: string;
  /** Of the user: PEM, two at most. */
  publicKeys?: string[];
  /** Of the user: programmatic access tokens. */
  tokens?: string[];
  log?: Logger | undefined;
}

const defaults = {
  account: 'SIMULATOR',
  user: 'PROVISIONER',
  role: 'PROVISIONER',
  warehouse: 'PROVISIONING',
  database: 'ANALYTICS',
  airbyteRole: 'AIRBYTE',
  people: ['JANE.DOE@EXAMPLE.COM', 'JOHN.ROE@EXAMPLE.COM'],
  publicKeys: [],
  tokens: [],
  running: 100,
  second: 1000,
  partitionRows: 1000,
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
    pending: () => timers.size,
    clear: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
};

/** As Snowflake wants an account in a JWT. */
const accountOf = (name: string) => name.toUpperCase().replaceAll('.', '-');

const createSimulator = (options: SnowflakeOptions) => {
  const settings = { ...defaults, ...options };
  const auth = createAuth(accountOf(settings.account));
  const [faults, requests, timers] = [createFaults(), createRequests(), createTimers()];
  const start = (): Account => {
    const made = createAccount(accountOf(settings.account));
    addStart(made, settings);
    return made;
  };
  let account = start();
  let saved = structuredClone(account);
  const runs = createRuns(() => account);
  const forget = () => {
    for (const each of [timers, runs, faults, requests]) each.clear();
  };
  const giveCredentials = () => {
    auth.clear();
    auth.setKeys(settings.user, settings.publicKeys);
    for (const token of settings.tokens)
      auth.addToken(token, { user: settings.user, type: 'PROGRAMMATIC_ACCESS_TOKEN' });
  };
  giveCredentials();
  const reset = () => {
    forget();
    giveCredentials();
    account = start();
  };
  const save = () => {
    saved = structuredClone(account);
  };
  const restore = () => {
    forget();
    account = structuredClone(saved);
  };
  const app = express().disable('x-powered-by').disable('etag');
  app.use(
    CONTROL_BASE,
    createControl({
      account: () => account,
      auth,
      faults,
      requests,
      late: timers.pending,
      running: runs.running,
      reset,
      save,
      restore,
    }),
  );
  app.use(
    BASE,
    createApi({
      account: () => account,
      auth,
      runs,
      faults,
      requests,
      timing: settings,
      later: timers.later,
      log: settings.log,
    }),
  );
  app.use((_req, res) => res.status(404).json({ code: '390404', message: 'Not found.' }));
  return { app, reset };
};

/** Listens; `port` 0 takes a free one. `close` ends hanging calls too. */
export const startSnowflakeSimulator = async ({
  port = 0,
  host = '127.0.0.1',
  ...options
}: SnowflakeOptions & { port?: number; host?: string } = {}) => {
  const { app, reset } = createSimulator(options);
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  const shown = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  return {
    /** Of the account: the SQL API is below it at `/api/v2`. */
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
export type SnowflakeSimulator = Awaited<ReturnType<typeof startSnowflakeSimulator>>;
