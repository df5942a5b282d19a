import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import { ControlProblem, taking } from '../steering/control';
import type { Operation } from '../operation';
import { notImplemented } from '../problems';
import { DEFAULT_WORKSPACE_ID } from '../store';

/** `community` has neither users nor permissions to give: all of it answers 501. */
const Edition = z.enum(['community', 'enterprise']);
type Edition = z.infer<typeof Edition>;

/** The organization every self-managed Airbyte starts with. */
const DEFAULT_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

interface User {
  id: string;
  name: string;
  email: string;
  organizationId: string;
}

export interface Group {
  groupId: string;
  name: string;
  description?: string | null | undefined;
  organizationId: string;
  /** User id by membership id. */
  members: Record<string, string>;
}

/** Of a user or of a group; on a workspace or on an organization. */
export interface Permission {
  permissionId: string;
  permissionType: string;
  userId?: string | undefined;
  groupId?: string | undefined;
  workspaceId?: string | undefined;
  organizationId?: string | undefined;
}

export interface People {
  edition: Edition;
  organizations: Map<string, { organizationId: string; organizationName: string; email: string }>;
  users: Map<string, User>;
  groups: Map<string, Group>;
  permissions: Map<string, Permission>;
}

const email = z.email();
/** The body of POST /_simulator/people: what there is besides. Names stand for ids. */
const Seed = z.strictObject({
  edition: Edition.optional(),
  organizations: z.array(z.strictObject({ id: z.guid(), name: z.string() })).default([]),
  users: z
    .array(
      z.strictObject({ email, name: z.string().optional(), organizationId: z.guid().optional() }),
    )
    .default([]),
  groups: z
    .array(z.strictObject({ name: z.string(), organizationId: z.guid().optional() }))
    .default([]),
  /** A permission that somebody else has given: of a user, on the workspace unless told otherwise. */
  permissions: z
    .array(
      z.strictObject({ email, permissionType: z.string(), organizationId: z.guid().optional() }),
    )
    .default([]),
});
type Seed = z.infer<typeof Seed>;

const SEEDED: Seed = {
  organizations: [{ id: DEFAULT_ORGANIZATION_ID, name: 'Default Organization' }],
  users: ['name.surname@agilelab.it', 'data_engineer@agilelab.it', 'alice@foo.bar'].map((each) => ({
    email: each,
  })),
  groups: [{ name: 'devs' }, { name: 'groupA' }],
  permissions: [],
};

const seed = (people: People, given: Seed) => {
  if (given.edition) people.edition = given.edition;
  for (const { id, name } of given.organizations)
    people.organizations.set(id, {
      organizationId: id,
      organizationName: name,
      email: 'admin@agilelab.it',
    });
  for (const { email: address, name = address, organizationId } of given.users) {
    const id = randomUUID();
    const user = {
      id,
      name,
      email: address,
      organizationId: organizationId ?? DEFAULT_ORGANIZATION_ID,
    };
    people.users.set(id, user);
  }
  for (const { name, organizationId = DEFAULT_ORGANIZATION_ID } of given.groups) {
    const groupId = randomUUID();
    people.groups.set(groupId, { groupId, name, organizationId, members: {} });
  }
  for (const { email: address, permissionType, organizationId } of given.permissions) {
    const user = [...people.users.values()].find((each) => each.email === address);
    if (!user) throw new ControlProblem(404, `no user ${address}`);
    const permissionId = randomUUID();
    const on = organizationId ? { organizationId } : { workspaceId: DEFAULT_WORKSPACE_ID };
    people.permissions.set(permissionId, { permissionId, permissionType, userId: user.id, ...on });
  }
};

const fresh = (edition: Edition): People => {
  const people: People = {
    edition,
    organizations: new Map(),
    users: new Map(),
    groups: new Map(),
    permissions: new Map(),
  };
  seed(people, SEEDED);
  return people;
};

const copy = ({ edition, ...tables }: People): People => ({
  edition,
  organizations: new Map(tables.organizations),
  users: new Map(tables.users),
  groups: new Map(tables.groups),
  permissions: new Map(tables.permissions),
});

/** Who has what, by names. */
const show = ({ edition, users, groups, permissions }: People) => ({
  edition,
  users: [...users.values()],
  groups: [...groups.values()],
  permissions: [...permissions.values()].map((permission) => ({
    ...permission,
    of:
      users.get(permission.userId ?? '')?.email ?? groups.get(permission.groupId ?? '')?.name ?? '',
  })),
});

/** Everybody Airbyte knows, with what steers it: GET and POST /_simulator/people. */
export const createPeople = (edition: Edition) => {
  const people = fresh(edition);
  let saved = copy(people);
  const control = Router();
  control.get('/', (_req, res) => res.json(show(people)));
  control.post(
    '/',
    taking(Seed, (given) => {
      seed(people, given);
      return show(people);
    }),
  );
  return {
    people,
    control,
    reset: () => Object.assign(people, fresh(edition)),
    save: () => {
      saved = copy(people);
    },
    restore: () => Object.assign(people, copy(saved)),
  };
};

/** Answers only where the edition has the operation. */
export const ofEnterprise = (people: People, operations: Operation[]): Operation[] =>
  operations.map((operation) => ({
    ...operation,
    run: (request) => {
      if (people.edition === 'community') throw notImplemented();
      return operation.run(request);
    },
  }));
