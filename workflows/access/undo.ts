import type { Batch } from '../../activities/access/batch';
import type { Group } from '../grantees/shards';
import { MAX_NAMED } from '../protocol/lengths';
import type { Run } from '../run/report';
import type { Undo } from '../run/saga';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import { apart, namer } from './result';
import type { accessRounds } from './rounds';

export type AccessUndo = Undo<'permission'>;

interface Undoing {
  run: Run;
  steps: Steps;
  throughout: ReturnType<typeof accessRounds>;
  of: Omit<Batch, 'shard'>;
  /** Names those whose access is left. */
  nameLeft: ReturnType<typeof namer>;
}

/** Puts back who of a group had access; `former`: those who were the component's before. */
export const accessUndos = ({ run, steps, throughout, of, nameLeft }: Undoing) => {
  const nameUndone = namer();
  const options = { ...COMPENSATION, startToCloseTimeout: of.lasts };

  return (group: Group, former: string[]): AccessUndo => {
    const { shard, keys } = group;
    const undo: AccessUndo = {
      kind: 'permission',
      what: `the access of ${String(keys.length)}`,
      effect: 'put back',
      undo: async () => {
        const step = steps('Put back who had access', options);
        try {
          const round = await throughout(group, (some) =>
            step.restoreAccess({
              ...of,
              shard,
              keys: some,
              former: former.filter((key) => some.includes(key)),
            }),
          );
          const ends = new Set(round.ends.map(([, end]) => end));
          undo.what = nameUndone([...new Set(round.ends.map(([key]) => key))]);
          if (ends.size === 1) undo.effect = ends.has('granted') ? 'granted again' : 'revoked';
          for (const { problem } of round.left.slice(0, MAX_NAMED)) run.error(problem);
          const remedies = round.left.map(({ key, solution }): [string, string] => [key, solution]);
          const left = apart(remedies).map(([some, remedy]) => ({ what: nameLeft(some), remedy }));
          return { changed: round.ends.length > 0, left };
        } catch (err) {
          const look = steps('Look whose access is left').changedAccess({ ...of, shard, keys });
          undo.what = nameLeft(await look.catch(() => keys));
          throw err;
        }
      },
    };
    return undo;
  };
};
