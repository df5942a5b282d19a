import tseslint from 'typescript-eslint';

/** The import law: which folder may take values from where (types are free everywhere). */
const forbid = (files, message, patterns, paths = []) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: patterns.map((regex) => ({ regex, message, allowTypeImports: true })),
        paths: paths.map((name) => ({ name, message, allowTypeImports: true })),
      },
    ],
  },
});

const programs = '^(\\./|\\.\\./src/)(server|worker|provisioner|reading-thread)$';

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
      'no-else-return': ['error', { allowElseIf: false }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only src/config/config.ts reads the environment.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: 'MemberExpression[object.name="jest"][property.name="mock"]',
          message: 'Tests use real parts.',
        },
      ],
    },
  },
  {
    files: [
      'src/config/config.ts',
      'scripts/**',
      'bench/**',
      'chaos/**',
      'test/**',
      'jest.config.js',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['scripts/**', 'bench/**', 'chaos/**'], rules: { 'no-console': 'off' } },
  forbid(
    ['workflows/**'],
    'Workflow code takes values only from @temporalio/workflow and its neighbours; types from anywhere.',
    ['^(?!@temporalio/workflow$|\\./)'],
  ),
  forbid(
    ['activities/**'],
    'Activities take values from @temporalio/activity and src/ (not the gateway, the config or a program).',
    [
      '^express$',
      '^@temporalio/(client|worker)$',
      '^\\.\\./src/(gateway|runs|status|config|server|worker|simulator.*)$',
    ],
  ),
  forbid(
    ['src/**'],
    'Programs construct; nothing imports them. The gateway never sees Airbyte or the activities.',
    [programs],
  ),
  forbid(
    [
      'src/gateway/gateway.ts',
      'src/gateway/coordinator-routes.ts',
      'src/gateway/reception.ts',
      'src/gateway/reading.ts',
      'src/gateway/readings.ts',
      'src/gateway/reading-thread.ts',
      'src/concurrency/threads.ts',
      'src/descriptor/input-size.ts',
      'src/runs/runs.ts',
      'src/runs/status.ts',
      'src/runs/status-reader.ts',
      'src/runs/validation-start.ts',
      'src/runs/reverse-start.ts',
      'src/descriptor/product.ts',
      'src/runs/pipeline-start.ts',
      'src/descriptor/access-request.ts',
      'src/descriptor/descriptor.ts',
      'src/descriptor/specific.ts',
      'src/runs/token.ts',
    ],
    'The gateway never sees Airbyte or the activities.',
    [
      programs,
      '^\\./airbyte',
      '^\\./fabrics$',
      '^\\./simulator',
      'activities/',
      '^@temporalio/worker$',
    ],
  ),
  forbid(['src/cron/**'], 'What judges a cron expression takes its neighbours only.', [
    '^(?!\\./)',
  ]),
  forbid(['src/connectors/**'], 'Connectors are pure: zod and their neighbours.', [
    '^(?!zod$|\\./)',
  ]),
  forbid(
    ['simulator/**'],
    'The simulator shares no code with the client it must be able to disagree with.',
    ['^\\.\\./(?!config$|program$)', 'activities/', 'workflows/'],
  ),
  {
    files: ['**/*.mjs', '**/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
  // What the tools load by their default export.
  { files: ['eslint.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
);
