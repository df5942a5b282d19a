import { z } from 'zod';
import type { Answer } from '../steering/answers';
import { invalidInput, invalidJson } from './errors';
import type { Operation } from '../operation';

const valueAt = (body: unknown, path: PropertyKey[]): unknown => {
  let value = body;
  for (const key of path)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
};

const isMissing = (body: unknown, path: PropertyKey[]) => (valueAt(body, path) ?? null) === null;

/** A missing property is a 400, one that cannot be read as what it should be a 422. */
const readInput = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const wrong = issues.find(({ path }) => !isMissing(body, path));
  if (wrong) throw invalidJson(`${wrong.path.map(String).join('.')}: ${wrong.message}`);
  throw invalidInput(issues.map(({ path }) => path.map(String).join('.')));
};

interface Call<Schema extends z.ZodType> {
  /** The operationId. */
  id: string;
  path: string;
  body: Schema;
  changes: boolean;
}

/** An operation of the Config API: a POST with everything in its JSON body. */
const rpc = <Schema extends z.ZodType>(
  { body: schema, ...call }: Call<Schema>,
  run: (given: z.output<Schema>) => Answer | Promise<Answer>,
): Operation => ({ ...call, method: 'post', run: ({ body }) => run(readInput(schema, body)) });

/** An operation that only reads. */
export const query = <Schema extends z.ZodType>(
  call: Omit<Call<Schema>, 'changes'>,
  run: (given: z.output<Schema>) => Answer | Promise<Answer>,
) => rpc({ ...call, changes: false }, run);

/** An operation that writes. */
export const command = <Schema extends z.ZodType>(
  call: Omit<Call<Schema>, 'changes'>,
  run: (given: z.output<Schema>) => Answer | Promise<Answer>,
) => rpc({ ...call, changes: true }, run);

export const WorkspaceId = z.object({ workspaceId: z.guid() });
export const ConnectionId = z.object({ connectionId: z.guid() });

export const Pagination = z.object({
  pageSize: z.int().min(0).nullish(),
  rowOffset: z.int().min(0).nullish(),
});

export const pageOf = <Item>(
  items: Item[],
  pagination: z.output<typeof Pagination> | null | undefined,
) => {
  const start = pagination?.rowOffset ?? 0;
  return items.slice(start, start + (pagination?.pageSize ?? 20));
};

/** Config API, ListResourcesForWorkspacesRequestBody. */
export const PaginatedList = z.object({
  workspaceIds: z.array(z.guid()),
  includeDeleted: z.boolean().nullish(),
  pagination: Pagination,
  nameContains: z.string().nullish(),
});

/** The page asked for, of what lies in the workspaces. */
export const listPaginated = <Item extends { workspaceId: string; name: string; deleted: boolean }>(
  items: Iterable<Item>,
  { workspaceIds, includeDeleted, pagination }: z.output<typeof PaginatedList>,
) => {
  const found = [...items]
    .filter(({ deleted }) => !deleted || includeDeleted === true)
    .filter(({ workspaceId }) => workspaceIds.includes(workspaceId));
  return pageOf(found, pagination);
};
