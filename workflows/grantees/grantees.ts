import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  setHandler,
  setWorkflowOptions,
} from '@temporalio/workflow';
import { addAll, changedBy, forgetBefore, holdAll, obstacleTo, settleAll } from './records';
import type { Grantees, Hold } from './records';
import { ofAllVersions, showRows, untilLong } from './remembering';
import {
  addUpdate,
  changedQuery,
  forgetUpdate,
  grantsQuery,
  holdUpdate,
  settleUpdate,
} from './requests';

/*
 * What was granted to a part of the people, and which components want it: Airbyte cannot tell our
 * permissions from other people's. Each person is remembered by one workflow of these, whatever
 * components want them, so that no component takes away what another has given.
 */

const show = (all: Grantees) => {
  const entries = Object.entries(all);
  const head = ['| Who | What | Components |', '|---|---|---|'];
  showRows(
    [`**${String(entries.length)} ${entries.length === 1 ? 'person' : 'people'}**`, '', ...head],
    entries,
    ([key, { granted, wantedBy }]) => {
      const what = granted.map(({ type, id }) => `${type} ${id ?? '(being granted)'}`).join(', ');
      return `| ${key} | ${what} | ${String(wantedBy.length)} |`;
    },
  );
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
          const obstacle = obstacleTo(all, hold, Date.now());
          if (!obstacle) return;
          if ('full' in obstacle) throw refuse('Full', obstacle.full);
          throw refuse('Held', obstacle.heldBy);
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
    await untilLong(isOver);
  });
  if (!isOver()) await continueAsNew<typeof grantees>(all);
}

setWorkflowOptions(ofAllVersions, grantees);
