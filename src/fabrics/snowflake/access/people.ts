import { isRefused } from '../../../contract/call-error';
import { Refusal } from '../../../contract/problems';
import type { Principals, Step } from '../../fabric';
import { calledBy } from '../../principals';
import type { Called, PrincipalsSettings } from '../../principals';
import { CODE, hasCode } from '../api/failures';
import { MAX_ROWS, createLooks, recordsOf, rolesIn } from '../look/looks';
import { bare, identifierIn, isEverybody, shownAs } from '../sql/names';
import { memberNamed } from './readers';
import type { SqlApi } from '../api/sql-api';
import { LOOKS } from '../sql/statements';
import type { Statement } from '../sql/statements';

/* Whom Witboost's users and groups are in Snowflake: users by name or login name, groups by the names of roles. */

interface Known {
  name: string;
  login: string;
}

interface List {
  all: Known[];
  /** There are more than Snowflake tells at once. */
  isCut: boolean;
  /** Whether who is not in it may be in Snowflake all the same, under another name than his login. */
  isPartial: boolean;
  /** By itself, where there are. */
  one: (name: string) => Promise<Known[]>;
}

const knownIn = ({ name = '', login_name: login = '' }: Record<string, string>): Known => ({
  name: bare(name),
  login,
});

const listOf = async (
  api: SqlApi,
  step: Step,
  { all, one }: { all: () => Statement; one: (name: string) => Statement },
): Promise<List> => {
  const table = await api.query(all(), step, MAX_ROWS);
  const found = recordsOf(table).map(knownIn);
  const isCut = table.isCut || found.length >= MAX_ROWS;
  const others = found.filter(({ name }) => !inAnyCase(name, api.user));
  return {
    all: found,
    isCut,
    isPartial: isCut || !others.some(({ login }) => login !== ''),
    one: async (name) => recordsOf(await api.query(one(name), step, MAX_ROWS)).map(knownIn),
  };
};

/** Undefined: nobody may be seen. */
const visible = async (list: Promise<List>): Promise<List | undefined> => {
  try {
    const found = await list;
    return found.all.length > 0 ? found : undefined;
  } catch (err) {
    if (hasCode(err, CODE.notAuthorized) || hasCode(err, CODE.missing)) return undefined;
    throw err;
  }
};

/** Users that are looked at to tell whether login names are shown. */
const FEW = 20;

/** Whether users can be looked up by their login names, too: without MANAGE GRANTS Snowflake shows none. */
export const seesLogins = async (api: SqlApi, step: Step): Promise<boolean> => {
  const all = recordsOf(await api.query(LOOKS.users(), step, FEW)).map(knownIn);
  const others = all.filter(({ name }) => !inAnyCase(name, api.user));
  return others.length === 0 || others.some(({ login }) => login !== '');
};

const inAnyCase = (one: string, other: string) => one.toUpperCase() === other.toUpperCase();

/** The best that there is: by the very name, by the name in any case, by the login name. */
const matching = (known: readonly Known[], name: string): Known[] => {
  const ways = [
    (each: Known) => each.name === name,
    (each: Known) => each.name === identifierIn(name),
    (each: Known) => inAnyCase(each.name, name),
    (each: Known) => each.login !== '' && inAnyCase(each.login, name),
  ];
  for (const way of ways) {
    const found = known.filter(way);
    if (found.length > 0) return found;
  }
  return [];
};

type Found =
  | { principal: string }
  | {
      problem: string;
      /** Any of these, where it cannot be told which. */
      among?: string[];
      /** He may be there, unseen. */
      mayBeThere?: boolean;
    };

const principalOf = ({ kind }: Called, { name }: Known) =>
  memberNamed(kind === 'user' ? 'USER' : 'ROLE', name);

const NOUN = { user: 'user', group: 'role' } as const;

const judged = (
  found: readonly Known[],
  called: Called,
  { isCut, isPartial }: Pick<List, 'isCut' | 'isPartial'>,
): Found => {
  const { kind, name } = called;
  const noun = NOUN[kind];
  const [first, ...others] = found;
  if (others.length > 0)
    return {
      problem: `${name} may be any of the ${noun}s ${found
        .slice(0, 3)
        .map((each) => each.name)
        .join(', ')} of Snowflake`,
      among: found.map((each) => principalOf(called, each)),
    };
  if (first) return { principal: principalOf(called, first) };
  const byLogin =
    kind === 'user' && isCut ? ' by its name; there are too many to look at their login names' : '';
  const problem = `Snowflake has no ${noun} ${name}${byLogin}`;
  return { problem, mayBeThere: kind === 'user' && isPartial };
};

