import type { FabricSettings } from '../fabrics/types';
import type { EnvironmentSettings } from './environments';
import type { TeamSettings } from './teams';

/* Who owns what. Names are compared as they are; a domain has no upper case, as in tokens. */

export interface Team extends TeamSettings {
  name: string;
}

/** What of a fabric says whose it is, and where. */
export interface Ownable extends Pick<
  FabricSettings,
  'type' | 'team' | 'sharedWith' | 'environments'
> {
  /** What it makes and grants by itself; absent: nothing. */
  manage?: { access: boolean } | undefined;
}

/** What says who owns what; a fabric may be told whole. */
export interface Owned<Fabric extends Ownable = Ownable> {
  environments: Record<
    string,
    Pick<EnvironmentSettings, 'taskQueue' | 'defaultFabric' | 'workspaceAccess'>
  >;
  teams: Record<string, TeamSettings>;
  fabrics: Record<string, Fabric>;
}

export interface Named<Fabric> {
  name: string;
  settings: Fabric;
}

/** Whether a team may write to a fabric: its own, or one that is shared with it. */
export const mayUse = ({ team, sharedWith }: Pick<Ownable, 'team' | 'sharedWith'>, of: string) =>
  team === of || sharedWith.includes(of);

const owners = (teams: Owned['teams']) =>
  new Map(
    Object.entries(teams).flatMap(([name, team]) =>
      team.domains.map((domain) => [domain, { name, ...team }] as const),
    ),
  );
/** Lists ask it for each of their runs. */
const byDomain = new WeakMap<Owned['teams'], ReturnType<typeof owners>>();

/** The team that owns a domain. */
export const teamOf = ({ teams }: Pick<Owned, 'teams'>, domain: string): Team | undefined => {
  const known = byDomain.get(teams) ?? owners(teams);
  byDomain.set(teams, known);
  return known.get(domain);
};

/**
 * The fabrics that a team may use in an environment, by their names. One that names no environments is
 * there in each that the team has which uses it: its own or one that it is shared with.
 */
export const fabricsOf = <Fabric extends Ownable>(
  { teams, fabrics }: Pick<Owned<Fabric>, 'teams' | 'fabrics'>,
  { team, environment }: { team: string; environment: string },
): Named<Fabric>[] => {
  if (!teams[team]?.environments.includes(environment)) return [];
  return Object.entries(fabrics).flatMap(([name, settings]) => {
    const isThere = settings.environments?.includes(environment) ?? true;
    return isThere && mayUse(settings, team) ? [{ name, settings }] : [];
  });
};

/** What a descriptor writes to that names no fabric: the team's default there, else the environment's. */
export const defaultFabricOf = <Fabric extends Ownable>(
  settings: Owned<Fabric>,
  { team, environment }: { team: Team; environment: string },
): Named<Fabric> | undefined => {
  const wanted =
    team.defaultFabric[environment] ?? settings.environments[environment]?.defaultFabric;
  const usable = fabricsOf(settings, { team: team.name, environment });
  return usable.find(({ name }) => name === wanted);
};

/** Whether anything is anybody's: without teams each descriptor is everybody's, and uses no secret and no fabric. */
export const hasTeams = ({ teams }: Pick<Owned, 'teams'>) => Object.keys(teams).length > 0;

/** The team of a component, by its key `<environment>/<domain>.…`; undefined where its domain is nobody's. */
export const ownerIn = (
  settings: Pick<Owned, 'teams'>,
  key: string,
): { team: Team; environment: string } | undefined => {
  const [, environment = '', domain = ''] = /^(.+)\/([^./]+)\./.exec(key) ?? [];
  const team = teamOf(settings, domain);
  return team && { team, environment };
};
