import type { Check, Step } from '../fabric';
import { grantOnAccount, grantRoleTo } from './administration';
import { checkWarehouse } from './check-warehouse';
import type { Component } from './component';
import { answered, failed, impossible, passed } from './findings';
import { createLooks, rolesIn } from './looks';
import type { Grant } from './looks';
import { seesLogins } from './people';
import type { SqlApi } from './sql-api';
import { LOOKS } from './statements';

/* Whether a fabric can do what it would have to; each is told by itself, and none of them changes anything. */

/** Whose statements they are; undefined: it has a password only. */
export interface Users {
  manager: SqlApi | undefined;
  airbyte: SqlApi | undefined;
}

const PASSWORD = 'Snowflake’s SQL API takes no password, so nothing could be asked.';
const GIVE_KEY = 'Give the fabric a key pair, or one in manage.by.';

const connection = (name: string, api: SqlApi | undefined, step: Step) =>
  api
    ? answered(name, step, async () => {
        const { rows } = await api.query(LOOKS.whoWeAre(), step, 1);
        const [user, role] = rows[0] ?? [];
        if (role !== api.role)
          return failed(
            name,
            `Snowflake lets ${user ?? api.user} in, but with the role ${role ?? '(none)'} instead of ${api.role}.`,
            `Ask an administrator of the account to run ${grantRoleTo(api.role, 'USER', api.user)};`,
          );
        return passed(name, `Snowflake lets ${user ?? api.user} in, with the role ${role}.`);
      })
    : Promise.resolve(impossible(name, PASSWORD, GIVE_KEY));

/** Roles of Snowflake's own that may, without a grant that says so. */
const MAY_BY_ITSELF: Record<string, string[]> = {
  'CREATE ROLE': ['USERADMIN', 'SECURITYADMIN', 'ACCOUNTADMIN'],
  'CREATE DATABASE': ['SYSADMIN', 'ACCOUNTADMIN'],
};

const rightOnAccount = (
  privilege: string,
  { manager }: { manager: string },
  grants: readonly Grant[],
) => {
  const name = privilege.toLowerCase();
  const has =
    (MAY_BY_ITSELF[privilege] ?? []).includes(manager) ||
    grants.some((each) => each.privilege === privilege && each.on === 'ACCOUNT');
  if (has) return passed(name, `The role ${manager} has ${privilege} on the account.`);
  const sql = `${grantOnAccount(privilege, manager)};`;
  const heirs = rolesIn(grants);
  return heirs.length > 0
    ? impossible(
        name,
        `The role ${manager} has what ${heirs.join(', ')} may, which was not looked at.`,
        `If it may not: ${sql}`,
      )
    : failed(
        name,
        `The role ${manager} may not ${name}.`,
        `Ask an administrator of the account to run ${sql}`,
      );
};

/** Who is to read is looked up before anything is granted. */
const people = (api: SqlApi, step: Step) =>
  answered('users', step, async () =>
    (await seesLogins(api, step))
      ? passed('users', `The role ${api.role} sees the users of Snowflake.`)
      : impossible(
          'users',
          `The role ${api.role} sees no login names: users are found by their names only.`,
          `Where they have others: ${grantOnAccount('MANAGE GRANTS', api.role)}; or ${grantRoleTo('USERADMIN', 'ROLE', api.role)};`,
        ),
  );

const rights = async (api: SqlApi, manages: Component['manages'], step: Step): Promise<Check[]> => {
  const wanted = [
    ...(manages.database ? ['CREATE DATABASE'] : []),
    ...(manages.access ? ['CREATE ROLE'] : []),
  ];
  if (wanted.length === 0) return [];
  const grants = createLooks(api, step).grantsTo(api.role);
  return Promise.all([
    ...wanted.map((privilege) =>
      answered(privilege.toLowerCase(), step, async () =>
        rightOnAccount(privilege, { manager: api.role }, await grants),
      ),
    ),
    ...(manages.access ? [people(api, step)] : []),
  ]);
};

/** The fabric by itself, whatever component. */
export const checkFabric = async (
  { manager, airbyte }: Users,
  settings: { warehouse: string; role: string; manages: Component['manages']; step: Step },
): Promise<Check[]> => {
  const { step } = settings;
  const first = await connection('connection', manager, step);
  const more =
    manager === airbyte ? [] : [await connection('connection of Airbyte', airbyte, step)];
  const isIn = first.outcome === 'passed' && manager;
  const after = isIn ? await rights(manager, settings.manages, step) : [];
  const user = more.some(({ outcome }) => outcome === 'passed')
    ? airbyte
    : isIn
      ? manager
      : undefined;
  const unseen =
    first.outcome === 'failed'
      ? impossible(
          'warehouse',
          'It could not be looked at, as Snowflake lets nobody in.',
          first.solution ?? '',
        )
      : impossible('warehouse', PASSWORD, GIVE_KEY);
  const looked = user ? await checkWarehouse(user, settings) : unseen;
  return [first, ...more, looked, ...after];
};
