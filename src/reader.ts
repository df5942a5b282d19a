import type { z } from 'zod';
import { describeProblem } from './errors';
import type { Problem } from './errors';
import { formatPath } from './yaml';
import type { Path, Yaml } from './yaml';

const messageFor = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === 'unrecognized_keys') return 'is not known here';
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  if (issue.code === 'invalid_type' && issue.expected === 'string')
    return `must be text, not ${Array.isArray(issue.input) ? 'a list' : typeof issue.input}; put it in quotes if it is meant as text`;
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`;
  if (issue.code === 'too_small') return 'must not be empty';
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union' && issue.discriminator === 'connector')
    return 'is not a connector this provisioner supports';
  if (issue.code === 'invalid_union') return 'has the wrong form';
  return undefined;
};

/** They go into the run's input and log, which Temporal bounds. */
const MAX_WARNINGS = 20;

export type Reader = ReturnType<typeof createReader>;

/** Parses pieces of a YAML document; collects what is wrong and what is ignored, with path and line. */
export const createReader = (yaml: Yaml) => {
  const problems: Problem[] = [...yaml.problems];
  const warnings: string[] = [];
  const problemAt = (path: Path, message: string): Problem => {
    const line = yaml.lineAt(path);
    return { path: formatPath(path) || 'descriptor', ...(line !== undefined && { line }), message };
  };
  const refuse = (path: Path, message: string) => {
    problems.push(problemAt(path, message));
  };
  const warn = (path: Path, message: string) => {
    warnings.push(describeProblem(problemAt(path, message)));
  };

  const read = <Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    path: Path,
  ): z.output<Schema> | undefined => {
    const parsed = schema.safeParse(value, { error: messageFor });
    if (parsed.success) return parsed.data;
    const unknown = parsed.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
    const others = parsed.error.issues.filter((issue) => issue.code !== 'unrecognized_keys');
    for (const { path: at, message } of others) refuse([...path, ...at], message);
    if (others.length > 0) return undefined;
    const keys = unknown.flatMap(({ path: at, keys: names }) => names.map((key) => [...at, key]));
    return read(schema, without(value, keys, path), path);
  };

  /** Unknown keys are ignored, as the existing provisioner did; but a merge key was meant to say something. */
  const without = (value: unknown, keys: Path[], path: Path): unknown => {
    const copy: unknown = structuredClone(value);
    for (const at of keys) {
      if (at.at(-1) === '<<')
        refuse([...path, ...at], 'YAML merge keys are not supported; write the values out');
      else if (warnings.length < MAX_WARNINGS) warn([...path, ...at], 'is ignored');
      dropKey(copy, at);
    }
    return copy;
  };
  return { problems, warnings, refuse, warn, read };
};

const dropKey = (value: unknown, path: Path) => {
  const [key, ...rest] = path;
  if (typeof value !== 'object' || value === null || key === undefined) return;
  if (rest.length === 0) Reflect.deleteProperty(value, key);
  else dropKey(Reflect.get(value, key), rest);
};
