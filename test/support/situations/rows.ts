import type { Situation } from './situation';
import { ACCESSES, PRODUCTS, REMOVALS } from './others';
import { UPDATES } from './update';

/** The rows of the second table of the fault matrix. */
export const SITUATION_ROWS: Situation[] = [...UPDATES, ...PRODUCTS, ...ACCESSES, ...REMOVALS];
