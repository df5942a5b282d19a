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

/*
 * Whom a component gives access to, or has begun to: one workflow for each component that gives
 * access to anybody. What they were granted is remembered with the people (grantees.ts).
 */

/** Those who have access and those who are to have it instead, together. */
export const MAX_ENLISTED = 10_000;

/** Events after which it starts anew with what it knows; the server allows 2,000 updates in a run. */
const LONG = 1000;
/** Rows shown in the Temporal UI. */
const SHOWN = 100;

/** Principals' keys. */
export const enlistUpdate = defineUpdate<undefined, [keys: string[]]>('enlist');
export const strikeUpdate = defineUpdate<undefined, [keys: string[]]>('strike');
export const peopleQuery = defineQuery<string[]>('grants');

/** Why no more are taken; undefined where they are. */
export const tooMany = (known: ReadonlySet<string>, keys: string[]): string | undefined => {
  const added = keys.filter((key) => !known.has(key)).length;
  if (added === 0 || known.size + added <= MAX_ENLISTED) return undefined;
  return `already remembers ${String(known.size)} people of the component, of ${String(MAX_ENLISTED)}, and was to remember ${String(added)} more`;
};

const show = (people: Set<string>) => {
  const rows: string[] = [];
  for (const key of people) {
    if (rows.length === SHOWN) break;
    rows.push(`- ${key}`);
  }
  const more = people.size > SHOWN ? ['', 'The query `grants` tells all.'] : [];
  setCurrentDetails([`**${String(people.size)} with access**`, '', ...rows, ...more].join('\n'));
};

/** Ends when the component gives access to nobody. */
export async function componentGrants(remembered: string[]): Promise<void> {
  const people = new Set(remembered);
  let isAsked = false;
  const isLong = () => workflowInfo().historyLength > LONG || workflowInfo().continueAsNewSuggested;
  const isOver = () => isAsked && people.size === 0;
  await CancellationScope.nonCancellable(async () => {
    setHandler(peopleQuery, () => [...people]);
    setHandler(
      enlistUpdate,
      (keys) => {
        for (const key of keys) people.add(key);
        isAsked = true;
        show(people);
        return undefined;
      },
      {
        validator: (keys: string[]) => {
          const message = tooMany(people, keys);
          if (message)
            throw ApplicationFailure.create({ type: 'Full', message, nonRetryable: true });
        },
      },
    );
    setHandler(strikeUpdate, (keys) => {
      for (const key of keys) people.delete(key);
      isAsked = true;
      show(people);
      return undefined;
    });
    show(people);
    await condition(() => (isLong() || isOver()) && allHandlersFinished());
  });
  if (!isOver()) await continueAsNew<typeof componentGrants>([...people]);
}

/** It outlives every version of the workers; those without versions take no such wish. */
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName
      ? { versioningBehavior: 'AUTO_UPGRADE' }
      : {},
  componentGrants,
);
