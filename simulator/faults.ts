import { z } from 'zod';
import {
  createFaults as createAnyFaults,
  FAULT_FIELDS,
  judge,
  problemIn,
  withStatus,
} from './steering/faults';
import type { ApiName } from './operation';
import { byCursor, isList, Shift } from './shifts';

const outcomes = ['status', 'hang', 'reset', 'truncate', 'lie', 'commitLater', 'shift'] as const;

/**
 * The body of POST /_simulator/faults: which calls, how many of them, and what befalls them.
 * docs/simulator.md is made of its descriptions.
 */
export const FaultShape = z.strictObject({
  operation: z
    .string()
    .describe('An operationId of either API, or `*` for every call (the token’s too)'),
  api: z
    .enum(['public', 'config'])
    .optional()
    .describe('Only calls of this API: some operations have the same name in both'),
  ...FAULT_FIELDS,
  lie: z.literal(true).optional().describe('A deletion answers 204 and deletes nothing'),
  shift: Shift.optional().describe(
    'Answers the first page of a list, and nothing but a first one; then the list is changed',
  ),
});
type Fault = z.infer<typeof FaultShape>;

/** The body `POST /_simulator/faults` takes, given the operations there are. */
export const faultSchema = (operations: string[]) =>
  FaultShape.transform(withStatus).superRefine((fault, context) => {
    const problem = problemIn(context);
    judge(fault, { operations, outcomes, others: ['delay'] }, problem);
    if (fault.lie && !fault.operation.startsWith('delete'))
      problem('lie', 'only a deletion can lie');
    if (fault.shift && !isList(fault.operation)) problem('shift', 'needs a list that has pages');
    if (fault.shift && byCursor(fault.operation) && (fault.shift.hide ?? fault.shift.double))
      problem('shift', 'a list in the order of names hides and doubles nothing');
  });

/** A call that may meet a fault: `names` has its operation. */
interface ReceivedCall {
  names: string[];
  api: ApiName;
  isFirstPage: boolean;
}

export const createFaults = () =>
  createAnyFaults<Fault, ReceivedCall>(
    (fault, { api, isFirstPage }) =>
      (fault.api === undefined || fault.api === api) && (!fault.shift || isFirstPage),
  );
export type Faults = ReturnType<typeof createFaults>;
