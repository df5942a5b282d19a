const common = {
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' }, sourceMaps: 'inline' }] },
  globalSetup: '<rootDir>/test/shared-temporal.ts',
  globalTeardown: '<rootDir>/test/shared-temporal.ts',
};

/** The suites that must end the same through both of Airbyte's APIs. */
const both = [
  'provision',
  'drift',
  'crash',
  'unprovision',
  'terminate',
  'late-writes',
  'lists',
  'undo',
  'faults-*',
];

/** @type {import('jest').Config} */
module.exports = {
  // What is waited for fails by itself, sooner: test/harness.ts.
  testTimeout: 900_000,
  maxWorkers: 2,
  // The rows of the fault matrix all begin at once: they wait for a lane, not for jest.
  maxConcurrency: 1000,
  projects: [
    { ...common, displayName: 'public API', testMatch: ['<rootDir>/test/**/*.test.ts'] },
    {
      ...common,
      displayName: 'Config API',
      testMatch: both.map((name) => `<rootDir>/test/${name}.test.ts`),
      globals: { AIRBYTE_API: 'config' },
    },
  ],
};
