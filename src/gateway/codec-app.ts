import type { Payload, PayloadCodec } from '@temporalio/common';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { z } from 'zod';
import { RequestError, SystemProblem } from '../contract/problems';
import { DecryptionError } from '../encryption/codec';
import type { Authentication } from '../identity/authenticate';
import { audited, auditable } from './audit';
import type { AuditLog } from './audit-log';
import { authenticated, callerOf } from './callers';
import type { ClientCertificates } from './client-certificates';
import { fromAllowed, guessesLimited, requestsLimited } from './door';
import type { Door } from './door';
import { noted } from './routes';

/*
 * Payloads for Temporal's UI and CLI, by its protocol for codec servers
 * (https://docs.temporal.io/codec-server): POST /decode and /encode take and give `{ payloads }` as
 * protobuf has them in JSON, with bytes in base64.
 */

/** Bytes of a request: a page of Temporal's UI has some hundred payloads. */
const MAX_CODEC_BODY = 16 * 1024 * 1024;
/** Bytes of all that comes out of one request. */
const MAX_DECODED = 64 * 1024 * 1024;

/** Payloads of a request, and entries of the metadata of each: Temporal's have three. */
const MAX_PAYLOADS = 10_000;
const MAX_METADATA = 20;

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const Payloads = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), bytes).default({}),
        data: bytes.default(Buffer.alloc(0)),
      }),
    )
    .default([]),
});

const inJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [
      name,
      Buffer.from(value).toString('base64'),
    ]),
  ),
  ...(data && { data: Buffer.from(data).toString('base64') }),
});

const refused = (
  message: string,
  { status, solution, path = 'payloads' }: { status: number; solution: string; path?: string },
) =>
  new RequestError([{ path, message }], {
    status,
    reason: status === 403 ? 'forbidden' : 'invalid',
    solutions: [solution],
  });

/** A payload says of no team whose it is: only who may see all may have it decoded. */
const forOperators: RequestHandler = (_req, res, next) => {
  if (callerOf(res).isPlatformOperator) {
    next();
    return;
  }
  throw refused('names a caller who may not read payloads, which are of all teams', {
    status: 403,
    path: 'Authorization',
    solution: 'Call as a platform operator (gateway.auth in the configuration file).',
  });
};

/** One after the other, so that what is held is at most what may come out. */
const convert = async (given: Payload[], coding: PayloadCodec['decode']): Promise<Payload[]> => {
  const done: Payload[] = [];
  let length = 0;
  for (const payload of given) {
    const [result = payload] = await coding([payload]);
    length += result.data?.length ?? 0;
    if (length > MAX_DECODED)
      throw refused('are too large together', {
        status: 413,
        solution: `Ask for fewer: at most ${String(MAX_DECODED / 1024 / 1024)} MiB come out at once.`,
      });
    done.push(result);
  }
  return done;
};

export interface CodecDeps {
  /** What encrypts, and what compresses before. */
  codecs: readonly PayloadCodec[];
  /** Pages of this origin may call; undefined: no page. */
  uiOrigin: string | undefined;
  authenticate: Authentication;
  door: Door;
  audit: AuditLog;
  /** Undefined: the listener does not speak TLS. */
  certificates?: ClientCertificates | undefined;
  /** What somebody should mend although requests are welcome, for /readyz. */
  warning?: (() => string | undefined) | undefined;
  log: Logger;
}

/** Temporal's UI is a page of another origin, which asks before it calls. */
const letUiAsk =
  (uiOrigin: string | undefined): RequestHandler =>
  (req, res, next) => {
    res.vary('Origin');
    const { origin } = req.headers;
    if (origin === undefined || origin !== uiOrigin) {
      next();
      return;
    }
    res.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-Namespace',
      'Access-Control-Allow-Credentials': 'true',
    });
    if (req.method === 'OPTIONS') res.sendStatus(204);
    else next();
  };

/** No other page may. */
const fromUiOnly =
  (uiOrigin: string | undefined): RequestHandler =>
  ({ headers: { origin } }, _res, next) => {
    if (origin !== undefined && origin !== uiOrigin)
      throw refused('is of a page that may not read payloads', {
        status: 403,
        path: 'Origin',
        solution: 'TEMPORAL_UI_URL of the codec server names the page that may.',
      });
    next();
  };

