import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { AccessSeen } from '../../../activities/access/access';
import type { Principal } from '../../../src/descriptor/refs';
import type { ProvisioningStatus } from '../../../src/contract/coordinator';
import { planAccess } from './plan';
import type { AccessPlan } from './plan';
import { accessSteps, rememberedAs } from './steps';
import { infoOf, refuseUnknown, resultOf, unmanaged } from '../result';
import { explain } from '../../run/failure';
import type { Recalled } from './grants';
import type { UpdateAclInput } from '../../input';
import { holdAccess } from '../../run/lease';
import { grantsBySignals } from './grants-signals';
import { endedBy, failRun, reasonOf } from '../../run/ending';
import { startRun } from '../../run/report';
import { activitiesFor } from '../../run/steps';
import { describeCompensation, compensate } from '../../run/saga';

const countsOf = ({ grant, kept, already, revoke }: AccessPlan) => ({
  granted: grant.length,
  kept: kept.length,
  had: already.length,
  revoked: revoke.length,
});

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
 * Runs that were begun when one workflow remembered all grants of a workspace end as they began. Can
 * go, with all that is called former, when none of them is open.
 */
export async function updateaclAsBefore(input: UpdateAclInput): Promise<ProvisioningStatus> {
  const { component, people, retry, taskQueue } = input;
  const run = startRun();
  const client = grantsBySignals(component.key, taskQueue);
  const steps = accessSteps({ run, steps: activitiesFor(retry), settleTime: retry.settleTime });
  let former: Recalled = { wanted: [], grants: [] };
  let isRemembered = false;

  try {
    await holdAccess(taskQueue, run);
    run.phase('Looking at who has access');
    former = await client.recall(people.map(({ key }) => key));
    const seen = await steps.look(people, peopleHeld(former));
    refuseUnknown(seen.unknown);
    const left = unmanaged(people, seen, run);
    const plan = planAccess(people, former, seen);
    for (const { refs } of plan.already)
      run.info(`Has access already, given by others: ${refs.join(', ')}`);

    const wanted = wantedOf(people, seen, former);
    const isNew = !isSame(wanted, former.wanted);
    // Before acting, so that nothing is granted that is not remembered, however the run ends.
    if (plan.grant.length > 0 || isNew) {
      isRemembered = true;
      await client.change({
        wanted: [...new Set([...former.wanted, ...wanted])],
        grants: rememberedAs(plan.grant),
      });
    }

    run.phase('Granting');
    await steps.grantAll(plan.grant);
    run.phase('Revoking');
    await steps.revokeAll(plan.revoke);
    steps.forget(plan.stale);
    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');

    const grants = steps.changed();
    if (isNew || Object.keys(grants).length > 0) await client.change({ wanted, grants });
    run.phase('Completed');
    const info = infoOf(input, left);
    return { status: 'COMPLETED', result: resultOf(countsOf(plan), left), info, logs: run.logs };
  } catch (failure) {
    const err = endedBy(failure, run);
    run.error(reasonOf(err, run).problem);
    const undone = describeCompensation(await compensate(steps.undos, run));
    const grants = steps.changed();
    const added = Object.values(grants).flatMap((grant) => (grant ? [grant.key] : []));
    // Who could not be taken off again stays wanted, so that the next updateacl does it.
    const wanted = [...new Set([...former.wanted, ...added])];
    if (isRemembered || steps.undos.length > 0)
      await client.change({ wanted, grants }).catch((late: unknown) => {
        run.error(`What was granted is not remembered. ${explain(late).problem}`);
      });
    return failRun({
      err,
      run,
      what: 'access',
      exists: input.info.privateInfo,
      ...undone,
    });
  }
}
