import { setImmediate as nextTurn } from 'node:timers/promises';
import express from 'express';
import type { RequestHandler } from 'express';
import pLimit from 'p-limit';
import type { z } from 'zod';
import { RequestError } from './errors';
import type { Problem } from './errors';
import { wrongType } from './refusals';
import { formatPath } from './yaml';

/** Bytes of a request's body. */
const MAX_BODY = 2 * 1024 * 1024;

/** A part of a request as its schema has it. `solution` says what to send instead of a wrong one. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
  { whole, solution }: { whole: string; solution: string },
): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems: Problem[] = parsed.error.issues.map(({ path, message }) => ({
    path: formatPath(path) || whole,
    message,
  }));
  throw new RequestError(problems, { solutions: [solution] });
};

const oneByOne = pLimit(1);

/** Reading a descriptor takes milliseconds: probes and answers get through between those of a crowd. */
const letOthersThrough: RequestHandler = (_req, _res, next) => {
  void oneByOne(() => nextTurn()).then(() => next());
};

/** Takes a body of JSON, and nothing else. */
export const json: RequestHandler[] = [
  (req, _res, next) => {
    if (!req.is('application/json')) throw wrongType;
    next();
  },
  express.json({ limit: MAX_BODY }),
  letOthersThrough,
];
