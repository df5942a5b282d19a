const common = {
  // Not the whole checkout: .cache/ has whole file systems of containers.
  roots: ['<rootDir>/test'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' }, sourceMaps: 'inline' }] },
  globalSetup: '<rootDir>/test/support/shared-temporal.ts',
  globalTeardown: '<rootDir>/test/support/shared-temporal.ts',
};

/** The fault matrix: each of its suites takes the part of its rows that LONG names (test/support/sample.ts). */
const matrix = [
  'faults-provision',
  'faults-update',
  'faults-unprovision',
  'faults-remove-data',
  'faults-situations',
];

/** Its part about fabrics, which know nothing of Airbyte's APIs: once is enough. */
const fabrics = ['faults-snowflake', 'faults-databricks'];

/** Others that take twenty seconds and more, and are not the first to tell of a fault. */
const others = [
  'access-memory',
  'access-pace',
  'adopt-cli',
  'adoption',
  'audit',
  'backpressure',
  'bodies',
  'broken-descriptors',
  'chaos',
  'clearing',
  'connectors',
  'crash',
  'databricks-catalog-use',
  'databricks-failures',
  'databricks-lists',
  'databricks-run',
  'door',
  'drift',
  'drift-cli',
  'encrypted-runs',
  'engineer-cli',
  'environments',
  'environments-apart',
  'environments-reload',
  'fabric-access',
  'fabric-access-faults',
  'fabric-canaries',
  'fabric-drift',
  'fabric-former',
  'fabric-left',
  'fabric-places',
  'fabric-situations',
  'fabric-together',
  'fabric-types',
  'fabric-validate',
  'fabrics-cli',
  'large-product',
  'late-writes',
  'hostile',
  'hostile-files',
  'keys-pages',
  'lease',
  'lease-waits',
  'lists',
  'lost-answers',
  'metrics-served',
  'no-answer',
  'operations',
  'outages',
  'products',
  'protecting',
  'queries',
  'reverse-provisioning',
  'rolling',
  'run-reasons',
  'sizes',
  'snowflake-cleanup',
  'snowflake-databases',
  'snowflake-faults',
  'snowflake-former-role',
  'snowflake-lists',
  'snowflake-raw',
  'snowflake-unprepare',
  'step-messages',
  'temporal-load',
  'temporal-tls',
  'tenancy-narrowed',
  'terminate',
  'tls',
  'undo',
  'updateacl-crash',
  'v2-validate',
  'versioning',
  'waiting',
];

/** With a Prometheus (npm run test:alerts): only by their names. */
const apart = ['alerts-fire', 'alerts-night'];
const long = [...matrix, ...fabrics, ...others, ...apart];

/** The suites that must end the same through both of Airbyte's APIs. */
const both = [
  'provision',
  'drift',
  'crash',
  'unprovision',
  'terminate',
  'large-product',
  'late-writes',
  'lists',
  'metrics-served',
  'undo',
  // A fabric does not know of them.
  ...matrix,
];

/**
 * `LONG=k/n`: the k-th of n parts of the long suites, and nothing else. Without it all the others, and
 * of the long ones those that the command line names.
 */
const [part, parts] = (process.env.LONG ?? '').split('/').map(Number);
const sample = [
  ...matrix,
  ...fabrics,
  ...others.filter((_suite, index) => index % parts === part - 1),
];
const named = process.argv
  .slice(2)
  .map((argument) => argument.replace(/^.*\//, '').replace(/\.test\.ts$/, ''));
/** They are about a server that is not started here: npm run test:postgres. */
const elsewhere = process.env.TEMPORAL_POSTGRES ? [] : ['postgres', 'postgres-crash'];
const left = [...long, ...elsewhere].filter(
  (suite) => !named.some((name) => name !== '' && suite.startsWith(name)),
);

const fileOf = (suite) => `<rootDir>/test/${suite}.test.ts`;
const suites = parts
  ? { testMatch: sample.map(fileOf) }
  : {
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: left.map((suite) => `/test/${suite}\\.test\\.ts$`),
    };

/** @type {import('jest').Config} */
module.exports = {
  // What is waited for fails by itself, sooner: test/support/harness.ts.
  testTimeout: 900_000,
  maxWorkers: 2,
  // The rows of the fault matrix all begin at once: they wait for a harness, not for jest.
  maxConcurrency: 1000,
  projects: [
    { ...common, ...suites, displayName: 'public API' },
    {
      ...common,
      ...suites,
      displayName: 'Config API',
      testMatch: both.filter((suite) => !parts || sample.includes(suite)).map(fileOf),
      globals: { AIRBYTE_API: 'config' },
    },
  ],
};
