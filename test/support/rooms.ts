import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../scripts/child';
import rooms from '../../scripts/rooms.json';

/* The house, as its files import each other. */

interface Room {
  room: string;
  files?: string[];
  purpose: string;
  takes?: string[];
  types?: string[];
  packages?: string[];
}

const LISTED: Room[] = rooms;

/** From the ground up; `*` takes from all before it. */
export const ROOMS = LISTED.map((each, index) =>
  each.takes?.includes('*')
    ? { ...each, takes: LISTED.slice(0, index).map(({ room }) => room), isFree: true }
    : { ...each, isFree: false },
);

const TOPS = ['src', 'workflows', 'activities', 'simulator', 'scripts', 'bench', 'chaos', 'test'];

const filesOf = (extension: string) =>
  TOPS.flatMap((top) =>
    readdirSync(path.join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith(extension))
      .map((file) => path.join(top, file)),
  );
export const FILES = filesOf('.ts');
const known = new Set(FILES);

const has = ({ room, files }: Room, file: string) =>
  files
    ? files.some((glob) => new RegExp(`^${glob.replace('*', '[^/]+')}$`).test(file))
    : file.startsWith(`${room}/`);

export const roomsOf = (file: string) => ROOMS.filter((room) => has(room, file));

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

const LOADER = /^(\w+\.)*(require|createRequire\(.*\))(\.resolve)?$/;

/** `import(…)`, `require(…)`, `require.resolve(…)`, `createRequire(…)(…)`. */
const isLoading = ({ expression }: ts.CallExpression, source: ts.SourceFile) =>
  expression.kind === ts.SyntaxKind.ImportKeyword || LOADER.test(expression.getText(source));

/** What a text imports, as it names it. */
const importsIn = (text: string): Import[] => {
  const found: Import[] = [];
  const source = ts.createSourceFile('text.ts', text, ts.ScriptTarget.Latest);
  const add = (from: ts.Expression | undefined, isType: boolean) => {
    if (from && ts.isStringLiteralLike(from)) found.push({ from: from.text, isType });
  };
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypes(node.importClause));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isExternalModuleReference(node)) add(node.expression, false);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      if (ts.isStringLiteral(node.argument.literal)) add(node.argument.literal, true);
    if (ts.isCallExpression(node) && isLoading(node, source)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

export const textOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

export const IMPORTS = new Map(FILES.map((file) => [file, importsIn(textOf(file))]));
/** Of what runs before anything is built; ESLint's law is the same for it. */
export const IMPORTS_OF_MODULES = new Map(
  filesOf('.mjs').map((file) => [file, importsIn(textOf(file))]),
);

/** The file of the house that another means. */
export const targetOf = (file: string, from: string) => {
  const target = path.join(path.dirname(file), from.replace(/\.js$/, ''));
  return from.startsWith('.')
    ? [`${target}.ts`, `${target}/index.ts`].find((each) => known.has(each))
    : undefined;
};

/** What a file with this text imports, and its room does not let it. */
export const breachesOf = (file: string, text: string) => {
  const [own] = roomsOf(file);
  const values = [own?.room, ...(own?.takes ?? [])];
  const isLawful = ({ from, isType }: Import) => {
    if (!from.startsWith('.'))
      return own?.packages?.some((name) => new RegExp(`^${name}$`).test(from));
    const target = targetOf(file, from);
    const room = target && roomsOf(target)[0]?.room;
    return !room || values.includes(room) || (isType && own?.types?.includes(room));
  };
  return importsIn(text)
    .filter((each) => !isLawful(each))
    .map(({ from }) => `${file} → ${targetOf(file, from) ?? from}`);
};
