import { z } from 'zod';

/**
 * Of the long suites, the part that `LONG` names: `2/3` is the second of three, which together have
 * all rows. Without the variable: all.
 */
const Sample = z
  .string()
  .regex(/^[1-9]\d*\/[1-9]\d*$/, 'LONG must be k/n: the k-th of n parts of the long suites')
  .transform((text) => text.split('/').map(Number))
  .refine(([k = 1, n = 1]) => k <= n, 'LONG must be k/n with k at most n');

const [PART = 1, PARTS = 1] = Sample.parse(process.env.LONG ?? '1/1');

/** The rows of this part: neighbours, which are alike, are in different parts. */
export const sampled = <Row>(rows: Row[]): Row[] =>
  rows.filter((_row, index) => index % PARTS === PART - 1);
