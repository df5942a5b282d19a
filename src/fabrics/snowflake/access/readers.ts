import { firstFew } from '../../../../workflows/protocol/lengths';
import { CallError, isRefused } from '../../../contract/call-error';
import { Refusal } from '../../../contract/problems';
import type { Left, Readers, ReadersChanged, Step, Thing } from '../../fabric';
import type { Component } from '../look/component';
import { CODE, hasCode } from '../api/failures';
import { isOurs } from '../look/judgement';
import { MAX_ROWS, createLooks, recordsOf } from '../look/looks';
import type { Named } from '../look/looks';
import { bare } from '../sql/names';
import { ROUNDS, notSeen } from '../change/prepare';
import type { SqlApi } from '../api/sql-api';
import { LOOKS, changesBy } from '../sql/statements';

/** Characters of the names of all who have a role, as JSON: they go into histories, for an undo. */
const MAX_REMEMBERED_SIZE = 200_000;

/* Who may read a component's data: the members of its role, users and roles. */

/** A member as the fabric names him: `user:JANE.DOE@EXAMPLE.COM`, `role:ANALYSTS`. */
export const memberNamed = (kind: 'USER' | 'ROLE', name: string) => `${kind.toLowerCase()}:${name}`;

const kindAndName = (principal: string): ['USER' | 'ROLE', string] => {
  const at = principal.indexOf(':');
  const kind = principal.slice(0, at);
  if (kind !== 'user' && kind !== 'role')
    throw new Refusal(
      `${principal} names neither a user nor a role of Snowflake's.`,
      'This is a mistake of the provisioner: report it with this message.',
    );
  return [kind === 'user' ? 'USER' : 'ROLE', principal.slice(at + 1)];
};

const tooMany = (role: string) =>
  new Refusal(
    `The role ${role} has ${String(MAX_ROWS)} members or more, of which Snowflake tells no more.`,
    'Give access to roles instead of single users.',
  );

/** Whose grants of a role are ours: its owner managed when it was made, and others may have meanwhile. */
const managersOf = ({ manager, formerManagers }: Component, { owner }: Named) =>
  new Set([manager, ...formerManagers, owner]);

/** Who managed before and is not known to have keeps nobody from reading: whoever looks must be told. */
const doubtIn = (component: Component, role: Named, grantors: ReadonlySet<string>) => {
  if (role.owner === component.manager || grantors.size === 0) return {};
  const names = firstFew([...grantors].toSorted()).join(', ');
  return {
    warnings: [
      `The role ${role.name} is owned by ${role.owner}, and the fabric's managing role is ${component.manager} by now: those to whom ${names} has granted it keep it. If ${names} managed the fabric in between, the platform operator names it in manage.formerRoles.`,
    ],
  };
};

/** Undefined: there are more than Snowflake tells. */
const listed = async (
  api: SqlApi,
  component: Component,
  { role, step }: { role: Named; step: Step },
): Promise<Readers | undefined> => {
  const managers = managersOf(component, role);
  const table = await api.query(LOOKS.members(component.readRole), step, MAX_ROWS);
  const members = recordsOf(table);
  if (table.isCut || members.length >= MAX_ROWS) return undefined;
  const all = members.map(({ granted_to: to, grantee_name: name = '', granted_by: by = '' }) => ({
    member: memberNamed(to === 'USER' ? 'USER' : 'ROLE', bare(name)),
    by: bare(by),
  }));
  const ours = new Set(all.filter(({ by }) => managers.has(by)).map(({ member }) => member));
  const others = new Set(all.map(({ member }) => member).filter((member) => !ours.has(member)));
  const grantors = new Set(all.map(({ by }) => by).filter((by) => !managers.has(by)));
  return { ours: [...ours], others: [...others], ...doubtIn(component, role, grantors) };
};

const membersOf = async (
  api: SqlApi,
  component: Component,
  of: { role: Named; step: Step },
): Promise<Readers> => {
  const members = await listed(api, component, of);
  if (!members) throw tooMany(component.readRole);
  return members;
};

const inOrder = ({ ours, others }: Readers): Readers => ({
  ours: ours.toSorted(),
  others: others.toSorted(),
});

const isSmall = (members: Readers) => JSON.stringify(members).length <= MAX_REMEMBERED_SIZE;

/** Who has the role now, as far as a run's history has room for them, and when the role was made. */
export const remembered = async (
  api: SqlApi,
  component: Component,
  step: Step,
): Promise<Pick<Thing, 'had' | 'madeAt'>> => {
  try {
    const role = await ownRole(api, component, step);
    if (!role) return {};
    const members = await listed(api, component, { role, step });
    return {
      ...(members && isSmall(members) && { had: inOrder(members) }),
      ...(role.madeAt !== undefined && { madeAt: role.madeAt }),
    };
  } catch (err) {
    // It was dropped since it was seen.
    if (hasCode(err, CODE.missing) || hasCode(err, CODE.notThere)) return {};
    throw err;
  }
};

const ownRole = async (api: SqlApi, { readRole, tag }: Component, step: Step) => {
  const role = await createLooks(api, step).role(readRole);
  return isOurs(role, tag) ? role : undefined;
};

export const readersOf = async (
  api: SqlApi,
  component: Component,
  step: Step,
): Promise<Readers> => {
  const role = await ownRole(api, component, step);
  return role ? membersOf(api, component, { role, step }) : { ours: [], others: [] };
};

