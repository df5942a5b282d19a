import { CALLS } from '../airbyte/apis';
import type { Called } from '../airbyte/apis';
import { currentTrace } from './context';
import type { Tracing } from './tracing';

const known = new Set(CALLS);

/** A call to Airbyte that has ended, in the trace of the step that asked for it. */
export const tracedCall = (tracing: Tracing, { api, call, answer, seconds }: Called) => {
  const step = currentTrace();
  if (!tracing.isOn || !step) return;
  const [method = '', path = ''] = call.split(' ');
  const template = known.has(call) ? path : 'other';
  const end = Date.now();
  const isAnswer = typeof answer === 'number';
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
      'http.response.status_code': isAnswer ? answer : undefined,
      'temporal.attempt': step.attempt,
    },
    error: isAnswer && answer < 400 ? undefined : { type: String(answer) },
  });
};
