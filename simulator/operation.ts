import { z } from 'zod';
import { type ApiProblem, badRequest } from './problems';
import type { Answer } from './steering/answers';

/** Airbyte's two APIs: `/api/public/v1`, and the older Config API at `/api/v1`. */
export type ApiName = 'public' | 'config';

export interface ApiRequest {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
}

/** One operation of one of Airbyte's APIs; `id` is its operationId there. */
export interface Operation {
  id: string;
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  /** Below the API's base, with Express placeholders. */
  path: string;
  /** Answered without a token. */
  anonymous?: true;
  /** Whether it writes; unless given, everything but a GET does. */
  changes?: boolean;
  run: (request: ApiRequest) => Answer | Promise<Answer>;
}

const uuid = z.guid();

const where = (path: PropertyKey[]) => path.map(String).join('.') || 'body';

/** The body as `schema` gives it, or a 400 that names every field at fault. */
export const readBody = <Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${where(path)}: ${message}`);
  throw badRequest(faults.join('; '));
};

const readId = (name: string, value: string | null | undefined): string => {
  if (!value) throw badRequest(`${name}: is required`);
  if (!uuid.safeParse(value).success) throw badRequest(`${name}: ${value} is not a UUID`);
  return value;
};

export const pathId = ({ params }: ApiRequest, name: string) => readId(name, params[name]);
export const queryId = ({ query }: ApiRequest, name: string) => readId(name, query.get(name));

/** A list in the query: the name repeated, or values joined by commas, or both. */
export const queryList = ({ query }: ApiRequest, name: string) =>
  query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');

export const queryFlag = ({ query }: ApiRequest, name: string) => query.get(name) === 'true';

export const problemAnswer = ({ status, body }: ApiProblem): Answer => ({ status, body });
