import { CallError } from '../../contract/call-error';
import { Refusal } from '../../contract/problems';
import type { Check, Foreign, Step } from '../fabric';
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

const passed = (name: string, message: string): Check => ({ name, outcome: 'passed', message });

const failed = (name: string, message: string, solution: string): Check => ({
  name,
  outcome: 'failed',
  message,
  solution,
});

const impossible = (name: string, message: string, solution: string): Check => ({
  name,
  outcome: 'impossible',
  message,
  solution,
});

/** What keeps a check from an answer is its answer, unless nobody waits for it any more. */
const answered = async (name: string, step: Step, look: () => Promise<Check>): Promise<Check> => {
  try {
    return await look();
  } catch (err) {
    step.interest.cancelled.throwIfAborted();
    if (err instanceof CallError || err instanceof Refusal)
      return {
        ...failed(name, err.message, err.solution),
        ...(err instanceof CallError && err.kind === 'again' && { mayPass: true }),
      };
    throw err;
  }
};

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

const warehouse = (name: string, api: SqlApi | undefined, step: Step) => {
  if (!api) return Promise.resolve(impossible('warehouse', PASSWORD, GIVE_KEY));
  return answered('warehouse', step, async () => {
    const all = await createLooks(api, step).records(LOOKS.warehouses(name));
    const found = all.find((each) => bare(each.name ?? '') === name);
    if (!found)
      return failed(
        'warehouse',
        `The role ${api.role} sees no warehouse ${name}.`,
        `Ask an administrator of the account to run ${grantOnWarehouse(name, api.role)}; or the platform operator to name another.`,
      );
    const { state = '', auto_resume: resumes = '' } = found;
    if (state.toUpperCase() === 'SUSPENDED' && resumes.toLowerCase() !== 'true')
      return failed(
        'warehouse',
        `The warehouse ${name} is suspended, and does not resume by itself.`,
        `Run ${resumeWarehouse(name)}; or ${resumeByItself(name)};`,
      );
    return passed('warehouse', `The warehouse ${name} is there (${state.toLowerCase()}).`);
  });
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
) => {
  const name = privilege.toLowerCase();
  const has =
    (MAY_BY_ITSELF[privilege] ?? []).includes(manager) ||
    grants.some((each) => each.privilege === privilege && each.on === 'ACCOUNT');
  if (has) return passed(name, `The role ${manager} has ${privilege} on the account.`);
  const sql = `${grantOnAccount(privilege, manager)};`;
  const heirs = grants.filter((each) => each.privilege === 'USAGE' && each.on === 'ROLE');
  const heir = heirs.map((each) => bare(each.name)).join(', ');
  return heirs.length > 0
    ? impossible(
        name,
        `The role ${manager} has what ${heir} may, which was not looked at.`,
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
          `Where they have others: GRANT MANAGE GRANTS ON ACCOUNT TO ROLE ${api.role}; or GRANT ROLE USERADMIN TO ROLE ${api.role};`,
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
  { step, ...settings }: { warehouse: string; manages: Component['manages']; step: Step },
): Promise<Check[]> => {
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
  const looked =
    first.outcome === 'failed' && !user
      ? impossible(
          'warehouse',
          'It could not be looked at, as Snowflake lets nobody in.',
          first.solution ?? '',
        )
      : await warehouse(settings.warehouse, user, step);
  return [first, ...more, looked, ...after];
};

const createSchema = async (looks: Looks, component: Component, grants: readonly Grant[]) => {
  const { manager, place } = component;
  const name = 'create schema';
  const its = grants.filter(({ grantee }) => grantee === manager);
  const has = (wanted: string) => its.some(({ privilege }) => privilege === wanted);
  const may = has('OWNERSHIP') || (has('USAGE') && has('CREATE SCHEMA'));
  if (may || manager === 'ACCOUNTADMIN')
    return passed(
      name,
      `The role ${manager} may create schemas in the database ${place.database}.`,
    );
  const sql = `${grantOnDatabase('USAGE, CREATE SCHEMA', place.database, manager)};`;
  const heirs = (await looks.grantsTo(manager)).filter(
    ({ privilege, on }) => privilege === 'USAGE' && on === 'ROLE',
  );
  return heirs.length > 0
    ? impossible(
        name,
        `The role ${manager} has what other roles may, which was not looked at.`,
        `If it may not: ${sql}`,
      )
    : failed(
        name,
        `The role ${manager} may not create schemas in the database ${place.database}.`,
        `Ask an administrator of the account to run ${sql}`,
      );
};

/** What of the descriptor leads to what is in the way. */
const pathOf = ({ what }: Foreign) =>
  `specific.destination.connectionConfiguration.${what.startsWith('the database ') ? 'database' : 'schema'}`;

/** The place of one component, and whether what is not there can be made. */
export const checkComponent = async (
  api: SqlApi,
  component: Component,
  step: Step,
): Promise<Check[]> => {
  const looks = createLooks(api, step);
  const { place, manager, airbyteRole } = component;
  const shown = shownAs(place.database, place.schema);
  const schema = await answered('schema', step, async () => {
    const state = await lookAt(looks, component);
    const [foreign] = foreignIn(state, component);
    if (foreign)
      return { ...failed('schema', foreign.problem, foreign.solution), at: pathOf(foreign) };
    const isMissing = missingIn(state, component).some(({ is }) => is === 'schema');
    if (!isMissing) return passed('schema', `The schema ${shown} is there, and the component’s.`);
    return state.database
      ? createSchema(looks, component, state.onDatabase)
      : passed('schema', `The schema ${shown} is to be made, with its database.`);
  });
  const sees = await answered('tables', step, async () =>
    (await seesAll(looks, component))
      ? passed('tables', `The role ${manager} sees the tables that Airbyte makes.`)
      : failed(
          'tables',
          `The role ${manager} may not see the tables that Airbyte makes: what it has made is not undone then.`,
          `Ask an administrator of the account to run ${grantRoleTo(airbyteRole, 'ROLE', manager)};`,
        ),
  );
  const airbyte = await answered('internal schema', step, async () => {
    const [warning] = warningsIn(await lookAt(looks, component), component);
    return warning === undefined
      ? passed('internal schema', `Airbyte’s role ${airbyteRole} can have its internal schema.`)
      : impossible(
          'internal schema',
          warning,
          `Unless it has it by another role: ${grantOnDatabase('CREATE SCHEMA', place.database, airbyteRole)};`,
        );
  });
  return [schema, sees, airbyte];
};
