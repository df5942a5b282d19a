/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' }, sourceMaps: 'inline' }] },
  globalSetup: '<rootDir>/test/shared-temporal.ts',
  globalTeardown: '<rootDir>/test/shared-temporal.ts',
  testTimeout: 120_000,
  maxWorkers: 2,
  // The rows of the fault matrix all begin at once: they wait for a lane, not for jest.
  maxConcurrency: 1000,
};
