import { CST, Lexer } from 'yaml';
import { shortened } from '../../workflows/words/lengths';

/* How much of a document is read, be it YAML or JSON: the time and memory it takes are as bounded. */

/** Nodes, keys included, with every alias written out. What can be provisioned has fewer. */
const MAX_NODES = 250_000;
/** Levels of lists and maps in each other. */
const MAX_DEPTH = 100;
/** Characters of a key. */
export const MAX_KEY = 1000;
/** Anchors and aliases together: to find out what an alias stands for takes a look at each. */
const MAX_ALIASES = 10_000;
/** Keys with a `?` before them: inside each other they take the cube of their number to be read. */
const MAX_MARKED_KEYS = 100;

export const LEVELS = `at most ${String(MAX_DEPTH)} levels are read`;
const TOO_MANY = `has more than ${String(MAX_NODES)} nodes, keys included and aliases written out: no more are read`;

const childrenOf = (value: object): unknown[] =>
  Array.isArray(value) ? value : Object.values(value);

const longKeyIn = (value: object) =>
  Array.isArray(value) ? undefined : Object.keys(value).find((key) => key.length > MAX_KEY);

/** What is too much in a value; undefined where all of it may be read. Never recurses. */
export const tooMuchIn = (value: unknown): string | undefined => {
  const open: { inner: unknown; depth: number }[] = [{ inner: value, depth: 0 }];
  let nodes = 1;
  for (let next = open.pop(); next; next = open.pop()) {
    const { inner, depth } = next;
    if (typeof inner !== 'object' || inner === null) continue;
    if (depth >= MAX_DEPTH) return `is nested too deeply: ${LEVELS}`;
    const long = longKeyIn(inner);
    if (long !== undefined)
      return `has a key of ${String(long.length)} characters; at most ${String(MAX_KEY)} are read: ${shortened(long, 40)}`;
    const children = childrenOf(inner);
    nodes += children.length * (Array.isArray(inner) ? 1 : 2);
    if (nodes > MAX_NODES) return TOO_MANY;
    for (const child of children)
      if (typeof child === 'object') open.push({ inner: child, depth: depth + 1 });
  }
  return undefined;
};

/** Lexemes that are a node each; those that a block list or map has are left to `tooMuchIn`. */
const NODES = new Set([
  ...['scalar', 'single-quoted-scalar', 'double-quoted-scalar'],
  ...['flow-map-start', 'flow-seq-start', 'alias'],
]);
/** Those that stand beside nodes, and cost as much. */
const MARKS = new Set([
  ...['seq-item-ind', 'explicit-key-ind', 'block-scalar-header'],
  ...['anchor', 'tag', 'comment', 'comma', 'doc-start', 'directive-line'],
]);
const TOO_MANY_MARKS = `has more than ${String(MAX_NODES)} dashes, commas, tags and comments: no more are read`;

/** A lexeme has one character at least: in a short text there are too many of nothing. */
const isHarmless = (text: string) =>
  text.length <= MAX_ALIASES &&
  (text.match(/[[{?]/g) ?? []).length <= Math.min(MAX_DEPTH, MAX_MARKED_KEYS);

/**
 * What is too much in a text of YAML, before a tree is made of it, which takes a thousand bytes a
 * node; undefined where it may be parsed.
 */
export const tooMuchInText = (text: string): string | undefined => {
  if (isHarmless(text)) return undefined;
  const counted = { nodes: 0, marks: 0, aliases: 0, markedKeys: 0 };
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme) ?? '';
    if (type === 'flow-map-start' || type === 'flow-seq-start') depth += 1;
    if (type === 'flow-map-end' || type === 'flow-seq-end') depth -= 1;
    if (NODES.has(type)) counted.nodes += 1;
    if (MARKS.has(type)) counted.marks += 1;
    if (type === 'explicit-key-ind') counted.markedKeys += 1;
    if (type === 'alias' || type === 'anchor') counted.aliases += 1;
    if (depth > MAX_DEPTH) return `is nested too deeply: ${LEVELS}`;
    if (counted.nodes > MAX_NODES) return TOO_MANY;
    if (counted.marks > MAX_NODES) return TOO_MANY_MARKS;
    if (counted.markedKeys > MAX_MARKED_KEYS)
      return `has more than ${String(MAX_MARKED_KEYS)} keys marked with a question mark: no more are read`;
    if (counted.aliases > MAX_ALIASES)
      return `has more than ${String(MAX_ALIASES)} anchors and aliases: no more are read`;
  }
  return undefined;
};
