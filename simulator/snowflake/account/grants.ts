import { type Access, heldBy } from './access';
import type { Account, Grant, Securable } from './account';
import { circular, denied, missing } from '../sql/problems';
import { type Result, said } from './result';
import { type GrantTarget, type ObjectKind, PARTS, type StatementOf } from '../sql/statement';

interface World {
  account: Account;
  access: Access;
}

const done = said('Statement executed successfully.');
const affected = (count: number) =>
  said(`Statement executed successfully. ${String(count)} objects affected.`);

const same =
  ({ privilege, role }: { privilege: string; role: string }) =>
  (other: { privilege: string; role: string }) =>
    other.privilege === privilege && other.role === role;

/** Where privileges are kept. */
interface Holder {
  grants: Grant[];
  owner: string;
}

/** Who is told as the grantor: its owner, who holds the privilege with the option, or with MANAGE GRANTS again the owner. */
const grantorOf = ({ access }: World, { grants, owner }: Holder, privilege: string) => {
  if (access.held.has(owner)) return owner;
  const option = grants.find(
    (each) => each.privilege === privilege && each.hasOption && access.held.has(each.role),
  );
  return option?.role ?? owner;
};

const hasOptionFor = ({ access }: World, { grants }: Holder, privileges: readonly string[]) =>
  privileges.every((privilege) =>
    grants.some(
      (each) => each.privilege === privilege && each.hasOption && access.held.has(each.role),
    ),
  );

const place = ({ access }: World, on: 'DATABASE' | 'WAREHOUSE' | 'SCHEMA' | 'TABLE' | 'VIEW') => {
  const finders = {
    DATABASE: ([name = '']: string[]): Securable => access.database(name),
    WAREHOUSE: ([name = '']: string[]) => access.warehouse(name),
    SCHEMA: access.schema,
    TABLE: access.object,
    VIEW: access.object,
  };
  return finders[on];
};

/** The owner may, and who manages grants; in a managed schema its owner instead of the objects'. */
const mayGrantOn = ({ access }: World, path: string[], thing: Securable) => {
  if (access.manages) return true;
  const schema = path.length === 3 ? access.schema(path.slice(0, 2)) : undefined;
  return access.owns(schema?.isManaged ? schema : thing);
};

const one = (
  world: World,
  target: Exclude<GrantTarget, { objects: ObjectKind }>,
  privileges: readonly string[],
): Holder => {
  const { account, access } = world;
  if (target.on === 'ACCOUNT') {
    if (!access.manages) throw denied('ACCOUNT', account.name);
    return { grants: account.grants, owner: access.role };
  }
  const path = access.full(target.path, PARTS[target.on]);
  const thing = place(world, target.on)(path);
  if (!mayGrantOn(world, path, thing) && !hasOptionFor(world, thing, privileges))
    throw denied(target.on, path.at(-1) ?? '');
  return thing;
};

/** The objects of a kind in a schema; each must be one that this role may grant on. */
const every = (world: World, path: string[], kind: ObjectKind): Holder[] => {
  const { access } = world;
  const schema = access.schema(path);
  const objects = [...schema.objects.values()].filter((each) => each.kind === kind);
  for (const object of objects)
    if (!access.manages && !access.owns(schema.isManaged ? schema : object))
      throw denied(kind, object.name);
  return objects;
};

const futuresOf = ({ access }: World, path: string[]) => {
  const schema = access.schema(path);
  if (!access.manages && !(schema.isManaged && access.owns(schema)))
    throw denied('SCHEMA', schema.name);
  return schema;
};

const holdersOf = (world: World, target: GrantTarget, privileges: readonly string[]): Holder[] =>
  'objects' in target
    ? every(world, target.path, target.objects)
    : [one(world, target, privileges)];

const checkRole = ({ account }: World, name: string) => {
  if (!account.roles.has(name)) throw missing('ROLE', name);
};

export const grantPrivileges = (
  world: World,
  { privileges, target, role, hasOption }: StatementOf<'grantPrivileges'>,
): Result => {
  checkRole(world, role);
  const createdOn = Date.now();
  if (target.on === 'FUTURE') {
    const { futures } = futuresOf(world, target.path);
    for (const privilege of privileges)
      if (!futures.some((each) => each.on === target.objects && same({ privilege, role })(each)))
        futures.push({ privilege, role, on: target.objects, createdOn });
    return done;
  }
  const holders = holdersOf(world, target, privileges);
  for (const holder of holders)
    for (const privilege of privileges) {
      const grantedBy = grantorOf(world, holder, privilege);
      const known = holder.grants.find(same({ privilege, role }));
      if (known) known.hasOption ||= hasOption;
      else holder.grants.push({ privilege, role, grantedBy, createdOn, hasOption });
    }
  return target.on === 'ALL' ? affected(holders.length) : done;
};

/** Takes out of the list itself: others hold it. */
const takeOut = <Item>(items: Item[], isWanted: (item: Item) => boolean) => {
  const kept = items.filter((item) => !isWanted(item));
  items.splice(0, items.length, ...kept);
};

export const revokePrivileges = (
  world: World,
  { privileges, target, role }: StatementOf<'revokePrivileges'>,
): Result => {
  checkRole(world, role);
  const isMeant = (each: { privilege: string; role: string }) =>
    each.role === role && privileges.includes(each.privilege);
  if (target.on === 'FUTURE') {
    const { futures } = futuresOf(world, target.path);
    takeOut(futures, (each) => each.on === target.objects && isMeant(each));
    return done;
  }
  const holders = holdersOf(world, target, privileges);
  for (const { grants } of holders) takeOut(grants, isMeant);
  return target.on === 'ALL' ? affected(holders.length) : done;
};

/** Who has the role, and by whom, stays. */
export const grantOwnership = (
  world: World,
  { role: name, owner }: StatementOf<'grantOwnership'>,
): Result => {
  const { account, access } = world;
  const role = account.roles.get(name);
  if (!role) throw missing('ROLE', name);
  checkRole(world, owner);
  if (!access.manages && !access.owns(role)) throw denied('ROLE', name);
  account.roles.set(name, { ...role, owner });
  return done;
};

type RoleGrant = Omit<StatementOf<'grantRole'>, 'kind'>;

const checkRoleGrant = (
  { account, access }: World,
  { role: name, to, name: grantee }: RoleGrant,
) => {
  const role = account.roles.get(name);
  if (!role) throw missing('ROLE', name);
  const grantees = to === 'USER' ? account.users : account.roles;
  if (!grantees.has(grantee)) throw missing(to, grantee);
  if (!access.manages && !access.owns(role)) throw denied('ROLE', name);
};

const isOf = (wanted: RoleGrant) => (each: RoleGrant) =>
  each.role === wanted.role && each.to === wanted.to && each.name === wanted.name;

export const grantRole = (world: World, wanted: StatementOf<'grantRole'>): Result => {
  checkRoleGrant(world, wanted);
  const { account, access } = world;
  const { role, to, name } = wanted;
  if (to === 'ROLE' && heldBy(account, role).has(name)) throw circular(role, name);
  if (!account.memberships.some(isOf(wanted)))
    account.memberships.push({ role, to, name, grantedBy: access.role, createdOn: Date.now() });
  return done;
};

export const revokeRole = (world: World, wanted: StatementOf<'revokeRole'>): Result => {
  checkRoleGrant(world, wanted);
  takeOut(world.account.memberships, isOf(wanted));
  return done;
};
