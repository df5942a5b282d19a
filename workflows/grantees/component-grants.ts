import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  setHandler,
  setWorkflowOptions,
} from '@temporalio/workflow';
import { ofAllVersions, showRows, untilLong } from './remembering';
import { enlistUpdate, peopleQuery, strikeUpdate } from './requests';

/*
 * Whom a component gives access to, or has begun to: one workflow for each component that gives
 * access to anybody. What they were granted is remembered with the people (grantees.ts).
 */

/** Those who have access and those who are to have it instead, together. */
export const MAX_ENLISTED = 10_000;

/** Why no more are taken; undefined where they are. */
export const tooMany = (known: ReadonlySet<string>, keys: string[]): string | undefined => {
  const added = keys.filter((key) => !known.has(key)).length;
  if (added === 0 || known.size + added <= MAX_ENLISTED) return undefined;
  return `already remembers ${String(known.size)} people of the component, of ${String(MAX_ENLISTED)}, and was to remember ${String(added)} more`;
};

const show = (people: Set<string>) => {
  showRows([`**${String(people.size)} with access**`, ''], [...people], (key) => `- ${key}`);
};

/** Ends when the component gives access to nobody. */
export async function componentGrants(remembered: string[]): Promise<void> {
  const people = new Set(remembered);
  let isAsked = false;
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
    await untilLong(isOver);
  });
  if (!isOver()) await continueAsNew<typeof componentGrants>([...people]);
}

setWorkflowOptions(ofAllVersions, componentGrants);
