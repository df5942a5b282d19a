import type { Check, Foreign, Step } from '../fabric';
import { grantOnDatabase, grantRoleTo } from './administration';
import type { Component } from './component';
import { seesAll } from './contents';
import { answered, failed, impossible, passed } from './findings';
import { foreignIn, warningsIn } from './in-the-way';
import { missingIn } from './judgement';
import { createLooks, rolesIn } from './looks';
import type { Grant, Looks } from './looks';
import { shownAs } from './names';
import type { SqlApi } from './sql-api';
import { lookAt } from './state';

/* Whether one component can have what it is to have; each is told by itself, and none of them changes anything. */

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
  const heirs = rolesIn(await looks.grantsTo(manager));
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
