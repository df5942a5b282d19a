import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { Planning } from '../../activities/pipeline/planning';
import type { PlannedComponent, PlanStatus } from '../../src/contract/plan';
import { explain, finalFailure, isNotLetIn, isUnreadable, saysWhy } from '../run/failure';
import type { PlanInput, ToValidate } from '../input';
import { eachAtMost } from '../run/concurrency';
import { startRun } from '../run/report';
import { activitiesFor, inPatience } from '../run/steps';

/** Components at once: as many as a worker has calls in flight to Airbyte. */
const AT_ONCE = 3;

const countIn = (components: PlannedComponent[], wanted: string[]) =>
  components.flatMap(({ entities }) => entities).filter(({ action }) => wanted.includes(action))
    .length;

const resultOf = (components: PlannedComponent[]) => {
  const refused = components.filter((component) => component.refused).length;
  if (refused > 0)
    return `A deployment would be refused before it writes anything: ${String(refused)} of ${String(components.length)} components cannot be provisioned.`;
  const count = (...wanted: string[]) => String(countIn(components, wanted));
  return `A deployment would create ${count('create')}, change ${count('change')}, take over ${count('take over')}, retire ${count('retire')} and keep ${count('keep')}.`;
};

/** A refusal is what a deployment would meet too; that Airbyte does not answer, or not us, leaves no plan. */
const orRefused =
  ({ plan, at }: ToValidate) =>
  (err: unknown): PlannedComponent => {
    const isOfDescriptor = saysWhy(err) && !isUnreadable(err);
    if (!(err instanceof ActivityFailure) || !isOfDescriptor) throw err;
    if (isNotLetIn(err) && patched('not-let-in')) throw err;
    const { problem, solution } = explain(err);
    const nothing = { entities: [], warnings: [], open: [] };
    return { component: plan.component.key, at, ...nothing, refused: { problem, solution } };
  };

/**
 * What a provision of the components would do in Airbyte, found out by its own look. Writes nothing,
 * and holds no component: it is the plan of the moment.
 */
export async function plan(input: PlanInput): Promise<PlanStatus> {
  const { warnings, retry } = input;
  const steps = activitiesFor<Planning>(inPatience(retry));
  const run = startRun();
  const planned = (component: ToValidate) =>
    steps(`Plan for ${component.plan.component.key}`)
      .foresee(component)
      .catch(orRefused(component));
  try {
    run.phase('Comparing with what Airbyte has');
    const components = await eachAtMost(input.components, { atOnce: AT_ONCE, work: planned });
    run.phase('Completed');
    return { status: 'COMPLETED', result: resultOf(components), components, warnings };
  } catch (err) {
    run.phase('Failed');
    if (isCancellation(err)) throw err;
    const { problem, solution } = explain(err);
    const result = `There is no plan. ${problem}\nWhat to do: ${solution}`;
    const details: PlanStatus = { status: 'FAILED', result };
    throw finalFailure(result, { type: 'PlanningFailed', details, cause: err });
  }
}
