import * as fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ALIAS_BOMB, descriptor } from './fixtures';
import { productOf } from './contract/world';

/* Descriptors with something wrong with them, most of the time: a good one, changed at random. */

export type Path = (string | number)[];

/** Any value, as JSON has it. */
const Json = z.unknown();

/** The path of every value in a tree, but not of the tree itself. */
const pathsIn = (value: unknown, at: Path = []): Path[] => {
  if (typeof value !== 'object' || value === null) return at.length > 0 ? [at] : [];
  const inner = Object.entries(value).flatMap(([key, each]) =>
    pathsIn(each, [...at, Array.isArray(value) ? Number(key) : key]),
  );
  return at.length > 0 ? [at, ...inner] : inner;
};

const at = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), tree);

/** A copy in which `change` has been at the parent of a path. */
export const changed = (
  tree: unknown,
  path: Path,
  change: (parent: object, key: string | number) => void,
) => {
  const copy = structuredClone(tree);
  const parent = at(copy, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof parent === 'object' && parent !== null && key !== undefined) change(parent, key);
  return copy;
};

/** With own keys of these names, which an assignment would not make. */
const prototypeKeys = fc
  .constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty')
  .map((key) => Json.parse(JSON.parse(`{"${key}": {"polluted": true}}`)));

const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    NaN,
    Infinity,
    -0,
    1e308,
    '',
    ' ',
    [],
    {},
    [[]],
    true,
    '~',
    '.nan',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('x'.repeat(3000), '\u0000', '\uFEFF', '💥', 'e\u0301', '\u202Etxt', '${HOME}'),
  fc.constantFrom(
    'urn:dmb:cmp:a:b:0:c:d',
    'urn:dmb:dp:finance:cashflow:1',
    'COMPONENT',
    'Workload',
  ),
  prototypeKeys,
);

const inOddCase = (value: unknown) =>
  typeof value === 'string'
    ? value.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))
    : [value];

/** What is changed in a tree at a path. */
export type Change = (tree: unknown, path: Path) => unknown;

export const inTree: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((tree, path) =>
    changed(tree, path, (parent, key) => Reflect.deleteProperty(parent, key)),
  ),
  strange.map<Change>(
    (value) => (tree, path) =>
      changed(tree, path, (parent, key) => Reflect.set(parent, key, value)),
  ),
  fc.constantFrom('nested', '__proto__', 'connector').map<Change>(
    (name) => (tree, path) =>
      changed(tree, path, (parent, key) => {
        const value: unknown = Reflect.get(parent, key);
        Reflect.set(parent, key, Object.fromEntries([[name, value]]));
      }),
  ),
  fc.constant<Change>((tree, path) =>
    changed(tree, path, (parent, key) => {
      const value: unknown = Reflect.get(parent, key);
      if (Array.isArray(parent)) parent.push(structuredClone(value));
      else Reflect.set(parent, `${String(key)}2`, value);
    }),
  ),
  fc.constant<Change>((tree, path) =>
    changed(tree, path, (parent, key) =>
      Reflect.set(parent, key, inOddCase(Reflect.get(parent, key))),
    ),
  ),
);

/** What a text is changed to at a place between 0 and 1. */
type Edit = (text: string, place: number) => string;

const insert =
  (what: string): Edit =>
  (text, place) => {
    const lines = text.split('\n');
    lines.splice(Math.floor(place * lines.length), 0, what);
    return lines.join('\n');
  };

const here = (text: string, place: number) => Math.floor(place * text.length);

const inText: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>((text, place) => text.slice(0, here(text, place))),
  fc
    .integer({ min: 0, max: 0xffff })
    .map<Edit>(
      (code) => (text, place) =>
        text.slice(0, here(text, place)) +
        String.fromCharCode(code) +
        text.slice(here(text, place) + 1),
    ),
  fc
    .constantFrom(
      '---',
      '...',
      '- a',
      '\t',
      '<<: *all',
      'all: &all [*all]',
      '    url: !!binary aGVsbG8=',
      '  environment: twice',
      'x: !<tag:yaml.org,2002:js/function> "f(){}"',
      '? [a, b]',
      '"',
      '[',
      '%YAML 9.9',
      ALIAS_BOMB,
    )
    .map(insert),
  fc.constant<Edit>((text, place) => {
    const lines = text.split('\n');
    const line = Math.floor(place * lines.length);
    lines.splice(line, 0, lines[line] ?? '');
    return lines.join('\n');
  }),
  fc.constant<Edit>((text) => JSON.stringify(parse(text))),
);

export const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

export const changesOf = (tree: unknown, changes: readonly (readonly [Change, number])[]) =>
  changes.reduce<unknown>((value, [change, where]) => {
    const paths = pathsIn(value);
    const path = paths[Math.floor(where * paths.length)];
    return path ? change(value, path) : value;
  }, tree);

export type Kind = 'COMPONENT_DESCRIPTOR' | 'DATAPRODUCT_DESCRIPTOR';

/** Descriptors of an environment, never empty: that one is not a request. */
export const descriptors = (environment: string) => {
  const component = descriptor({ environment, component: 'mutated' });
  const texts: Record<Kind, string> = {
    COMPONENT_DESCRIPTOR: component,
    DATAPRODUCT_DESCRIPTOR: productOf(component),
  };
  return fc
    .record({
      kind: fc.constantFrom<Kind>('COMPONENT_DESCRIPTOR', 'DATAPRODUCT_DESCRIPTOR'),
      changes: fc.array(fc.tuple(inTree, place), { maxLength: 3 }),
      edits: fc.array(fc.tuple(inText, place), { maxLength: 1 }),
    })
    .filter(({ changes, edits }) => changes.length + edits.length > 0)
    .map(({ kind, changes, edits }) => {
      const tree = changesOf(parse(texts[kind]), changes);
      const text = edits.reduce((from, [edit, where]) => edit(from, where), stringify(tree));
      return { kind, text };
    })
    .filter(({ text }) => text !== '');
};
