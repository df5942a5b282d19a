import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { pathId, queryId, queryList, readBody } from '../operation';
import type { ApiRequest, Operation } from '../operation';
import type { People, Permission } from './people';
import { badRequest, notFound, stateConflict } from '../problems';
import type { Store } from '../store';

/** Weakest first; a permission on an organization counts on each of its workspaces. */
const ROLES = ['reader', 'runner', 'editor', 'admin'];
const rankOf = (permissionType: string) => ROLES.indexOf(permissionType.split('_')[1] ?? '');

/** Airbyte public API, PublicPermissionType. */
export const PermissionType = z.enum([
  'organization_admin',
  'organization_editor',
  'organization_runner',
  'organization_reader',
  'organization_member',
  'workspace_admin',
  'workspace_editor',
  'workspace_runner',
  'workspace_reader',
]);

const PermissionCreate = z.object({
  permissionType: PermissionType,
  userId: z.guid(),
  workspaceId: z.guid().nullish(),
  organizationId: z.guid().nullish(),
});

export const findPermission = ({ permissions }: People, id: string): Permission => {
  const found = permissions.get(id);
  if (!found) throw notFound('permission', id);
  return found;
};

/** Where a permission counts; it must fit the permission's type and exist. */
export const scopeOf = (
  { people, store }: { people: People; store: Store },
  given: Pick<
    z.output<typeof PermissionCreate>,
    'permissionType' | 'workspaceId' | 'organizationId'
  >,
) => {
  const { permissionType, workspaceId, organizationId } = given;
  if (permissionType.startsWith('workspace_')) {
    if (!workspaceId) throw badRequest('Workspace ID must be provided for a workspace permission.');
    if (store.workspaces.get(workspaceId)?.deleted !== false)
      throw notFound('workspace', workspaceId);
    return { workspaceId };
  }
  if (!organizationId) throw badRequest('Organization ID must be provided.');
  if (!people.organizations.has(organizationId)) throw notFound('organization', organizationId);
  return { organizationId };
};

const create = (deps: { people: People; store: Store }, body: unknown) => {
  const { people } = deps;
  const given = readBody(PermissionCreate, body);
  const { userId, permissionType } = given;
  if (!people.users.has(userId)) throw notFound('USER', userId);
  const scope = scopeOf(deps, given);
  const theirs = [...people.permissions.values()].filter((each) => each.userId === userId);
  const same = theirs.find(
    (each) =>
      each.permissionType === permissionType &&
      each.workspaceId === scope.workspaceId &&
      each.organizationId === scope.organizationId,
  );
  // Airbyte answers a repeated request with the permission there is.
  if (same) return same;
  const isRedundant = theirs.some(
    (each) => each.organizationId && rankOf(each.permissionType) >= rankOf(permissionType),
  );
  if (scope.workspaceId && isRedundant)
    throw stateConflict(`Permission type ${permissionType} would be redundant for user ${userId}.`);
  const permission = { permissionId: randomUUID(), permissionType, userId, ...scope };
  people.permissions.set(permission.permissionId, permission);
  return permission;
};

/** PermissionResponseRead. */
const showRead = ({ workspaceId, organizationId, ...rest }: Permission) => ({
  ...rest,
  scope: workspaceId ? 'workspace' : 'organization',
  scopeId: workspaceId ?? organizationId,
});

const ofUser = ({ people }: { people: People }, request: ApiRequest) => {
  const userId = queryId(request, 'userId');
  if (!request.query.get('organizationId'))
    throw badRequest("Organization ID is required when getting someone else's permissions.");
  queryId(request, 'organizationId');
  return [...people.permissions.values()].filter((each) => each.userId === userId);
};

const usersOf = ({ users }: People, request: ApiRequest) => {
  const organizationId = queryId(request, 'organizationId');
  const [ids, emails] = [queryList(request, 'ids'), queryList(request, 'emails')];
  return [...users.values()]
    .filter((user) => user.organizationId === organizationId)
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .filter(({ email }) => emails.length === 0 || emails.includes(email))
    .map(({ id, name, email }) => ({ id, name, email }));
};

/** Airbyte public API: organizations, users and what users may do. */
export const permissionOperations = (people: People, store: Store): Operation[] => {
  const deps = { people, store };
  const item = '/permissions/:permissionId';
  const asked = (request: ApiRequest) => findPermission(people, pathId(request, 'permissionId'));
  return [
    {
      id: 'listOrganizationsForUser',
      method: 'get',
      path: '/organizations',
      run: () => ok({ data: [...people.organizations.values()] }),
    },
    {
      id: 'listUsersWithinAnOrganization',
      method: 'get',
      path: '/users',
      run: (request) => ok({ data: usersOf(people, request) }),
    },
    {
      id: 'listPermissions',
      method: 'get',
      path: '/permissions',
      run: (request) => ok({ data: ofUser(deps, request).map(showRead) }),
    },
    {
      id: 'createPermission',
      method: 'post',
      path: '/permissions',
      run: ({ body }) => ok(create(deps, body)),
    },
    { id: 'getPermission', method: 'get', path: item, run: (request) => ok(asked(request)) },
    {
      id: 'updatePermission',
      method: 'patch',
      path: item,
      run: (request) => {
        const given = readBody(z.object({ permissionType: PermissionType }), request.body);
        const permission = { ...asked(request), ...given };
        people.permissions.set(permission.permissionId, permission);
        return ok(permission);
      },
    },
    {
      id: 'deletePermission',
      method: 'delete',
      path: item,
      run: (request) => {
        people.permissions.delete(asked(request).permissionId);
        return noContent;
      },
    },
  ];
};
