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

interface Memory {
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

export const NOTHING: Memory = { wanted: {}, grants: {} };

const without = <Value>(record: Record<string, Value | null>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );

/** What is remembered once a change is. */
export const remember = (memory: Memory, { component, wanted, grants }: Change): Memory => ({
  wanted: without({ ...memory.wanted, [component]: wanted?.length ? wanted : null }),
  grants: without({ ...memory.grants, ...grants }),
});

const recallFrom = (memory: Memory, { component, keys }: Question): Recalled => {
  const wanted = memory.wanted[component] ?? [];
  const others = new Set(
    Object.entries(memory.wanted).flatMap(([other, theirs]) => (other === component ? [] : theirs)),
  );
  const asked = new Set([...keys, ...wanted]);
  const grants = Object.values(memory.grants)
    .filter(({ key }) => asked.has(key))
    .map((grant) => ({ ...grant, shared: others.has(grant.key) }));
  return { wanted, grants };
};

const show = ({ wanted, grants }: Memory) => {
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
export async function grants(remembered: Memory): Promise<void> {
  let memory = remembered;
  const isLong = () => workflowInfo().historyLength > LONG && allHandlersFinished();
  await CancellationScope.nonCancellable(async () => {
    setHandler(formerQuery, () => memory);
    setHandler(changeSignal, (change) => {
      memory = remember(memory, change);
      show(memory);
    });
    setHandler(recallSignal, async (question) => {
      const asker = getExternalWorkflowHandle(question.sender);
      const answer = recallFrom(memory, question);
      // Who has ended meanwhile needs no answer.
      await asker.signal(recalledSignal, question.number, answer).catch(() => undefined);
    });
    show(memory);
    await condition(isLong);
  });
  await continueAsNew<typeof grants>(memory);
}

setWorkflowOptions(ofAllVersions, grants);
