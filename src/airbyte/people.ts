import { z } from 'zod';
import { withoutUndefined } from '../contract/json';
import { AirbyteError, orAbsent } from './errors';
import type { AirbyteHttp } from './http';
import type { CallInterest } from '../concurrency/call-interest';
import { PAGE, byOffset, lookThrough, readList } from './list';
import { readable } from './odd-entities';
import type { Form, ReadOne } from './odd-entities';

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

/**
 * Who may do what in a workspace. Every method throws an AirbyteError when Airbyte says no, and a
 * Refusal where a list of groups has no end.
 */
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

const list = z.object({ data: z.array(z.unknown()) });

const ORGANIZATION = {
  id: 'organizationId',
  whole: z.object({ organizationId: z.string() }),
};
const USER = { id: 'id', whole: z.object({ id: z.string(), email: z.string() }) };
const Group = z
  .object({ groupId: z.string(), name: z.string() })
  .transform(({ groupId: id, name }) => ({ id, name }));
const GROUP = { id: 'groupId', whole: Group };
const USER_PERMISSION = {
  id: 'permissionId',
  whole: z.object({
    permissionId: z.string(),
    permissionType: z.string(),
    scope: z.string(),
    scopeId: z.string().nullish(),
  }),
};
const GROUP_PERMISSION = {
  id: 'permissionId',
  whole: z.object({
    permissionId: z.string(),
    permissionType: z.string(),
    workspaceId: z.string().nullish(),
    organizationId: z.string().nullish(),
  }),
};
const Granted = z.object({ permissionId: z.string() }).transform((given) => given.permissionId);
const nothing = z.unknown();

/** As a descriptor names the person, but for the form of a mail. */
const named = ({ kind, name }: Person) => `${kind}:${name}`;

const chunksOf = <Item>(items: Item[], size: number): Item[][] =>
  items.length === 0 ? [] : [items.slice(0, size), ...chunksOf(items.slice(size), size)];

/** Who does not administer all of Airbyte is told 403 where there is nobody. */
const isUnknown = (err: unknown) =>
  err instanceof AirbyteError && (err.status === 404 || err.status === 403);

/** The users and permissions of Airbyte's public API, for a caller and as long as the caller's interest lasts. */
export const createAccess =
  ({ http, workspaceId, readOne }: { http: AirbyteHttp; workspaceId: string; readOne: ReadOne }) =>
  (interest: CallInterest): Access => {
    const rowsOf = async <Item extends object>(
      path: string,
      form: Form<Item>,
      { about, ...query }: { about?: string } & Record<string, string | number> = {},
    ) => {
      const call = { method: 'GET' as const, path, query, answer: list, interest };
      const { data } = await http(withoutUndefined({ ...call, about }));
      return data.map((row) => readOne(form, row));
    };
    const get = async <Item extends object>(...asked: Parameters<typeof rowsOf<Item>>) =>
      readable(await rowsOf(...asked));

    const usersOf = async (organizationId: string, query: Record<string, string>) =>
      (await get('/users', USER, { organizationId, ...query })).map(({ id, email }): Person => ({
        kind: 'user',
        id,
        organizationId,
        name: email,
      }));

    const groupsOf = async (
      organizationId: string,
      until?: (found: { id: string }[]) => boolean,
    ) => {
      const pages = () =>
        byOffset((offset) => rowsOf('/groups', GROUP, { organizationId, limit: PAGE, offset }));
      const get = (id: string) => Promise.resolve(id);
      const groups = await readList({ look: () => lookThrough('groups', pages()), get, until });
      return groups.map(({ id, name }): Person => ({ kind: 'group', id, organizationId, name }));
    };

    const isThere = async ({ kind, id, organizationId }: Person) => {
      const isAmong = (all: { id: string }[]) => all.some((person) => person.id === id);
      if (kind === 'user') return isAmong(await usersOf(organizationId, { ids: id }));
      return isAmong(await groupsOf(organizationId, isAmong));
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
      const about = named(person);
      if (person.kind === 'group') {
        const path = `/groups/${person.id}/permissions`;
        return (await get(path, GROUP_PERMISSION, { about })).flatMap((permission) =>
          counting(permission, {
            workspace: permission.workspaceId ?? undefined,
            organization: permission.organizationId ?? undefined,
            person,
          }),
        );
      }
      const query = { userId: person.id, organizationId: person.organizationId, about };
      return (await get('/permissions', USER_PERMISSION, query)).flatMap((permission) => {
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
        (await get('/organizations', ORGANIZATION)).map(({ organizationId }) => organizationId),

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

      listGroups: (organizationId) => groupsOf(organizationId),

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
        const about = named(person);
        return http({ method: 'POST', path, body, about, answer: Granted, interest });
      },

      revoke(person, permissionId) {
        const { kind, id } = person;
        const about = named(person);
        const path =
          kind === 'user'
            ? `/permissions/${permissionId}`
            : `/groups/${id}/permissions/${permissionId}`;
        return orAbsent(http({ method: 'DELETE', path, about, answer: nothing, interest }));
      },
    };
  };
