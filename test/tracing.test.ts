import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import { descriptor, request } from './support/fixtures';
import { startReceiver } from './support/otlp-receiver';
import type { Receiver } from './support/otlp-receiver';

let receiver: Receiver;
let harness: Harness;
beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      AIRBYTE_REQUEST_TIMEOUT: '30s',
    },
  });
});
afterAll(async () => {
  await harness.stop();
  await receiver.close();
});

test('x', async () => {
  await harness.fault({ operation: 'createConnection', status: 400 });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const response = await fetch(`${harness.gateway().found}/v1/provision`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify(request(descriptor({ environment: harness.environment }))),
  });
  const token = await response.text();
  const status = await harness.finished(token);
  console.log(JSON.stringify(status, null, 1));
  await eventually(
    () => receiver.spansOf(traceId).find((s) => s.name === 'RunWorkflow:lease'),
    'x',
    20_000,
  ).catch(console.log);
  console.log(
    receiver.faults,
    receiver
      .all()
      .map((s) =>
        [
          s.service,
          s.kind,
          s.name,
          s.spanId,
          s.parentSpanId,
          JSON.stringify(s.attributes),
          JSON.stringify(s.status),
          Number(s.endTimeUnixNano - s.startTimeUnixNano) / 1e6,
        ].join(' '),
      )
      .join('\n'),
  );
});
