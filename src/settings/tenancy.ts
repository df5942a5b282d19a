import { firstFew } from '../../workflows/protocol/lengths';
import { suggestion } from '../reading/suggestions';
import { defaultFabricOf, fabricsOf, hasTeams, ownerIn } from './ownership';
import type { Named, Ownable, Owned, Team } from './ownership';
import type { Destination } from '../fabrics/fabric';
import { typeFor } from '../fabrics/types';
import type { Settings } from './settings';

/*
 * What a descriptor may name, judged where it is read and again where it is used. What is told are names
 * that its own team may use, and never those of others: what is another team's is as if it were not there.
 */

const among = (names: readonly string[], none: string) =>
  names.length > 0 ? `there are ${firstFew([...names].sort()).join(', ')}` : none;

interface OfTeam {
  team: Team;
  environment: string;
}

/** The fabric that is meant: the one that is named, or the default. A problem follows its path. */
export const fabricFor = <Fabric extends Ownable>(
  settings: Owned<Fabric>,
  { team, environment, type, wanted }: OfTeam & { type: string; wanted: string | undefined },
): { fabric: Named<Fabric> } | { problem: string } => {
  const usable = fabricsOf(settings, { team: team.name, environment }).filter(
    ({ settings: { type: its } }) => its === type,
  );
  const names = usable.map(({ name }) => name);
  const may = `that the team ${team.name} may use for ${type} in ${environment}`;
  if (wanted === undefined) {
    const fabric = defaultFabricOf(settings, { team, environment });
    if (fabric?.settings.type === type) return { fabric };
    return {
      problem: `is required, as there is no default ${may}; ${among(names, 'there is none at all')}`,
    };
  }
  const fabric = usable.find(({ name }) => name === wanted);
  if (fabric) return { fabric };
  const meant = suggestion(wanted, names);
  return {
    problem: `is not a fabric ${may}${meant || `; ${among(names, 'there is none')}`}`,
  };
};

/** What is wrong with a secret that a descriptor names; undefined: nothing. */
export const secretProblem = ({ name: team, secrets }: Team, name: string): string | undefined => {
  if (secrets.includes(name)) return undefined;
  const meant = suggestion(name, secrets);
  return `names a secret that descriptors of the team ${team} may not use${meant || `; ${among(secrets, 'there is none that they may')}`}`;
};

/** What to do about a secret that a team may not use; undefined: the domain is nobody's. */
export const secretRemedy = (team: Team | undefined, name: string): string => {
  const whose = team ? `the team ${team.name}` : 'the team that owns the domain';
  return `Name another secret (${among(team?.secrets ?? [], 'there is none')}), or ask the platform operator to add ${name} to the secrets of ${whose}.`;
};

interface EnvironmentOf {
  team: Team | undefined;
  environment: string;
  /** Where no team is meant: those that the caller may name; undefined: all. */
  usable?: readonly string[] | undefined;
}

/** What is wrong with the environment of a domain's descriptor; undefined: nothing. */
export const environmentProblem = (
  { environments }: Pick<Owned, 'environments'>,
  { team, environment, usable: given }: EnvironmentOf,
): string | undefined => {
  const configured = Object.keys(environments);
  const usable = team?.environments ?? given ?? configured;
  if (configured.includes(environment) && usable.includes(environment)) return undefined;
  const ofMany = given ? 'of a team that the caller may deploy for' : 'of this provisioner';
  const whose = team ? `of the team ${team.name}` : ofMany;
  const meant = suggestion(environment, usable);
  return `is not an environment ${whose}${meant || `; ${among(usable, 'there is none')}`}`;
};

/** Of a component whose team does not have its environment. */
interface Misplaced {
  /** At its path. */
  problem: string;
  solution: string;
}

/** Whose a component is and where, by its key: a team has nothing where it has no environment. Undefined: nobody's. */
export const judgedOwner = (
  settings: Pick<Owned, 'environments' | 'teams'>,
  key: string,
): OfTeam | Misplaced | undefined => {
  const owner = ownerIn(settings, key);
  const problem = owner && environmentProblem(settings, owner);
  if (problem === undefined) return owner;
  return {
    problem: `dataProduct.environment: ${problem}.`,
    solution:
      'Deploy to another environment, or ask the platform operator to give it to the team (teams in the configuration file).',
  };
};

/** Why no team may deploy a component, by its key; undefined: one may, or there are no teams. */
export const componentProblem = (
  settings: Pick<Owned, 'environments' | 'teams'>,
  key: string,
): string | undefined => {
  if (!hasTeams(settings)) return undefined;
  const owner = ownerIn(settings, key);
  if (!owner) return 'is of a domain that belongs to no team';
  const problem = environmentProblem(settings, owner);
  return problem && `${owner.environment} ${problem}`;
};

const GRANTS_NONE = 'the fabric grants no access to the data';

/** Why access to the data of a component cannot be granted where it lands; undefined: it can. */
export const dataAccessProblem = (
  settings: Owned,
  { key, place }: { key: string; place: Destination },
): string | undefined => {
  const type = typeFor(place.connector);
  const owner = judgedOwner(settings, key);
  if (!type || type.bringsAccount(place.configuration)) return GRANTS_NONE;
  if (!owner || 'problem' in owner) return GRANTS_NONE;
  const { fabric: wanted } = place;
  const found = fabricFor(settings, { ...owner, type: type.name, wanted });
  if ('fabric' in found)
    return found.fabric.settings.manage?.access === true ? undefined : GRANTS_NONE;
  return `${wanted === undefined ? 'specific.destination.fabric' : `its fabric ${wanted}`} ${found.problem}`;
};

const known = new WeakMap<Settings, Owned>();

/** Who owns what, without what only a worker needs: addresses, accounts, references to secrets. */
export const ownedIn = (settings: Settings): Owned => {
  const owned = known.get(settings) ?? withoutPlaces(settings);
  known.set(settings, owned);
  return owned;
};

const withoutPlaces = ({ environments, teams, fabrics }: Settings): Owned => ({
  environments: Object.fromEntries(
    Object.entries(environments).map(([name, { taskQueue, defaultFabric, workspaceAccess }]) => [
      name,
      { taskQueue, defaultFabric, workspaceAccess },
    ]),
  ),
  teams,
  fabrics: Object.fromEntries(
    Object.entries<Ownable>(fabrics).map(
      ([name, { type, team, sharedWith, environments: where, manage }]) => [
        name,
        {
          type,
          team,
          sharedWith,
          environments: where,
          ...(manage && { manage: { access: manage.access } }),
        },
      ],
    ),
  ),
});