const noRole = ({ readRole }: Component) =>
  new Refusal(
    `There is no role ${readRole} of this component to grant.`,
    'Provision the component, then ask for access again.',
  );

const isUnclear = (err: unknown) => err instanceof CallError && err.unclear;

/** All of them, and then what kept the first of those that failed; before all, one that may yet be done. */
const each = async (works: Promise<void>[]) => {
  const outcomes = await Promise.allSettled(works);
  const failures = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  );
  if (failures.length > 0) throw failures.find(isUnclear) ?? failures[0];
};

/** What of the members is to be changed. */
type Difference = (readers: Readers) => ReadersChanged;

interface Changing {
  principals: readonly string[];
  step: Step;
}

/** Changes members until nothing is to be changed. The account's limit says how many at once. */
const changeMembers = async (
  api: SqlApi,
  component: Component,
  { role, differing, step }: { role: Named; differing: Difference; step: Step },
): Promise<ReadersChanged> => {
  const by = changesBy(component.manager);
  const { readRole } = component;
  const done = { granted: new Set<string>(), revoked: new Set<string>() };
  for (let round = 0; ; round += 1) {
    const { granted, revoked } = differing(await membersOf(api, component, { role, step }));
    if (granted.length + revoked.length === 0)
      return { granted: [...done.granted], revoked: [...done.revoked] };
    if (round === ROUNDS)
      throw notSeen(firstFew([...granted, ...revoked]).join(', '), 'is not seen to be so');
    // Who loses access loses it even where somebody else cannot be given any.
    await each(
      revoked.map((member) =>
        api.change(by.revokeRole(readRole, ...kindAndName(member)), step, round),
      ),
    );
    await each(
      granted.map((member) =>
        api.change(by.grantRole(readRole, ...kindAndName(member)), step, round),
      ),
    );
    for (const member of granted) done.granted.add(member);
    for (const member of revoked) done.revoked.add(member);
  }
};

const lackingIn = (principals: readonly string[], { ours, others }: Readers) => {
  const there = new Set([...ours, ...others]);
  return principals.filter((member) => !there.has(member));
};

/** Has exactly these read, of those that are ours. */
export const grantTo = async (
  api: SqlApi,
  component: Component,
  { principals, step }: Changing,
): Promise<ReadersChanged> => {
  const role = await ownRole(api, component, step);
  if (!role) {
    if (principals.length > 0) throw noRole(component);
    return { granted: [], revoked: [] };
  }
  const wanted = new Set(principals);
  const differing = (readers: Readers) => ({
    granted: lackingIn([...wanted], readers),
    revoked: readers.ours.filter((member) => !wanted.has(member)),
  });
  return changeMembers(api, component, { role, differing, step });
};

/** These read no more, as far as that is ours to say; nobody else is touched. */
export const revokeFrom = async (
  api: SqlApi,
  component: Component,
  { principals, step }: Changing,
) => {
  const role = await ownRole(api, component, step);
  if (!role) return;
  const leaving = new Set(principals);
  const differing = ({ ours }: Readers) => ({
    granted: [],
    revoked: ours.filter((member) => leaving.has(member)),
  });
  await changeMembers(api, component, { role, differing, step });
};

/** These read again; nobody else is touched. */
export const giveTo = async (api: SqlApi, component: Component, { principals, step }: Changing) => {
  const role = await ownRole(api, component, step);
  if (!role) return;
  const differing = (readers: Readers) => ({
    granted: lackingIn(principals, readers),
    revoked: [],
  });
  await changeMembers(api, component, { role, differing, step });
};

/** A member of others' is theirs to grant: by us he would be ours, and lose it with the next change. */
const ofOthers = ({ readRole, manager }: Component, members: readonly string[]): Left[] => {
  const [first] = members;
  if (first === undefined) return [];
  const { text } = changesBy(manager).grantRole(readRole, ...kindAndName(first));
  return [
    {
      what: `who had the role ${readRole} of others (${firstFew([...members]).join(', ')})`,
      remedy: `Who has granted it grants it again, such as ${text};`,
    },
  ];
};

/** What of who had a role is again as it was: by whom they are named, and what could not be. */
interface GivenBack {
  members: string[];
  left: Left[];
}

/**
 * Who had a role of us that was made anew has it again; who cannot be given it is told, and who had it of
 * others. An attempt before this one may have given it to some, who are told with the rest.
 */
export const giveBack = async (
  api: SqlApi,
  component: Component,
  { had, step }: { had: Readers; step: Step },
): Promise<GivenBack> => {
  const role = await ownRole(api, component, step);
  if (!role) return { members: [], left: [] };
  const { ours, others } = await membersOf(api, component, { role, step });
  const there = new Set([...ours, ...others]);
  const isGone = (member: string) => !there.has(member);
  const { readRole, manager } = component;
  const left: Left[] = [];
  const refused = new Set<string>();
  await each(
    had.ours.filter(isGone).map(async (member) => {
      try {
        await api.change(changesBy(manager).grantRole(readRole, ...kindAndName(member)), step);
      } catch (err) {
        if (!isRefused(err)) throw err;
        refused.add(member);
        left.push({ what: `the role ${readRole} of ${member}`, remedy: err.solution });
      }
    }),
  );
  return {
    members: had.ours.filter((member) => !refused.has(member)),
    left: [...left, ...ofOthers(component, had.others.filter(isGone))],
  };
};
