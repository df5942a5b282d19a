import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { gatewayVariables } from '../src/config/gateway';
import { OF_ONE_ENVIRONMENT, workerVariables } from '../src/config/worker';
import {
  definitions,
  deploymentOf,
  envOf,
  manifestsIn,
  manifestsOf,
  textOf,
  textOfAll,
  withHelm,
} from './support/chart';

/* Every variable of the programs, as a value of the chart. */

type Value = string | number | boolean;

const Variable = z.looseObject({
  enum: z.array(z.union([z.string(), z.boolean()])).optional(),
  const: z.string().optional(),
  type: z.enum(['string', 'integer', 'number']).optional(),
  pattern: z.string().default(''),
  minimum: z.number().default(0),
  maximum: z.number().default(0),
});

/** Texts that YAML or a template could take for something else. */
const TEXTS = ['text', '007', '1.10', '1e3', '0x1F', 'true', 'null', '~', ' a: "b" # c', '{{ . }}'];
const SAMPLES: [part: string, samples: Value[]][] = [
  ['ms|s|m', ['7m', '90.5 s', '1.5h', '2d', '120000ms']],
  ['http', ['https://example.com', 'http://192.0.2.1:8000/a/b?c=d']],
  ['0-9a-fA-F', ['5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6', '00000000-0000-0000-0000-000000000001']],
  ['credentials', ['/credentials/file']],
  ['=', ['team=finance', 'a=1e3,b.c=%20', 'a=']],
  ['[\\w.~-]', ['/path', '/a/b.c/~1/']],
  ['', TEXTS],
];

/** Values that the schema takes. */
const samplesOf = (schema: unknown): Value[] => {
  const { enum: values, type, pattern, minimum, maximum } = Variable.parse(schema);
  if (values) return values;
  if (type === 'integer') return [maximum, minimum, Math.min(maximum, 1_234_567)];
  if (type === 'number') return [0.1, 0.25, 0.000_01, 1e-7, minimum, maximum];
  return SAMPLES.find(([part]) => pattern.includes(part))?.[1] ?? [];
};

const isSecret = (schema: unknown) => Variable.parse(schema).const !== undefined;
const propertiesOf = (name: string) => Object.entries(definitions[name]?.properties ?? {});
const takenOf = (name: string) => propertiesOf(name).filter(([, schema]) => !isSecret(schema));

/** Each variable that takes a value, with one of its samples. */
const configOf = (name: string, round: number): Record<string, Value> =>
  Object.fromEntries(
    takenOf(name).map(([variable, schema]) => {
      const samples = samplesOf(schema);
      return [variable, samples[round % samples.length] ?? ''];
    }),
  );

const REFERENCE = { name: 'kept', key: 'secret' };
const secretsOf = (name: string) =>
  Object.fromEntries(
    propertiesOf(name)
      .filter(([, schema]) => isSecret(schema))
      .map(([variable]) => [variable, REFERENCE]),
  );

const CONFIGS = ['sharedConfig', 'gatewayConfig', 'workerConfig'];
const PROGRAMS = [
  ['gateway', gatewayVariables.shape],
  ['worker', workerVariables.shape],
] as const;

/* Which. */

const withoutFiles = (config: Record<string, Value>) =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== '/credentials/file'));

const EVERYTHING = {
  config: withoutFiles(configOf('sharedConfig', 0)),
  secretEnv: { ...secretsOf('sharedConfig'), TEMPORAL_GRPC_META_X_TEAM: REFERENCE },
  gateway: { config: configOf('gatewayConfig', 0) },
  worker: {
    config: withoutFiles(configOf('workerConfig', 0)),
    secretEnv: secretsOf('workerConfig'),
    descriptorSecrets: { ERP_PASSWORD: REFERENCE },
    versioning: { enabled: true },
  },
};

/** Those of Temporal's own that docs/configuration.md names. */
const temporals = () => {
  const text = readFileSync(path.join(ROOT, 'docs', 'configuration.md'), 'utf8');
  const [, section = ''] = /## Temporal’s own\n([\s\S]*?)\n## /.exec(text) ?? [];
  const names = [...section.matchAll(/`(TEMPORAL_[A-Z_]+)`/g)].map(([, name = '']) => name);
  return [...new Set(names), 'TEMPORAL_GRPC_META_X_TEAM'];
};

/** Of a chart without a configuration file. */
const OF_FILE = ['PROVISIONER_CONFIG'];

const wantedOf = (shape: object, without: readonly string[]) =>
  [...new Set([...Object.keys(shape), ...temporals()])]
    .filter((name) => !without.includes(name))
    .toSorted();

withHelm.each(PROGRAMS)('every variable of the %s can be set, and no other', (program, shape) => {
  const env = envOf(deploymentOf(program, manifestsOf(EVERYTHING)));
  expect(Object.keys(env).toSorted()).toEqual(wantedOf(shape, OF_FILE));
});

/** What a file says of each environment. */
const withoutOnes = (given: object) =>
  Object.fromEntries(
    Object.entries(given).filter(
      ([name]) => !OF_ONE_ENVIRONMENT.includes(name) || name === 'SECRETS_ALLOWED',
    ),
  );

