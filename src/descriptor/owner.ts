import { RequestError } from '../contract/problems';
import type { Path } from '../contract/problems';
import type { Destination } from '../fabrics/fabric';
import { CONNECTORS, typeFor } from '../fabrics/types';
import { isBlank } from '../reading/key-places';
import type { Reader } from '../reading/reader';
import { referencesIn } from '../secrets/references';
import { hasTeams, teamOf } from '../settings/ownership';
import type { Owned, Team } from '../settings/ownership';
import { environmentProblem, fabricFor, secretProblem } from '../settings/tenancy';
import type { Component } from './component';

/** Whose descriptors are read, and for whom. */
export interface Tenancy extends Owned {
  /** The teams whose components the caller may deploy; undefined: all, and those of no team. */
  deploysFor?: readonly string[] | undefined;
}

/** Whose a component is, and where: what its descriptor may name depends on both. */
export interface Owner {
  tenancy: Tenancy;
  team: Team | undefined;
  environment: string;
  /** Whether both are as they may be; else what depends on them is not told. */
  isRight: boolean;
}

const notTheirs = (
  reader: Reader,
  { at, domain, teams }: { at: Path; domain: string; teams: readonly string[] },
) =>
  new RequestError(
    [
      {
        path: at.join('.'),
        message: `is of the domain "${domain}", for which the caller may not deploy`,
      },
    ],
    {
      status: 403,
      reason: 'forbidden',
      about: reader.about(),
      solutions: [
        teams.length > 0
          ? `Call as somebody who may, or deploy for a domain of ${teams.join(', ')}.`
          : 'Call as somebody who may: the caller may deploy for no team.',
      ],
    },
  );

/**
 * Whose a component or data product is, by its domain; told at the paths of its environment and its id.
 * Undefined where nobody asks. Throws a RequestError (403) at once where the caller may not deploy for it,
 * before anything of its team is told.
 */
export const judgeOwner = (
  reader: Reader,
  { environment, domain }: Pick<Component, 'environment' | 'domain'>,
  { tenancy, at }: { tenancy: Tenancy | undefined; at: { environment: Path; id: Path } },
): Owner | undefined => {
  if (!tenancy) return undefined;
  const team = teamOf(tenancy, domain);
  const { deploysFor } = tenancy;
  if (deploysFor && (team === undefined || !deploysFor.includes(team.name)))
    throw notTheirs(reader, { at: at.id, domain, teams: deploysFor });
  const isNobodys = !team && hasTeams(tenancy);
  if (isNobodys) reader.refuse(at.id, `is of the domain "${domain}", which belongs to no team`);
  const problem = environmentProblem(tenancy, { team, environment });
  if (problem !== undefined) reader.refuse(at.environment, problem);
  return { tenancy, team, environment, isRight: !isNobodys && problem === undefined };
};

const NO_TEAM = 'names a secret, and only descriptors of a team may use any';

/** The secrets that a descriptor names, as far as they are not its team's. */
export const judgeSecrets = (reader: Reader, specific: unknown, owner: Owner, at: Path) => {
  const { team, isRight } = owner;
  if (!isRight) return;
  for (const { path, name } of referencesIn(specific)) {
    const problem = team ? secretProblem(team, name) : NO_TEAM;
    if (problem !== undefined) reader.refuse([...at, ...path, 'secretRef'], problem);
  }
};

interface Judged {
  tenancy: Tenancy | undefined;
  owner: Owner | undefined;
  at: Path;
}

const TWICE = 'and credentials of the descriptor’s own exclude each other: leave one of them out';
const UNNAMED = 'names a fabric, and this provisioner knows none by name; leave it out';

const nowhere = (connector: string) =>
  `names a fabric, and ${connector} writes to none; leave it out, or write one of ${CONNECTORS.join(', ')}`;

/**
 * Where a destination is to be, which may be the default; what is wrong with it is told at its path. `named` is
 * what the descriptor says, whether its connector knows of fabrics or not. Without an `owner` where there is a
 * `tenancy`, whose it is cannot be read, and no fabric can be looked for.
 */
export const withFabric = <Wanted extends Destination>(
  reader: Reader,
  destination: Wanted,
  { tenancy, owner, at, named }: Judged & { named: unknown },
): Wanted => {
  const { connector, configuration, fabric: wanted } = destination;
  const path = [...at, 'destination', 'fabric'];
  if (!tenancy && wanted !== undefined) reader.refuse(path, UNNAMED);
  const type = typeFor(connector);
  if (!type && named !== undefined && !isBlank(named)) reader.refuse(path, nowhere(connector));
  // A descriptor with credentials of its own brings the whole account.
  const isOwn = !type || type.bringsAccount(configuration);
  if (owner && isOwn && wanted !== undefined) reader.refuse(path, TWICE);
  if (!owner?.isRight || !type || isOwn) return destination;
  const { team, environment } = owner;
  if (!team) {
    reader.refuse(path, 'is not there for a domain that belongs to no team');
    return destination;
  }
  const found = fabricFor(owner.tenancy, { team, environment, type: type.name, wanted });
  if ('fabric' in found) return { ...destination, fabric: found.fabric.name };
  reader.refuse(path, found.problem);
  return destination;
};
