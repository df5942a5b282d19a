import { z } from 'zod';
import { FaultShape as AnyFault } from '../faults';

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
export const FaultShape = AnyFault.omit({ api: true, lie: true, shift: true }).extend({
  operation: z
    .string()
    .describe('The name of an operation, or `*` for every call (those for tokens too)'),
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
    if (fault.statementError !== undefined && fault.operation !== STATEMENT)
      problem('statementError', `only ${STATEMENT} has a statement`);
    for (const detail of ['body', 'contentType', 'retryAfter', 'commit', 'errorCode'] as const)
      if (fault[detail] !== undefined && fault.status === undefined)
        problem(detail, 'needs a status');
  });

/** `hits`: how many calls it has hit so far. */
type ActiveFault = Fault & { hits: number };

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
  const hitBy = (operation: string): ActiveFault | undefined => {
    for (const fault of active) {
      if (fault.after !== undefined) continue;
      if (fault.operation !== '*' && fault.operation !== operation) continue;
      if (fault.skip === 0) return fault;
      fault.skip -= 1;
    }
    return undefined;
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
    take: (operation: string): Fault | undefined => {
      const fault = hitBy(operation);
      for (const each of active) if (each.after === operation) delete each.after;
      if (fault) hit(fault);
      return fault;
    },
  };
};
export type Faults = ReturnType<typeof createFaults>;
