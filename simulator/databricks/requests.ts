import type { Request } from 'express';
import { z } from 'zod';
import { changesSomething, digestOf, type Requests as AnyRequests } from '../steering/requests';
import type { Operation } from './operation';

/** What is told of a call; of secrets it has digests only. */
export interface ReceivedCall {
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
}
export type Requests = AnyRequests<ReceivedCall>;

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

export const calledFor = (
  operation: Operation | null,
  req: Request,
  body: unknown,
): ReceivedCall => {
  const said = Said.safeParse(body).data ?? {};
  const secret = secretOf(req.headers.authorization ?? '', said);
  return {
    operation: operation?.id ?? null,
    changes: operation ? changesSomething(operation) : false,
    method: req.method,
    path: req.originalUrl,
    principal: null,
    statement: said.statement ?? said.command ?? null,
    secretSha256: secret ? digestOf(secret) : null,
  };
};
