import { openSync, writeSync } from 'node:fs';
import type { RequestHandler, Response } from 'express';
import onHeaders from 'on-headers';
import { readToken } from '../runs/token';
import { callerOf } from './callers';
import { operationOf } from './routes';

/** What was asked for and what was answered, without any payload: one line of JSON each. */
interface Entry {
  time: string;
  caller: string;
  address: string | undefined;
  operation: string;
  /** Of the run that was started or asked for, which names environment and component. */
  token?: string;
  environment?: string;
  dataProduct?: string;
  component?: string;
  status: number;
}

/** Of what a request turned out to be about, by its answer. */
const tokens = new WeakMap<Response, string>();
export const noteToken = (res: Response, token: string) => {
  tokens.set(res, token);
};

const STDOUT = 1;

/** Where entries go: each is written when this returns. Throws where the file cannot be written. */
export const createAuditLog = (log: string) => {
  const file = log === 'stdout' ? STDOUT : openSync(log, 'a', 0o640);
  return (entry: Entry) => {
    writeSync(file, `${JSON.stringify({ audit: true, ...entry })}\n`);
  };
};
export type AuditLog = ReturnType<typeof createAuditLog>;

const aboutIn = (token: string | undefined) => {
  if (token === undefined) return {};
  const { environment, dataProduct, component } = readToken(token);
  return { token, environment, dataProduct, ...(component !== '' && { component }) };
};

/** Writes each request down before its answer is sent; what is not served is none. */
export const audited =
  (write: AuditLog): RequestHandler =>
  (req, res, next) => {
    onHeaders(res, () => {
      const operation = operationOf(res);
      if (operation === undefined) return;
      write({
        time: new Date().toISOString(),
        caller: callerOf(res).name,
        address: req.ip,
        operation,
        ...aboutIn(tokens.get(res)),
        status: res.statusCode,
      });
    });
    next();
  };
