import type { z } from 'zod';
import { describeProblem, MAX_PROBLEMS, RequestError, formatPath } from '../contract/problems';
import { shortened } from '../../workflows/protocol/lengths';
import type { Problem, Path } from '../contract/problems';
import { belongs, placesIn } from './key-places';
import type { Places } from './key-places';
import { isIgnored, look, valueIn, without } from './schema-issues';
import type { Issue, Unknown } from './schema-issues';
import type { Yaml } from './yaml';
import { REQUIRED } from '../contract/wording';

/** They go into the run's input and log, which Temporal bounds. */
const MAX_WARNINGS = 20;
/** Of keys that are refused, as one descriptor may have thousands. */
const MAX_SUGGESTIONS = 20;
/** Of ignored keys that are told by name; all are counted. */
const MAX_IGNORED = 10;
/** Characters of each: a key may be as long as the descriptor. */
const MAX_NAME = 100;

/** Keys that a descriptor says to no effect: how many, and the first of them. */
export interface Ignored {
  count: number;
  keys: string[];
}

const isAt = (path: Path, { path: other }: Issue) => formatPath(path) === formatPath(other);

export type Reader = ReturnType<typeof createReader>;

/** What a document is called, and what is to be done about its problems. */
interface Whole {
  name: string;
  solutions: string[];
}

const DESCRIPTOR: Whole = {
  name: 'descriptor',
  solutions: ['Correct the descriptor at the paths named above, then send the request again.'],
};

/** Parses pieces of a YAML document; collects what is wrong and what is ignored, with path and line. */
export const createReader = (yaml: Yaml, whole = DESCRIPTOR) => {
  const problems: Problem[] = [...yaml.problems];
  const refused = new Set<string>();
  const warnings: string[] = [];
  const ignored: Path[] = [];
  const authors = new Map<string, string>();
  const doubtful: string[] = [];
  let suggestions = 0;
  let concerned: string | undefined;
  const problemAt = (path: Path, message: string): Problem => {
    // Of the others the line is not told, and takes long to find.
    const line = problems.length < MAX_PROBLEMS ? yaml.lineAt(path) : undefined;
    return { path: formatPath(path) || whole.name, ...(line !== undefined && { line }), message };
  };
  /** One problem a place: the first. */
  const refuse = (path: Path, message: string) => {
    const at = formatPath(path);
    if (refused.has(at) || doubtful.some((whole) => at === whole || at.startsWith(`${whole}.`)))
      return;
    refused.add(at);
    problems.push(problemAt(path, message));
  };
  /** From now on nothing below is told: the schema that would be asked may not be the one that is meant. */
  const doubt = (path: Path) => doubtful.push(formatPath(path));
  /** `dataProduct.components[0].specific` is `specific` to who writes it, as runs name it too. */
  const name = (path: Path, forAuthor: string) => authors.set(formatPath(path), forAuthor);
  const forAuthor = (problem: Problem): Problem => {
    const [, specific = '', rest = ''] = /^(.*?\bspecific)((?:\.|$).*)/s.exec(problem.path) ?? [];
    const known = authors.get(specific);
    return known === undefined ? problem : { ...problem, path: known + rest };
  };
  const warn = (path: Path, message: string) => {
    if (warnings.length < MAX_WARNINGS)
      warnings.push(describeProblem(forAuthor(problemAt(path, message))));
  };
  /** All problems, or some of them, as the request is answered. */
  const requestError = (some = problems) =>
    new RequestError(some.map(forAuthor), { solutions: whole.solutions, about: concerned });
  /** The key of what is read about, for who keeps account of requests. */
  const concern = (key: string) => {
    concerned = key;
  };
  const about = () => concerned;

  const ignore = (path: Path, message: string) => {
    ignored.push(path);
    warn(path, message);
  };

  /** A slip of the keyboard, or of the indentation, must not silently provision something else. */
  const judge = (
    { path: at, key, meant, isEmpty, ...rest }: Unknown,
    { path, others, home }: Judged,
  ) => {
    const full = [...path, ...at];
    if (key === '<<') {
      refuse(full, 'YAML merge keys are not supported; write the values out');
      return true;
    }
    const place = home(at);
    // What says nothing, as a wizard leaves it behind, cannot be meant otherwise.
    const instead = isEmpty ? undefined : rest.instead;
    if (meant === undefined && place === undefined && instead === undefined) return false;
    // The first ones are refused, so that the descriptor is.
    if (suggestions >= MAX_SUGGESTIONS) return true;
    suggestions += 1;
    const wanted = [...at.slice(0, -1), meant ?? ''];
    const isMissing = meant !== undefined && others.some((issue) => isAt(wanted, issue));
    if (isMissing) refuse([...path, ...wanted], `${REQUIRED}; "${key}" looks like a slip for it`);
    else if (meant !== undefined) refuse(full, `is not known here; did you mean ${meant}?`);
    else refuse(full, `is not known here; ${place ?? instead ?? ''}`);
    return true;
  };

  const read = <Schema extends z.ZodType>(
    schema: Schema,
    value: unknown,
    path: Path,
  ): z.output<Schema> | undefined => {
    const { parsed, issues, unknown } = look(schema, value);
    if (parsed.success) return parsed.data;
    const superfluous = issues.filter(isIgnored);
    const others = issues.filter((issue) => !isIgnored(issue));
    const judged = { path, others, home: homesIn(schema, value, [whole.name, ...path]) };
    const forgotten = unknown.filter((each) => !judge(each, judged));
    for (const { path: at, message } of others) refuse([...path, ...at], message);
    if (others.length > 0) return undefined;
    for (const { path: at } of forgotten)
      ignore([...path, ...at], 'is not known here and is ignored');
    for (const { path: at, message } of superfluous) ignore([...path, ...at], message);
    return read(schema, without(value, [...unknown, ...superfluous]), path);
  };
  /** What was ignored since this was last asked. */
  const takeIgnored = (): Ignored => {
    const taken = ignored.splice(0);
    return { count: taken.length, keys: taken.slice(0, MAX_IGNORED).map(inSpecific) };
  };
  return {
    problems,
    warnings,
    name,
    refuse,
    doubt,
    concern,
    about,
    requestError,
    warn,
    read,
    takeIgnored,
  };
};

/** A path as the author of a component sees it. */
const inSpecific = (path: Path) =>
  shortened(formatPath(path.slice(Math.max(0, path.indexOf('specific')))), MAX_NAME);

interface Judged {
  path: Path;
  others: Issue[];
  /** Where a key belongs that stands at a path of the value. */
  home: (at: Path) => string | undefined;
}

const homesIn = (schema: z.ZodType, value: unknown, path: Path): Judged['home'] => {
  let places: Places | undefined;
  const root = String(path.at(-1));
  return (at) => {
    places ??= placesIn(schema, value);
    return belongs(places, { path: at, value: valueIn(value, at), root });
  };
};
