import { z } from 'zod';
import { FaultShape as CommonShape } from '../faults';
import { STATEMENT_KINDS } from './statement';

export const OPERATIONS = ['submitStatement', 'getStatement', 'cancelStatement'] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** What a fault can be told of: the operations of the API, and submissions by what they say. */
export const TARGETS: string[] = [...OPERATIONS, ...STATEMENT_KINDS, 'unreadable'];

const outcomes = ['status', 'hang', 'reset', 'truncate', 'commitLater'] as const;
const others = ['delay', 'code', 'runs', 'expire', 'suspend'] as const;
const OF_SUBMISSIONS = ['code', 'runs', 'suspend'] as const;
const OF_STATUS = ['body', 'contentType', 'retryAfter', 'commit'] as const;

/** The body of POST /_simulator/faults; the documents are made of its descriptions. */
export const SnowflakeFault = CommonShape.omit({ api: true, lie: true, shift: true }).extend({
  operation: z
    .string()
    .describe(
      'An operation of the API, submissions of a kind of statement (`createSchema`), or `*` for every call',
    ),
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
export const Fault = SnowflakeFault.transform((fault) =>
  fault.html ? { ...fault, status: fault.status ?? 502 } : fault,
).superRefine((fault, context) => {
  const problem = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  for (const name of ['operation', 'after'] as const) {
    const given = fault[name];
    if (
      given !== undefined &&
      ![...TARGETS, ...(name === 'operation' ? ['*'] : [])].includes(given)
    )
      problem(name, `${given} is unknown`);
  }
  const chosen = outcomes.filter((outcome) => fault[outcome] !== undefined);
  if (chosen.length > 1) problem('effect', `${chosen.join(' and ')} exclude each other`);
  if (chosen.length === 0 && others.every((other) => fault[other] === undefined))
    problem('effect', `one of html, ${[...outcomes, ...others].join(', ')} is required`);
  for (const detail of OF_SUBMISSIONS)
    if (fault[detail] !== undefined && !isOfSubmissions(fault))
      problem(detail, 'only a submission can have it');
  if (fault.message !== undefined && fault.code === undefined) problem('message', 'needs a code');
  for (const detail of OF_STATUS)
    if (fault[detail] !== undefined && fault.status === undefined)
      problem(detail, 'needs a status');
});

/** `hits`: how many calls it has hit so far. */
type ActiveFault = SnowflakeFault & { hits: number };

/** A call that may meet a fault: its own names, and the statement that it is about. */
interface ReceivedCall {
  names: string[];
  statement: string | null;
}

/** The active faults: the first added that fits a call takes it. */
export const createFaults = () => {
  let active: ActiveFault[] = [];
  const hit = (fault: ActiveFault) => {
    fault.hits += 1;
    if (fault.times === null) return;
    fault.times -= 1;
    if (fault.times === 0) active = active.filter((other) => other !== fault);
  };
  /** The first that fits. One that lets the call pass counts it. */
  const hitBy = ({ names, statement }: ReceivedCall) => {
    for (const fault of active) {
      if (fault.after !== undefined) continue;
      if (fault.operation !== '*' && !names.includes(fault.operation)) continue;
      if (fault.statement !== undefined && !statement?.includes(fault.statement)) continue;
      if (fault.skip === 0) return fault;
      fault.skip -= 1;
    }
    return undefined;
  };
  const arm = (names: string[]) => {
    for (const fault of active)
      if (fault.after !== undefined && names.includes(fault.after)) delete fault.after;
  };
  return {
    add: (fault: SnowflakeFault) => {
      active.push({ ...fault, times: fault.times === 0 ? null : fault.times, hits: 0 });
    },
    list: () => active,
    /** All, or those of one operation. */
    clear: (operation?: string) => {
      active = active.filter((fault) => operation !== undefined && fault.operation !== operation);
    },
    /** The fault this call meets, counted as used. */
    take: (call: ReceivedCall): SnowflakeFault | undefined => {
      const fault = hitBy(call);
      arm(call.names);
      if (fault) hit(fault);
      return fault;
    },
  };
};
export type Faults = ReturnType<typeof createFaults>;
