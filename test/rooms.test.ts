import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import rooms from '../scripts/rooms.json';

/* The house, as its files import each other. ESLint makes a rule of each room in scripts/rooms.json. */

interface Room {
  room: string;
  files?: string[];
  purpose: string;
  takes?: string[];
  types?: string[];
  packages?: string[];
}
const ROOMS: Room[] = rooms;

const files = ['src', 'workflows', 'activities', 'simulator'].flatMap((top) =>
  readdirSync(path.join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(top, file)),
);

const has = ({ room, files: given }: Room, file: string) =>
  given
    ? given.some((glob) => new RegExp(`^${glob.replace('*', '[^/]+')}$`).test(file))
    : file.startsWith(`${room}/`);

const roomsOf = (file: string) => ROOMS.filter((room) => has(room, file));

interface Import {
  from: string;
  isType: boolean;
}

const isTypes = (clause: ts.ImportClause | undefined) => {
  if (clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause?.namedBindings;
  if (!names || clause.name || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((each) => each.isTypeOnly);
};

/** What a file imports, as it names it. */
const importsIn = (file: string): Import[] => {
  const found: Import[] = [];
  const add = (from: ts.Expression | undefined, isType: boolean) => {
    if (from && ts.isStringLiteral(from)) found.push({ from: from.text, isType });
  };
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypes(node.importClause));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      if (ts.isStringLiteral(node.argument.literal)) add(node.argument.literal, true);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
};

const imports = new Map(files.map((file) => [file, importsIn(file)]));

/** The file of the house that another means. */
const targetOf = (file: string, from: string) => {
  const target = path.join(path.dirname(file), from);
  return from.startsWith('.')
    ? [`${target}.ts`, `${target}/index.ts`].find((each) => files.includes(each))
    : undefined;
};

/** Of the house, what each file imports, types included. */
const graph = new Map(
  [...imports].map(([file, all]) => [file, all.flatMap(({ from }) => targetOf(file, from) ?? [])]),
);

const roomOf = (file: string) => String(roomsOf(file)[0]?.room);

test('every file is in one room', () => {
  expect(files.length).toBeGreaterThan(250);
  expect(files.filter((file) => roomsOf(file).length !== 1)).toEqual([]);
});

test('rooms take from those before them in the list, and only what it says', () => {
  const order = ROOMS.map(({ room }) => room);
  const upwards = ROOMS.flatMap(({ room, takes = [], types = [] }) =>
    [...takes, ...types]
      .filter((other) => !order.includes(other) || order.indexOf(other) >= order.indexOf(room))
      .map((other) => `${room} → ${other}`),
  );
  expect(upwards).toEqual([]);

  const unlawful = files.flatMap((file) => {
    const [own] = roomsOf(file);
    const free = new Set([own?.room, ...(own?.takes ?? []), ...(own?.types ?? [])]);
    return (graph.get(file) ?? [])
      .filter((target) => !free.has(roomsOf(target)[0]?.room))
      .map((target) => `${file} → ${target}`);
  });
  expect(unlawful).toEqual([]);
});

const arrow = (room: string, other: string) => `${room} → ${other}`;

/** Arrows between rooms that are used: for values, or for types. */
const arrowsFor = (isType: boolean) =>
  new Set(
    [...imports].flatMap(([file, all]) =>
      all
        .filter((each) => each.isType === isType)
        .flatMap(({ from }) => targetOf(file, from) ?? [])
        .map((target) => arrow(roomOf(file), roomOf(target))),
    ),
  );

test('every arrow that the list allows is used: for values, where it does not say types', () => {
  const [values, types] = [arrowsFor(false), arrowsFor(true)];
  const idle = ROOMS.flatMap(({ room, takes = [], types: typesOf = [] }) => [
    ...takes.map((other) => arrow(room, other)).filter((each) => !values.has(each)),
    ...typesOf
      .map((other) => arrow(room, other))
      .filter((each) => values.has(each) || !types.has(each)),
  ]);
  expect(idle).toEqual([]);
});

test('every package that a room may use is used there', () => {
  const idle = ROOMS.flatMap((each) => {
    const used = files
      .filter((file) => has(each, file))
      .flatMap((file) => (imports.get(file) ?? []).map(({ from }) => from));
    return (each.packages ?? [])
      .filter((name) => !used.some((from) => new RegExp(`^${name}$`).test(from)))
      .map((name) => arrow(each.room, name));
  });
  expect(idle).toEqual([]);
});

/** What ESLint's law of each file refuses: the first of the patterns values and types, the second values. */
const lawOf = (): Record<string, [string, string]> => {
  const script = `
    import { ESLint } from 'eslint';
    const eslint = new ESLint();
    const law = {};
    for (const file of ${JSON.stringify(files)}) {
      const { rules } = await eslint.calculateConfigForFile(file);
      const [, { patterns }] = rules['@typescript-eslint/no-restricted-imports'];
      law[file] = patterns.map(({ regex }) => regex);
    }
    console.log(JSON.stringify(law));`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return z.record(z.string(), z.tuple([z.string(), z.string()])).parse(JSON.parse(told));
};

/** As a file names another. */
const namedFrom = (file: string, target: string) => {
  const name = path.relative(path.dirname(file), target.replace(/\.ts$/, ''));
  return name.startsWith('.') ? name : `./${name}`;
};

test('ESLint lets each file import what the list says, and no other', () => {
  const law = lawOf();
  const wrong = files.flatMap((file) => {
    const [all, values] = (law[file] ?? []).map((regex) => new RegExp(regex));
    const [own] = roomsOf(file);
    return files.flatMap((target) => {
      const [other] = roomsOf(target);
      const name = namedFrom(file, target);
      const takes = other === own || own?.takes?.includes(other?.room ?? '') === true;
      const isFree = takes || own?.types?.includes(other?.room ?? '') === true;
      const isLet = { values: !all?.test(name) && !values?.test(name), types: !all?.test(name) };
      return isLet.values === takes && isLet.types === isFree ? [] : [arrow(file, target)];
    });
  });
  expect(wrong).toEqual([]);
});

test('no file imports itself by way of others, not even for a type', () => {
  const known = new Map<string, 'under way' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (known.get(file) === 'under way')
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (known.has(file)) return;
    known.set(file, 'under way');
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    known.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
