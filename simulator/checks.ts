import { z } from 'zod';

/** The body of POST /_simulator/checks: the next checks and discoveries of a connector that fail. */
export const CheckFailure = z.strictObject({
  definitionId: z.guid(),
  /** What the connector says. */
  message: z.string().default('Could not connect with the given configuration.'),
  /** How many; null means all until it is cleared. */
  times: z.int().min(1).nullable().default(1),
  /** The job that runs the connector fails: a check then has no status at all. */
  job: z.boolean().default(false),
});
export type CheckFailure = z.output<typeof CheckFailure>;

/** The failures that are due; the first added goes first. */
export const createCheckFailures = () => {
  let due: CheckFailure[] = [];
  return {
    add: (failure: CheckFailure) => due.push({ ...failure }),
    list: () => due,
    clear: () => {
      due = [];
    },
    /** The failure this run of the connector meets, counted as used. */
    take: (definitionId: string): CheckFailure | undefined => {
      const failure = due.find((each) => each.definitionId === definitionId);
      if (!failure?.times) return failure;
      failure.times -= 1;
      if (failure.times === 0) due = due.filter((each) => each !== failure);
      return failure;
    },
  };
};
export type CheckFailures = ReturnType<typeof createCheckFailures>;
