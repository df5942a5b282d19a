import { z } from 'zod';
import { AirbyteError } from './airbyte-error';
import type { AirbyteHttp, Interest } from './airbyte-http';

/** The public API's largest page (PaginationParameters). */
const PAGE = 100;
/** Mails asked for in one call, so that its address stays short. */
const MAILS = 50;

/** A user or a group as Airbyte has it. */
export interface Person {
  kind: 'user' | 'group';
  id: string;
  organizationId: string;
  /** A user's mail, a group's name. */
  name: string;
}

/** What somebody may do that counts for the workspace. */
export interface Permission {
  id: string;
  /** PermissionType of the public API, such as workspace_reader. */
  type: string;
  /** Whether it is on the workspace itself, and so could be one of ours. */
  onWorkspace: boolean;
}

/** Who may do what in a workspace. Every method throws an AirbyteError when Airbyte says no. */
export interface Access {
  /** Those that the caller of Airbyte belongs to; the workspace is in one of them. */
  listOrganizations(): Promise<string[]>;
  findUsers(organizationId: string, mails: string[]): Promise<Person[]>;
  listGroups(organizationId: string): Promise<Person[]>;
  /** Empty for somebody who has left the organization. */
  permissionsOf(person: Person): Promise<Permission[]>;
  /** The id of the permission. A user's who has it already is the one there is. */
  grant(person: Person, type: string): Promise<string>;
  /** Absent is success. */
  revoke(person: Person, permissionId: string): Promise<unknown>;
}

const list = <Schema extends z.ZodType>(item: Schema) => z.object({ data: z.array(item) });

const Organization = z.object({ organizationId: z.string() });
const User = z.object({ id: z.string(), email: z.string() });
const Group = z.object({ groupId: z.string(), name: z.string() });
const UserPermission = z.object({
  permissionId: z.string(),
  permissionType: z.string(),
  scope: z.string(),
  scopeId: z.string().nullish(),
});
const GroupPermission = z.object({
  permissionId: z.string(),
  permissionType: z.string(),
  workspaceId: z.string().nullish(),
  organizationId: z.string().nullish(),
});
const Granted = z.object({ permissionId: z.string() }).transform((given) => given.permissionId);
const nothing = z.unknown();

const chunksOf = <Item>(items: Item[], size: number): Item[][] =>
  items.length === 0 ? [] : [items.slice(0, size), ...chunksOf(items.slice(size), size)];

/** Who does not administer all of Airbyte is told 403 where there is nobody. */
const isUnknown = (err: unknown) =>
  err instanceof AirbyteError && (err.status === 404 || err.status === 403);

/** The users and permissions of Airbyte's public API, for a caller and as long as his interest lasts. */
export const createAccess =
  ({ http, workspaceId }: { http: AirbyteHttp; workspaceId: string }) =>
  (interest: Interest): Access => {
    const get = async <Schema extends z.ZodType>(
      path: string,
      item: Schema,
      query: Record<string, string | number> = {},
    ) => (await http({ method: 'GET', path, query, answer: list(item), interest })).data;

    const usersOf = async (organizationId: string, query: Record<string, string>) =>
      (await get('/users', User, { organizationId, ...query })).map(({ id, email }): Person => ({
        kind: 'user',
        id,
        organizationId,
        name: email,
      }));

    const groupsFrom = async (organizationId: string, offset: number): Promise<Person[]> => {
      const page = await get('/groups', Group, { organizationId, limit: PAGE, offset });
      const groups = page.map(({ groupId: id, name }): Person => ({
        kind: 'group',
        id,
        organizationId,
        name,
      }));
      if (page.length < PAGE) return groups;
      return [...groups, ...(await groupsFrom(organizationId, offset + PAGE))];
    };

    const isThere = async ({ kind, id, organizationId }: Person) => {
      const all =
        kind === 'user'
          ? await usersOf(organizationId, { ids: id })
          : await groupsFrom(organizationId, 0);
      return all.some((person) => person.id === id);
    };

    /** What counts: on the workspace, on its organization, or on all of Airbyte. */
    const counting = (
      permission: { permissionId: string; permissionType: string },
      on: { workspace: string | undefined; organization: string | undefined; person: Person },
    ): Permission[] => {
      const { permissionId: id, permissionType: type } = permission;
      const onWorkspace = on.workspace === workspaceId;
      const onOrganization = on.organization === on.person.organizationId;
      const counts = onWorkspace || onOrganization || type === 'instance_admin';
      return counts ? [{ id, type, onWorkspace }] : [];
    };

    const listPermissions = async (person: Person): Promise<Permission[]> => {
      if (person.kind === 'group') {
        const path = `/groups/${person.id}/permissions`;
        return (await get(path, GroupPermission)).flatMap((permission) =>
          counting(permission, {
            workspace: permission.workspaceId ?? undefined,
            organization: permission.organizationId ?? undefined,
            person,
          }),
        );
      }
      const query = { userId: person.id, organizationId: person.organizationId };
      return (await get('/permissions', UserPermission, query)).flatMap((permission) => {
        const { scope, scopeId } = permission;
        const of = (wanted: string) => (scope === wanted ? (scopeId ?? undefined) : undefined);
        return counting(permission, {
          workspace: of('workspace'),
          organization: of('organization'),
          person,
        });
      });
    };

    return {
      listOrganizations: async () =>
        (await get('/organizations', Organization)).map(({ organizationId }) => organizationId),

      /** Mails are compared here too: not every version knows the filter, or ignores their case. */
      async findUsers(organizationId, mails) {
        const wanted = new Set(mails);
        const named = (users: Person[]) =>
          users.filter(({ name }) => wanted.has(name.toLowerCase()));
        const pages = await Promise.all(
          chunksOf(mails, MAILS).map((some) => usersOf(organizationId, { emails: some.join(',') })),
        );
        const found = named(pages.flat());
        if (found.length === wanted.size) return found;
        return named(await usersOf(organizationId, {}));
      },

      listGroups: (organizationId) => groupsFrom(organizationId, 0),

      async permissionsOf(person) {
        try {
          return await listPermissions(person);
        } catch (err) {
          if (isUnknown(err) && !(await isThere(person))) return [];
          throw err;
        }
      },

      grant(person, permissionType) {
        const { kind, id } = person;
        const [path, whose] =
          kind === 'user' ? ['/permissions', { userId: id }] : [`/groups/${id}/permissions`, {}];
        const body = { permissionType, workspaceId, ...whose };
        return http({ method: 'POST', path, body, answer: Granted, interest });
      },

      async revoke({ kind, id }, permissionId) {
        const path =
          kind === 'user'
            ? `/permissions/${permissionId}`
            : `/groups/${id}/permissions/${permissionId}`;
        try {
          return await http({ method: 'DELETE', path, answer: nothing, interest });
        } catch (err) {
          if (err instanceof AirbyteError && err.status === 404) return undefined;
          throw err;
        }
      },
    };
  };