const WITH_FILE = {
  ...EVERYTHING,
  configFile: { configMap: 'provisioner' },
  networkPolicy: { airbyte: { ports: [443] } },
  worker: {
    ...EVERYTHING.worker,
    config: withoutOnes(EVERYTHING.worker.config),
    secretEnv: withoutOnes(EVERYTHING.worker.secretEnv),
  },
};

withHelm(
  'with a configuration file every other variable can be set, and none of one environment',
  () => {
    const manifests = manifestsIn(textOfAll(WITH_FILE));
    for (const [program, shape] of PROGRAMS) {
      const env = envOf(deploymentOf(program, manifests));
      expect(Object.keys(env).toSorted()).toEqual(wantedOf(shape, OF_ONE_ENVIRONMENT));
      expect(env.PROVISIONER_CONFIG).toBe('/config/provisioner.yaml');
    }
  },
);

const given = (name: string) =>
  name in EVERYTHING.worker.secretEnv
    ? { secretEnv: { ...WITH_FILE.worker.secretEnv, [name]: REFERENCE } }
    : { config: { ...WITH_FILE.worker.config, [name]: EVERYTHING.worker.config[name] ?? '/x/y' } };

withHelm.each(OF_ONE_ENVIRONMENT.filter((name) => name !== 'SECRETS_ALLOWED'))(
  'with a configuration file %s is refused, as the file says it',
  (name) => {
    const values = { ...WITH_FILE, worker: { ...WITH_FILE.worker, ...given(name) } };
    expect(() => textOfAll(values)).toThrow(`${name} is said in the configuration file`);
  },
);

/* What they are. */

const ROUNDS = TEXTS.map((_, round) => round);

/** What is meant by a value, which YAML may have made a boolean of. */
const meantBy = (variable: string, value: Value) => {
  if (typeof value !== 'boolean') return value;
  if (variable === 'OPERATIONS') return value ? 'on' : 'off';
  return String(value);
};

withHelm.each(ROUNDS)('a program reads what values say, round %i', (round) => {
  const [shared = {}, gateway = {}, worker = {}] = CONFIGS.map((name) => configOf(name, round));
  const manifests = manifestsOf({
    config: shared,
    secretFiles: { file: REFERENCE },
    gateway: { config: gateway },
    worker: { config: worker },
  });
  const given = { gateway: { ...shared, ...gateway }, worker: { ...shared, ...worker } };
  for (const [program, shape] of PROGRAMS) {
    const env = envOf(deploymentOf(program, manifests));
    const readers: Record<string, z.ZodType> = shape;
    const wrong = Object.entries(given[program]).filter(([name, value]) => {
      const read = readers[name]?.safeParse(env[name]) ?? { success: true, data: env[name] };
      const found = typeof value === 'number' ? read.data : env[name];
      return !read.success || found !== meantBy(name, value);
    });
    expect(wrong.map(([name, value]) => ({ name, value, env: env[name] }))).toEqual([]);
  }
});

withHelm('what both read may be another for one of them where it is its own to decide', () => {
  const manifests = manifestsOf({
    config: { LOG_LEVEL: 'warn' },
    worker: { config: { LOG_LEVEL: 'debug' } },
  });
  expect(envOf(deploymentOf('gateway', manifests))).toMatchObject({ LOG_LEVEL: 'warn' });
  expect(envOf(deploymentOf('worker', manifests))).toMatchObject({ LOG_LEVEL: 'debug' });
});

/** YAML has no 007 and no 1.10: it would be another name, and nobody would be told. */
withHelm.each([7, 1.1, true])('a text is refused as %s, which needs quotes', (value) => {
  expect(() => textOf({ config: { TEMPORAL_TASK_QUEUE: value } })).toThrow(
    /TEMPORAL_TASK_QUEUE.*want string/,
  );
});

/* Secrets. */

const secrets = PROGRAMS.flatMap(([, shape]) =>
  Object.entries<z.ZodType>(shape).flatMap(([name, field]) =>
    field.meta()?.secret === true ? [name] : [],
  ),
);

test('each secret of the programs is refused as a value, and taken as a file of a Secret', () => {
  expect(secrets.length).toBeGreaterThan(5);
  const all = new Map(CONFIGS.flatMap(propertiesOf));
  const isRefused = (name: string) =>
    Variable.parse(all.get(name)).const?.includes('name a Secret in') === true;
  expect(secrets.filter((name) => !isRefused(name))).toEqual([]);
  expect(secrets.filter((name) => !all.has(`${name}_FILE`))).toEqual([]);
});

/** What tells that a variable is a secret, and what tells that it only says where one is. */
const SECRET = /SECRET|PASSWORD|TOKEN|_KEY|AUTH|CREDENTIAL/;
const PLACE = /_(PATH|FILE|DIR|ALLOWED)$/;

test('no variable that sounds like a secret takes a value', () => {
  const taken = CONFIGS.flatMap(takenOf).map(([name]) => name);
  expect(taken.length).toBeGreaterThan(40);
  expect(taken.filter((name) => SECRET.test(name) && !PLACE.test(name))).toEqual([]);
});
