import { failed, impossible, passed } from '../checks';
import type { Verdict } from '../checks';
import type { Step } from '../fabric';
import { grantOnWarehouse, resumeByItself, resumeWarehouse } from './administration';
import { StatementError } from './failures';
import { createLooks, rolesIn } from './looks';
import type { Looks } from './looks';
import { bare } from './names';
import type { SqlApi } from './sql-api';
import { LOOKS } from './statements';

/* Whether the warehouse is there and runs, and who needs it may use it. */

/** What lets a role have statements run by a warehouse. */
const USES = ['USAGE', 'OWNERSHIP'];

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
  { role, users }: { role: string; users: string[] },
) => {
  const has = (each: string) => users.includes(each);
  if (has(role) || has('PUBLIC')) return undefined;
  const roles = rolesIn(await looks.grantsTo(role));
  if (roles.some(has)) return undefined;
  const sql = `${grantOnWarehouse('USAGE', name, role)};`;
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
    const grants = await looks.grantsOn('WAREHOUSE', [name]);
    const users = grants
      .filter(({ privilege }) => USES.includes(privilege))
      .map(({ grantee }) => grantee);
    const lacks = await Promise.all(roles.map((role) => lackOf(looks, name, { role, users })));
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
