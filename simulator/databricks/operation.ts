import { z } from 'zod';
import type { Answer } from '../steering/answers';
import { invalidValue, malformed, missingValue } from './problems';
import type { Principal } from './store';

/** A call of one of the workspace's APIs. */
export interface ApiRequest {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  /** With its scheme, for an operation that reads credentials itself. */
  authorization: string;
  /** As the caller names the workspace. */
  host: string;
  /** By a fault: the statement that is asked for ends as FAILED, with this message. */
  statementError: string | undefined;
}

/** One whose token was accepted. */
export interface CallerRequest extends ApiRequest {
  caller: Principal;
}

interface OperationShape {
  /** As the official clients name it, for faults and the record of calls. */
  id: string;
  method: 'get' | 'post' | 'patch' | 'delete';
  /** The whole paths, with Express placeholders. */
  paths: string[];
  /** Whether it writes; unless given, everything but a GET does. */
  changes?: boolean;
}

export type Operation = OperationShape &
  (
    | { anonymous: true; run: (request: ApiRequest) => Answer | Promise<Answer> }
    | { anonymous?: never; run: (request: CallerRequest) => Answer | Promise<Answer> }
  );

const where = (path: PropertyKey[]) => path.map(String).join('.') || 'body';

const problemOf = (issue: z.core.$ZodIssue) => {
  const place = where(issue.path);
  if (issue.code === 'unrecognized_keys')
    return malformed(
      `Could not parse request object: unknown field ${issue.keys.join(', ')} in ${place}.`,
    );
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return missingValue(`Missing required field: ${place}`);
  return issue.code === 'invalid_type'
    ? malformed(`Could not parse request object: ${place}: ${issue.message}`)
    : invalidValue(`${place}: ${issue.message}`);
};

const read = <Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw first ? problemOf(first) : invalidValue('The request is invalid.');
};

/** The body as `schema` gives it; none at all is an empty one. */
export const readBody = <Schema extends z.ZodType>(schema: Schema, body: unknown) =>
  read(schema, body ?? {});

/** The query as `schema` gives it; each name once, and none that is unknown. */
export const readQuery = <Schema extends z.ZodType>(schema: Schema, query: URLSearchParams) => {
  const names = [...query.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidValue(`${twice}: given more than once`);
  return read(schema, Object.fromEntries(query));
};

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
export const count = (most: number) => z.coerce.number().int().min(0).max(most);
