import { firstFew } from '../../workflows/protocol/lengths';
import type { Path } from '../contract/problems';
import { suggestion } from '../reading/suggestions';
import type { AuthSettings } from './gateway';
import { mayUse } from './ownership';
import type { Settings } from './settings';

/** The parts of a file that are right by themselves, and the names of all that it has. */
export interface Judged extends Pick<Settings, 'environments' | 'teams' | 'fabrics'> {
  auth: AuthSettings | undefined;
  names: Record<'environments' | 'teams' | 'fabrics', string[]>;
}

/** What is wrong between parts of the file that are each right by themselves. */
type Refuse = (path: Path, message: string) => void;

/** Names that must be keys of another part of the file. */
const createKnown =
  ({ names: all }: Judged, refuse: Refuse) =>
  (part: keyof Judged['names']) => {
    const names = all[part];
    return (path: Path, name: string): boolean => {
      if (names.includes(name)) return true;
      const there = names.length > 0 ? `; there are ${firstFew(names).join(', ')}` : '';
      refuse(
        path,
        `names "${name}", which is not among ${part}${suggestion(name, names) || there}`,
      );
      return false;
    };
  };

/** Each domain is of one team. */
const judgeDomains = ({ teams }: Judged, refuse: Refuse) => {
  const owners = new Map<string, string>();
  for (const [team, { domains }] of Object.entries(teams))
    for (const [index, domain] of domains.entries()) {
      const owner = owners.get(domain);
      if (owner !== undefined)
        refuse(
          ['teams', team, 'domains', index],
          owner === team
            ? 'is given twice'
            : `is a domain of the team ${owner}; each is of one team`,
        );
      owners.set(domain, team);
    }
};

/** A default is a fabric that can be used where it is the default. */
const judgeDefault = (
  settings: Judged,
  {
    path,
    name,
    environment,
    team,
  }: { path: Path; name: string; environment: string; team?: string },
  refuse: Refuse,
) => {
  const fabric = settings.fabrics[name];
  if (!fabric) return;
  // What is wrong with a team that is not there, or with one that is wrong itself, is told elsewhere.
  const has = (one: string) =>
    !Object.hasOwn(settings.teams, one) ||
    settings.teams[one]?.environments.includes(environment) === true;
  const isThere =
    fabric.environments?.includes(environment) ?? [fabric.team, ...fabric.sharedWith].some(has);
  if (!isThere)
    refuse(path, `names ${name}, which is not there for the environment ${environment}`);
  else if (team !== undefined && !mayUse(fabric, team))
    refuse(path, `names ${name}, which is neither of the team ${team} nor shared with it`);
};

const judgeFabrics = (settings: Judged, refuse: Refuse) => {
  const known = createKnown(settings, refuse);
  const isTeam = known('teams');
  const isEnvironment = known('environments');
  for (const [name, fabric] of Object.entries(settings.fabrics)) {
    const at = ['fabrics', name];
    isTeam([...at, 'team'], fabric.team);
    for (const [index, team] of fabric.sharedWith.entries())
      isTeam([...at, 'sharedWith', index], team);
    for (const [index, environment] of (fabric.environments ?? []).entries())
      isEnvironment([...at, 'environments', index], environment);
  }
};

const judgeEnvironments = (settings: Judged, refuse: Refuse) => {
  const isFabric = createKnown(settings, refuse)('fabrics');
  for (const [environment, { defaultFabric: name }] of Object.entries(settings.environments)) {
    const path = ['environments', environment, 'defaultFabric'];
    if (name !== undefined && isFabric(path, name))
      judgeDefault(settings, { path, name, environment }, refuse);
  }
};

const judgeTeams = (settings: Judged, refuse: Refuse) => {
  const known = createKnown(settings, refuse);
  const isEnvironment = known('environments');
  const isFabric = known('fabrics');
  for (const [team, { environments, defaultFabric }] of Object.entries(settings.teams)) {
    const at = ['teams', team];
    for (const [index, environment] of environments.entries())
      isEnvironment([...at, 'environments', index], environment);
    for (const [environment, name] of Object.entries(defaultFabric)) {
      const path = [...at, 'defaultFabric', environment];
      if (!isEnvironment(path, environment) || !isFabric(path, name)) continue;
      if (environments.includes(environment))
        judgeDefault(settings, { path, name, environment, team }, refuse);
      else refuse(path, `is of an environment that the team ${team} does not have`);
    }
  }
};

const judgeTokens = (settings: Judged, refuse: Refuse) => {
  const { auth } = settings;
  if (auth?.mode !== 'tokens') return;
  const isTeam = createKnown(settings, refuse)('teams');
  const seen = { name: new Set<string>(), sha256: new Set<string>() };
  for (const [index, token] of auth.tokens.entries()) {
    const at = ['gateway', 'auth', 'tokens', index];
    for (const key of ['name', 'sha256'] as const) {
      if (seen[key].has(token[key])) refuse([...at, key], 'is given to another token, too');
      seen[key].add(token[key]);
    }
    for (const [number, team] of token.teams.entries()) isTeam([...at, 'teams', number], team);
    if (token.coordinator || token.platformOperator) continue;
    if (token.teams.length === 0)
      refuse([...at, 'teams'], 'must name a team, or the token is of no use');
    if (token.roles.length === 0)
      refuse([...at, 'roles'], 'must name a role, or the token is of no use');
  }
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whoever answers in the issuer's place says which keys sign. */
const judgeIssuer = ({ auth }: Judged, refuse: Refuse) => {
  if (auth?.mode !== 'oidc') return;
  const { protocol, hostname } = new URL(auth.issuer);
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    refuse(
      ['gateway', 'auth', 'issuer'],
      'must be reached by https, unless it is on this machine: its answers say which keys are trusted',
    );
};

/** Whose people have what in a workspace is remembered once: on one task queue. */
const judgeWorkspaces = ({ environments }: Judged, refuse: Refuse) => {
  const queues = new Map<string, { name: string; taskQueue: string | undefined }>();
  let former: string | undefined;
  for (const [name, { airbyte, taskQueue, grantsOfVariables }] of Object.entries(environments)) {
    const other = queues.get(airbyte.workspaceId);
    if (other && other.taskQueue !== taskQueue)
      refuse(
        ['environments', name, 'taskQueue'],
        `is not that of ${other.name}, which has the same workspace`,
      );
    queues.set(airbyte.workspaceId, { name, taskQueue });
    if (grantsOfVariables && former !== undefined)
      refuse(
        ['environments', name, 'grantsOfVariables'],
        `is said of ${former}, too: the variables described one environment`,
      );
    if (grantsOfVariables) former = name;
  }
};

/** All of them, so that all problems are told at once. */
export const judge = (settings: Judged, refuse: Refuse) => {
  judgeDomains(settings, refuse);
  judgeEnvironments(settings, refuse);
  judgeTeams(settings, refuse);
  judgeFabrics(settings, refuse);
  judgeTokens(settings, refuse);
  judgeIssuer(settings, refuse);
  judgeWorkspaces(settings, refuse);
};
