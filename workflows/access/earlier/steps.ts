import type { Principal } from '../../../src/descriptor/refs';
import type { Person } from '../../../src/airbyte/people';
import { settlesAt } from '../../run/failure';
import { nameOf } from './grants';
import type { Grant } from './grants';
import type { Run } from '../../run/report';
import { COMPENSATION } from '../../run/steps';
import type { Steps } from '../../run/steps';
import type { Undo } from '../../run/saga';

type AccessUndo = Undo<'permission'>;

/** Grants as the workflow that remembers takes them. */
export const rememberedAs = (grants: Grant[]): Record<string, Grant> =>
  Object.fromEntries(grants.map((grant) => [nameOf(grant), grant]));

/** Ends when all have ended, with the first failure if there is any. */
const all = async <Item>(items: Item[], act: (item: Item) => Promise<void>) => {
  const ends = await Promise.allSettled(items.map(act));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
};

/** Granting and revoking, each with its undo; and what has come of it so far. */
export const accessSteps = (given: { run: Run; steps: Steps; settleTime: number }) => {
  const { run, steps, settleTime } = given;
  const undos: AccessUndo[] = [];
  const changed: Record<string, Grant | null> = {};
  const whose = ({ key }: Grant) => `the access of ${key}`;

  /** Registered before acting, so that a half-done step is undone. */
  const undoable = async <Result>(undo: AccessUndo, act: () => Promise<Result>) => {
    undos.push(undo);
    try {
      return await act();
    } catch (err) {
      undo.settlesAt = settlesAt(err, settleTime);
      throw err;
    }
  };

  const grantOne = (grant: Grant) => {
    const { key, person, type } = grant;
    const take = async () => {
      const step = steps(`Take back ${type} from ${key}`, COMPENSATION);
      const { id } = changed[nameOf(grant)] ?? grant;
      const wasThere = await step.revokeAccess({ person, type, id });
      changed[nameOf(grant)] = null;
      return wasThere;
    };
    changed[nameOf(grant)] = grant;
    const undo = { kind: 'permission' as const, what: whose(grant), effect: 'revoked', undo: take };
    return undoable(undo, async () => {
      const step = steps(`Grant ${type} to ${key}`);
      const { id } = await step.grantAccess({ person, type, settleTime });
      changed[nameOf(grant)] = { ...grant, id };
      run.info(`Granted ${type} to ${key}`);
    });
  };

  const revokeOne = (grant: Grant) => {
    const { key, person, type, id } = grant;
    const giveBack = async () => {
      const step = steps(`Give ${type} back to ${key}`, COMPENSATION);
      const back = await step.grantAccess({ person, type, settleTime, isBack: true });
      changed[nameOf(grant)] = { ...grant, id: back.id };
      return back.isNew;
    };
    const undo = {
      kind: 'permission' as const,
      what: whose(grant),
      effect: 'granted again',
      undo: giveBack,
    };
    return undoable(undo, () => remove({ key, person, type, id }));
  };

  const remove = async (grant: Grant) => {
    const { key, person, type, id } = grant;
    await steps(`Revoke ${type} from ${key}`).revokeAccess({ person, type, id });
    changed[nameOf(grant)] = null;
    run.info(`Revoked ${type} from ${key}`);
  };

  return {
    undos,
    /** What is now to be remembered differently, by its name. */
    changed: () => changed,
    /** Who the wanted are in Airbyte, and what they and those held may do. */
    look: (wanted: Principal[], held: Record<string, Person>) =>
      steps('Look at who has access').lookAtAccess({ wanted, held }),
    grantAll: (grants: Grant[]) => all(grants, grantOne),
    revokeAll: (grants: Grant[]) => all(grants, revokeOne),
    /** Revokes for good, without an undo. */
    remove,
    /** What is not there any more. */
    forget: (grants: Grant[]) => {
      // What was granted anew has the name of what is gone.
      for (const grant of grants) changed[nameOf(grant)] ??= null;
    },
  };
};
