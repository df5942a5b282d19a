import { z } from 'zod';
import type { ApiName } from './operation';
import { byCursor, isList, Shift } from './shifts';

const moment = z.enum(['before', 'after']);
const milliseconds = z.int().min(0).max(600_000);

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
  times: z
    .int()
    .min(0)
    .nullable()
    .default(1)
    .describe('How many calls it hits; `0` and `null` mean every call until it is cleared'),
  skip: z.int().min(0).default(0).describe('How many calls it lets pass first'),
  after: z
    .string()
    .optional()
    .describe('Another operation, which must have been called first; since the fault was added'),
  delay: milliseconds
    .optional()
    .describe('Milliseconds before anything else happens; alone, the call then goes on as usual'),
  status: z
    .int()
    .min(200)
    .max(599)
    .optional()
    .describe('Answers with this status, by default with the body that usually comes with it'),
  body: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe('With `status`: the body, text or JSON'),
  contentType: z.string().optional().describe('With `status`: the `Content-Type`'),
  html: z
    .literal(true)
    .optional()
    .describe('A proxy’s HTML page as the body; the status is 502 unless given'),
  retryAfter: z
    .number()
    .min(0)
    .optional()
    .describe('With `status`: seconds, for the `Retry-After` header'),
  commit: z
    .literal(true)
    .optional()
    .describe('The operation is done although `status` says otherwise: a proxy that lost patience'),
  hang: moment.optional().describe('Never answers; `after` does the operation first'),
  reset: moment.optional().describe('Breaks the connection; `after` does the operation first'),
  truncate: z
    .literal(true)
    .optional()
    .describe('Does the operation, sends half of the answer and breaks the connection'),
  lie: z.literal(true).optional().describe('A deletion answers 204 and deletes nothing'),
  commitLater: milliseconds
    .optional()
    .describe('Never answers, and does the operation this many milliseconds later'),
  shift: Shift.optional().describe(
    'Answers the first page of a list, and nothing but a first one; then the list is changed',
  ),
});
export type Fault = z.infer<typeof FaultShape>;

/** The body `POST /_simulator/faults` takes, given the operations there are. */
export const faultSchema = (operations: string[]) =>
  FaultShape.transform((fault) =>
    fault.html ? { ...fault, status: fault.status ?? 502 } : fault,
  ).superRefine((fault, context) => {
    const problem = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (fault.operation !== '*' && !operations.includes(fault.operation))
      problem('operation', `${fault.operation} is unknown`);
    if (fault.after !== undefined && !operations.includes(fault.after))
      problem('after', `${fault.after} is unknown`);
    const chosen = outcomes.filter((outcome) => fault[outcome] !== undefined);
    if (chosen.length > 1) problem('effect', `${chosen.join(' and ')} exclude each other`);
    if (chosen.length === 0 && fault.delay === undefined)
      problem('effect', `one of delay, html, ${outcomes.join(', ')} is required`);
    if (fault.lie && !fault.operation.startsWith('delete'))
      problem('lie', 'only a deletion can lie');
    if (fault.shift && !isList(fault.operation)) problem('shift', 'needs a list that has pages');
    if (fault.shift && byCursor(fault.operation) && (fault.shift.hide ?? fault.shift.double))
      problem('shift', 'a list in the order of names hides and doubles nothing');
    for (const detail of ['body', 'contentType', 'retryAfter', 'commit'] as const)
      if (fault[detail] !== undefined && fault.status === undefined)
        problem(detail, 'needs a status');
  });

/** `hits`: how many calls it has hit so far. */
type ActiveFault = Fault & { hits: number };

/** A call that may meet a fault. */
interface ReceivedCall {
  operation: string;
  api: ApiName;
  isFirstPage: boolean;
}

/** The active faults: the first added that fits a call takes it. */
export const createFaults = () => {
  let active: ActiveFault[] = [];
  const hit = (fault: ActiveFault) => {
    fault.hits += 1;
    if (!fault.times) return;
    fault.times -= 1;
    if (fault.times === 0) active = active.filter((other) => other !== fault);
  };
  /** The first that fits. One that lets the call pass counts it. */
  const hitBy = ({ operation, api, isFirstPage }: ReceivedCall): ActiveFault | undefined => {
    for (const fault of active) {
      if (fault.after !== undefined) continue;
      if (fault.api !== undefined && fault.api !== api) continue;
      if (fault.operation !== '*' && fault.operation !== operation) continue;
      if (fault.shift && !isFirstPage) continue;
      if (fault.skip === 0) return fault;
      fault.skip -= 1;
    }
    return undefined;
  };
  const arm = (operation: string) => {
    for (const fault of active) if (fault.after === operation) delete fault.after;
  };
  return {
    add: (fault: Fault) =>
      active.push({ ...fault, times: fault.times === 0 ? null : fault.times, hits: 0 }),
    list: () => active,
    /** All, or those of one operation. */
    clear: (operation?: string) => {
      active = active.filter((fault) => operation !== undefined && fault.operation !== operation);
    },
    /** The fault this call meets, counted as used. */
    take: (call: ReceivedCall): Fault | undefined => {
      const fault = hitBy(call);
      arm(call.operation);
      if (fault) hit(fault);
      return fault;
    },
  };
};
export type Faults = ReturnType<typeof createFaults>;
