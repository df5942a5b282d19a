import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { addAll, changedBy, forgetBefore, holdAll, refusalOf, settleAll } from './records';
import type { Grantees, Hold, Settle } from './records';

/*
 * What was granted to a part of the people, and which components want it: Airbyte cannot tell our
 * permissions from other people's. Each person is remembered by one workflow of these, whatever
 * components want him, so that no component takes away what another has given.
 */

/** Events after which it starts anew with what it knows; the server allows 2,000 updates in a run. */
const LONG = 1000;
/** Rows shown in the Temporal UI. */
const SHOWN = 100;

export const holdUpdate = defineUpdate<Grantees, [Hold]>('hold');
export const settleUpdate = defineUpdate<boolean, [Settle]>('settle');
export const forgetUpdate = defineUpdate<undefined, [component: string]>('forget');
export const addUpdate = defineUpdate<undefined, [Grantees]>('add');
/** All, or one. */
export const grantsQuery = defineQuery<Grantees, [key?: string]>('grants');
export const changedQuery = defineQuery<string[], [{ component: string; run: string }]>('changed');

const show = (all: Grantees) => {
  const rows = Object.entries(all)
    .slice(0, SHOWN)
    .map(([key, { granted, wantedBy }]) => {
      const what = granted.map(({ type, id }) => `${type} ${id ?? '(being granted)'}`).join(', ');
      return `| ${key} | ${what} | ${String(wantedBy.length)} |`;
    });
  const count = Object.keys(all).length;
  const more = count > SHOWN ? ['', 'The query `grants` tells all.'] : [];
  const head = ['| Who | What | Components |', '|---|---|---|'];
  setCurrentDetails([`**${String(count)} people**`, '', ...head, ...rows, ...more].join('\n'));
};

const refuse = (type: string, message: string) =>
  ApplicationFailure.create({ type, message, nonRetryable: true });

/** Ends when it remembers nobody. */
export async function grantees(remembered: Grantees): Promise<void> {
  const all = remembered;
  let isAsked = false;
  const changed = () => {
    isAsked = true;
    show(all);
  };
  const isLong = () => workflowInfo().historyLength > LONG || workflowInfo().continueAsNewSuggested;
  const isOver = () => isAsked && Object.keys(all).length === 0;
  await CancellationScope.nonCancellable(async () => {
    setHandler(grantsQuery, (key) => {
      if (key === undefined) return all;
      const one = all[key];
      return one ? { [key]: one } : {};
    });
    setHandler(changedQuery, (of) => changedBy(all, of));
    setHandler(
      holdUpdate,
      (hold) => {
        const records = holdAll(all, hold, Date.now());
        changed();
        return records;
      },
      {
        validator: (hold: Hold) => {
          const refusal = refusalOf(all, hold, Date.now());
          if (!refusal) return;
          if ('full' in refusal) throw refuse('Full', refusal.full);
          throw refuse('Held', refusal.heldBy);
        },
      },
    );
    setHandler(settleUpdate, (settle) => {
      const isBelieved = settleAll(all, settle);
      changed();
      return isBelieved;
    });
    setHandler(forgetUpdate, (component) => {
      forgetBefore(all, component);
      changed();
      return undefined;
    });
    setHandler(addUpdate, (more) => {
      addAll(all, more);
      changed();
      return undefined;
    });
    show(all);
    await condition(() => (isLong() || isOver()) && allHandlersFinished());
  });
  if (!isOver()) await continueAsNew<typeof grantees>(all);
}

/** It outlives every version of the workers; those without versions take no such wish. */
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName
      ? { versioningBehavior: 'AUTO_UPGRADE' }
      : {},
  grantees,
);
