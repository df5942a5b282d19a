import { RequestError } from '../contract/problems';
import { may, teamsFor } from '../identity/caller';
import type { Act, Caller } from '../identity/caller';
import { readToken } from '../runs/token';
import { teamOf } from '../settings/ownership';
import type { Owned } from '../settings/ownership';
import type { Role } from '../settings/teams';

/** Who owns what, now; undefined: nobody asks, as there is no configuration file. */
export type Ownership = () => Owned | undefined;

const forbidden = (message: string, solution: string) =>
  new RequestError([{ path: 'Authorization', message }], {
    status: 403,
    reason: 'forbidden',
    solutions: [solution],
  });

export type Authorization = ReturnType<typeof createAuthorization>;

/** What callers may do with requests and with tokens. */
export const createAuthorization = (ownership: Ownership) => {
  /** Whose a token is: its domain's team, as the file says it now. */
  const teamIn = (token: string): string | undefined => {
    const owned = ownership();
    const [domain = ''] = readToken(token).dataProduct.split('.');
    return owned && teamOf(owned, domain)?.name;
  };
  const mayWith = (caller: Caller, token: string, role: Role) =>
    may(caller, { role, team: teamIn(token) } satisfies Act);

  return {
    /** The teams for which a caller may deploy; undefined: all. Throws where there is none. */
    deploysFor: (caller: Caller): string[] | undefined => {
      const teams = teamsFor(caller, 'deployer');
      if (teams?.size === 0)
        throw forbidden(
          'names a caller who may deploy for no team',
          'Call as a member of a group that may deploy (teams.TEAM.groups.deployer in the configuration file).',
        );
      return teams && [...teams];
    },

    /** Whether a token is the caller's to see; one that is not is answered as one that never was. */
    maySee: (caller: Caller, token: string) => mayWith(caller, token, 'reader'),
    /** The same of runs whose tokens name no domain: they are of all the teams they were started for. */
    seesAsStarted:
      (caller: Caller) =>
      (token: string, readers: readonly string[] | undefined): boolean =>
        mayWith(caller, token, 'reader') ||
        (readers !== undefined &&
          readers.length > 0 &&
          readers.every((team) => may(caller, { role: 'reader', team }))),
    /** Throws where a caller who may see a token may not end its run. */
    mustDeploy: (caller: Caller, token: string) => {
      if (mayWith(caller, token, 'deployer')) return;
      throw forbidden(
        'names a caller who may see the run, and not end it',
        'Call as a member of a group that may deploy for its team.',
      );
    },
    /** Throws where a caller who may see a run may not replay or cancel it. */
    mustOperate: (caller: Caller, token: string) => {
      if (mayWith(caller, token, 'operator')) return;
      throw forbidden(
        'names a caller who may see the run, and not operate it',
        'Call as a member of a group that is operator of its team.',
      );
    },

    /** Which runs a caller may look at, or act on. Throws where there can be none. */
    seenBy: (caller: Caller, role: 'reader' | 'operator') => {
      if (teamsFor(caller, role)?.size === 0)
        throw forbidden(
          `names a caller who is ${role} of no team`,
          `Call as a member of a group that is (teams.TEAM.groups.${role} in the configuration file).`,
        );
      return (token: string) => mayWith(caller, token, role);
    },
  };
};
