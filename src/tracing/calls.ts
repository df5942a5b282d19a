import { CALLS } from '../airbyte/apis';
import type { Called } from '../airbyte/apis';
import { currentTrace } from './context';
import type { Tracing } from './tracing';

const known = new Set(CALLS);

/** A call to Airbyte that has ended, in the trace of the step that asked for it. */
export const tracedCall = (tracing: Tracing, { api, operation, status, seconds }: Called) => {
  const step = currentTrace();
  if (!tracing.isOn || !step) return;
  const [method = '', path = ''] = operation.split(' ');
  const template = known.has(operation) ? path : 'other';
  const end = Date.now();
  const isAnswer = typeof status === 'number';
  tracing.record(tracing.below(step), {
    type: 'call',
    name: `${method} ${template}`,
    parentSpanId: step.spanId,
    start: end - seconds * 1000,
    end,
    attributes: {
      'airbyte.api': api,
      'http.request.method': method,
      'url.template': template,
      'http.response.status_code': isAnswer ? status : undefined,
      'temporal.attempt': step.attempt,
    },
    error: isAnswer && status < 400 ? undefined : { type: String(status) },
  });
};
