import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { Answer } from '../../steering/answers';
import { queryOf } from '../../steering/requests';
import { invalidRequest } from './answers';

const flag = (fallback: 'true' | 'false') =>
  z
    .enum(['true', 'false'])
    .default(fallback)
    .transform((value) => value === 'true');

const requestId = z.guid().default(() => randomUUID());

export const SubmitQuery = z.strictObject({
  requestId,
  async: flag('false'),
  retry: flag('false'),
  nullable: flag('true'),
});
export const GetQuery = z.strictObject({
  requestId,
  partition: z
    .string()
    .regex(/^\d{1,9}$/)
    .default('0')
    .transform(Number),
});
export const CancelQuery = z.strictObject({ requestId });

/** Each parameter once, and none that the operation has not. */
export const readQuery = <Query>(
  req: Request,
  schema: z.ZodType<Query>,
): Query | { problem: string } => {
  const given = [...queryOf(req)];
  const read = schema.safeParse(Object.fromEntries(given));
  if (read.success && new Set(given.map(([key]) => key)).size === given.length) return read.data;
  return { problem: 'Invalid query parameters.' };
};

/** The answer to a call that lacks a header it must have. */
export const checkHeaders = (req: Request): Answer | undefined => {
  if (!req.get('user-agent')) return invalidRequest('User-Agent header is required.');
  const accept = req.get('accept');
  if (accept !== undefined && req.accepts('application/json')) return undefined;
  return {
    status: 400,
    body: {
      code: '391902',
      message: `Unsupported Accept header ${accept ?? 'null'} is specified.`,
    },
  };
};
