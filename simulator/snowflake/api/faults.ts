import { z } from 'zod';
import {
  createFaults as createAnyFaults,
  FAULT_FIELDS,
  judge,
  problemIn,
  withStatus,
} from '../../steering/faults';
import { STATEMENT_KINDS } from '../sql/statement';

export const OPERATIONS = ['submitStatement', 'getStatement', 'cancelStatement'] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** What a fault can be told of: the operations of the API, and submissions by what they say. */
export const TARGETS: string[] = [...OPERATIONS, ...STATEMENT_KINDS, 'unreadable'];

const outcomes = ['status', 'hang', 'reset', 'truncate', 'commitLater'] as const;
const others = ['delay', 'code', 'runs', 'expire', 'suspend'] as const;
const OF_SUBMISSIONS = ['code', 'runs', 'suspend'] as const;

/** The body of POST /_simulator/faults; the documents are made of its descriptions. */
export const SnowflakeFault = z.strictObject({
  operation: z
    .string()
    .describe(
      'An operation of the API, submissions of a kind of statement (`createSchema`), or `*` for every call',
    ),
  ...FAULT_FIELDS,
  statement: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Only calls about a statement with this in it: its submission, looks at it, its cancellation',
    ),
  code: z
    .string()
    .regex(/^\d{6}$/, 'must have six digits')
    .optional()
    .describe('The statement fails with this code when it runs, and changes nothing'),
  message: z.string().optional().describe('With `code`: what it says'),
  runs: z
    .int()
    .min(0)
    .max(600_000)
    .optional()
    .describe('Milliseconds that the statement takes to run'),
  expire: z.literal(true).optional().describe('The token of the call is expired from now on: 401'),
  suspend: z
    .literal(true)
    .optional()
    .describe('The statement’s warehouse is suspended first, and does not resume by itself'),
});
export type SnowflakeFault = z.output<typeof SnowflakeFault>;

const isOfSubmissions = ({ operation }: SnowflakeFault) =>
  !['*', 'getStatement', 'cancelStatement'].includes(operation);

/** With what excludes each other, or is of no use alone. */
export const Fault = SnowflakeFault.transform(withStatus).superRefine((fault, context) => {
  const problem = problemIn(context);
  judge(fault, { operations: TARGETS, outcomes, others }, problem);
  for (const detail of OF_SUBMISSIONS)
    if (fault[detail] !== undefined && !isOfSubmissions(fault))
      problem(detail, 'only a submission can have it');
  if (fault.message !== undefined && fault.code === undefined) problem('message', 'needs a code');
});

/** A call that may meet a fault: its own names, and the statement that it is about. */
interface ReceivedCall {
  names: string[];
  statement: string | null;
}

export const createFaults = () =>
  createAnyFaults<SnowflakeFault, ReceivedCall>(
    (fault, { statement }) =>
      fault.statement === undefined || statement?.includes(fault.statement) === true,
  );
export type Faults = ReturnType<typeof createFaults>;
