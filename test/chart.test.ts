import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { version } from '../package.json';
import { variableDefinitions } from '../scripts/chart-schema';
import { gatewayConfig, workerConfig } from '../src/config/config';
import { gatewayVariables } from '../src/config/gateway';
import { workerVariables } from '../src/config/worker';
import {
  CHART,
  KUBERNETES,
  PROFILES,
  deploymentOf,
  deploymentsIn,
  envOf,
  haveHelm,
  kindOf,
  manifestsIn,
  manifestsOf,
  profileFile,
  profileText,
  runHelm,
  withHelm,
} from './support/chart';
import type { Deployment } from './support/chart';
import { faultsIn, haveSchemas } from './support/kubernetes-schemas';

/* The chart's values, and what comes of its profiles. */

if (!haveHelm)
  process.stderr.write(
    'SKIPPED: chart/ is hardly checked, as there is no helm: npm run test:chart gets it.\n',
  );

const Definitions = z.object({
  definitions: z.record(
    z.string(),
    z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});
const chartFile = (name: string) => readFileSync(path.join(CHART, name), 'utf8');
const { definitions } = Definitions.parse(JSON.parse(chartFile('values.schema.json')));

test('the schema of the values has the variables of today; npm run chart-schema writes it', () => {
  expect(definitions).toMatchObject(JSON.parse(JSON.stringify(variableDefinitions())));
});

test('the image is that of this version, unless another is named', () => {
  expect(parse(chartFile('Chart.yaml'))).toMatchObject({ appVersion: version });
});

withHelm.each(PROFILES)('helm has nothing against the profile %s', (profile) => {
  const said = runHelm(['lint', '--strict', ...KUBERNETES, CHART, '-f', profileFile(profile)]);
  expect(said).toContain('0 chart(s) failed');
  expect(said).not.toMatch(/WARNING|ERROR/);
});

const withSchemas = haveSchemas ? withHelm : test.skip;

withSchemas.each(PROFILES)('all of the profile %s is as Kubernetes’ schemas want it', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  expect(manifests.length).toBeGreaterThan(9);
  expect(manifests.flatMap(faultsIn)).toEqual([]);
});

withSchemas('the schemas find a field that there is not, and a value of another type', () => {
  const [service] = kindOf('Service', manifestsOf({}));
  if (!service) throw new Error('no Service');
  const found = faultsIn({ ...service, spec: { prots: [], ports: [{ port: 'http' }] } });
  expect(found.join()).toMatch(/additional properties.*"prots"/);
  expect(found.join()).toMatch(/ports\/0\/port must be integer/);
});

/* Every variable. */

/** A value that the schema takes. */
const exampleOf = (schema: unknown) => {
  const {
    enum: values,
    type,
    pattern = '',
  } = z
    .looseObject({
      enum: z.array(z.unknown()).optional(),
      type: z.unknown().optional(),
      pattern: z.string().optional(),
    })
    .parse(schema);
  if (values) return values[0];
  if (type === 'integer') return 7;
  if (type === 'number') return 0.5;
  if (pattern.includes('ms|s|m')) return '7m';
  if (pattern.includes('http')) return 'https://example.com';
  if (pattern.includes('0-9a-fA-F')) return '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6';
  return pattern === '' ? 'text' : '/path';
};

const Constant = z.looseObject({ const: z.string() });
const propertiesOf = (name: string) => Object.entries(definitions[name]?.properties ?? {});
const configOf = (name: string) =>
  Object.fromEntries(
    propertiesOf(name)
      .filter(([, schema]) => !Constant.safeParse(schema).success)
      .map(([variable, schema]) => [variable, exampleOf(schema)]),
  );
const REFERENCE = { name: 'kept', key: 'secret' };
const secretsOf = (name: string) =>
  Object.fromEntries(
    propertiesOf(name)
      .filter(([, schema]) => Constant.safeParse(schema).success)
      .map(([variable]) => [variable, REFERENCE]),
  );

const EVERYTHING = {
  config: configOf('sharedConfig'),
  secretEnv: { ...secretsOf('sharedConfig'), TEMPORAL_GRPC_META_X_TEAM: REFERENCE },
  gateway: { config: configOf('gatewayConfig') },
  worker: {
    config: configOf('workerConfig'),
    secretEnv: secretsOf('workerConfig'),
    descriptorSecrets: { ERP_PASSWORD: REFERENCE },
    versioning: { enabled: true },
  },
};

/** Those of Temporal's own that docs/configuration.md names. */
const temporals = () => {
  const text = readFileSync(path.join(CHART, '..', 'docs', 'configuration.md'), 'utf8');
  const [, section = ''] = /## Temporal’s own\n([\s\S]*?)\n## /.exec(text) ?? [];
  const names = [...section.matchAll(/`(TEMPORAL_[A-Z_]+)`/g)].map(([, name = '']) => name);
  return [...new Set(names), 'TEMPORAL_GRPC_META_X_TEAM'];
};

withHelm.each([
  ['gateway', gatewayVariables.shape],
  ['worker', workerVariables.shape],
])('every variable of the %s can be set, and no other', (program, shape) => {
  const env = envOf(deploymentOf(program, manifestsOf(EVERYTHING)));
  expect(Object.keys(env).toSorted()).toEqual(
    [...new Set([...Object.keys(shape), ...temporals()])].toSorted(),
  );
});

/** What tells that a variable is a secret, and what tells that it only says where one is. */
const SECRET = /SECRET|PASSWORD|TOKEN|_KEY|AUTH|CREDENTIAL/;
const PLACE = /_(PATH|FILE|DIR|ALLOWED)$/;

test('no variable that sounds like a secret takes a value', () => {
  const taken = ['sharedConfig', 'gatewayConfig', 'workerConfig'].flatMap((name) =>
    Object.keys(configOf(name)),
  );
  expect(taken.length).toBeGreaterThan(40);
  expect(taken.filter((name) => SECRET.test(name) && !PLACE.test(name))).toEqual([]);
});

/** As a program sees it, with something for each secret. */
const asGiven = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(envOf(deployment)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'secret',
    ]),
  );

withHelm.each(PROFILES)('gateway and worker take the variables of the profile %s', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  const [worker] = deploymentsIn(manifests).filter(({ metadata }) =>
    metadata.name.includes('-worker'),
  );
  if (!worker) throw new Error('no worker');
  expect(gatewayConfig(asGiven(deploymentOf('gateway', manifests))).misfits).toEqual([]);
  expect(workerConfig(asGiven(worker)).misfits).toEqual([]);
});

withHelm('variables come as they are written, also where YAML makes something else of them', () => {
  const manifests = manifestsOf({
    gateway: { config: { OPERATIONS: true, PORT: 18093 } },
    worker: { config: { AIRBYTE_MAX_IN_FLIGHT: 1234567, LOG_LEVEL: 'debug' } },
    config: { TEMPORAL_TLS: true, LOG_LEVEL: 'warn' },
  });
  expect(envOf(deploymentOf('gateway', manifests))).toMatchObject({
    OPERATIONS: 'on',
    PORT: '18093',
    TEMPORAL_TLS: 'true',
    LOG_LEVEL: 'warn',
  });
  expect(envOf(deploymentOf('worker', manifests))).toMatchObject({
    AIRBYTE_MAX_IN_FLIGHT: '1234567',
    LOG_LEVEL: 'debug',
  });
});
