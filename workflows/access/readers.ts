import { patched } from '@temporalio/workflow';
import type { ReadersFound, ReadersTold } from '../../activities/fabric/readers';
import type { Principal } from '../../src/descriptor/refs';
import type { UpdateAclInput } from '../input';
import { settlesAt, wroteNothing } from '../run/failure';
import type { Run } from '../run/report';
import { PUT_BACK } from '../run/saga';
import type { Undo } from '../run/saga';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import { peopleIn } from './result';

/* Who may read the data of a component, in the fabric where it lands. */

/** Milliseconds that are added to the time of a step for each of the people. */
export const FOR_EACH = 1000;

export interface Readers {
  found: ReadersFound;
  /** Has exactly the wanted read, of those that are ours; registers its undo before. */
  grant: (undos: Undo[]) => Promise<ReadersTold>;
}

/** One ref each: they stand for the same. */
export const refsOf = (people: Principal[]) => people.flatMap(({ refs: [ref] }) => ref ?? []);

/** Undefined where the fabric grants no access to the data, or there is none. */
export const startReaders = async (
  { people, place, component: { key }, retry }: UpdateAclInput,
  { run, steps }: { run: Run; steps: Steps },
): Promise<Readers | undefined> => {
  if (!place || !patched('readers-of-the-data')) return undefined;
  const { settleTime } = retry;
  const refs = refsOf(people);
  const within = (count: number) => ({
    scheduleToCloseTimeout: retry.giveUpAfter + count * FOR_EACH,
  });
  const found = await steps(
    `Look for ${peopleIn(people)} in the fabric`,
    within(people.length),
  ).findReaders({ key, place, refs });
  if (!found) return undefined;
  const { system, former } = found;
  for (const warning of found.warnings ?? []) run.warn(warning);
  /** The step has ended, and has changed something. */
  let hasChanged = false;

  const undo: Undo = {
    kind: 'fabric',
    what: `who may read the data in ${system}`,
    effect: PUT_BACK,
    system,
    undo: async () => {
      const { granted, revoked } = await steps(
        'Put back who may read the data',
        COMPENSATION,
      ).restoreReaders({ key, place, principals: former, settleTime });
      return hasChanged || granted + revoked > 0;
    },
  };

  return {
    found,
    grant: async (undos) => {
      run.phase('Granting and revoking in the fabric');
      undos.push(undo);
      const many = people.length + former.length;
      const told = await steps(`Have ${peopleIn(people)} read the data`, within(many))
        .grantReaders({ key, place, refs, former, settleTime })
        .catch((err: unknown) => {
          undo.settlesAt = settlesAt(err, settleTime);
          if (wroteNothing(err)) undos.splice(undos.indexOf(undo), 1);
          throw err;
        });
      undo.isDone = true;
      hasChanged = told.granted + told.revoked > 0;
      for (const line of told.lines) run.info(`${line} in ${system}`);
      return told;
    },
  };
};
