/* What is traced: the kinds of spans, and what each says of itself. No attribute has what a body held. */

/** Of attributes' values and of what a span says of its end, characters. */
export const MAX_TEXT = 300;

export type Kind = 'server' | 'client' | 'internal';

interface Described {
  /** What stands in braces comes from a list, or is the type of a workflow or of a step. */
  name: string;
  kind: Kind;
  by: 'gateway' | 'worker';
  help: string;
  attributes: readonly Attribute[];
}

export const ATTRIBUTES = {
  'http.request.method': 'The method',
  'http.route': 'The path with names in place of values, the base path not with it',
  'http.response.status_code': 'The status that was answered; absent: nobody was there to get it',
  'url.template': 'What is called, without ids',
  'airbyte.api': '`public` or `config`; of a call to Airbyte',
  'fabric.system': '`Snowflake`, `Databricks`; of a call to a fabric',
  'temporal.workflow.type': 'The operation',
  'temporal.workflow.id': 'The token of the run; of a lease its id',
  'temporal.run.id': 'Which of the token’s runs',
  'temporal.activity.type': 'The step',
  'temporal.attempt': 'Which attempt of its step it is, or belongs to, from 1',
  'provisioner.outcome':
    'Of a run `completed`, `failed`, `cancelled`; of an attempt as the label `outcome` has it ([metrics.md](metrics.md#values-of-labels))',
  'provisioner.lease': 'What it waits for',
  'provisioner.undone': 'How many steps were taken back',
  'provisioner.left_behind': 'How many could not be',
  'provisioner.spans_left_out': 'Waits that were too many to be told',
  'error.type':
    'Why it ended without what it was for: a status of HTTP, the type of a failure, `cancelled`, or why there was no answer',
} as const;
export type Attribute = keyof typeof ATTRIBUTES;

const OF_RUN = ['temporal.workflow.type', 'temporal.workflow.id', 'temporal.run.id'] as const;

export const SPANS = {
  request: {
    name: '{method} {route}',
    kind: 'server',
    by: 'gateway',
    help: 'A request, until its answer is sent',
    attributes: ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'],
  },
  start: {
    name: 'StartWorkflow:{operation}',
    kind: 'client',
    by: 'gateway',
    help: 'A try to hand a run to Temporal, or to join the one that goes on',
    attributes: ['temporal.workflow.type', 'temporal.workflow.id', 'temporal.run.id', 'error.type'],
  },
  run: {
    name: 'RunWorkflow:{operation}',
    kind: 'internal',
    by: 'worker',
    help: 'A run, from its start to its end; a component’s of a data product, and a lease, below the run that has it',
    attributes: [...OF_RUN, 'provisioner.outcome', 'provisioner.spans_left_out', 'error.type'],
  },
  lease: {
    name: 'WaitForLease',
    kind: 'internal',
    by: 'worker',
    help: 'Until a run holds its component, data product or access',
    attributes: ['provisioner.lease', 'error.type'],
  },
  components: {
    name: 'WaitForComponents',
    kind: 'internal',
    by: 'worker',
    help: 'A component is in place, and waits for the others of its data product',
    attributes: ['error.type'],
  },
  settling: {
    name: 'WaitForAirbyte',
    kind: 'internal',
    by: 'worker',
    help: 'For what Airbyte may still do, before an undo or a look',
    attributes: ['error.type'],
  },
  settlingFabric: {
    name: 'WaitForFabric',
    kind: 'internal',
    by: 'worker',
    help: 'For what a fabric may still do, before an undo',
    attributes: ['error.type'],
  },
  compensation: {
    name: 'Compensate',
    kind: 'internal',
    by: 'worker',
    help: 'What a run did is taken back; its steps stand beside it',
    attributes: ['provisioner.undone', 'provisioner.left_behind', 'error.type'],
  },
  step: {
    name: 'RunActivity:{step}',
    kind: 'internal',
    by: 'worker',
    help: 'An attempt of a step',
    attributes: [
      ...OF_RUN,
      'temporal.activity.type',
      'temporal.attempt',
      'provisioner.outcome',
      'error.type',
    ],
  },
  call: {
    name: '{method} {path}',
    kind: 'client',
    by: 'worker',
    help: 'A call to Airbyte or a fabric, from when it was sent until all of its answer had come, or none was waited for',
    attributes: [
      'airbyte.api',
      'fabric.system',
      'http.request.method',
      'url.template',
      'http.response.status_code',
      'temporal.attempt',
      'error.type',
    ],
  },
} as const satisfies Record<string, Described>;
export type SpanType = keyof typeof SPANS;

/** A part of a trace that has ended. Times are milliseconds since 1970. */
export interface Span {
  type: SpanType;
  name: string;
  parentSpanId?: string | undefined;
  start: number;
  end: number;
  attributes: Partial<Record<Attribute, string | number | undefined>>;
  /** Why it ended without what it was for; of a run the step, and what it failed with. */
  error?: { type: string; cause?: string | undefined } | undefined;
}

/** What is sent of it. */
export interface Recorded extends Omit<Span, 'type'> {
  traceId: string;
  spanId: string;
  kind: Kind;
}
