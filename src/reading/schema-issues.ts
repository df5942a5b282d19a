import { z } from 'zod';
import { insteadIn } from './closed-objects';
import { formatPath } from '../contract/problems';
import type { Path } from '../contract/problems';
import { isBlank } from './key-places';
import { closest, suggestion } from './suggestions';
import { REQUIRED, oneOf, wordsFor } from '../contract/wording';

const suggested = (values: readonly unknown[], input: unknown) => {
  const texts = values.filter((value) => value !== undefined).map(String);
  return `${oneOf(texts)}${typeof input === 'string' ? suggestion(input, texts) : ''}`;
};

const valueAt = (input: unknown, key: string): unknown =>
  typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined;

const unionMessage = (issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>) => {
  const { discriminator, input } = issue;
  if (typeof discriminator !== 'string') return 'has the wrong form';
  const given = valueAt(input, discriminator);
  const choice = suggested('options' in issue ? [issue.options].flat() : [], given);
  if (given === undefined) return `${REQUIRED}: it ${choice}`;
  return discriminator === 'connector'
    ? `is not a connector this provisioner supports: it ${choice}`
    : choice;
};

/** As everybody is told it, with what was probably meant. */
const messageFor = (issue: z.core.$ZodRawIssue): string => {
  if (issue.code === 'invalid_value' && issue.input !== undefined)
    return suggested(issue.values, issue.input);
  return issue.code === 'invalid_union' ? unionMessage(issue) : wordsFor(issue);
};

export type Issue = z.core.$ZodIssue;

/** A schema's own warning: it raises an issue with `params: { ignored: true }`. */
export const isIgnored = (issue: Issue) =>
  issue.code === 'custom' && issue.params?.ignored === true;

/** A key that a schema does not know. */
export interface Unknown {
  path: Path;
  key: string;
  /** The known key that was probably meant, if it is absent. */
  meant: string | undefined;
  /** What to write instead, where no unknown key is taken. */
  instead: string | undefined;
  isEmpty: boolean;
}

const absentKeys = ({ inst, input }: z.core.$ZodRawIssue) =>
  inst instanceof z.ZodObject
    ? Object.keys(inst.shape).filter((key) => valueAt(input, key) === undefined)
    : [];

export const valueIn = (value: unknown, path: Path) =>
  path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);

/** What a schema says to a value: the issues, and the keys it does not know. */
export const look = <Schema extends z.ZodType>(schema: Schema, value: unknown) => {
  const absent = new Map<string, string[]>();
  const closings = new Map<string, string | undefined>();
  const error = (issue: z.core.$ZodRawIssue) => {
    if (issue.code === 'unrecognized_keys') {
      absent.set(formatPath(issue.path ?? []), absentKeys(issue));
      closings.set(formatPath(issue.path ?? []), insteadIn(issue.inst));
    }
    return messageFor(issue);
  };
  const parsed = schema.safeParse(value, { error });
  const issues: Issue[] = parsed.error?.issues ?? [];
  const unknown = issues.flatMap((issue): Unknown[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => {
          const meant = closest(key, absent.get(formatPath(issue.path)) ?? []);
          const instead = closings.get(formatPath(issue.path));
          const path = [...issue.path, key];
          return { path, key, meant, instead, isEmpty: isBlank(valueIn(value, path)) };
        })
      : [],
  );
  return { parsed, issues: issues.filter(({ code }) => code !== 'unrecognized_keys'), unknown };
};

/** Unknown keys are ignored, as the existing provisioner did. */
export const without = (value: unknown, keys: { path: Path }[]): unknown => {
  const copy: unknown = structuredClone(value);
  for (const { path } of keys) dropKey(copy, path);
  return copy;
};

const dropKey = (value: unknown, path: Path) => {
  const [key, ...rest] = path;
  if (typeof value !== 'object' || value === null || key === undefined) return;
  if (rest.length === 0) Reflect.deleteProperty(value, key);
  else dropKey(Reflect.get(value, key), rest);
};