/** Judged before they are read one by one. */
const isBounded = (body: unknown) => {
  const given: unknown = Reflect.get(Object(body), 'payloads') ?? [];
  if (!Array.isArray(given) || given.length > MAX_PAYLOADS) return false;
  return given.every((each: unknown) => {
    const metadata: unknown = Reflect.get(Object(each), 'metadata');
    return typeof metadata !== 'object' || Object.keys(metadata ?? {}).length <= MAX_METADATA;
  });
};

const readBody = (req: Request) => {
  if (!isBounded(req.body))
    throw refused('must be a list of payloads, not too long', {
      status: 413,
      solution: `Ask for at most ${String(MAX_PAYLOADS)} at once, with at most ${String(MAX_METADATA)} entries of metadata each.`,
    });
  const parsed = Payloads.safeParse(req.body);
  if (parsed.success) return parsed.data.payloads;
  throw refused('must be a list of payloads, with bytes in base64', {
    status: 400,
    solution: 'See https://docs.temporal.io/codec-server for the form.',
  });
};

/** What Express' reader of JSON refuses; its words may have a piece of the body. */
const unreadBody = (err: unknown) => {
  const status: unknown = Reflect.get(Object(err), 'status');
  if (typeof status !== 'number' || status >= 500) return undefined;
  return refused(status === 413 ? 'are too many for one request' : 'cannot be read', {
    status,
    solution: `Send JSON of at most ${String(MAX_CODEC_BODY / 1024 / 1024)} MiB.`,
  });
};

const answerError =
  (log: Logger): ErrorRequestHandler =>
  (err: unknown, req, res, next) => {
    if (res.headersSent) {
      next(err);
      return;
    }
    const known =
      err instanceof RequestError || err instanceof SystemProblem ? err : unreadBody(err);
    if (known instanceof RequestError) {
      if (known.challenge !== undefined) res.set('WWW-Authenticate', known.challenge);
      res.status(known.status).json(known.toBody(known.message));
      return;
    }
    if (known) {
      res.status(known.status).json(known.toBody());
      return;
    }
    if (err instanceof DecryptionError) {
      res.status(422).json({ error: err.message });
      return;
    }
    log.error({ err, path: req.path }, 'payloads were not decoded');
    res.status(500).json({ error: 'The codec server made a mistake of its own: see its log.' });
  };

/** The codec server. It keeps nothing. */
export const createCodecApp = (deps: CodecDeps): Express => {
  const { codecs, uiOrigin, authenticate, door, audit, certificates, log } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', (_address: string, hop: number) => hop < (door()?.trustProxies ?? 0));
  app.get('/livez', (_req, res) => void res.json({ alive: true }));
  app.get('/readyz', (_req, res) => void res.json({ ready: true, warning: deps.warning?.() }));
  app.use(helmet({ strictTransportSecurity: certificates !== undefined }));
  app.use(letUiAsk(uiOrigin));
  app.post('/decode', noted('decodePayloads', '/decode'));
  app.post('/encode', noted('encodePayloads', '/encode'));
  app.use(audited(audit, () => undefined));
  if (certificates) app.use(certificates.required);
  app.use(fromAllowed(door));
  app.use(fromUiOnly(uiOrigin));
  app.use(guessesLimited(door));
  app.use(authenticated(authenticate, log));
  app.use(requestsLimited(door));
  app.use(forOperators);
  app.use(auditable(audit));
  app.use(express.json({ limit: MAX_CODEC_BODY }));
  const served =
    (coding: PayloadCodec['decode']): RequestHandler =>
    async (req, res) => {
      const payloads = await convert(readBody(req), coding);
      res.set('Cache-Control', 'no-store').json({ payloads: payloads.map(inJson) });
    };
  const through =
    (how: 'encode' | 'decode', order: readonly PayloadCodec[]): PayloadCodec['decode'] =>
    async (payloads) => {
      let result = payloads;
      for (const codec of order) result = await codec[how](result);
      return result;
    };
  app.post('/decode', served(through('decode', codecs.toReversed())));
  app.post('/encode', served(through('encode', codecs)));
  app.use((_req, _res) => {
    throw refused('is not served', {
      status: 404,
      path: 'path',
      solution: 'There are POST /decode and POST /encode.',
    });
  });
  app.use(answerError(log));
  return app;
};
