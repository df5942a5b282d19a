import type { FabricSettings } from './fabrics';
import type { Settings } from './settings';
import type { TeamSettings } from './teams';

/* Who owns what. Names are compared as they are; a domain has no upper case, as in tokens. */

export interface Team extends TeamSettings {
  name: string;
}

export interface Fabric {
  name: string;
  settings: FabricSettings;
}

/** Whether a team may write to a fabric: its own, or one that is shared with it. */
export const mayUse = ({ team, sharedWith }: FabricSettings, of: string) =>
  team === of || sharedWith.includes(of);

/** The team that owns a domain. */
export const teamOf = ({ teams }: Pick<Settings, 'teams'>, domain: string): Team | undefined => {
  const found = Object.entries(teams).find(([, { domains }]) => domains.includes(domain));
  return found && { name: found[0], ...found[1] };
};

/** The fabrics that a team may use in an environment, by their names. */
export const fabricsOf = (
  { fabrics }: Pick<Settings, 'fabrics'>,
  { team, environment }: { team: string; environment: string },
): Fabric[] =>
  Object.entries(fabrics).flatMap(([name, settings]) => {
    const isThere = settings.environments?.includes(environment) ?? true;
    return isThere && mayUse(settings, team) ? [{ name, settings }] : [];
  });

/** What a descriptor writes to that names no fabric: the team's default there, else the environment's. */
export const defaultFabricOf = (
  settings: Pick<Settings, 'environments' | 'fabrics'>,
  { team, environment }: { team: Team; environment: string },
): Fabric | undefined => {
  const wanted =
    team.defaultFabric[environment] ?? settings.environments[environment]?.defaultFabric;
  const usable = fabricsOf(settings, { team: team.name, environment });
  return usable.find(({ name }) => name === wanted);
};

/** Whether anything is anybody's: without teams each descriptor is everybody's, and uses no secret and no fabric. */
export const hasTeams = ({ teams }: Pick<Settings, 'teams'>) => Object.keys(teams).length > 0;

/** The team of a component, by its key `<environment>/<domain>.…`; undefined where its domain is nobody's. */
export const ownerIn = (
  settings: Pick<Settings, 'teams'>,
  key: string,
): { team: Team; environment: string } | undefined => {
  const [, environment = '', domain = ''] = /^(.+)\/([^./]+)\./.exec(key) ?? [];
  const team = teamOf(settings, domain);
  return team && { team, environment };
};
