import { failed, impossible, passed } from '../../checks';
import type { Verdict } from '../../checks';
import type { Step } from '../../fabric';
import { grantOnWarehouse, resumeByItself, resumeWarehouse } from '../sql/administration';
import { StatementError } from '../api/failures';
import { createLooks, rolesIn } from '../look/looks';
import type { Grant, Looks } from '../look/looks';
import { bare, isNamed } from '../sql/names';
import type { SqlApi } from '../api/sql-api';
import { LOOKS } from '../sql/statements';

/* Whether the warehouse is there and runs, and who needs it may use it. */

/** What lets a role have statements run by a warehouse. */
const lets = ({ privilege }: Grant) => ['USAGE', 'OWNERSHIP'].includes(privilege);

const stateOf = async (looks: Looks, name: string, role: string): Promise<Verdict> => {
  const all = await looks.records(LOOKS.warehouses(name));
  const found = all.find((each) => bare(each.name ?? '') === name);
  if (!found)
    return failed(
      `The role ${role} sees no warehouse ${name}.`,
      `Ask an administrator of the account to run ${grantOnWarehouse('USAGE, OPERATE', name, role)}; or the platform operator to name another.`,
    );
  const { state = '', auto_resume: resumes = '' } = found;
  if (state.toUpperCase() === 'SUSPENDED' && resumes.toLowerCase() !== 'true')
    return failed(
      `The warehouse ${name} is suspended, and does not resume by itself.`,
      `Run ${resumeWarehouse(name)}; or ${resumeByItself(name)};`,
    );
  return passed(`The warehouse ${name} is there (${state.toLowerCase()}).`);
};

/** What keeps a role from it, unless it has a grant, or a role that has one. */
const lackOf = async (
  looks: Looks,
  name: string,
  { role, users, areUsersCut }: { role: string; users: string[]; areUsersCut: boolean },
) => {
  const has = (each: string) => users.includes(each);
  if (has(role) || has('PUBLIC')) return undefined;
  const { grants, isCut } = await looks.grantsTo(role);
  const roles = rolesIn(grants);
  const isIts = grants.some(
    (each) => each.on === 'WAREHOUSE' && isNamed(each.name, [name]) && lets(each),
  );
  if (isIts || roles.some(has)) return undefined;
  const sql = `${grantOnWarehouse('USAGE', name, role)};`;
  if (isCut || areUsersCut)
    return impossible(
      `There are more grants than Snowflake tells, so whether the role ${role} may use the warehouse ${name} was not seen.`,
      `If it may not: ${sql}`,
    );
  return roles.length > 0
    ? impossible(
        `The role ${role} has what ${roles.join(', ')} may, which was not looked at.`,
        `If it may not use the warehouse ${name}: ${sql}`,
      )
    : failed(
        `The role ${role} may not use the warehouse ${name}.`,
        `Ask an administrator of the account to run ${sql}`,
      );
};

/** Of the roles one that may not use it, or else one of which that cannot be told. */
const lackIn = async (looks: Looks, name: string, roles: string[]) => {
  try {
    const { grants, isCut } = await looks.grantsOn('WAREHOUSE', [name]);
    const users = grants.filter(lets).map(({ grantee }) => grantee);
    const lacks = await Promise.all(
      roles.map((role) => lackOf(looks, name, { role, users, areUsersCut: isCut })),
    );
    return lacks.find((each) => each?.outcome === 'failed') ?? lacks.find(Boolean);
  } catch (err) {
    if (!(err instanceof StatementError)) throw err;
    return impossible(
      `Whether ${roles.join(' and ')} may use the warehouse ${name} could not be looked at: ${err.message}`,
      `If not: ${roles.map((role) => `${grantOnWarehouse('USAGE', name, role)};`).join(' ')}`,
    );
  }
};

/** Who asks runs statements by it, and Airbyte's role does, whoever asks. */
export const checkWarehouse = async (
  api: SqlApi,
  { warehouse, role, step }: { warehouse: string; role: string; step: Step },
): Promise<Verdict> => {
  const looks = createLooks(api, step);
  const state = await stateOf(looks, warehouse, api.role);
  if (state.outcome !== 'passed') return state;
  const roles = [...new Set([api.role, role])];
  return (await lackIn(looks, warehouse, roles)) ?? state;
};
