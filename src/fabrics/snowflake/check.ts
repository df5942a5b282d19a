import { checkEach, checkInOrder, failed, impossible, inTheWay, isLetIn, passed } from '../checks';
import type { Entries, Look, Verdict } from '../checks';
import type { Check, Step } from '../fabric';
import type { Component } from './component';
import {
  grantOnAccount,
  grantOnDatabase,
  grantOnWarehouse,
  grantRoleTo,
  resumeByItself,
  resumeWarehouse,
} from './administration';
import { seesAll } from './contents';
import { foreignIn, warningsIn } from './in-the-way';
import { createLooks } from './looks';
import type { Grant, Looks } from './looks';
import { missingIn } from './judgement';
import { bare, shownAs } from './names';
import { seesLogins } from './people';
import type { SqlApi } from './sql-api';
import { lookAt } from './state';
import { LOOKS } from './statements';

/* Whether a fabric can do what it would have to; each is told by itself, and none of them changes anything. */

/** Whose statements they are; undefined: it has a password only. */
export interface Users {
  manager: SqlApi | undefined;
  airbyte: SqlApi | undefined;
}

const PASSWORD = 'Snowflake’s SQL API takes no password, so nothing could be asked.';
const GIVE_KEY = 'Give the fabric a key pair, or one in manage.by.';

const connection = async (api: SqlApi | undefined, step: Step): Promise<Verdict> => {
  if (!api) return impossible(PASSWORD, GIVE_KEY);
  const { rows } = await api.query(LOOKS.whoWeAre(), step, 1);
  const [user, role] = rows[0] ?? [];
  if (role !== api.role)
    return failed(
      `Snowflake lets ${user ?? api.user} in, but with the role ${role ?? '(none)'} instead of ${api.role}.`,
      `Ask an administrator of the account to run ${grantRoleTo(api.role, 'USER', api.user)};`,
    );
  return passed(`Snowflake lets ${user ?? api.user} in, with the role ${role}.`);
};

const warehouse = async (name: string, api: SqlApi, step: Step): Promise<Verdict> => {
  const all = await createLooks(api, step).records(LOOKS.warehouses(name));
  const found = all.find((each) => bare(each.name ?? '') === name);
  if (!found)
    return failed(
      `The role ${api.role} sees no warehouse ${name}.`,
      `Ask an administrator of the account to run ${grantOnWarehouse(name, api.role)}; or the platform operator to name another.`,
    );
  const { state = '', auto_resume: resumes = '' } = found;
  if (state.toUpperCase() === 'SUSPENDED' && resumes.toLowerCase() !== 'true')
    return failed(
      `The warehouse ${name} is suspended, and does not resume by itself.`,
      `Run ${resumeWarehouse(name)}; or ${resumeByItself(name)};`,
    );
  return passed(`The warehouse ${name} is there (${state.toLowerCase()}).`);
};

/** Roles of Snowflake's own that may, without a grant that says so. */
const MAY_BY_ITSELF: Record<string, string[]> = {
  'CREATE ROLE': ['USERADMIN', 'SECURITYADMIN', 'ACCOUNTADMIN'],
  'CREATE DATABASE': ['SYSADMIN', 'ACCOUNTADMIN'],
};

