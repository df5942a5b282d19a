import { checkEach, failed, impossible, inTheWay, passed } from '../../checks';
import type { Look, Verdict } from '../../checks';
import type { Check, Step } from '../../fabric';
import { grantOnDatabase, grantRoleTo, letGrantUsage } from '../sql/administration';
import type { Component } from '../look/component';
import { seesAll } from '../look/contents';
import { foreignIn, internalWords } from '../look/in-the-way';
import { missingIn } from '../look/judgement';
import { createLooks, rolesIn } from '../look/looks';
import type { Grant, GrantList, Looks } from '../look/looks';
import { isNamed, shownAs } from '../sql/names';
import type { SqlApi } from '../api/sql-api';
import { lookAt } from '../look/state';

/* Whether one component can have what it is to have; each is told by itself, and none of them changes anything. */

/** What a role may not, unless by another that it has. */
const lacking = (
  { grants, isCut }: GrantList,
  manager: string,
  { what, sql }: Record<'what' | 'sql', string>,
) => {
  if (isCut)
    return impossible(
      `The role ${manager} has more grants than Snowflake tells, so whether it may ${what} was not seen.`,
      `If it may not: ${sql};`,
    );
  return rolesIn(grants).length > 0
    ? impossible(
        `The role ${manager} has what other roles may, which was not looked at.`,
        `If it may not: ${sql};`,
      )
    : failed(
        `The role ${manager} may not ${what}.`,
        `Ask an administrator of the account to run ${sql};`,
      );
};

const createSchema = async (
  looks: Looks,
  component: Component,
  { grants, letsIn }: { grants: readonly Grant[]; letsIn: boolean },
): Promise<Verdict> => {
  const { manager, place } = component;
  const { database } = place;
  const to = await looks.grantsTo(manager);
  const its = [
    ...grants.filter(({ grantee }) => grantee === manager),
    ...to.grants.filter(({ on, name }) => on === 'DATABASE' && isNamed(name, [database])),
  ];
  const has = (wanted: string) => its.some(({ privilege }) => privilege === wanted);
  const mayAll = has('OWNERSHIP') || manager === 'ACCOUNTADMIN';
  if (!mayAll && !(has('USAGE') && has('CREATE SCHEMA')))
    return lacking(to, manager, {
      what: `create schemas in the database ${shownAs(database)}`,
      sql: grantOnDatabase('USAGE, CREATE SCHEMA', database, manager),
    });
  const mayGrant =
    mayAll ||
    its.some(({ privilege, hasOption }) => privilege === 'USAGE' && hasOption) ||
    to.grants.some(({ privilege, on }) => privilege === 'MANAGE GRANTS' && on === 'ACCOUNT');
  if (letsIn && !mayGrant)
    return lacking(to, manager, {
      what: `let others into the database ${shownAs(database)}`,
      sql: letGrantUsage(database, manager),
    });
  return passed(`The role ${manager} may create schemas in the database ${shownAs(database)}.`);
};

const schema = async (looks: Looks, component: Component): Promise<Verdict> => {
  const { database, schema: name } = component.place;
  const shown = shownAs(database, name);
  const state = await lookAt(looks, component);
  const [foreign] = foreignIn(state, component);
  if (foreign) return inTheWay(foreign);
  const missing = missingIn(state, component);
  const letsIn = missing.some((spec) => spec.is === 'use' && spec.kind === 'DATABASE');
  if (!missing.some(({ is }) => is === 'schema'))
    return passed(`The schema ${shown} is there, and the component’s.`);
  return state.database
    ? {
        name: 'create schema',
        ...(await createSchema(looks, component, { grants: state.onDatabase, letsIn })),
      }
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
  const [warning] = internalWords(await lookAt(looks, component), component);
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
