import { z } from 'zod';
import { describeProblem } from './errors';
import type { Problem } from './errors';
import { closest, suggestion } from './suggestions';
import { formatPath } from './yaml';
import type { Path, Yaml } from './yaml';

const REQUIRED = 'is required';

const oneOf = (values: readonly unknown[], input: unknown) => {
  const texts = values.filter((value) => value !== undefined).map(String);
  const meant = typeof input === 'string' ? suggestion(input, texts) : '';
  return `must be ${texts.length > 1 ? 'one of ' : ''}${texts.join(', ')}${meant}`;
};

const valueAt = (input: unknown, key: string): unknown =>
  typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined;

const unionMessage = (issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>) => {
  const { discriminator, input } = issue;
  if (typeof discriminator !== 'string') return 'has the wrong form';
  const given = valueAt(input, discriminator);
  const choice = oneOf('options' in issue ? [issue.options].flat() : [], given);
  if (given === undefined) return `${REQUIRED}: it ${choice}`;
  return discriminator === 'connector'
    ? `is not a connector this provisioner supports: it ${choice}`
    : choice;
};

const messageFor = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === 'invalid_type' && issue.input === undefined) return REQUIRED;
  if (issue.code === 'invalid_type' && issue.expected === 'string')
    return `must be text, not ${Array.isArray(issue.input) ? 'a list' : typeof issue.input}; put it in quotes if it is meant as text`;
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`;
  if (issue.code === 'too_small') return tooSmall(issue);
  if (issue.code === 'invalid_value' && issue.input === undefined)
    return `${REQUIRED}: it ${oneOf(issue.values, undefined)}`;
  if (issue.code === 'invalid_value') return oneOf(issue.values, issue.input);
  if (issue.code === 'invalid_union') return unionMessage(issue);
  return undefined;
};

const tooSmall = ({ origin, minimum }: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>) =>
  origin === 'string' || origin === 'array'
    ? 'must not be empty'
    : `must be at least ${String(minimum)}`;

/** They go into the run's input and log, which Temporal bounds. */
const MAX_WARNINGS = 20;
/** Of misspelt keys, as one descriptor may have thousands. */
const MAX_SUGGESTIONS = 20;

type Issue = z.core.$ZodIssue;

/** A schema's own warning: it raises an issue with `params: { ignored: true }`. */
const isIgnored = (issue: Issue) => issue.code === 'custom' && issue.params?.ignored === true;

interface Unknown {
  path: Path;
  key: string;
  /** The known key that was probably meant, if it is absent. */
  meant: string | undefined;
}

const absentKeys = ({ inst, input }: z.core.$ZodRawIssue) =>
  inst instanceof z.ZodObject
    ? Object.keys(inst.shape).filter((key) => valueAt(input, key) === undefined)
    : [];

/** What a schema says to a value: the issues, and the keys it does not know. */
const look = <Schema extends z.ZodType>(schema: Schema, value: unknown) => {
  const absent = new Map<string, string[]>();
  const error = (issue: z.core.$ZodRawIssue) => {
    if (issue.code === 'unrecognized_keys')
      absent.set(formatPath(issue.path ?? []), absentKeys(issue));
    return messageFor(issue);
  };
  const parsed = schema.safeParse(value, { error });
  const issues: Issue[] = parsed.error?.issues ?? [];
  const unknown = issues.flatMap((issue): Unknown[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => {
          const meant = closest(key, absent.get(formatPath(issue.path)) ?? []);
          return { path: [...issue.path, key], key, meant };
        })
      : [],
  );
  return { parsed, issues: issues.filter(({ code }) => code !== 'unrecognized_keys'), unknown };
};

const isAt = (path: Path, { path: other }: Issue) => formatPath(path) === formatPath(other);

export type Reader = ReturnType<typeof createReader>;

/** Parses pieces of a YAML document; collects what is wrong and what is ignored, with path and line. */
export const createReader = (yaml: Yaml) => {
  const problems: Problem[] = [...yaml.problems];
  const refused = new Set<string>();
  const warnings: string[] = [];
  let suggestions = 0;
  const problemAt = (path: Path, message: string): Problem => {
    const line = yaml.lineAt(path);
    return { path: formatPath(path) || 'descriptor', ...(line !== undefined && { line }), message };
  };
  /** One problem a place: the first. */
  const refuse = (path: Path, message: string) => {
    const at = formatPath(path);
    if (refused.has(at)) return;
    refused.add(at);
    problems.push(problemAt(path, message));
  };
  const warn = (path: Path, message: string) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(describeProblem(problemAt(path, message)));
  };

  /** A slip of the keyboard must not silently provision something else: it is no warning. */
  const judge = ({ path: at, key, meant }: Unknown, path: Path, others: Issue[]) => {
    const full = [...path, ...at];
    if (key === '<<') {
      refuse(full, 'YAML merge keys are not supported; write the values out');
      return;
    }
    if (meant === undefined || suggestions >= MAX_SUGGESTIONS) return;
    suggestions += 1;
    const wanted = [...at.slice(0, -1), meant];
    const isMissing = others.some((issue) => isAt(wanted, issue));
    if (isMissing) refuse([...path, ...wanted], `${REQUIRED}; "${key}" looks like a slip for it`);
    else refuse(full, `is not known here; did you mean ${meant}?`);
  };

  const read = <Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    path: Path,
  ): z.output<Schema> | undefined => {
    const { parsed, issues, unknown } = look(schema, value);
    if (parsed.success) return parsed.data;
    const ignored = issues.filter(isIgnored);
    const others = issues.filter((issue) => !isIgnored(issue));
    for (const each of unknown) judge(each, path, others);
    for (const { path: at, message } of others) refuse([...path, ...at], message);
    if (others.length > 0) return undefined;
    const forgotten = unknown.filter(({ key, meant }) => key !== '<<' && meant === undefined);
    for (const { path: at } of forgotten)
      warn([...path, ...at], 'is not known here and is ignored');
    for (const { path: at, message } of ignored) warn([...path, ...at], message);
    return read(schema, without(value, [...unknown, ...ignored]), path);
  };
  return { problems, warnings, refuse, warn, read };
};

/** Unknown keys are ignored, as the existing provisioner did. */
const without = (value: unknown, keys: { path: Path }[]): unknown => {
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
