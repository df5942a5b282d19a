import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { command, query, WorkspaceId } from '../config-api/operation';
import { type Operation, pathId, queryList, readBody } from '../operation';
import { ApiProblem, notFound } from '../problems';
import { type Connection, save, type Store, type Tag } from '../store';

const MAX_TAGS = 100;
const MAX_NAME = 30;

/** In connection create and patch: whole, though only the id counts. */
export const GivenTag = z.object({
  tagId: z.guid(),
  workspaceId: z.guid(),
  name: z.string(),
  color: z.string(),
});

const Fields = z.object({ name: z.string(), color: z.string() });
const Create = Fields.extend({ workspaceId: z.guid() });
const Delete = z.object({ tagId: z.guid(), workspaceId: z.guid() });
const Update = Create.extend({ tagId: z.guid() });

const apiProblem = (status: number, fault: string, detail: string) =>
  new ApiProblem(status, fault, {
    status,
    type: `error:${fault}`,
    title: fault,
    detail,
    documentationUrl: null,
    data: { message: detail },
  });

const findTag = (store: Store, id: string): Tag => {
  const tag = store.tags.get(id);
  if (!tag) throw notFound('TAG', id);
  return tag;
};

const inWorkspaces = (store: Store, workspaces: string[]) =>
  [...store.tags.values()].filter(
    ({ workspaceId }) => workspaces.length === 0 || workspaces.includes(workspaceId),
  );

const check = (
  store: Store,
  { tagId, workspaceId, name, color }: Omit<Tag, 'tagId'> & { tagId?: string },
) => {
  if (name === '' || name.length > MAX_NAME)
    throw apiProblem(
      400,
      'tag-invalid-name',
      `Tag names have at most ${String(MAX_NAME)} characters.`,
    );
  if (!/^[0-9A-F]{6}$/i.test(color))
    throw apiProblem(400, 'tag-invalid-hex-color', 'The color is no valid hex color.');
  const others = inWorkspaces(store, [workspaceId]).filter((tag) => tag.tagId !== tagId);
  if (others.some((tag) => tag.name === name))
    throw apiProblem(409, 'tag-already-exists', 'Tag already exists');
  if (tagId === undefined && others.length >= MAX_TAGS)
    throw apiProblem(
      400,
      'tag-limit-exceeded',
      `A workspace has at most ${String(MAX_TAGS)} tags.`,
    );
};

const create = (store: Store, given: z.output<typeof Create>) => {
  if (!store.workspaces.has(given.workspaceId)) throw notFound('WORKSPACE', given.workspaceId);
  check(store, given);
  const tagId = randomUUID();
  return save(store.tags, tagId, { tagId, ...given });
};

const update = (store: Store, tagId: string, given: z.output<typeof Fields>) => {
  const tag = { ...findTag(store, tagId), name: given.name, color: given.color };
  check(store, tag);
  return save(store.tags, tagId, tag);
};

/** Its connections lose it. */
const remove = (store: Store, tagId: string) => {
  const tag = findTag(store, tagId);
  store.tags.delete(tagId);
  for (const connection of store.connections.values())
    if (connection.tagIds.includes(tagId))
      store.connections.set(connection.id, {
        ...connection,
        tagIds: connection.tagIds.filter((id) => id !== tagId),
      });
  return tag;
};

/** The ids of a connection's tags; undefined where none were given, which keeps those there are. */
export const readTags = (
  store: Store,
  given: { tagId: string }[] | null | undefined,
  workspaceId: string,
) =>
  given?.map(({ tagId }) => {
    if (findTag(store, tagId).workspaceId !== workspaceId)
      throw apiProblem(400, 'tag-not-in-workspace', 'The tag is of another workspace.');
    return tagId;
  });

export const showTags = (store: Store, { tagIds }: Connection) =>
  tagIds.flatMap((id) => store.tags.get(id) ?? []);

/** Airbyte public API: tags. The list is not paged. */
export const tagOperations = (store: Store): Operation[] => [
  {
    id: 'listTags',
    method: 'get',
    path: '/tags',
    run: (request) => ok({ data: inWorkspaces(store, queryList(request, 'workspaceIds')) }),
  },
  {
    id: 'createTag',
    method: 'post',
    path: '/tags',
    run: ({ body }) => ok(create(store, readBody(Create, body))),
  },
  {
    id: 'getTag',
    method: 'get',
    path: '/tags/:tagId',
    run: (request) => ok(findTag(store, pathId(request, 'tagId'))),
  },
  {
    id: 'updateTag',
    method: 'patch',
    path: '/tags/:tagId',
    run: (request) => ok(update(store, pathId(request, 'tagId'), readBody(Fields, request.body))),
  },
  {
    id: 'deleteTag',
    method: 'delete',
    path: '/tags/:tagId',
    run: (request) => {
      remove(store, pathId(request, 'tagId'));
      return noContent;
    },
  },
];

/** Airbyte Config API: tags. */
export const configTagOperations = (store: Store): Operation[] => [
  query({ id: 'listTags', path: '/tags/list', body: WorkspaceId }, ({ workspaceId }) =>
    ok(inWorkspaces(store, [workspaceId])),
  ),
  command({ id: 'createTag', path: '/tags/create', body: Create }, (given) =>
    ok(create(store, given)),
  ),
  command({ id: 'updateTag', path: '/tags/update', body: Update }, ({ tagId, ...given }) =>
    ok(update(store, tagId, given)),
  ),
  command({ id: 'deleteTag', path: '/tags/delete', body: Delete }, ({ tagId }) =>
    ok(remove(store, tagId)),
  ),
];
