import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { Grantees, Hold, Settle } from './records';

/* What the workflows that remember are asked for, by workers as well. */

/** Of a component: principals' keys. */
export const enlistUpdate = defineUpdate<undefined, [keys: string[]]>('enlist');
export const strikeUpdate = defineUpdate<undefined, [keys: string[]]>('strike');
export const peopleQuery = defineQuery<string[]>('grants');

/** Of the one workflow of earlier versions, which remembered everything: all of it. */
export const formerQuery = defineQuery<unknown>('grants');

/** Of people. */
export const holdUpdate = defineUpdate<Grantees, [Hold]>('hold');
export const settleUpdate = defineUpdate<boolean, [Settle]>('settle');
export const forgetUpdate = defineUpdate<undefined, [component: string]>('forget');
export const addUpdate = defineUpdate<undefined, [Grantees]>('add');
/** All, or one. */
export const grantsQuery = defineQuery<Grantees, [key?: string]>('grants');
export const changedQuery = defineQuery<string[], [{ component: string; run: string }]>('changed');
