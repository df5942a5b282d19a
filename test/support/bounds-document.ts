import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ms from 'ms';
import ts from 'typescript';
import { ROOT } from '../../scripts/child';

/** A row of docs/bounds.md. */
interface Bound {
  what: string;
  /** Such as `1.5 MiB`. */
  most: string;
  constants: { file: string; name: string }[];
  tests: { file: string; title: string }[];
}

const cellsOf = (line: string) =>
  line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());

/** The first cell of a table is what is bounded, where it has five; else what a message names. */
const boundOf = (line: string): Bound => {
  const cells = cellsOf(line);
  const [what = '', most = '', where = ''] = cells.length === 2 ? ['', ...cells] : cells;
  return {
    what,
    most,
    constants: [...where.matchAll(/`(\w+\/[^`]+\.ts)` `([\w.]+)`/g)].map(
      ([, file = '', name = '']) => ({
        file,
        name,
      }),
    ),
    tests: [...(cells[4] ?? '').matchAll(/`([\w-]+\.test\.ts)`([^`]*)/g)].flatMap(
      ([, file = '', titles = '']) =>
        [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({
          file: `test/${file}`,
          title,
        })),
    ),
  };
};

const isRow = (line: string) => line.startsWith('| ') && !/^\| (Bound|At most) |^\| -/.test(line);

export const boundsIn = (document: string) => document.split('\n').filter(isRow).map(boundOf);

/** Bytes and milliseconds; what has another unit is a number. */
const UNITS = new Map([
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['days', 86_400_000],
]);

/** What a cell says, in bytes or milliseconds where it has such a unit; undefined: no figure. */
export const figureIn = (cell: string): number | undefined => {
  const [, figure, unit = ''] = /^([\d.,]*\d)(?: ([A-Za-z]+))?/.exec(cell) ?? [];
  if (figure === undefined) return undefined;
  return Number(figure.replaceAll(',', '')) * (UNITS.get(unit) ?? 1);
};

const parsed = new Map<string, ts.SourceFile>();
const sourceOf = (file: string) => {
  const known = parsed.get(file);
  if (known) return known;
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  parsed.set(file, source);
  return source;
};

const declarationsIn = (file: string) =>
  sourceOf(file).statements.flatMap((statement) =>
    ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [],
  );

const declared = (file: string, name: string) =>
  declarationsIn(file).find((each) => ts.isIdentifier(each.name) && each.name.text === name);

/** The file of this repository from which a file has a name. */
const originOf = (file: string, name: string) => {
  for (const statement of sourceOf(file).statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier))
      continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    if (bindings.elements.some((element) => element.name.text === name))
      return `${path.join(path.dirname(file), statement.moduleSpecifier.text)}.ts`;
  }
  return undefined;
};

const property = (node: ts.Expression | undefined, name: string) => {
  const inner = node && ts.isAsExpression(node) ? node.expression : node;
  if (!inner || !ts.isObjectLiteralExpression(inner)) return undefined;
  for (const each of inner.properties)
    if (ts.isPropertyAssignment(each) && ts.isIdentifier(each.name) && each.name.text === name)
      return each.initializer;
  return undefined;
};

const OPERATORS = new Map<ts.SyntaxKind, (one: number, other: number) => number>([
  [ts.SyntaxKind.AsteriskToken, (one, other) => one * other],
  [ts.SyntaxKind.PlusToken, (one, other) => one + other],
  [ts.SyntaxKind.MinusToken, (one, other) => one - other],
  [ts.SyntaxKind.AsteriskAsteriskToken, (one, other) => one ** other],
]);

const isDuration = (text: string): text is ms.StringValue => /^\d+(ms|s|m|h|d)$/.test(text);

/** A number; a duration in milliseconds; NaN for what is none of them. */
const numberOf = (node: ts.Expression | undefined, file: string): number => {
  if (!node) return NaN;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteral(node)) return isDuration(node.text) ? ms(node.text) : NaN;
  if (ts.isIdentifier(node)) return valueOf(file, node.text).value ?? NaN;
  if (ts.isBinaryExpression(node)) {
    const operate = OPERATORS.get(node.operatorToken.kind);
    return operate?.(numberOf(node.left, file), numberOf(node.right, file)) ?? NaN;
  }
  // ms('24d')
  if (ts.isCallExpression(node)) return numberOf(node.arguments[0], file);
  if (!ts.isPropertyAccessExpression(node)) return NaN;
  const { expression, name } = node;
  if (ts.isStringLiteral(expression) && name.text === 'length') return expression.text.length;
  return ts.isIdentifier(expression)
    ? (valueOf(file, `${expression.text}.${name.text}`).value ?? NaN)
    : NaN;
};

/** Of a constant, or of a property of one, such as `STARTS.atOnce`. */
export const valueOf = (
  file: string,
  name: string,
): { found: boolean; value: number | undefined } => {
  const [constant = '', key] = name.split('.');
  const declaration = declared(file, constant);
  if (!declaration) {
    const origin = originOf(file, constant);
    return origin ? valueOf(origin, name) : { found: false, value: undefined };
  }
  const { initializer } = declaration;
  const node = key === undefined ? initializer : property(initializer, key);
  return { found: node !== undefined, value: numberOf(node, file) };
};

/** What a test calls itself: its title, and the first cell of each row of its table. */
export const titlesIn = (file: string): ReadonlySet<string> => {
  const titles = new Set<string>();
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteralLike(node)) titles.add(node.text);
  };
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText(sourceOf(file));
      const [first] = node.arguments;
      if (/^(test|describe)\b/.test(called)) add(first);
      if (called.startsWith('test.each') && first && ts.isArrayLiteralExpression(first))
        for (const row of first.elements)
          if (ts.isArrayLiteralExpression(row)) add(row.elements[0]);
    }
    ts.forEachChild(node, visit);
  };
  if (existsSync(path.join(ROOT, file))) visit(sourceOf(file));
  return titles;
};

const BOUND = /^(MAX|MOST|LONGEST|LARGEST)(_|$)/;

/** All bounds of a folder by their names, as `<file> <name>` */
export const constantsIn = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const whole = path.join(folder, file);
      return declarationsIn(whole).flatMap(({ name, initializer }) => {
        if (!ts.isIdentifier(name) || !BOUND.test(name.text)) return [];
        const inner =
          initializer && ts.isObjectLiteralExpression(initializer) ? initializer : undefined;
        if (!inner) return [`${whole} ${name.text}`];
        return inner.properties.flatMap((each) =>
          each.name && ts.isIdentifier(each.name)
            ? [`${whole} ${name.text}.${each.name.text}`]
            : [],
        );
      });
    });
