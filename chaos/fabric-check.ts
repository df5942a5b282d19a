import { z } from 'zod';
import { AIRBYTE, READERS, THING } from './fabric-model';
import { DATABASE } from './requests';

const Grants = z.array(z.object({ privilege: z.string(), role: z.string() }));
const Role = z.object({ name: z.string(), owner: z.string(), comment: z.string().nullish() });

/** What exists in Snowflake, as its simulator tells it past its API. */
export const Warehouse = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      grants: Grants,
      schemas: z.array(
        z.object({
          name: z.string(),
          owner: z.string(),
          comment: z.string().nullish(),
          grants: Grants,
          futureGrants: z.array(
            z.object({ privilege: z.string(), on: z.string(), role: z.string() }),
          ),
        }),
      ),
    }),
  ),
  roles: z.array(Role),
  members: z.array(z.object({ role: z.string(), name: z.string(), grantedBy: z.string() })),
});
export type Warehouse = z.infer<typeof Warehouse>;

/** Whom Airbyte writes as, and who makes and grants. */
const LOADER = 'AIRBYTE';
export const MANAGER = 'PROVISIONER';

const TAG = 'provisioner:';
const tagOf = (key: string) => `${TAG}${key}`;

const rolesOf = ({ roles }: Pick<Warehouse, 'roles'>, key: string) =>
  roles.filter(({ comment }) => comment === tagOf(key)).map(({ name }) => name);

const schemasOf = ({ databases }: Warehouse, key: string) =>
  databases.flatMap(({ schemas }) => schemas.filter(({ comment }) => comment === tagOf(key)));

/** One component's part of it. */
export const thingsOf = (key: string, warehouse: Warehouse): ReadonlySet<string> => {
  const [role] = rolesOf(warehouse, key);
  const named = (to: string) => (to === role ? READERS : to === LOADER ? AIRBYTE : to);
  const schemas = schemasOf(warehouse, key);
  return new Set([
    ...schemas.flatMap(({ name, owner, grants, futureGrants }) => [
      THING.schema(name),
      ...grants
        .filter(({ role: to }) => to !== owner)
        .map(({ privilege, role: to }) => THING.grant(privilege, name, named(to))),
      ...futureGrants.map(({ privilege, on, role: to }) =>
        privilege === 'SELECT' && to === role
          ? THING.future(on, name)
          : THING.grant(`${privilege} on each ${on} to come`, name, named(to)),
      ),
    ]),
    ...(role === undefined ? [] : [THING.role]),
    ...warehouse.databases.flatMap(({ name, grants }) =>
      grants
        .filter(({ role: to }) => to === role)
        .map(({ privilege }) =>
          privilege === 'USAGE' ? THING.database(name) : THING.grant(privilege, name, READERS),
        ),
    ),
    ...warehouse.members
      .filter((member) => member.role === role)
      .map(({ name }) => THING.member(name)),
  ]);
};

/** What Airbyte may do in the database is shared by all who have something there; its owner grants it. */
const sharedFlaws = ({ databases, ...warehouse }: Warehouse, keys: string[]) => {
  const may = databases.some(
    ({ name, grants }) =>
      name === DATABASE &&
      grants.some(({ privilege, role }) => privilege === 'USAGE' && role === LOADER),
  );
  const there = keys.filter((key) => rolesOf(warehouse, key).length > 0);
  return there.length > 0 && !may
    ? [`${LOADER} may not use ${DATABASE}, where ${there.join(', ')} write`]
    : [];
};

/** What belongs to no component of ours, and what one has twice. */
export const fabricOrphans = (warehouse: Warehouse, keys: string[]): string[] => {
  const tags = new Set(keys.map(tagOf));
  const isOurs = (owner: string, comment: string) => owner === MANAGER || comment.startsWith(TAG);
  const strangers = [
    ...warehouse.databases
      .flatMap(({ schemas }) => schemas)
      .filter(({ owner, comment }) => isOurs(owner, comment ?? '') && !tags.has(comment ?? ''))
      .map(({ name }) => `the schema ${name}`),
    ...warehouse.roles
      .filter(({ owner, comment }) => isOurs(owner, comment ?? '') && !tags.has(comment ?? ''))
      .map(({ name }) => `the role ${name}`),
  ];
  const known = new Set(warehouse.roles.map(({ name }) => name));
  const loose = warehouse.members.filter(({ role, grantedBy }) => {
    return grantedBy === MANAGER && !known.has(role);
  });
  return [
    ...strangers.map((what) => `${what} belongs to no component`),
    ...loose.map(({ name, role }) => `${name} is a member of ${role}, which is not there`),
    ...keys
      .filter((key) => rolesOf(warehouse, key).length > 1)
      .map((key) => `${key} has several roles`),
    ...sharedFlaws(warehouse, keys),
  ];
};
