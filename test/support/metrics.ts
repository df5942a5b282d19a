import type { Harness } from './harness';

/* What a program serves at /metrics, in Prometheus' text format 0.0.4. */

interface Sample {
  /** With the `_bucket`, `_sum` or `_count` of a histogram. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  name: string;
  type: string;
  help: string;
  samples: Sample[];
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

const sampleIn = (line: string): Sample => {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`This is no sample: ${line}`);
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]),
    ),
    value: Number(value),
  };
};

/** Throws where it is no such document: a family twice, or a sample of none. */
export const familiesIn = (text: string): Map<string, Family> => {
  const families = new Map<string, Family>();
  const familyOf = (name: string) => {
    const known = families.get(name) ?? { name, type: '', help: '', samples: [] };
    families.set(name, known);
    return known;
  };
  let last: Family | undefined;
  for (const line of text.split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (what === 'HELP' || what === 'TYPE') {
      const family = familyOf(name);
      const field = what === 'HELP' ? 'help' : 'type';
      if (family[field] !== '' || family.samples.length > 0)
        throw new Error(`${name} is there twice`);
      family[field] = rest;
      last = family;
    } else if (line !== '' && !line.startsWith('#')) {
      const sample = sampleIn(line);
      if (!last || !new RegExp(`^${last.name}(_bucket|_sum|_count)?$`).test(sample.name))
        throw new Error(`${sample.name} is in no family`);
      last.samples.push(sample);
    }
  }
  return families;
};

const urlOf = (harness: Harness, program: 'gateway' | 'worker') => {
  if (program === 'gateway') return harness.gateway().found;
  const output = harness.worker()?.output() ?? '';
  return /"url":"([^"]+)","msg":"worker probes listen"/.exec(output)?.[1] ?? '';
};

export const textOf = async (harness: Harness, program: 'gateway' | 'worker') => {
  const response = await fetch(`${urlOf(harness, program)}/metrics`);
  if (!response.ok) throw new Error(`/metrics of the ${program}: ${String(response.status)}`);
  return response.text();
};

/** Sum of the samples of a name that have all these labels; undefined: there are none. */
export const valueIn = (text: string, name: string, labels: Record<string, string> = {}) => {
  const samples = [...familiesIn(text).values()]
    .flatMap((family) => family.samples)
    .filter((sample) => sample.name === name)
    .filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
};

const SUFFIXES = /_(count|sum|bucket|info)$/;
const NOT_BASE =
  /_(milli|micro|nano)?(seconds?_ms|ms|minutes?|hours?|days?|kilobytes|megabytes|kb|mb)(_|$)/;

/** What `promtool check metrics` finds fault with, and what this project adds to it. */
export const faultsOf = ({ name, type, help, samples }: Family): string[] => {
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
  return [
    help === '' && 'no help text',
    type === '' && 'no type',
    type === 'counter' && !name.endsWith('_total') && 'a counter without _total',
    type !== 'counter' && name.endsWith('_total') && '_total, and no counter',
    SUFFIXES.test(name) && type !== 'gauge' && 'a suffix that is of histograms',
    /_(count|sum|bucket)$/.test(name) && 'a suffix that is of histograms',
    NOT_BASE.test(name) && 'no base unit',
    /(counter|gauge|histogram|summary)/.test(name) && 'its type in its name',
    name !== name.toLowerCase() && 'capital letters',
    name.includes(':') && 'a colon',
    type !== 'histogram' && labels.has('le') && 'the label le',
    type !== 'summary' && labels.has('quantile') && 'the label quantile',
    [...labels].some((label) => /[A-Z]/.test(label)) && 'capital letters in a label',
  ].filter((fault) => fault !== false);
};
