import { formatPath } from '../contract/problems';
import type { Path } from '../contract/problems';
import {
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { LEVELS, tooMuchIn, tooMuchInText } from '../contract/document-limits';
import type { Problem } from '../contract/problems';
import { wordsForYaml } from './yaml-wording';

/** Of broken syntax and repeated keys, as one mistake may cause thousands. */
const MAX_PROBLEMS = 20;

export interface Yaml {
  value: unknown;
  /** The 1-based line of the value at a path or, where it is missing, of its nearest parent. */
  lineAt(path: Path): number | undefined;
  problems: Problem[];
}

const keyOf = (key: unknown) => (isScalar(key) ? String(key.value) : undefined);

type Pairs = Map<string, YAMLMap['items'][number]>;

/** Each map is gone through once, however many of its keys are asked for. */
const createPairs = () => {
  const known = new WeakMap<YAMLMap, Pairs>();
  return (map: YAMLMap): Pairs => {
    const found = known.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair.key) ?? '', pair]));
    known.set(map, found);
    return found;
  };
};

/** What each alias stands for: the library looks through the whole document for each. */
const createAliases = (doc: Document) => {
  let meant: Map<Alias, Node> | undefined;
  const resolveAll = () => {
    const anchors = new Map<string, Node>();
    const found = new Map<Alias, Node>();
    visit(doc, {
      Node: (_key, node) => {
        const target = isAlias(node) ? anchors.get(node.source) : undefined;
        if (isAlias(node) && target) found.set(node, target);
        if (!isAlias(node) && node.anchor) anchors.set(node.anchor, node);
      },
    });
    return found;
  };
  return (alias: Alias) => {
    meant ??= resolveAll();
    return meant.get(alias);
  };
};

/** The offset of a path's key (of its value in a list), and so the line a reader looks for. */
const offsetAt = (
  doc: Document,
  path: Path,
  { pairsOf, meantBy }: { pairsOf: (map: YAMLMap) => Pairs; meantBy: (alias: Alias) => unknown },
): number | undefined => {
  let node: unknown = doc.contents;
  let offset = doc.contents?.range?.[0];
  for (const part of path) {
    const from = isAlias(node) ? meantBy(node) : node;
    const pair = isMap(from) ? pairsOf(from).get(String(part)) : undefined;
    const item = isSeq(from) && typeof part === 'number' ? from.items[part] : undefined;
    if (!pair && !item) return offset;
    const found = pair ? pair.key : item;
    offset = (isScalar(found) || isMap(found) ? found.range?.[0] : undefined) ?? offset;
    node = pair ? pair.value : item;
  }
  return offset;
};

/** The library's own look for repeated keys compares each with each: minutes for a 2 MB map. */
const repeatedKeys = (map: YAMLMap) => {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const name = keyOf(key);
    if (name === undefined) return [];
    if (seen.has(name)) return [{ name, node: key }];
    seen.add(name);
    return [];
  });
};

/** The path that a visitor's chain of ancestors stands for. */
const pathOf = (chain: readonly unknown[]): Path =>
  chain.flatMap((node, index): PropertyKey[] => {
    if (isPair(node)) return [keyOf(node.key) ?? '?'];
    return isSeq(node) ? [node.items.indexOf(chain[index + 1])] : [];
  });

/** Most documents repeat none, and a visitor with its paths takes ten times as long. */
const hasRepeatedKey = (node: unknown): boolean => {
  if (isPair(node)) return hasRepeatedKey(node.key) || hasRepeatedKey(node.value);
  if (isMap(node) && repeatedKeys(node).length > 0) return true;
  return isCollection(node) && node.items.some(hasRepeatedKey);
};

const duplicates = (doc: Document, lineOf: (node: Node) => number | undefined): Problem[] => {
  if (!hasRepeatedKey(doc.contents)) return [];
  const found: Problem[] = [];
  visit(doc, {
    Map: (_key, map, ancestors) => {
      for (const { name, node } of repeatedKeys(map).slice(0, MAX_PROBLEMS))
        found.push({
          path: formatPath([...pathOf([...ancestors, map]), name]),
          ...line(isScalar(node) ? lineOf(node) : undefined),
          message: 'is given twice in one place; keep one of them',
        });
      return found.length < MAX_PROBLEMS ? undefined : visit.BREAK;
    },
  });
  return found;
};

const line = (number: number | undefined) => (number === undefined ? {} : { line: number });

const nothing = (problem: Problem): Yaml => ({
  value: undefined,
  lineAt: () => undefined,
  problems: [problem],
});

const readDocument = (text: string, path: string): Yaml => {
  const tooMuch = tooMuchInText(text);
  if (tooMuch !== undefined) return nothing({ path, message: tooMuch });
  const counter = new LineCounter();
  const lineOf = (offset: number | undefined) =>
    offset === undefined ? undefined : counter.linePos(offset).line;
  const doc = parseDocument(text, {
    lineCounter: counter,
    uniqueKeys: false,
    prettyErrors: false,
    // Its warnings go to stderr, with what stands in the text.
    logLevel: 'error',
  });
  if (doc.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) throw new RangeError();
  const syntax = doc.errors.slice(0, MAX_PROBLEMS).map(({ code, pos }) => ({
    path,
    ...line(lineOf(pos[0])),
    message: `is not valid YAML: ${wordsForYaml(code)}`,
  }));
  if (syntax.length > 0) return { value: undefined, lineAt: () => undefined, problems: syntax };
  // What aliases stand for is one object: it is counted as often as it is meant, not copied.
  const value: unknown = doc.toJS({ maxAliasCount: -1 });
  const many = tooMuchIn(value);
  if (many !== undefined) return nothing({ path, message: many });
  const known = { pairsOf: createPairs(), meantBy: createAliases(doc) };
  return {
    value,
    lineAt: (at) => lineOf(offsetAt(doc, at, known)),
    problems: duplicates(doc, (node) => lineOf(node.range?.[0])),
  };
};

/**
 * Reads YAML 1.2 (so JSON too) that nobody vouches for. Never throws: broken text, repeated keys and
 * what is over a bound (bounds.ts) are problems. `path` names the text in them.
 */
export const readYaml = (text: string, path: string): Yaml => {
  try {
    return readDocument(text, path);
  } catch (err) {
    if (err instanceof ReferenceError)
      return nothing({ path, message: 'has a YAML alias that stands for nothing' });
    if (err instanceof RangeError)
      return nothing({ path, message: `is nested too deeply: ${LEVELS}` });
    throw err;
  }
};
