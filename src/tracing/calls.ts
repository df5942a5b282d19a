import { CALLS } from '../airbyte/apis';
import type { Called } from '../airbyte/apis';
import type { FabricCalled } from '../fabrics/http';
import { currentTrace } from './context';
import type { Tracing } from './tracing';

const known = new Set(CALLS);

interface Ended {
  method: string;
  /** Of the path, without what is each call's own. */
  template: string;
  status: number | string;
  seconds: number;
  /** Whom it was for. */
  attributes: Record<string, string>;
}

/** A call that has ended, in the trace of the step that asked for it. */
const record = (tracing: Tracing, { method, template, status, seconds, attributes }: Ended) => {
  const step = currentTrace();
  if (!tracing.isOn || !step) return;
  const end = Date.now();
  const isAnswer = typeof status === 'number';
  tracing.record(tracing.below(step), {
    type: 'call',
    name: `${method} ${template}`,
    parentSpanId: step.spanId,
    start: end - seconds * 1000,
    end,
    attributes: {
      ...attributes,
      'http.request.method': method,
      'url.template': template,
      'http.response.status_code': isAnswer ? status : undefined,
      'temporal.attempt': step.attempt,
    },
    error: isAnswer && status < 400 ? undefined : { type: String(status) },
  });
};

export const tracedCall = (tracing: Tracing, { api, operation, status, seconds }: Called) => {
  const [method = '', path = ''] = operation.split(' ');
  const template = known.has(operation) ? path : 'other';
  record(tracing, { method, template, status, seconds, attributes: { 'airbyte.api': api } });
};

/** The path is a template already. */
export const tracedFabricCall = (
  tracing: Tracing,
  { system, operation, outcome: status, seconds }: FabricCalled,
) => {
  const [method = '', template = ''] = operation.split(' ');
  record(tracing, { method, template, status, seconds, attributes: { 'fabric.system': system } });
};
