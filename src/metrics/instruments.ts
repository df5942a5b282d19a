import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/* Metrics as they are described: once, for Prometheus and for docs/metrics.md. */

/** What any value of a label is counted as that is not in its list. */
export const OTHER = 'other';

/** Values of a label that nobody can list beforehand: the first so many of them. */
interface FirstFew {
  first: number;
}
export type Values = readonly string[] | FirstFew;

export interface Described<Label extends string = string> {
  type: 'counter' | 'gauge' | 'histogram';
  name: string;
  help: string;
  labels: Readonly<Record<Label, Values>>;
  /** Upper ends, in the unit of the name. */
  buckets?: readonly number[];
}

type Given<Label extends string> = Readonly<Record<Label, string>>;

/** Series that exist from the start with a value of 0, so that the first event is seen as a rise. */
const MOST_AT_ZERO = 50;

const admitting = (values: Values) => {
  const known = new Set('first' in values ? [] : values);
  return (value: string) => {
    if ('first' in values && known.size < values.first) known.add(value);
    return known.has(value) ? value : OTHER;
  };
};

const bounding = (labels: Described['labels']) => {
  const admits = Object.entries(labels).map(
    ([label, values]) => [label, admitting(values)] as const,
  );
  return (given: Readonly<Partial<Record<string, string>>>): Record<string, string> =>
    Object.fromEntries(
      admits.flatMap(([label, admit]) => {
        const value = given[label];
        return value === undefined ? [] : [[label, admit(value)]];
      }),
    );
};

/** Each combination of values; none where a label has no list. */
const combinationsOf = (labels: Described['labels']) =>
  Object.entries(labels).reduce<Record<string, string>[]>(
    (all, [label, values]) =>
      'first' in values
        ? []
        : all.flatMap((one) => values.map((value) => ({ ...one, [label]: value }))),
    [{}],
  );

const configOf = (registry: Registry, { name, help, labels }: Described) => ({
  name,
  help,
  labelNames: Object.keys(labels),
  registers: [registry],
});

export const createCounter = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { type: 'counter' },
) => {
  const counter = new Counter(configOf(registry, described));
  const bounded = bounding(described.labels);
  const all = combinationsOf(described.labels);
  if (all.length <= MOST_AT_ZERO) for (const labels of all) counter.inc(labels, 0);
  return (labels: Given<Label>, count = 1) => {
    counter.inc(bounded(labels), count);
  };
};

export const createHistogram = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { type: 'histogram'; buckets: readonly number[] },
) => {
  const buckets = [...described.buckets];
  const histogram = new Histogram({ ...configOf(registry, described), buckets });
  const bounded = bounding(described.labels);
  return (labels: Given<Label>, value: number) => {
    histogram.observe(bounded(labels), value);
  };
};

/** One value for each combination of labels; `replace` forgets those that it is not given. */
export const createGauge = <Label extends string>(
  registry: Registry,
  described: Described<Label> & { type: 'gauge' },
) => {
  const gauge = new Gauge(configOf(registry, described));
  const bounded = bounding(described.labels);
  return {
    set: (value: number) => {
      gauge.set(value);
    },
    /** Of those that are bounded to the same labels the values are added. */
    replace: (all: readonly (readonly [labels: Given<Label>, value: number])[]) => {
      gauge.reset();
      for (const [labels, value] of all) gauge.inc(bounded(labels), value);
    },
    /** Of those that are bounded to the same labels the largest stands; a label may be left away. */
    replaceByLargest: (
      all: readonly (readonly [labels: Partial<Given<Label>>, value: number])[],
    ) => {
      gauge.reset();
      for (const [labels, value] of all.toSorted(([, one], [, other]) => one - other))
        gauge.set(bounded(labels), value);
    },
  };
};
