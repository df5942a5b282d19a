import type { Put } from '../../activities/pipeline/step-answers';
import type { Existing } from '../run/ending';
import { settlesAt, wroteNothing } from '../run/failure';
import type { Run } from '../run/report';
import type { Undo } from '../run/saga';
import type { EntityKind, Undoing } from './undos';

const DID = { created: 'Created', updated: 'Updated', unchanged: 'Already as wanted:' };

export type UndoLog = ReturnType<typeof startUndoLog>;

/** What a run has written so far, and how it is undone; `settleTime` in milliseconds. */
export const startUndoLog = (run: Run, settleTime: number) => {
  let undos: Undo[] = [];
  const made: Existing = {};
  const written: Undoing['written'] = {};

  const forget = (undo: Undo | undefined) => {
    undos = undos.filter((each) => each !== undo);
  };

  return {
    /** What the steps have written, as far as they could tell. */
    written,
    undos: () => undos,

    /** Of what was made, the ids of what is still there. */
    idsOf: (leftBehind: Undo[]): Existing =>
      Object.fromEntries(
        leftBehind.flatMap(({ kind }) => {
          const id = kind === 'retired' || kind === 'fabric' ? undefined : made[`${kind}Id`];
          return id === undefined ? [] : [[`${kind}Id`, id]];
        }),
      ),

    /** A step that makes nothing of the component's. */
    async did(undo: Undo, step: () => Promise<void>) {
      undos.push(undo);
      await step().catch((err: unknown) => {
        if (wroteNothing(err)) forget(undo);
        throw err;
      });
      undo.isDone = true;
    },

    /** Registered before acting, so that a half-done step is undone; nothing done, nothing undone. */
    async put(kind: EntityKind, undo: Undo<EntityKind> | undefined, step: () => Promise<Put>) {
      // One that is there is of a former step, which has written.
      const isFirst = undo && !undos.includes(undo);
      if (isFirst) undos.push(undo);
      const put = await step().catch((err: unknown) => {
        if (undo) undo.settlesAt = settlesAt(err, settleTime);
        if (isFirst && wroteNothing(err)) forget(undo);
        throw err;
      });
      if (undo) undo.isDone = true;
      run.info(`${DID[put.action]} ${kind} "${put.name}"`, put.href);
      made[`${kind}Id`] = put.id;
      if (put.kept) written[kind] = { name: put.name, kept: put.kept };
      if (put.action === 'unchanged') forget(undo);
      return put;
    },
  };
};
