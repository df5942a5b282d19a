import { planLeaving } from './plan';
import { accessSteps } from './steps';
import type { Grant } from './grants';
import type { UnprovisionInput } from '../../input';
import { holdAccess } from '../../run/lease';
import { grantsBySignals } from './grants-signals';
import { reasonOf } from '../../run/ending';
import type { Run } from '../../run/report';
import type { Steps } from '../../run/steps';

const whose = ({ key, type }: Grant) => `the access of ${key} (${type})`;

/** As runs do that were begun when one workflow remembered all grants of a workspace. */
export const withdrawAsBefore = async (
  { component: { key: component }, taskQueue }: Pick<UnprovisionInput, 'component' | 'taskQueue'>,
  run: Run,
  steps: Steps,
): Promise<Map<string, unknown>> => {
  const failures = new Map<string, unknown>();
  const fail = (what: string, err: unknown) => {
    failures.set(what, err);
    run.error(`Not revoked: ${what}. ${reasonOf(err, run).problem}`);
  };
  const client = grantsBySignals(component, taskQueue);
  const access = accessSteps({ run, steps, settleTime: 0 });
  try {
    if ((await client.recall()).wanted.length === 0) return failures;
    await holdAccess(taskQueue, run);
    run.phase('Revoking the access that people had through the component');
    const { grants } = await client.recall();
    const held = Object.fromEntries(grants.map(({ key, person }) => [key, person]));
    const plan = planLeaving(grants, await access.look([], held));
    const left: string[] = [];
    const removeOne = async (grant: Grant) => {
      await access.remove(grant).catch((err: unknown) => {
        left.push(grant.key);
        fail(whose(grant), err);
      });
    };
    await Promise.all(plan.revoke.map(removeOne));
    access.forget(plan.stale);
    await client.change({ wanted: left, grants: access.changed() });
  } catch (err) {
    fail('the access that people had through the component', err);
  }
  return failures;
};