const find = async (list: List | undefined, called: Called): Promise<Found> => {
  const { kind, name } = called;
  if (kind === 'group' && isEverybody(name))
    return { problem: 'the role PUBLIC of Snowflake stands for everybody' };
  if (!list)
    return {
      problem: `the role of this fabric may not see the ${NOUN[kind]}s of Snowflake: it needs MANAGE GRANTS, or to be granted USERADMIN`,
      mayBeThere: true,
    };
  const found = matching(list.all, name);
  if (found.length > 0 || !list.isCut) return judged(found, called, list);
  return judged(matching(await list.one(name), name), called, list);
};

const LISTS = {
  user: { all: LOOKS.users, one: LOOKS.user },
  group: { all: LOOKS.roles, one: LOOKS.role },
};

interface AskedFor {
  settings: PrincipalsSettings;
  refs: readonly string[];
  step: Step;
}

/** A list of each kind, however many are asked for. */
const findAll = async (api: SqlApi, { settings, refs, step }: AskedFor) => {
  const called = refs.map((ref) => [ref, calledBy(settings, ref)] as const);
  const list = (kind: Called['kind']) =>
    called.some(([, each]) => 'kind' in each && each.kind === kind)
      ? visible(listOf(api, step, LISTS[kind]))
      : Promise.resolve(undefined);
  const [user, group] = await Promise.all([list('user'), list('group')]);
  const lists = { user, group };
  return Promise.all(
    called.map(async ([ref, each]): Promise<[string, Found]> => [
      ref,
      'problem' in each ? each : await find(lists[each.kind], each),
    ]),
  );
};

/** Roles whose own roles are asked for; what would come round beyond them Snowflake refuses when it is granted. */
const MOST_INHERITED = 100;

/** A role, and those that it has been granted, be it by others of them: it can be granted to none of these. */
const inheritedBy = async (api: SqlApi, role: string, step: Step) => {
  const looks = createLooks(api, step);
  const all = new Set([role]);
  let asked = 0;
  // Those that are added are come to, too.
  for (const each of all) {
    if (asked === MOST_INHERITED) break;
    asked += 1;
    const { grants } = await looks.grantsTo(each).catch((err: unknown) => {
      // It is not there yet, or not to be seen.
      if (isRefused(err)) return { grants: [] };
      throw err;
    });
    for (const granted of rolesIn(grants)) all.add(granted);
  }
  return all;
};

const roundProblem = (role: string, member: string) =>
  member === role
    ? `the role ${shownAs(role)} of Snowflake is the one that reads the component’s data, and cannot be granted to itself`
    : `the role ${shownAs(member)} of Snowflake has been granted to ${shownAs(role)}, which reads the component’s data, and cannot be granted that in turn`;

/** What would come round is told before anything is changed. */
const withoutRounds = async (
  api: SqlApi,
  found: [string, Found][],
  { role, step }: { role: string; step: Step },
): Promise<[string, Found][]> => {
  const isGroup = (each: Found) => 'principal' in each && each.principal.startsWith('role:');
  if (!found.some(([, each]) => isGroup(each))) return found;
  const roles = await inheritedBy(api, role, step);
  const rounds = new Map([...roles].map((each) => [memberNamed('ROLE', each), each]));
  return found.map(([ref, each]) => {
    const member = 'principal' in each ? rounds.get(each.principal) : undefined;
    return member === undefined ? [ref, each] : [ref, { problem: roundProblem(role, member) }];
  });
};

/** Maps refs to who may be granted a role, and looks whether they exist. */
export const principalsOf = async (
  api: SqlApi,
  { role, ...asked }: AskedFor & { role: string },
): Promise<Principals> => {
  const { step } = asked;
  const found = await withoutRounds(api, await findAll(api, asked), { role, step });
  const known = found.flatMap(([ref, each]) =>
    'principal' in each ? [[ref, each.principal] as const] : [],
  );
  const unknown = found.flatMap(([ref, each]) =>
    'problem' in each ? [[ref, each.problem] as const] : [],
  );
  return { known: Object.fromEntries(known), unknown: Object.fromEntries(unknown) };
};

/** Those who are there; of one who may be any of some, all of these. */
export const namesOf = async (api: SqlApi, asked: AskedFor): Promise<string[]> => {
  const found = await findAll(api, asked);
  const unseen = found.find(([, each]) => 'mayBeThere' in each && each.mayBeThere);
  if (unseen)
    throw new Refusal(
      `Snowflake does not show the role ${api.role} who ${unseen[0]} is, so who of those that are named may read there is not known.`,
      `Have the role ${api.role} granted MANAGE GRANTS, or USERADMIN, then send the request again.`,
    );
  return found.flatMap(([, each]) => ('principal' in each ? [each.principal] : (each.among ?? [])));
};
