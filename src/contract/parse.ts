import type { z } from 'zod';
import { RequestError, formatPath } from './problems';
import type { Problem } from './problems';
import { wordsFor } from './wording';

/** A part of a request as its schema has it. `solution` says what to send instead of a wrong one. */
export const readAs = <Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
  { whole, solution }: { whole: string; solution: string },
): z.output<Schema> => {
  const parsed = schema.safeParse(given, { error: wordsFor });
  if (parsed.success) return parsed.data;
  const problems: Problem[] = parsed.error.issues.map(({ path, message }) => ({
    path: formatPath(path) || whole,
    message,
  }));
  throw new RequestError(problems, { solutions: [solution] });
};
