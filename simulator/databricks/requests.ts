import type { Request, Response } from 'express';
import { z } from 'zod';
import { changesSomething, type Operation } from './operation';
import { sha256 } from './tokens';

/** One call, in the order of arrival; of secrets it has digests only. */
interface RequestRecord {
  /** Null when no operation has this method and path. */
  operation: string | null;
  /** Whether the operation is one that writes. What a statement does, its text says. */
  changes: boolean;
  method: string;
  path: string;
  /** Who called, once his token was accepted. */
  principal: string | null;
  /** Of a statement or a command. */
  statement: string | null;
  /** Hex, of the token or of the client's secret that came with it. */
  secretSha256: string | null;
  /** Null when no answer was sent (yet). */
  status: number | null;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Milliseconds; null while it is in flight. */
  duration: number | null;
}

/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 20_000;

const Said = z.looseObject({
  statement: z.string().optional(),
  command: z.string().optional(),
  client_secret: z.string().optional(),
});

const secretOf = (authorization: string, { client_secret: inBody }: z.output<typeof Said>) => {
  const [, scheme = '', credential = ''] = /^(\w+) (.+)$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return credential;
  if (!/^basic$/i.test(scheme)) return inBody;
  return Buffer.from(credential, 'base64').toString().split(':').slice(1).join(':');
};

export const createRequests = () => {
  let records: RequestRecord[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  return {
    /** Counts the call as in flight until its connection is done with it. */
    record: (operation: Operation | null, req: Request, res: Response, body: unknown) => {
      const startedAt = Date.now();
      const said = Said.safeParse(body).data ?? {};
      const secret = secretOf(req.headers.authorization ?? '', said);
      const record: RequestRecord = {
        operation: operation?.id ?? null,
        changes: operation ? changesSomething(operation) : false,
        method: req.method,
        path: req.originalUrl,
        principal: null,
        statement: said.statement ?? said.command ?? null,
        secretSha256: secret ? sha256(secret) : null,
        status: null,
        startedAt,
        duration: null,
      };
      records.push(record);
      if (records.length > KEPT) records = records.slice(-KEPT / 2);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      res.once('close', () => {
        inFlight -= 1;
        record.status = res.headersSent ? res.statusCode : null;
        record.duration = Date.now() - startedAt;
      });
      return record;
    },
    show: () => ({ requests: records, maxInFlight }),
    clear: () => {
      records = [];
      maxInFlight = inFlight;
    },
  };
};
export type Requests = ReturnType<typeof createRequests>;
