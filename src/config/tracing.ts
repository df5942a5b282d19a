import { z } from 'zod';
import { optionalText, url, wholeNumber } from './values';

/* The variables of OpenTelemetry, by their own names and defaults: opentelemetry.io/docs/specs/otel. */

/** Milliseconds; batches wait for each other meanwhile. */
const LONGEST_EXPORT = 60_000;

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** `key=value,key2=value2`, the values percent-encoded. */
const pairs = z
  .string()
  .default('')
  .transform((text, context) => {
    const all: Record<string, string> = {};
    for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
      const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? [];
      try {
        if (key === '') throw new URIError();
        all[key] = decodeURIComponent(value.trim());
      } catch {
        context.addIssue('must be key=value pairs with commas between them');
      }
    }
    return all;
  });

export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional().meta({
    group: 'usual',
    description:
      'Where a collector takes OTLP over HTTP, such as `http://collector:4318`; `/v1/traces` is added. Without it nothing is [traced](tracing.md)',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional().meta({
    group: 'rare',
    description: 'Instead, where the path is another one: the whole URL',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.meta({
    group: 'rare',
    secret: true,
    description: 'What the collector wants to see, as `key=value,key2=value2`',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'], { message: 'must be http/protobuf' })
    .default('http/protobuf')
    .meta({ group: 'rare', description: 'There is no other' }),
  OTEL_EXPORTER_OTLP_TIMEOUT: wholeNumber({ most: LONGEST_EXPORT, fallback: 10_000 }).meta({
    group: 'rare',
    description: 'Milliseconds until a batch of spans is given up, 60,000 at most',
  }),
  OTEL_BSP_SCHEDULE_DELAY: wholeNumber({ most: LONGEST_EXPORT, fallback: 5000 }).meta({
    group: 'rare',
    description: 'Milliseconds that spans wait for others before they are sent, 60,000 at most',
  }),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on').meta({
    group: 'rare',
    description:
      'Which traces are kept. `parentbased_…` follows the caller who has decided, and goes by the rest where nobody has',
  }),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number({ message: 'must be a number' })
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .default(1)
    .meta({ group: 'rare', description: 'Of `…traceidratio`: the part that is kept, 0 to 1' }),
  OTEL_SERVICE_NAME: optionalText.meta({
    group: 'rare',
    description:
      'Else `airbyte-provisioner-gateway` and `airbyte-provisioner-worker`, so that one can be told from the other',
  }),
  OTEL_RESOURCE_ATTRIBUTES: pairs.meta({
    group: 'rare',
    description: 'More that all spans have, such as `deployment.environment.name=production`',
  }),
};

const RATIOS = { always_on: () => 1, always_off: () => 0, traceidratio: (ratio: number) => ratio };
type Root = keyof typeof RATIOS;

const rootOf = (sampler: (typeof SAMPLERS)[number]): Root => {
  if (sampler.endsWith('always_on')) return 'always_on';
  return sampler.endsWith('always_off') ? 'always_off' : 'traceidratio';
};

type Given = z.output<z.ZodObject<typeof tracingVariables>>;

/** Where traces go, and which; undefined: nothing is traced. */
export const tracingOf = (given: Given) => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler } = given;
  const url =
    given.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    (endpoint && `${endpoint.replace(/\/$/, '')}/v1/traces`);
  if (!url) return undefined;
  return {
    url,
    headers: given.OTEL_EXPORTER_OTLP_HEADERS,
    /** Milliseconds. */
    timeout: given.OTEL_EXPORTER_OTLP_TIMEOUT,
    delay: given.OTEL_BSP_SCHEDULE_DELAY,
    sampler: {
      followsParent: sampler.startsWith('parentbased_'),
      /** The part of those that nobody has decided on. */
      ratio: RATIOS[rootOf(sampler)](given.OTEL_TRACES_SAMPLER_ARG),
    },
    serviceName: given.OTEL_SERVICE_NAME,
    attributes: given.OTEL_RESOURCE_ATTRIBUTES,
  };
};
export type TracingConfig = NonNullable<ReturnType<typeof tracingOf>>;