const rightOnAccount = (
  privilege: string,
  { manager }: { manager: string },
  grants: readonly Grant[],
): Verdict => {
  const has =
    (MAY_BY_ITSELF[privilege] ?? []).includes(manager) ||
    grants.some((each) => each.privilege === privilege && each.on === 'ACCOUNT');
  if (has) return passed(`The role ${manager} has ${privilege} on the account.`);
  const sql = `${grantOnAccount(privilege, manager)};`;
  const heirs = grants.filter((each) => each.privilege === 'USAGE' && each.on === 'ROLE');
  const heir = heirs.map((each) => bare(each.name)).join(', ');
  return heirs.length > 0
    ? impossible(
        `The role ${manager} has what ${heir} may, which was not looked at.`,
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
        `Where they have others: GRANT MANAGE GRANTS ON ACCOUNT TO ROLE ${api.role}; or GRANT ROLE USERADMIN TO ROLE ${api.role};`,
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
  { step, manages, ...settings }: { warehouse: string; manages: Component['manages']; step: Step },
): Promise<Check[]> => {
  const { manager, airbyte } = users;
  const lookAtWarehouse = (entries: Entries) => {
    const user = warehouseBehind(users, entries);
    if (user) return warehouse(settings.warehouse, user, step);
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

const createSchema = async (
  looks: Looks,
  component: Component,
  grants: readonly Grant[],
): Promise<Verdict> => {
  const { manager, place } = component;
  const its = grants.filter(({ grantee }) => grantee === manager);
  const has = (wanted: string) => its.some(({ privilege }) => privilege === wanted);
  const may = has('OWNERSHIP') || (has('USAGE') && has('CREATE SCHEMA'));
  if (may || manager === 'ACCOUNTADMIN')
    return passed(`The role ${manager} may create schemas in the database ${place.database}.`);
  const sql = `${grantOnDatabase('USAGE, CREATE SCHEMA', place.database, manager)};`;
  const heirs = (await looks.grantsTo(manager)).filter(
    ({ privilege, on }) => privilege === 'USAGE' && on === 'ROLE',
  );
  return heirs.length > 0
    ? impossible(
        `The role ${manager} has what other roles may, which was not looked at.`,
        `If it may not: ${sql}`,
      )
    : failed(
        `The role ${manager} may not create schemas in the database ${place.database}.`,
        `Ask an administrator of the account to run ${sql}`,
      );
};

const schema = async (looks: Looks, component: Component): Promise<Verdict> => {
  const { database, schema: name } = component.place;
  const shown = shownAs(database, name);
  const state = await lookAt(looks, component);
  const [foreign] = foreignIn(state, component);
  if (foreign) return inTheWay(foreign);
  const isMissing = missingIn(state, component).some(({ is }) => is === 'schema');
  if (!isMissing) return passed(`The schema ${shown} is there, and the component’s.`);
  return state.database
    ? { name: 'create schema', ...(await createSchema(looks, component, state.onDatabase)) }
    : passed(`The schema ${shown} is to be made, with its database.`);
};

const tables = async (looks: Looks, component: Component): Promise<Verdict> => {
  const { manager, airbyteRole } = component;
  return (await seesAll(looks, component))
    ? passed(`The role ${manager} sees the tables that Airbyte makes.`)
    : failed(
        `The role ${manager} may not see the tables that Airbyte makes: what it has made is not undone then.`,
        `Ask an administrator of the account to run ${grantRoleTo(airbyteRole, 'ROLE', manager)};`,
      );
};

const internalSchema = async (looks: Looks, component: Component): Promise<Verdict> => {
  const { place, airbyteRole } = component;
  const [warning] = warningsIn(await lookAt(looks, component), component);
  return warning === undefined
    ? passed(`Airbyte’s role ${airbyteRole} can have its internal schema.`)
    : impossible(
        warning,
        `Unless it has it by another role: ${grantOnDatabase('CREATE SCHEMA', place.database, airbyteRole)};`,
      );
};

/** The place of one component, and whether what is not there can be made. */
export const checkComponent = async (
  api: SqlApi,
  component: Component,
  step: Step,
): Promise<Check[]> => {
  const looks = createLooks(api, step);
  const all: Look[] = [
    ['schema', () => schema(looks, component)],
    ['tables', () => tables(looks, component)],
    ['internal schema', () => internalSchema(looks, component)],
  ];
  const checks: Check[] = [];
  // One after the other: a check takes no calls from runs that they wait for.
  for (const look of all) checks.push(...(await checkEach([look], step)));
  return checks;
};
