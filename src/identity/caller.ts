import type { Role } from '../settings/teams';

/** Who asks: known by a token, by an identity provider, or by nothing where nobody is asked. */
export interface Caller {
  /** For the audit: a token's name, or the subject (or client) of an access token. */
  name: string;
  /** May deploy for every team, as Witboost's Coordinator does. */
  isCoordinator: boolean;
  /** May see and do everything. */
  isPlatformOperator: boolean;
  /** What it may do for which teams. */
  roles: ReadonlyMap<string, ReadonlySet<Role>>;
}

/** Where nobody is asked who he is, everybody may do everything, as without a configuration file. */
export const ANYBODY: Caller = {
  name: 'anybody',
  isCoordinator: true,
  isPlatformOperator: true,
  roles: new Map(),
};

/** What somebody asks to do. `team` is undefined where what it is about belongs to none. */
export interface Act {
  role: Role;
  team: string | undefined;
}

/**
 * Whether a caller may do something. Who deploys for a team may see how it went, and who operates may see
 * what is operated; a Coordinator deploys and sees for all.
 */
export const may = (caller: Caller, { role, team }: Act): boolean => {
  if (caller.isPlatformOperator) return true;
  if (caller.isCoordinator && role !== 'operator') return true;
  const has = team === undefined ? undefined : caller.roles.get(team);
  if (!has) return false;
  return role === 'reader' ? has.size > 0 : has.has(role);
};

/** The teams for which a caller may do something; undefined: all. */
export const teamsFor = (caller: Caller, role: Role): Set<string> | undefined => {
  if (caller.isPlatformOperator || (caller.isCoordinator && role !== 'operator')) return undefined;
  return new Set([...caller.roles.keys()].filter((team) => may(caller, { role, team })));
};
