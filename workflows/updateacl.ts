import { ApplicationFailure, CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { AccessSeen } from '../activities/access';
import type { FailureDetails } from '../activities/airbyte';
import type { Principal } from '../src/access-refs';
import type { Info, ProvisioningStatus } from '../src/contract';
import { planAccess } from './access-plan';
import type { AccessPlan } from './access-plan';
import { accessSteps, rememberedAs } from './access-steps';
import { explain } from './failure';
import type { Recalled } from './grants';
import type { UpdateAclInput } from './input';
import { holdAccess } from './lease';
import { accessMemory } from './memory';
import { endedBy, failRun, reasonOf } from './outcome';
import { activitiesFor, startRun } from './run';
import type { Run } from './run';
import { asTold, compensate } from './saga';

/** Names in a line that people read. */
const MAX_NAMED = 20;

const named = (people: Principal[]) => {
  const refs = people.flatMap((principal) => principal.refs);
  const more = refs.length - MAX_NAMED;
  return [...refs.slice(0, MAX_NAMED), ...(more > 0 ? [`${String(more)} more`] : [])].join(', ');
};

const refuseUnknown = (unknown: string[]) => {
  if (unknown.length === 0) return;
  const details: FailureDetails = {
    problem: `${unknown.join('; ')}. Nothing was changed.`,
    solution: 'Invite them to Airbyte, or leave them out, then send the request again.',
  };
  throw ApplicationFailure.create({
    message: details.problem,
    type: 'UnknownPrincipals',
    nonRetryable: true,
    details: [details],
  });
};

const KINDS = { user: 'users', group: 'groups' };

/** Who cannot be granted anything, as this Airbyte has no such kind. */
const unmanaged = (people: Principal[], { without }: AccessSeen, run: Run) => {
  const left = people.filter(({ kind }) => without.includes(kind));
  if (left.length > 0)
    run.warn(
      `This Airbyte has no permissions for ${without.map((kind) => KINDS[kind]).join(' and ')} (its edition or version): nothing was granted to ${named(left)}.`,
    );
  return left;
};

const infoOf = ({ people, info }: UpdateAclInput, left: Principal[]): Info => {
  const withAccess = people.filter((principal) => !left.includes(principal));
  const isManaged = withAccess.length > 0 || left.length === 0;
  const value = isManaged
    ? named(withAccess) || 'nobody'
    : 'not managed: this Airbyte has no permissions';
  return {
    publicInfo: { ...info.publicInfo, access: { type: 'string', label: 'Access', value } },
    privateInfo: info.privateInfo,
    aclInfo: withAccess.flatMap(({ refs }) =>
      refs.map((identity) => ({ identity, locked: false })),
    ),
  };
};

const resultOf = ({ grant, kept, had, revoke }: AccessPlan, left: Principal[]) => {
  const count = (items: unknown[], what: string) =>
    items.length > 0 ? [`${String(items.length)} ${what}`] : [];
  const parts = [
    ...count(grant, 'granted'),
    ...count(kept, 'kept'),
    ...count(had, 'had it from others'),
    ...count(revoke, 'revoked'),
    ...count(left, 'not granted, as this Airbyte has no such permissions'),
  ];
  return `Who has access is as asked: ${parts.join(', ') || 'nobody'}.`;
};

const peopleHeld = ({ grants }: Recalled) =>
  Object.fromEntries(grants.map(({ key, person }) => [key, person]));

/** Whom the component is remembered to want: those who are, or were, granted something. */
const wantedOf = (people: Principal[], { people: seen }: AccessSeen, { grants }: Recalled) =>
  people
    .map(({ key }) => key)
    .filter((key) => seen[key] ?? grants.some((grant) => grant.key === key));

const isSame = (one: string[], other: string[]) =>
  one.length === other.length && one.every((each) => other.includes(each));

/**
 * Gives access to exactly those who are named, as far as it is ours to give and take: new ones are
 * granted, then those who are no more wanted by any component are revoked. What others have given is
 * left alone. On failure takes back what it did, so that access is as it was.
 */
export async function updateacl(input: UpdateAclInput): Promise<ProvisioningStatus> {
  const { component, people, retry, taskQueue } = input;
  const run = startRun();
  const memory = accessMemory(component.key, taskQueue);
  const steps = accessSteps({ run, steps: activitiesFor(retry), settleTime: retry.settleTime });
  let former: Recalled = { wanted: [], grants: [] };
  let isTold = false;

  try {
    await holdAccess(taskQueue, run);
    run.phase('Looking at who has access');
    former = await memory.recall(people.map(({ key }) => key));
    const seen = await steps.look(people, peopleHeld(former));
    refuseUnknown(seen.unknown);
    const left = unmanaged(people, seen, run);
    const plan = planAccess(people, former, seen);
    for (const { refs } of plan.had)
      run.info(`Has access already, given by others: ${refs.join(', ')}`);

    const wanted = wantedOf(people, seen, former);
    const isNew = !isSame(wanted, former.wanted);
    // Before acting, so that nothing is granted that is not remembered, however the run ends.
    if (plan.grant.length > 0 || isNew) {
      isTold = true;
      await memory.change({
        wanted: [...new Set([...former.wanted, ...wanted])],
        grants: rememberedAs(plan.grant),
      });
    }

    run.phase('Granting');
    await steps.grantAll(plan.grant);
    run.phase('Revoking');
    await steps.revokeAll(plan.revoke);
    steps.forget(plan.gone);
    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');

    const grants = steps.changed();
    if (isNew || Object.keys(grants).length > 0) await memory.change({ wanted, grants });
    run.phase('Completed');
    const info = infoOf(input, left);
    return { status: 'COMPLETED', result: resultOf(plan, left), info, logs: run.logs };
  } catch (failure) {
    const err = endedBy(failure, run);
    run.error(reasonOf(err, run).problem);
    const told = asTold(await compensate(steps.undos, run));
    const grants = steps.changed();
    const added = Object.values(grants).flatMap((grant) => (grant ? [grant.key] : []));
    // Who could not be taken off again stays wanted, so that the next updateacl does it.
    const wanted = [...new Set([...former.wanted, ...added])];
    if (isTold || steps.undos.length > 0)
      await memory.change({ wanted, grants }).catch((late: unknown) => {
        run.error(`What was granted is not remembered. ${explain(late).problem}`);
      });
    return failRun({
      err,
      run,
      what: 'access',
      exists: input.info.privateInfo,
      ...told,
    });
  }
}
