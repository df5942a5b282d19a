import type { Access } from './access';
import type { Account, Grant, Membership, Securable } from './account';
import { MAX_SHOWN } from './narrow';
import { missing, shownName } from '../sql/problems';
import { type Result, shownTime, table } from './result';
import { type GrantsShown, PARTS, type StatementOf } from '../sql/statement';

interface World {
  account: Account;
  access: Access;
}

const MEMBERS = ['created_on', 'role', 'granted_to', 'grantee_name', 'granted_by'];
const PRIVILEGES = [
  'created_on',
  'privilege',
  'granted_on',
  'name',
  'granted_to',
  'grantee_name',
  'grant_option',
  'granted_by',
];
const FUTURES = [
  'created_on',
  'privilege',
  'grant_on',
  'name',
  'grant_to',
  'grantee_name',
  'grant_option',
];

type Shown = Record<string, string | null>;

interface Place {
  on: string;
  name: string;
}

const shownMembership = ({ role, to, name, grantedBy, createdOn }: Membership): Shown => ({
  created_on: shownTime(createdOn),
  role,
  granted_to: to,
  grantee_name: name,
  granted_by: grantedBy,
});

const shownGrant = (
  { privilege, role, grantedBy, createdOn, hasOption = false }: Grant,
  { on, name }: Place,
): Shown => ({
  created_on: shownTime(createdOn),
  privilege,
  granted_on: on,
  name,
  granted_to: 'ROLE',
  grantee_name: role,
  grant_option: String(hasOption || privilege === 'OWNERSHIP'),
  granted_by: grantedBy,
});

type Owned = Pick<Securable, 'owner' | 'createdOn'> & { grants?: Grant[] };

/** Ownership is a privilege, too. */
const grantsOn = ({ owner, createdOn, grants = [] }: Owned): Grant[] => [
  ...(owner === '' ? [] : [{ privilege: 'OWNERSHIP', role: owner, grantedBy: owner, createdOn }]),
  ...grants,
];

/** All that has grants, with its kind and full name. */
const placesOf = (account: Account): [Place, Grant[]][] => {
  const place = (on: string, thing: Owned, ...name: string[]): [Place, Grant[]] => [
    { on, name: shownName(...name) },
    grantsOn(thing),
  ];
  return [
    ...[...account.warehouses.values()].map((each) => place('WAREHOUSE', each, each.name)),
    ...[...account.roles.values()].map((each) => place('ROLE', each, each.name)),
    ...[...account.databases.values()].flatMap((database) => [
      place('DATABASE', database, database.name),
      ...[...database.schemas.values()].flatMap((schema) => [
        place('SCHEMA', schema, database.name, schema.name),
        ...[...schema.objects.values()].map((object) =>
          place(object.kind, object, database.name, schema.name, object.name),
        ),
      ]),
    ]),
    [{ on: 'ACCOUNT', name: account.name }, account.grants],
  ];
};

const checkGrantee = (account: Account, kind: 'ROLE' | 'USER', name: string) => {
  const all = kind === 'ROLE' ? account.roles : account.users;
  if (!all.has(name)) throw missing(kind, name);
};

/** Privileges, and the roles that were granted to it, with the privilege USAGE. */
const toRole = (account: Account, name: string): Shown[] => [
  ...placesOf(account).flatMap(([place, grants]) =>
    grants.filter(({ role }) => role === name).map((grant) => shownGrant(grant, place)),
  ),
  ...account.memberships
    .filter((each) => each.to === 'ROLE' && each.name === name)
    .map(({ role, grantedBy, createdOn }) =>
      shownGrant(
        { privilege: 'USAGE', role: name, grantedBy, createdOn },
        { on: 'ROLE', name: shownName(role) },
      ),
    ),
];

const ofRole = ({ memberships }: Account, name: string): Shown[] =>
  memberships.filter(({ role }) => role === name).map(shownMembership);

const onPlace = (
  { account, access }: World,
  { on, path }: Extract<GrantsShown, { path: string[] }>,
): Shown[] => {
  const [first = ''] = path;
  const role = () => {
    checkGrantee(account, 'ROLE', first);
    return { owner: '', createdOn: 0, ...account.roles.get(first) };
  };
  const finders: Record<typeof on, () => Owned> = {
    ACCOUNT: () => ({ owner: '', createdOn: 0, grants: account.grants }),
    DATABASE: () => access.database(first),
    WAREHOUSE: () => access.warehouse(first),
    SCHEMA: () => access.schema(path),
    TABLE: () => access.object(path),
    VIEW: () => access.object(path),
    ROLE: role,
  };
  const found = finders[on]();
  const name = on === 'ACCOUNT' ? account.name : shownName(...access.full(path, PARTS[on]));
  return grantsOn(found).map((grant) => shownGrant(grant, { on, name }));
};

export const showGrants = (
  world: World,
  { shown, limit = MAX_SHOWN }: StatementOf<'showGrants'>,
): Result => {
  const most = Math.min(limit, MAX_SHOWN);
  const { account } = world;
  if ('path' in shown) return table(PRIVILEGES, onPlace(world, shown).slice(0, most));
  if ('of' in shown) {
    checkGrantee(account, 'ROLE', shown.name);
    return table(MEMBERS, ofRole(account, shown.name).slice(0, most));
  }
  checkGrantee(account, shown.to, shown.name);
  if (shown.to === 'ROLE') return table(PRIVILEGES, toRole(account, shown.name).slice(0, most));
  const ofUser = account.memberships.filter(({ to, name }) => to === 'USER' && name === shown.name);
  return table(MEMBERS, ofUser.map(shownMembership).slice(0, most));
};

export const showFutureGrants = (
  { account, access }: World,
  { shown, limit = MAX_SHOWN }: StatementOf<'showFutureGrants'>,
): Result => {
  const most = Math.min(limit, MAX_SHOWN);
  if ('role' in shown) checkGrantee(account, 'ROLE', shown.role);
  const wanted = 'schema' in shown ? access.schema(shown.schema) : undefined;
  const rows = [...account.databases.values()].flatMap((database) =>
    [...database.schemas.values()].flatMap((schema) =>
      schema.futures
        .filter(({ role }) => ('role' in shown ? role === shown.role : schema === wanted))
        .map(({ on, privilege, role, createdOn }) => ({
          created_on: shownTime(createdOn),
          privilege,
          grant_on: on,
          name: `${shownName(database.name, schema.name)}.<${on}>`,
          grant_to: 'ROLE',
          grantee_name: role,
          grant_option: 'false',
        })),
    ),
  );
  return table(FUTURES, rows.slice(0, most));
};
