import { isCancellation, patched } from '@temporalio/workflow';
import type { FormerFound, Leaving } from '../../activities/fabric/former-readers';
import type { UpdateAclInput } from '../input';
import type { Place } from '../../src/descriptor/places';
import { firstFew } from '../protocol/lengths';
import { explain, failureCauseOf, inSentences, settlesAt, wroteNothing } from '../run/failure';
import { asReason } from '../run/limits';
import type { Run } from '../run/report';
import { PUT_BACK } from '../run/saga';
import type { Undo } from '../run/saga';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import { FOR_EACH, refsOf } from './readers';
import { peopleIn } from './result';
import type { FormerTold } from './result';

/* Who may read what a component's data was before: who is to read no more loses that, too. */

export interface FormerReaders {
  /** Takes it away, and registers an undo of each before. */
  revoke: (undos: Undo[]) => Promise<FormerTold>;
}

interface Looking {
  run: Run;
  steps: Steps;
  /** The present fabric grants access. */
  isManaged: boolean;
  /** People read by us what the present fabric has of the component in other places, too. */
  isElsewhere: boolean;
}

/**
 * Undefined where the data was nowhere else. The present place is one of these where a run has managed it,
 * and the fabric grants no access any more.
 */
export const startFormerReaders = async (
  { people, place, former: others = [], component: { key }, retry }: UpdateAclInput,
  { run, steps, isManaged, isElsewhere }: Looking,
): Promise<FormerReaders | undefined> => {
  const former = place?.where && !isManaged ? [place, ...others] : others;
  if (former.length === 0 && !isElsewhere) return undefined;
  if (!patched('readers-of-former-data')) return undefined;
  const { settleTime, giveUpAfter } = retry;
  const within = (count: number) => ({ scheduleToCloseTimeout: giveUpAfter + count * FOR_EACH });
  const refs = refsOf(people);
  const look = (given: { former: Place[]; isElsewhere?: true }) =>
    steps('Look who reads where the data was before', within(people.length))
      .findFormerReaders({ key, place, refs, ...given })
      .catch((err: unknown): FormerFound => {
        // A place that does not answer keeps nobody from losing the rest.
        if (isCancellation(err) || failureCauseOf(err) === 'refused') throw err;
        return { leaving: [], untold: [asReason(inSentences(explain(err)))] };
      });
  // Each by itself: what keeps one from answering is told of that one.
  const looks = await Promise.all([
    ...former.map((each) => look({ former: [each] })),
    ...(isElsewhere ? [look({ former: [], isElsewhere })] : []),
  ]);
  const all = looks.flatMap(({ leaving }) => leaving);
  const found = {
    leaving: [...new Map(all.map((each) => [each.at, each])).values()],
    untold: firstFew([...new Set(looks.flatMap(({ untold }) => untold))]),
    staying: firstFew([...new Set(looks.flatMap(({ staying = [] }) => staying))]),
  };
  const warnOf = (left: string) => {
    run.warn(`Who reads where the data was before is left: ${left}`);
  };
  for (const each of found.staying) run.warn(each);
  for (const each of found.untold) warnOf(each);

  const undoOf = (given: Leaving): Undo => ({
    kind: 'fabric',
    what: `who may read the former data in ${given.system}`,
    effect: PUT_BACK,
    system: given.system,
    undo: () =>
      steps('Give back who may read the former data', COMPENSATION).giveBackFormerReaders({
        key,
        place: given.place,
        principals: given.principals,
        settleTime,
      }),
  });

  /** How many lost it there, or why they cannot lose it: a sentence. */
  const revokeAt = async (leaving: Leaving, undos: Undo[]): Promise<number | string> => {
    const { principals, system } = leaving;
    const undo = undoOf(leaving);
    undos.push(undo);
    try {
      const count = await steps(
        `Have ${peopleIn(principals)} read the former data in ${system} no more`,
        within(principals.length),
      ).revokeFormerReaders({ key, place: leaving.place, principals, settleTime });
      undo.isDone = true;
      run.info(`Revoked the former data in ${system} from ${peopleIn(principals)}`);
      return count;
    } catch (err) {
      undo.settlesAt = settlesAt(err, settleTime);
      if (wroteNothing(err)) undos.splice(undos.indexOf(undo), 1);
      // One that cannot be changed keeps nobody from losing the rest, the present data above all.
      if (isCancellation(err)) throw err;
      return asReason(inSentences(explain(err)));
    }
  };

  return {
    revoke: async (undos) => {
      const revoked = new Map<string, number>();
      const unchanged = new Set<string>();
      for (const leaving of found.leaving) {
        run.phase('Revoking where the data was before');
        const told = await revokeAt(leaving, undos);
        if (typeof told === 'string') unchanged.add(told);
        else revoked.set(leaving.system, (revoked.get(leaving.system) ?? 0) + told);
      }
      for (const each of unchanged) warnOf(each);
      const { untold, staying } = found;
      return { revoked, untold, unchanged: firstFew([...unchanged]), staying };
    },
  };
};
