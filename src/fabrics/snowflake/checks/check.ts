import { checkEach, checkInOrder, failed, impossible, isLetIn, passed } from '../../checks';
import type { Entries, Look, Verdict } from '../../checks';
import type { Check, Step } from '../../fabric';
import { grantOnAccount, grantRoleTo } from '../sql/administration';
import { checkWarehouse } from './check-warehouse';
import type { Component } from '../look/component';
import { createLooks, rolesIn } from '../look/looks';
import type { GrantList } from '../look/looks';
import { seesLogins } from '../access/people';
import type { SqlApi } from '../api/sql-api';
import { LOOKS } from '../sql/statements';

/* Whether a fabric can do what it would have to; each is told by itself, and none of them changes anything. */

/** Whose statements they are; undefined: it has a password only. */
export interface Users {
  manager: SqlApi | undefined;
  airbyte: SqlApi | undefined;
}

const PASSWORD = 'Snowflake’s SQL API takes no password, so nothing could be asked.';
const GIVE_KEY = 'Give the fabric a key pair, or one in manage.by.';

const KEY_INSTEAD =
  'A provision tells, as Airbyte tries it; with a key pair in place of the password it is told here, too.';

const connection = async (api: SqlApi | undefined, step: Step): Promise<Verdict> => {
  if (!api) return impossible(PASSWORD, KEY_INSTEAD);
  const { rows } = await api.query(LOOKS.whoWeAre(), step, 1);
  const [user, role] = rows[0] ?? [];
  if (role !== api.role)
    return failed(
      `Snowflake lets ${user ?? api.user} in, but with the role ${role ?? '(none)'} instead of ${api.role}.`,
      `Ask an administrator of the account to run ${grantRoleTo(api.role, 'USER', api.user)};`,
    );
  return passed(`Snowflake lets ${user ?? api.user} in, with the role ${role}.`);
};

/** Roles of Snowflake's own that may, without a grant that says so. */
const MAY_BY_ITSELF: Record<string, string[]> = {
  'CREATE ROLE': ['USERADMIN', 'SECURITYADMIN', 'ACCOUNTADMIN'],
  'CREATE DATABASE': ['SYSADMIN', 'ACCOUNTADMIN'],
};

const rightOnAccount = (
  privilege: string,
  { manager }: { manager: string },
  { grants, isCut }: GrantList,
): Verdict => {
  const has =
    (MAY_BY_ITSELF[privilege] ?? []).includes(manager) ||
    grants.some((each) => each.privilege === privilege && each.on === 'ACCOUNT');
  if (has) return passed(`The role ${manager} has ${privilege} on the account.`);
  const sql = `${grantOnAccount(privilege, manager)};`;
  const heirs = rolesIn(grants);
  if (isCut)
    return impossible(
      `The role ${manager} has more grants than Snowflake tells: what it may by other roles was not seen.`,
      `If it may not: ${sql}`,
    );
  return heirs.length > 0
    ? impossible(
        `The role ${manager} has what ${heirs.join(', ')} may, which was not looked at.`,
        `If it may not: ${sql}`,
      )
    : failed(
        `The role ${manager} may not ${privilege.toLowerCase()}.`,
        `Ask an administrator of the account to run ${sql}`,
      );
};

/** Who is to read is looked up before anything is granted. */
const people = async (api: SqlApi, step: Step): Promise<Verdict> =>
  (await seesLogins(api, step))
    ? passed(`The role ${api.role} sees the users of Snowflake.`)
    : impossible(
        `The role ${api.role} sees no login names: users are found by their names only.`,
        `Where they have others: ${grantOnAccount('MANAGE GRANTS', api.role)}; or ${grantRoleTo('USERADMIN', 'ROLE', api.role)};`,
      );

const rights = (api: SqlApi, manages: Component['manages'], step: Step): Look[] => {
  const wanted = [
    ...(manages.database ? ['CREATE DATABASE'] : []),
    ...(manages.access ? ['CREATE ROLE'] : []),
  ];
  if (wanted.length === 0) return [];
  const grants = createLooks(api, step).grantsTo(api.role);
  return [
    ...wanted.map((privilege): Look => [
      privilege.toLowerCase(),
      async () => rightOnAccount(privilege, { manager: api.role }, await grants),
    ]),
    ...(manages.access ? [['users', () => people(api, step)] satisfies Look] : []),
  ];
};

/** With the warehouse it can use whoever is let in; as Airbyte, who may do less, if it is. */
const warehouseBehind = ({ manager, airbyte }: Users, entries: Entries) => {
  if (isLetIn(entries.airbyte)) return airbyte;
  return isLetIn(entries.manager) ? manager : undefined;
};

/** The fabric by itself, whatever component. */
export const checkFabric = (
  users: Users,
  {
    step,
    manages,
    ...settings
  }: { warehouse: string; role: string; manages: Component['manages']; step: Step },
): Promise<Check[]> => {
  const { manager, airbyte } = users;
  const lookAtWarehouse = (entries: Entries) => {
    const user = warehouseBehind(users, entries);
    if (user) return checkWarehouse(user, { ...settings, step });
    const failure = entries.manager.find(({ outcome }) => outcome === 'failed');
    return failure
      ? impossible('It could not be looked at, as Snowflake lets nobody in.', failure.solution)
      : impossible(PASSWORD, GIVE_KEY);
  };
  return checkInOrder(
    {
      manager: () => checkEach([['connection', () => connection(manager, step)]], step),
      airbyte: () =>
        manager === airbyte
          ? Promise.resolve([])
          : checkEach([['connection of Airbyte', () => connection(airbyte, step)]], step),
      behind: (entries) => [
        ['warehouse', () => lookAtWarehouse(entries)],
        ...(manager && isLetIn(entries.manager) ? rights(manager, manages, step) : []),
      ],
    },
    step,
  );
};
