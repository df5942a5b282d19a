import { firstFew } from '../../../workflows/protocol/lengths';
import { Refusal } from '../../contract/problems';
import type { Readers, ReadersChanged, Step } from '../fabric';
import type { Component } from './component';
import { isOurs } from './judgement';
import { bare } from './names';
import { ROUNDS, notSeen } from './prepare';
import type { SqlApi } from './sql-api';
import { MAX_ROWS, createLooks, recordsOf } from './state';
import { LOOKS, changesBy } from './statements';

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

const membersOf = async (
  api: SqlApi,
  { readRole, manager }: Component,
  step: Step,
): Promise<Readers> => {
  const table = await api.query(LOOKS.members(readRole), step, MAX_ROWS);
  const members = recordsOf(table);
  if (table.isCut || members.length >= MAX_ROWS) throw tooMany(readRole);
  const all = members.map(({ granted_to: to, grantee_name: name = '', granted_by: by = '' }) => ({
    member: memberNamed(to === 'USER' ? 'USER' : 'ROLE', bare(name)),
    isOurs: bare(by) === manager,
  }));
  const ours = new Set(all.filter((each) => each.isOurs).map(({ member }) => member));
  const others = new Set(all.map(({ member }) => member).filter((member) => !ours.has(member)));
  return { ours: [...ours], others: [...others] };
};

const hasRole = async (api: SqlApi, { readRole, tag }: Component, step: Step) =>
  isOurs(await createLooks(api, step).role(readRole), tag);

export const readersOf = async (api: SqlApi, component: Component, step: Step): Promise<Readers> =>
  (await hasRole(api, component, step))
    ? membersOf(api, component, step)
    : { ours: [], others: [] };

const noRole = ({ readRole }: Component) =>
  new Refusal(
    `There is no role ${readRole} of this component to grant.`,
    'Provision the component, then ask for access again.',
  );

/** All of them, and then what kept the first of those that failed. */
const each = async (works: Promise<void>[]) => {
  const outcomes = await Promise.allSettled(works);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

/** Has exactly these read, of those that are ours. The account's limit says how many at once. */
export const grantTo = async (
  api: SqlApi,
  component: Component,
  { principals, step }: { principals: readonly string[]; step: Step },
): Promise<ReadersChanged> => {
  if (!(await hasRole(api, component, step))) {
    if (principals.length > 0) throw noRole(component);
    return { granted: [], revoked: [] };
  }
  const by = changesBy(component.manager);
  const { readRole } = component;
  const wanted = new Set(principals);
  const differing = async () => {
    const { ours, others } = await membersOf(api, component, step);
    const there = new Set([...ours, ...others]);
    return {
      granted: [...wanted].filter((member) => !there.has(member)),
      revoked: ours.filter((member) => !wanted.has(member)),
    };
  };
  const done = { granted: new Set<string>(), revoked: new Set<string>() };
  for (let round = 0; ; round += 1) {
    const { granted, revoked } = await differing();
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
