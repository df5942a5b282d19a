import express from 'express';
import type { Logger } from 'pino';
import { CONTROL_BASE } from '../steering/control';
import { listen, type Place } from '../steering/listener';
import { createRequests } from '../steering/requests';
import { createTimers } from '../steering/timers';
import { type Account, createAccount } from './account/account';
import { BASE } from './api/answers';
import { createApi, type Timing } from './api/api';
import { createAuth } from './api/auth';
import { createControl } from './control';
import { createFaults } from './api/faults';
import type { ReceivedCall } from './api/requests';
import { createRuns } from './api/runs';
import { addStart, type Start } from './account/seed';

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

/** As Snowflake wants an account in a JWT. */
const accountOf = (name: string) => name.toUpperCase().replaceAll('.', '-');

const createSimulator = (options: SnowflakeOptions) => {
  const settings = { ...defaults, ...options };
  const auth = createAuth(accountOf(settings.account));
  const [faults, timers] = [createFaults(), createTimers()];
  const requests = createRequests<ReceivedCall>();
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

/** Its URL is the account's: the SQL API is below it at `/api/v2`. */
export const startSnowflakeSimulator = ({
  port,
  host,
  ...options
}: SnowflakeOptions & Place = {}) => listen(createSimulator(options), { port, host });
export type SnowflakeSimulator = Awaited<ReturnType<typeof startSnowflakeSimulator>>;
