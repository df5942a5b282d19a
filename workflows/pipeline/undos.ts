import type { Perhaps } from '../protocol/failure-details';
import type { Written } from '../../activities/former/secrets';
import type { Found } from '../../activities/pipeline/step-answers';
import type { Restored } from '../../activities/former/restored';
import type { Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { COMPENSATION } from '../run/steps';
import type { Steps } from '../run/steps';
import { DELETED, PUT_BACK } from '../run/saga';
import type { Undo } from '../run/saga';
import { formerActor, formerConnection, leavesOf } from './found';

export interface Undoing {
  steps: Steps;
  settleTime: number;
  /** What the run's steps have written so far, as far as they could tell. */
  written: Partial<Record<EntityKind, Written>>;
}

export type EntityKind = Kind | 'connection';

/** Undefined where the run has nothing to change. */
type Undos = Record<EntityKind, Undo<EntityKind> | undefined>;

type Step = ReturnType<Steps>;

/** The undo of each entity: away with what was not there before, back with what was. */
export const undosFor = (
  plan: Plan,
  { source, destination, connection, isForeign }: Found,
  { steps, settleTime, written }: Undoing,
): Undos => {
  const { key } = plan.component;
  // What is given back has the name that its owners know it by.
  const nameOf = (kind: EntityKind, before: { name: string } | undefined) =>
    (isForeign ? before?.name : undefined) ?? plan[kind].name;
  const undoOf = <Before extends { name: string }, Former>(
    kind: EntityKind,
    before: Before | undefined,
    given: {
      formerOf: (before: Before) => Former | undefined;
      restore: (step: Step, former: Former, before: Before) => Promise<Restored>;
      remove: (step: Step) => Promise<Perhaps>;
    },
  ): Undo<EntityKind> | undefined => {
    const { formerOf, restore, remove } = given;
    const what = `the ${kind} "${nameOf(kind, before)}"`;
    if (!before) {
      const undo = () => remove(steps(`Delete ${what}`, COMPENSATION));
      return { kind, what, effect: DELETED, undo };
    }
    const former = formerOf(before);
    if (former === undefined) return undefined;
    const undo = () => restore(steps(`Put back ${what}`, COMPENSATION), former, before);
    return { kind, what, effect: PUT_BACK, undo };
  };
  const common = (kind: Kind) => ({ key, name: plan[kind].name, settleTime });
  return {
    source: undoOf('source', source, {
      formerOf: formerActor,
      restore: (step, former, before) => {
        const left = written.source ?? leavesOf(before);
        return step.restoreSource({ former, written: left, ...common('source') });
      },
      remove: (step) => step.deleteSource({ key }),
    }),
    destination: undoOf('destination', destination, {
      formerOf: formerActor,
      restore: (step, former, before) => {
        const left = written.destination ?? leavesOf(before);
        return step.restoreDestination({ former, written: left, ...common('destination') });
      },
      remove: (step) => step.deleteDestination({ key }),
    }),
    connection: undoOf('connection', connection, {
      formerOf: formerConnection,
      restore: (step, former) => step.restoreConnection({ former, settleTime }),
      remove: (step) => step.deleteConnection({ key }),
    }),
  };
};
