import type { Request, RequestHandler, Response } from 'express';
import { SystemProblem } from '../contract/problems';
import type { RefusalReason } from '../contract/problems';
import { shortened } from '../../workflows/protocol/lengths';
import { onceOver } from '../concurrency/caller';
import type { Caller } from '../identity/caller';
import { DOCUMENTS } from '../openapi/document';
import { PROBES } from '../openapi/operator';
import { isRunToken, readToken } from '../runs/token';
import { currentTrace } from '../tracing/context';
import { lineOf } from './audit-log';
import type { AuditLog } from './audit-log';
import { knownCallerOf } from './callers';
import { certificateOf } from './client-certificates';
import { addressOf } from './door';
import { operationOf } from './routes';

/* Who asked for what, and what came of it: one line of JSON for each request, without any payload. */

/** Bytes of what a caller gives, as it is written: with all of them a line is below 4,096, which a pipe takes whole. */
const MAX_VALUE = 400;
/** Teams of a caller that are named. */
const MAX_TEAMS = 5;

const cut = (text: string | undefined): string | undefined => {
  let short = shortened(text ?? '', MAX_VALUE);
  while (lineOf(short).length > MAX_VALUE) short = shortened(short, Math.floor(short.length / 2));
  return short === '' ? undefined : short;
};

/** What is known of what a request is about, by its answer. */
interface Noted {
  /** Of the run that was started or asked for. */
  token?: string;
  /** `<environment>/<domain>.<product>.<major>[.<component>]`, of a descriptor. */
  key?: string | undefined;
  environment?: string | undefined;
  reason?: RefusalReason;
}
const notes = new WeakMap<Response, Noted>();
export const note = (res: Response, more: Noted) => {
  notes.set(res, { ...notes.get(res), ...more });
};

/** What is no token of ours tells nothing but itself. */
const aboutToken = (token: string) => {
  const { environment, dataProduct, component } = readToken(isRunToken(token) ? token : '');
  return {
    token: cut(token),
    environment: cut(environment),
    dataProduct: cut(dataProduct),
    component: cut(component),
  };
};

const aboutKey = (key: string) => {
  const [, environment, names = ''] = /^(.+)\/([^/]+)$/.exec(key) ?? [];
  const parts = names.split('.');
  return {
    environment: cut(environment),
    dataProduct: cut(parts.slice(0, 3).join('.')),
    component: parts.length === 4 ? cut(names) : undefined,
  };
};

const aboutIn = ({ token, key, environment }: Noted) => {
  if (token !== undefined) return aboutToken(token);
  return key === undefined ? { environment: cut(environment) } : aboutKey(key);
};

/** Above teams, or of some of them. */
const rankOf = ({ isPlatformOperator, isCoordinator }: Caller) => {
  if (isPlatformOperator) return 'platform operator';
  return isCoordinator ? 'coordinator' : undefined;
};

const whoIn = (req: Request, res: Response) => {
  const caller = knownCallerOf(res);
  const teams = [...(caller?.roles.keys() ?? [])];
  return {
    /** Absent where it was not found out, or not asked. */
    caller: cut(caller?.name),
    rank: caller && rankOf(caller),
    teams: teams.length > 0 ? teams.slice(0, MAX_TEAMS) : undefined,
    moreTeams: teams.length > MAX_TEAMS ? teams.length - MAX_TEAMS : undefined,
    certificate: cut(certificateOf(req.socket)),
    address: addressOf(req) ?? cut(req.ip),
  };
};

const whatIn = (req: Request, res: Response) => {
  const operation = operationOf(res);
  // What is no operation of ours is told as it was asked for, but for its query.
  return operation === undefined
    ? { operation: 'none', method: cut(req.method), path: cut(req.originalUrl.split('?')[0]) }
    : { operation };
};

const entryOf = (req: Request, res: Response, status: number | 'left') => {
  const { reason, ...about } = notes.get(res) ?? {};
  return {
    time: new Date().toISOString(),
    ...whoIn(req, res),
    ...whatIn(req, res),
    ...aboutIn(about),
    status,
    reason,
    traceId: currentTrace()?.traceId ?? cut(req.get('traceId')),
  };
};

const UNWRITTEN = new SystemProblem(
  'Who asked for this cannot be written down, so it is not answered.',
  {
    status: 503,
    reason: 'unaudited',
    solutions: [
      'Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator to see to the place where the audit is written.',
    ],
  },
);

/** Documents say nothing of anybody's, probes are not requests. */
const UNAUDITED: ReadonlySet<string> = new Set([...Object.keys(DOCUMENTS), ...Object.keys(PROBES)]);

const isAudited = (res: Response) => !UNAUDITED.has(operationOf(res) ?? '');

/** In the place of an answer that nobody has kept account of. */
const replaceAnswer = (res: Response): string => {
  for (const name of res.getHeaderNames())
    if (/^(content-|etag|location|transfer-encoding)/.test(name)) res.removeHeader(name);
  res.status(UNWRITTEN.status).type('json');
  const body = JSON.stringify(UNWRITTEN.toBody());
  res.set('Content-Length', String(Buffer.byteLength(body)));
  return body;
};

/**
 * Writes each request down before its answer is sent. Where it cannot be written the answer is 503; and as
 * long as that is so nothing is begun.
 */
export const audited =
  (log: AuditLog, refused: (reason: RefusalReason) => void): RequestHandler =>
  (req, res, next) => {
    if (!log.isOn()) {
      next();
      return;
    }
    let isWritten = false;
    const end = res.end.bind(res);
    res.end = (...given: unknown[]) => {
      const mustWrite = !isWritten && isAudited(res);
      const isLost = mustWrite && !log.write(entryOf(req, res, res.statusCode));
      isWritten = true;
      if (isLost) refused(UNWRITTEN.reason);
      Reflect.apply(end, undefined, isLost ? [replaceAnswer(res)] : given);
      return res;
    };
    onceOver(res, () => {
      if (!isWritten && isAudited(res)) log.write(entryOf(req, res, 'left'));
    });
    next();
  };

/** Nothing is begun that could not be written down in the end. */
export const auditable =
  (log: AuditLog): RequestHandler =>
  (_req, _res, next) => {
    if (log.isOn() && !log.isWritable()) throw UNWRITTEN;
    next();
  };
