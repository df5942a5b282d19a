import { z } from 'zod';
import {
  createFaults as createAnyFaults,
  FAULT_FIELDS,
  judge,
  problemIn,
  withStatus,
} from '../steering/faults';

const outcomes = [
  'status',
  'hang',
  'reset',
  'truncate',
  'commitLater',
  'expireToken',
  'stopWarehouse',
  'statementError',
] as const;

/**
 * The body of POST /_simulator/faults: which calls, how many of them, and what befalls them.
 * docs/simulator-databricks.md is made of its descriptions.
 */
export const FaultShape = z.strictObject({
  operation: z
    .string()
    .describe('The name of an operation, or `*` for every call (those for tokens too)'),
  ...FAULT_FIELDS,
  errorCode: z
    .string()
    .optional()
    .describe('With `status`: the `error_code` of the body; unless given, the usual one'),
  expireToken: z
    .literal(true)
    .optional()
    .describe('The token of the call expires just before it, so that it is refused'),
  stopWarehouse: z
    .literal(true)
    .optional()
    .describe('The warehouse is stopped just before the call, which then goes on as usual'),
  statementError: z
    .string()
    .optional()
    .describe('The statement ends as `FAILED` with this message; the call itself is a 200'),
});
export type Fault = z.infer<typeof FaultShape>;

const STATEMENT = 'executeStatement';

/** The body `POST /_simulator/faults` takes, given the operations there are. */
export const faultSchema = (operations: string[]) =>
  FaultShape.transform(withStatus).superRefine((fault, context) => {
    const problem = problemIn(context);
    judge(fault, { operations, outcomes, others: ['delay'], ofStatus: ['errorCode'] }, problem);
    if (fault.statementError !== undefined && fault.operation !== STATEMENT)
      problem('statementError', `only ${STATEMENT} has a statement`);
  });

export const createFaults = () => createAnyFaults<Fault, { names: string[] }>();
export type Faults = ReturnType<typeof createFaults>;
