import { z } from 'zod';

const moment = z.enum(['before', 'after']);
const milliseconds = z.int().min(0).max(600_000);

/** Which calls a fault hits; the operation is each simulator's own. */
const WHICH = {
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
};

/** What befalls any call of HTTP. */
const EFFECTS = {
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
  commitLater: milliseconds
    .optional()
    .describe('Never answers, and does the operation this many milliseconds later'),
};

/** Of the body of POST /_simulator/faults what every simulator has. */
export const FAULT_FIELDS = { ...WHICH, ...EFFECTS };
export type Fault = z.infer<z.ZodObject<typeof FAULT_FIELDS>> & { operation: string };

/** A page of a proxy is an error of its own, so that it needs no `status`. */
export const withStatus = <Given extends Pick<Fault, 'html' | 'status'>>(fault: Given) =>
  fault.html ? { ...fault, status: fault.status ?? 502 } : fault;

interface Law {
  /** What a fault can be told of, but for `*`. */
  operations: readonly string[];
  /** Effects that exclude each other. */
  outcomes: readonly string[];
  /** Effects that go with any, or stand alone. */
  others: readonly string[];
  /** What needs a `status`, besides what does with every simulator. */
  ofStatus?: readonly string[];
}

const OF_STATUS = ['body', 'contentType', 'retryAfter', 'commit'];

export type Problem = (path: string, message: string) => void;

/** For `superRefine`: what is wrong with a fault goes to this. */
export const problemIn =
  (context: z.RefinementCtx): Problem =>
  (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };

/** What excludes each other, is of no use alone, or is told of what there is not. */
export const judge = (
  fault: Pick<Fault, 'operation' | 'after'> & Record<string, unknown>,
  { operations, outcomes, others, ofStatus = [] }: Law,
  problem: Problem,
) => {
  const has = (name: string) => fault[name] !== undefined;
  if (fault.operation !== '*' && !operations.includes(fault.operation))
    problem('operation', `${fault.operation} is unknown`);
  if (fault.after !== undefined && !operations.includes(fault.after))
    problem('after', `${fault.after} is unknown`);
  const chosen = outcomes.filter(has);
  if (chosen.length > 1) problem('effect', `${chosen.join(' and ')} exclude each other`);
  if (chosen.length === 0 && !others.some(has))
    problem('effect', `one of ${[...others, 'html', ...outcomes].join(', ')} is required`);
  for (const detail of [...OF_STATUS, ...ofStatus])
    if (has(detail) && !has('status')) problem(detail, 'needs a status');
};

/** A call that may meet a fault: by what faults may be told of it. */
interface ReceivedCall {
  names: readonly string[];
}

/** The active faults: the first added that fits a call takes it. */
export const createFaults = <Of extends Fault, Call extends ReceivedCall>(
  /** Whether the fault may hit the call, as far as its operation does not decide. */
  fits: (fault: Of, call: Call) => boolean = () => true,
) => {
  /** `hits`: how many calls it has hit so far. */
  type Active = Of & { hits: number };
  let active: Active[] = [];
  const hit = (fault: Active) => {
    fault.hits += 1;
    if (fault.times === null) return;
    fault.times -= 1;
    if (fault.times === 0) active = active.filter((other) => other !== fault);
  };
  /** The first that fits. One that lets the call pass counts it. */
  const hitBy = (call: Call) => {
    for (const fault of active) {
      if (fault.after !== undefined) continue;
      if (fault.operation !== '*' && !call.names.includes(fault.operation)) continue;
      if (!fits(fault, call)) continue;
      if (fault.skip === 0) return fault;
      fault.skip -= 1;
    }
    return undefined;
  };
  const arm = ({ names }: Call) => {
    for (const fault of active)
      if (fault.after !== undefined && names.includes(fault.after)) fault.after = undefined;
  };
  return {
    add: (fault: Of) => {
      active.push({ ...fault, times: fault.times === 0 ? null : fault.times, hits: 0 });
    },
    list: () => active,
    /** All, or those of one operation. */
    clear: (operation?: string) => {
      active = active.filter((fault) => operation !== undefined && fault.operation !== operation);
    },
    /** The fault this call meets, counted as used. */
    take: (call: Call): Of | undefined => {
      const fault = hitBy(call);
      arm(call);
      if (fault) hit(fault);
      return fault;
    },
  };
};
