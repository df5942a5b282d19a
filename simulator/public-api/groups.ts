import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { pathId, queryId, readBody } from '../operation';
import type { ApiRequest, Operation } from '../operation';
import { page } from '../paging';
import type { Group, People } from './people';
import { PermissionType, findPermission, scopeOf } from './permissions';
import { badRequest, notFound, stateConflict } from '../problems';
import type { Store } from '../store';

const GroupCreate = z.object({
  name: z.string().min(1),
  description: z.string().nullish(),
  organizationId: z.guid(),
});
const GroupUpdate = GroupCreate.omit({ organizationId: true }).partial();
const GroupPermissionCreate = z.object({
  permissionType: PermissionType,
  workspaceId: z.guid().nullish(),
  organizationId: z.guid().nullish(),
});

const created = (body: unknown) => ({ status: 201, body });

const showGroup = ({ members, ...group }: Group) => ({
  ...group,
  memberCount: Object.keys(members).length,
});

const showMember = ({ users }: People, { groupId, members }: Group, memberId: string) => {
  const userId = members[memberId] ?? '';
  const user = users.get(userId);
  return { memberId, groupId, userId, userEmail: user?.email ?? '', userName: user?.name ?? '' };
};

const refuseTaken = ({ groups }: People, { groupId, name, organizationId }: Group) => {
  for (const other of groups.values())
    if (other.name === name && other.organizationId === organizationId && other.groupId !== groupId)
      throw stateConflict(`Group ${name} already exists in the organization.`);
};

const saveGroup = (people: People, group: Group) => {
  refuseTaken(people, group);
  people.groups.set(group.groupId, group);
  return showGroup(group);
};

const removeGroup = (people: People, { groupId }: Group) => {
  people.groups.delete(groupId);
  for (const [id, permission] of people.permissions)
    if (permission.groupId === groupId) people.permissions.delete(id);
  return noContent;
};

/** Groups look ahead, unlike other lists: the last page names no next one. */
const looked = ({ data, next, previous }: ReturnType<typeof page>, isLast: boolean) => ({
  data,
  next: isLast ? null : next,
  previous: previous || null,
});

const pageOf = (request: ApiRequest, path: string, items: unknown[]) => {
  const answer = page(request, path, items);
  return ok(looked(answer, answer.data.at(-1) === items.at(-1)));
};

const addMember = (people: People, group: Group, body: unknown) => {
  const { userId } = readBody(z.object({ userId: z.guid() }), body);
  if (!people.users.has(userId)) throw notFound('USER', userId);
  if (Object.values(group.members).includes(userId))
    throw stateConflict('User is already a member of this group.');
  const memberId = randomUUID();
  const changed = { ...group, members: { ...group.members, [memberId]: userId } };
  people.groups.set(group.groupId, changed);
  return created(showMember(people, changed, memberId));
};

const removeMember = (people: People, group: Group, userId: string) => {
  const rest = Object.entries(group.members).filter(([, member]) => member !== userId);
  if (rest.length === Object.keys(group.members).length) throw notFound('group_member', userId);
  people.groups.set(group.groupId, { ...group, members: Object.fromEntries(rest) });
  return noContent;
};

const addPermission = (
  deps: { people: People; store: Store },
  { groupId }: Group,
  body: unknown,
) => {
  const given = readBody(GroupPermissionCreate, body);
  const { permissionType } = given;
  const scope = scopeOf(deps, given);
  const { permissions } = deps.people;
  for (const each of permissions.values())
    if (
      each.groupId === groupId &&
      each.permissionType === permissionType &&
      each.workspaceId === scope.workspaceId
    )
      throw badRequest(`Group already has ${permissionType} permission.`);
  const permission = { permissionId: randomUUID(), permissionType, groupId, ...scope };
  permissions.set(permission.permissionId, permission);
  return created(permission);
};

/** Airbyte public API: groups, their members and what they may do. */
export const groupOperations = (people: People, store: Store): Operation[] => {
  const item = '/groups/:groupId';
  const asked = (request: ApiRequest) => {
    const id = pathId(request, 'groupId');
    const group = people.groups.get(id);
    if (!group) throw notFound('group', id);
    return group;
  };
  const inOrganization = (request: ApiRequest) => {
    const organizationId = queryId(request, 'organizationId');
    return [...people.groups.values()]
      .filter((group) => group.organizationId === organizationId)
      .map(showGroup);
  };
  const operation = (
    id: string,
    [method, path]: [Operation['method'], string],
    run: Operation['run'],
  ): Operation => ({ id, method, path, run });
  return [
    operation('listGroups', ['get', '/groups'], (request) =>
      pageOf(request, '/groups', inOrganization(request)),
    ),
    operation('createGroup', ['post', '/groups'], ({ body }) => {
      const group = { ...readBody(GroupCreate, body), groupId: randomUUID(), members: {} };
      return created(saveGroup(people, group));
    }),
    operation('getGroup', ['get', item], (request) => ok(showGroup(asked(request)))),
    operation('updateGroup', ['patch', item], (request) => {
      const { name, description } = readBody(GroupUpdate, request.body);
      const group = asked(request);
      return ok(saveGroup(people, { ...group, name: name ?? group.name, description }));
    }),
    operation('deleteGroup', ['delete', item], (request) => removeGroup(people, asked(request))),
    operation('listGroupMembers', ['get', `${item}/members`], (request) => {
      const group = asked(request);
      const members = Object.keys(group.members).map((id) => showMember(people, group, id));
      return pageOf(request, '/groups', members);
    }),
    operation('addGroupMember', ['post', `${item}/members`], (request) =>
      addMember(people, asked(request), request.body),
    ),
    operation('removeGroupMember', ['delete', `${item}/members/:userId`], (request) =>
      removeMember(people, asked(request), pathId(request, 'userId')),
    ),
    operation('listGroupPermissions', ['get', `${item}/permissions`], (request) => {
      const { groupId } = asked(request);
      return ok({ data: [...people.permissions.values()].filter((p) => p.groupId === groupId) });
    }),
    operation('createGroupPermission', ['post', `${item}/permissions`], (request) =>
      addPermission({ people, store }, asked(request), request.body),
    ),
    operation(
      'deleteGroupPermission',
      ['delete', `${item}/permissions/:permissionId`],
      (request) => {
        const { groupId } = asked(request);
        const permission = findPermission(people, pathId(request, 'permissionId'));
        if (permission.groupId !== groupId) throw notFound('permission', permission.permissionId);
        people.permissions.delete(permission.permissionId);
        return noContent;
      },
    ),
  ];
};
