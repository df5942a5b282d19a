import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { Person } from '../../../src/airbyte/people';
import { ofAllVersions, showRows } from '../../grantees/remembering';
import { formerQuery } from '../../grantees/requests';

/*
 * What we have granted, and for whom. Airbyte cannot tell our permissions from other people's, so
 * this workflow remembers them for as long as the deployment lives: one per task queue, which is one
 * Airbyte workspace. Runs tell it what they are about to do before they do it.
 */

/** Events after which it starts anew with what it knows. */
const LONG = 1000;

/** A permission that is ours, or may be: without an id it was about to be granted. */
export interface Grant {
  /** The principal's. */
  key: string;
  person: Person;
  /** PermissionType of Airbyte's public API. */
  type: string;
  id?: string | undefined;
}

interface Remembered {
  /** By component's key: the keys of the principals who shall have access through it. */
  wanted: Record<string, string[]>;
  /** By principal's key and type. */
  grants: Record<string, Grant>;
}

/** What a component, or a principal, is now remembered with; null: not any more. */
export interface Change {
  component: string;
  wanted: string[] | null;
  grants: Record<string, Grant | null>;
}

/** What concerns one component and the principals named in the question. */
export interface Recalled {
  wanted: string[];
  grants: (Grant & { /** Another component wants it too. */ shared: boolean })[];
}

interface Question {
  /** The workflow id of who asks, and which of its questions it is. */
  sender: string;
  number: number;
  component: string;
  keys: string[];
}

export const changeSignal = defineSignal<[Change]>('change');
export const recallSignal = defineSignal<[Question]>('recall');
/** To the run that asked. */
export const recalledSignal = defineSignal<[number, Recalled]>('recalled');

/** Under which a grant is remembered. */
export const nameOf = ({ key, type }: Pick<Grant, 'key' | 'type'>) => `${key} ${type}`;

export const NOTHING: Remembered = { wanted: {}, grants: {} };

const without = <Value>(record: Record<string, Value | null>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );

/** What is remembered once a change is. */
export const remember = (all: Remembered, { component, wanted, grants }: Change): Remembered => ({
  wanted: without({ ...all.wanted, [component]: wanted?.length ? wanted : null }),
  grants: without({ ...all.grants, ...grants }),
});

const recallFrom = (all: Remembered, { component, keys }: Question): Recalled => {
  const wanted = all.wanted[component] ?? [];
  const others = new Set(
    Object.entries(all.wanted).flatMap(([other, theirs]) => (other === component ? [] : theirs)),
  );
  const asked = new Set([...keys, ...wanted]);
  const grants = Object.values(all.grants)
    .filter(({ key }) => asked.has(key))
    .map((grant) => ({ ...grant, shared: others.has(grant.key) }));
  return { wanted, grants };
};

const show = ({ wanted, grants }: Remembered) => {
  const all = Object.values(grants);
  showRows(
    [
      `**${String(all.length)} with access**`,
      '',
      '| Who | What | Permission | For |',
      '|---|---|---|---|',
    ],
    all,
    ({ key, type, id }) => {
      const components = Object.keys(wanted).filter((each) => wanted[each]?.includes(key));
      return `| ${key} | ${type} | ${id ?? 'being granted'} | ${components.join(', ')} |`;
    },
  );
};

/** Never ends but by an operator who terminates it; what it remembered is then nobody's any more. */
export async function grants(remembered: Remembered): Promise<void> {
  let all = remembered;
  const isLong = () => workflowInfo().historyLength > LONG && allHandlersFinished();
  await CancellationScope.nonCancellable(async () => {
    setHandler(formerQuery, () => all);
    setHandler(changeSignal, (change) => {
      all = remember(all, change);
      show(all);
    });
    setHandler(recallSignal, async (question) => {
      const asker = getExternalWorkflowHandle(question.sender);
      const answer = recallFrom(all, question);
      // Who has ended meanwhile needs no answer.
      await asker.signal(recalledSignal, question.number, answer).catch(() => undefined);
    });
    show(all);
    await condition(isLong);
  });
  await continueAsNew<typeof grants>(all);
}

setWorkflowOptions(ofAllVersions, grants);
