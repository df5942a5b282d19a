import type { z } from 'zod';
import { isRecord } from '../../src/contract/json';

/** What is told beside the updates, in the log of the run; never a value. */
export interface Note {
  level: 'INFO' | 'WARNING';
  message: string;
}

export const inform = (message: string): Note => ({ level: 'INFO', message });
export const warn = (message: string): Note => ({ level: 'WARNING', message });

/** A part of `specific` in a descriptor, by its fields. */
export interface Part {
  fields: Record<string, unknown>;
  notes: Note[];
}

type Path = readonly PropertyKey[];

/** Whether the descriptor takes only a reference where Airbyte shows a text: `{ secretRef }`. */
const wantsReference = (issue: z.core.$ZodIssue, value: unknown) =>
  issue.code === 'invalid_type' && issue.expected === 'object' && typeof value === 'string';

const isIgnored = (issue: z.core.$ZodIssue) =>
  issue.code === 'custom' && issue.params?.ignored === true;

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);

const superfluous = (issue: z.core.$ZodIssue, part: unknown): Path[] => {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  const isSuperfluous = isIgnored(issue) || wantsReference(issue, valueAt(part, issue.path));
  return isSuperfluous && issue.path.length > 0 ? [issue.path] : [];
};

const without = (value: unknown, [key, ...rest]: Path): unknown => {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === key ? without(item, rest) : item));
  if (!isRecord(value) || key === undefined) return value;
  const { [String(key)]: inner, ...others } = value;
  return rest.length === 0 ? others : { ...others, [String(key)]: without(inner, rest) };
};

export interface Fitted {
  part: Record<string, unknown>;
  /** What a descriptor has no field for. */
  dropped: string[];
  problems: { path: string; message: string }[];
}

/** A part of a descriptor, made of what the schema of descriptors knows; what it refuses stays. */
export const fit = (
  schema: z.ZodType,
  part: Record<string, unknown>,
  dropped: string[] = [],
): Fitted => {
  const issues = schema.safeParse(part).error?.issues ?? [];
  const paths = issues.flatMap((issue) => superfluous(issue, part));
  const slim: unknown = paths.reduce<unknown>(without, part);
  const names = paths.map((path) => path.map(String).join('.'));
  if (paths.length > 0 && isRecord(slim)) return fit(schema, slim, [...dropped, ...names]);
  const problems = issues.map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }));
  return { part, dropped, problems };
};
