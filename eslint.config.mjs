import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import tseslint from 'typescript-eslint';

/**
 * The rooms of the house, from the ground up. `takes`: other rooms, which stand above in the list (`*`:
 * all of them); `types`: those of which it takes types only; `packages`: of npm and Node, each a regular
 * expression; `files`: where a room is not a folder with all that is in it.
 */
const ROOMS = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'scripts', 'rooms.json'), 'utf8'),
).map((each, index, all) =>
  each.takes?.includes('*')
    ? { ...each, takes: all.slice(0, index).map(({ room }) => room) }
    : each,
);
const byName = new Map(ROOMS.map((each) => [each.room, each]));

/** The folders of a room: a file names all others otherwise in each of them. */
const foldersOf = ({ room, files }) =>
  files
    ? [...new Set(files.map((each) => path.posix.dirname(each)))]
    : [
        room,
        ...readdirSync(path.join(import.meta.dirname, room), {
          withFileTypes: true,
          recursive: true,
        })
          .filter((entry) => entry.isDirectory())
          .map(({ parentPath, name }) =>
            path.join(path.relative(import.meta.dirname, parentPath), name),
          ),
      ];

const moduleName = (file) =>
  file
    .replace(/\.ts$/, '')
    .replaceAll('.', '\\.')
    .replace('*', '[^/]+')
    .replace(/\/index$/, '(/index)?');

/** How the files of a folder name those of a room, as a regular expression. */
const named = (folder, room) => {
  const { files } = byName.get(room);
  const names = (files ?? [room])
    .map((each) => path.posix.relative(folder, each))
    .map((each) => moduleName(each.startsWith('.') ? each : `./${each}`));
  return `(${names.join('|')})${files ? '$' : '(/|$)'}`;
};

/** `a/../b`, which would pass for something in `a`. */
const DETOUR = '(^|/)(?!\\.\\./)[^/]+/\\.\\./';

/** What the files in a folder of a room may import, from which other rooms and packages. */
const lawFor = (each, folder) => {
  const { room, files, purpose, takes = [], types = [], packages = [] } = each;
  const depth = files ? 0 : path.posix.relative(room, folder).split('/').filter(Boolean).length;
  const values = [
    files ? named(folder, room) : '\\./',
    ...(depth > 0 ? [`(\\.\\./){1,${depth}}(?!\\.\\./)`] : []),
    ...takes.map((other) => named(folder, other)),
    ...packages.map((name) => `${name}$`),
  ];
  const free = types.map((other) => named(folder, other));
  const names = [...takes, ...types.map((other) => `${other} (types)`)].join(', ');
  const message = `${room} is for ${purpose}. It takes from: ${names || 'nobody'} (scripts/rooms.json).`;
  return {
    files: files?.filter((file) => path.posix.dirname(file) === folder) ?? [`${folder}/**`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: `^(?!${[...values, ...free].join('|')})|${DETOUR}`, message },
            {
              regex: `^(?=${free.join('|') || '$'})(?!${values.join('|')})`,
              message,
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  };
};

const laws = ROOMS.flatMap((room) => foldersOf(room).map((folder) => lawFor(room, folder)));

const SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  {
    selector: 'ObjectExpression > SpreadElement > ObjectExpression',
    message: 'Write the fields themselves.',
  },
  {
    selector: 'MemberExpression[object.name="jest"][property.name="mock"]',
    message: 'Tests use real parts.',
  },
  {
    selector:
      'ImportExpression, Identifier[name="require"]:not(MemberExpression[property.name=/^(resolve|main)$/] > .object)',
    message: 'Imports stand at the top, where the law of the rooms reads them.',
  },
];

const ENVIRONMENT = 'Only src/config and the config.ts of a simulator read the environment.';

export default tseslint.config(
  { ignores: ['dist', '.cache', 'node_modules', 'coverage'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      'no-console': 'error',
      'no-useless-rename': 'error',
      'object-shorthand': 'error',
      'no-else-return': ['error', { allowElseIf: false }],
      'no-restricted-imports': ['error', 'module', 'node:module'],
      'no-restricted-syntax': ['error', ...SYNTAX],
    },
  },
  {
    files: ['src/**', 'workflows/**', 'activities/**', 'simulator/**'],
    rules: {
      'no-restricted-globals': ['error', 'eval', 'global', 'globalThis', 'module'],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'getBuiltinModule', message: 'Modules are imported.' },
      ],
    },
  },
  {
    files: ['src/**', 'workflows/**', 'activities/**', 'simulator/**'],
    ignores: ['src/config/**', 'simulator/config.ts', 'simulator/*/config.ts'],
    rules: {
      'no-restricted-imports': ['error', 'module', 'node:module', 'process', 'node:process'],
      'no-restricted-syntax': [
        'error',
        ...SYNTAX,
        {
          selector:
            'MemberExpression[object.name="process"][property.name="env"], Identifier[name="process"]:not(MemberExpression[computed=false] > .object)',
          message: ENVIRONMENT,
        },
      ],
    },
  },
  {
    files: ['scripts/**', 'bench/**', 'chaos/**', 'chart/files/**'],
    rules: { 'no-console': 'off' },
  },
  ...laws,
  {
    files: ['**/*.mjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
  // Tools load it by its default export; the build imports packages once they are installed.
  { files: ['eslint.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['scripts/build.mjs'],
    rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': 'off' },
  },
);
