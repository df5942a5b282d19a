import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { secretsIn } from '../src/config/values';
import { OF_ONE_ENVIRONMENT } from '../src/config/worker';
import { PROGRAMS } from './support/document-tables';
import { envExample, namesIn } from './support/env-example';

/* docker-compose.yml as text; scripts/containers runs it. */

const textOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const compose = textOf('docker-compose.yml');
const elsewhere = textOf('ops/compose/temporal-elsewhere.yaml');

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      environment: z.record(z.string(), z.unknown()).optional(),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      extra_hosts: z.array(z.string()).default([]),
      tmpfs: z.array(z.string()).default([]),
      command: z.union([z.string(), z.array(z.string())]).default([]),
      mem_limit: z.string().optional(),
      pull_policy: z.string().optional(),
      image: z.string(),
    }),
  ),
});
const { services } = Compose.parse(parse(compose, { merge: true }));

/** The file that is read beside it, for a Temporal that is not started. */
const Elsewhere = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.unknown()).default({}),
      volumes: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.unknown()).default({}),
      profiles: z.array(z.string()).default([]),
    }),
  ),
});
/** Compose’s own tag, which says that nothing of the other file is kept. */
const override = { tag: '!override', collection: 'map' } as const;
const { services: changed } = Elsewhere.parse(
  parse(elsewhere, { merge: true, customTags: [override] }),
);

/** Set by the image, or the same for all that Compose starts. */
const FIXED = [
  ...['HOST', 'PORT', 'WORKER_PORT', 'CODEC_PORT', 'SIMULATOR_PORT'],
  ...['SNOWFLAKE_SIMULATOR_PORT', 'DATABRICKS_SIMULATOR_PORT'],
  // Of its user it has the token there.
  'SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE',
];

test.each([
  ['gateway', 'gateway'],
  ['worker', 'worker'],
  ['codec', 'codec server'],
  ['simulator', 'simulator'],
  ['snowflake-simulator', 'snowflake simulator'],
  ['databricks-simulator', 'databricks simulator'],
])(
  'the %s is handed every variable that it goes by, and the files of its secrets',
  (service, program) => {
    const handed = Object.keys(services[service]?.environment ?? {});
    const shape = PROGRAMS.get(program) ?? {};
    const files = secretsIn(shape).map((name) => `${name}_FILE`);
    const wanted = [...Object.keys(shape), ...files].filter((name) => !FIXED.includes(name));
    expect(wanted.filter((name) => !handed.includes(name))).toEqual([]);
  },
);

test('what checks the settings is handed what gateway and worker are', () => {
  const handed = (name: string) => Object.entries(services[name]?.environment ?? {});
  const checked = new Map(handed('settings'));
  checked.delete('POSTGRES_PASSWORD');
  expect(checked).toEqual(new Map([...handed('gateway'), ...handed('worker')]));
});

/** Of the names `NAME_FILE` in .env.example, what is proposed for each. */
const proposed = new Map(
  [...textOf('.env.example').matchAll(/such as (\/secrets\/\S+)\n# (\w+_FILE)=/g)].map(
    ([, file = '', name = '']) => [name, file],
  ),
);

test.each(['gateway', 'worker', 'settings'])(
  'the %s sees the file that .env.example proposes for each of its secrets',
  (name) => {
    const { environment = {}, volumes = [] } = services[name] ?? {};
    const folders = volumes.map((volume) => volume.split(':').at(-2) ?? '');
    const names = Object.keys(environment).filter((each) => proposed.has(each));
    expect(names.length).toBeGreaterThan(0);
    const seen = (file: string) => folders.some((folder) => file.startsWith(`${folder}/`));
    expect(names.filter((each) => !seen(proposed.get(each) ?? ''))).toEqual([]);
  },
);

test.each(['gateway', 'codec'])('the %s sees no secret but the gateway’s own', (name) => {
  expect(services[name]?.volumes).toEqual([
    '${CONFIG_DIR:-./config}:/config:ro',
    '${SECRETS_DIR:-./secrets}/gateway:/secrets/gateway:ro',
  ]);
});

/** A file that is mounted by itself stays as it was when it is written anew under its name. */
test.each(['gateway', 'worker', 'codec', 'settings'])(
  'the %s sees the folder of the configuration file, so that a change reaches it',
  (name) => {
    expect(services[name]?.volumes).toContain('${CONFIG_DIR:-./config}:/config:ro');
    expect(services[name]?.environment).toMatchObject({ PROVISIONER_CONFIG: null });
  },
);

const Started = z.object({
  environment: z.record(z.string(), z.string().nullable()),
  command: z.array(z.string()),
});

/** What the interpolation of Compose and the worker’s own command make of variables, for the worker. */
const workerSees = (given: Record<string, string>) => {
  const { environment, command } = Started.parse(services.worker);
  const [shell = '', ...args] = command.map((part) =>
    interpolated(part.replace('exec node "$$1" dist/src/worker.js', 'env'), given),
  );
  const env = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const set = value === null ? given[name] : interpolated(value, given);
      return set === undefined ? [] : [[name, set] as const];
    }),
  );
  const printed = execFileSync(shell, args, { env, encoding: 'utf8' });
  const variables = [...printed.matchAll(/^(\w+)=(.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  return { file: args.at(-1), variables: new Map(variables) };
};

/** `${NAME:-else}` and `${NAME:+then}`, one in the other, and `$$`. */
const interpolated = (text: string, given: Record<string, string>): string => {
  const innermost = /(?<!\$)\$\{([A-Z_]+)(?::([-+])([^${}]*))?\}/;
  const [whole, name = '', how, other = ''] = innermost.exec(text) ?? [];
  if (whole === undefined) return text.replaceAll('$$', '$');
  const value = given[name] ?? '';
  const becomes = how === '+' ? value && other : value || other;
  return interpolated(
    text.replace(whole, () => becomes),
    given,
  );
};

test.each([
  ['for the demo', {}, 'demo.env', 'http://localhost:8000'],
  ['with a port of its own', { SIMULATOR_PORT: '9000' }, 'demo.env', 'http://localhost:9000'],
  ['with an Airbyte', { AIRBYTE_URL: 'http://a' }, 'no-demo.env', 'http://a'],
  [
    'with an Airbyte whose links are others',
    { AIRBYTE_URL: 'http://a', AIRBYTE_UI_URL: 'http://b' },
    'no-demo.env',
    'http://b',
  ],
  [
    'with a configuration file',
    { PROVISIONER_CONFIG: '/config/a.yaml', SIMULATOR_PORT: '9000' },
    'no-demo.env',
    undefined,
  ],
  [
    'with both, which is refused',
    { PROVISIONER_CONFIG: '/config/a.yaml', AIRBYTE_URL: 'http://a' },
    'no-no-demo.env',
    undefined,
  ],
])('the worker has the links and the rest %s', (_what, given, file, link) => {
  const seen = workerSees(given);
  expect(seen.file).toBe(`--env-file=/demo/${file}`);
  expect(seen.variables.get('AIRBYTE_UI_URL')).toBe(link);
  const folders = (services.worker?.volumes ?? []).map((volume) => volume.split(':').at(-2));
  expect(folders).toContain(`/demo/${file}`);
});

test('with a configuration file the worker has none of the variables of one environment', () => {
  const { variables: seen } = workerSees({ PROVISIONER_CONFIG: '/config/a.yaml' });
  expect(seen.get('PROVISIONER_CONFIG')).toBe('/config/a.yaml');
  expect(OF_ONE_ENVIRONMENT.filter((name) => seen.has(name))).toEqual([]);
});

test('gateway and worker reach what runs on this machine', () => {
  for (const name of ['gateway', 'worker', 'settings'])
    expect(services[name]?.extra_hosts).toEqual(['host.docker.internal:host-gateway']);
});

test('`up` builds our image from the sources of now', () => {
  const ours = Object.entries(services).filter(([, { image }]) => !image.includes(':'));
  expect(ours.map(([name]) => name).toSorted()).toEqual(
    [
      ...['codec', 'demo', 'gateway', 'settings', 'worker'],
      ...['databricks-simulator', 'simulator', 'snowflake-simulator'],
    ].toSorted(),
  );
  for (const [, { pull_policy: policy }] of ours) expect(policy).toBe('build');
});

test('what docs/bounds.md says of containers is what they have', () => {
  const [, section = ''] = textOf('docs/bounds.md').split('## What Compose gives a container\n');
  const rows = section
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
  const most = (what: string) => rows.find(([first]) => first === what)?.[1];
  const all = Object.values(services);
  const { temporal, ...others } = services;
  const limits = new Set(Object.values(others).map(({ mem_limit: limit }) => limit));
  expect([...limits]).toEqual([`${String(parseInt(most('Memory of a container') ?? ''))}m`]);
  expect(temporal?.mem_limit).toBe(`${String(parseInt(most('Memory of Temporal') ?? ''))}g`);
  expect(textOf('docker-compose.yml')).toContain(
    `hostLevelCacheMaxSize:\n        - value: ${(most('Runs that Temporal keeps in memory') ?? '').replace(',', '')}\n`,
  );
  const tmpfs = new Set(all.flatMap((service) => service.tmpfs));
  expect([...tmpfs]).toEqual([`/tmp:size=${String(parseInt(most('`/tmp` of ours') ?? ''))}m`]);
  const size = `${String(parseInt(most('The data of Prometheus') ?? ''))}GB`;
  expect(services.prometheus?.command).toContain(`--storage.tsdb.retention.size=${size}`);
});

test('.env.example has the variables of today', () => {
  const file = path.join(ROOT, '.env.example');
  if (process.env.RECORD_DOCUMENTS) writeFileSync(file, envExample());
  expect(textOf('.env.example')).toBe(envExample());
});

/** Names that the files interpolate, and those they hand on without a value. */
const variables = () => {
  const text = compose + elsewhere;
  const interpolated = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  const handedOn = [...Object.values(services), ...Object.values(changed)].flatMap(
    ({ environment = {} }) => Object.keys(environment).filter((name) => environment[name] === null),
  );
  // Compose's own: which files there are.
  return new Set([...interpolated, ...handedOn, 'COMPOSE_FILE']);
};

test('.env.example has every variable of the files, each once, and no other', () => {
  const named = namesIn(textOf('.env.example'));
  expect(named.length).toBe(new Set(named).size);
  expect(named.toSorted()).toEqual([...variables()].toSorted());
});

test.each(['gateway', 'worker', 'settings'])(
  'with a Temporal elsewhere the %s is handed all that leads there, secrets as files',
  (name) => {
    const { environment = {}, volumes } = changed[name] ?? {};
    const handed = Object.keys(environment);
    const [, ofTemporal = ''] =
      /## Temporal’s own\n([\s\S]*?)(?:\n## |$)/.exec(textOf('docs/configuration.md')) ?? [];
    const all = new Set(ofTemporal.match(/\bTEMPORAL_[A-Z_]+\b/g));
    // Text where a file does; a check that is left out; headers of any name; what has no effect here.
    const left = /_DATA$|_DISABLE_HOST_VERIFICATION$|_GRPC_META_$|_CODEC_/;
    expect([...all].filter((each) => !left.test(each) && !handed.includes(each))).toEqual([]);
    expect(volumes).toEqual(['${TEMPORAL_SECRETS_DIR:-./secrets/temporal}:/temporal:ro']);
  },
);

test('with a Temporal elsewhere none is started, nor waited for', () => {
  const left = Object.entries(changed).filter(([, { profiles }]) => profiles.includes('temporal'));
  const isOfTemporal = (name: string) => /^(postgres|temporal)/.test(name);
  expect(left.map(([name]) => name).toSorted()).toEqual(
    Object.keys(services).filter(isOfTemporal).toSorted(),
  );
  for (const name of ['gateway', 'worker'])
    expect(Object.keys(changed[name]?.depends_on ?? {})).toEqual(['settings']);
});

test('.env.example sets nothing, so that a copy of it is as good as none', () => {
  expect(textOf('.env.example').match(/^[^#\n].*/gm)).toBeNull();
});

test('the demo is given the simulator that there is', () => {
  const demo = textOf('examples/demo.env');
  expect(demo).toContain(`AIRBYTE_WORKSPACE_ID=${DEFAULT_WORKSPACE_ID}\n`);
  const worker = Object.keys(services.worker?.environment ?? {});
  expect(namesIn(demo).filter((name) => !worker.includes(name))).toEqual([]);
});

test('every port is published on loopback only', () => {
  const ports = Object.values(services).flatMap((service) => service.ports);
  expect(ports.length).toBeGreaterThan(4);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('every image but ours has a version', () => {
  const images = Object.values(services).map(({ image }) => image);
  const ours = 'airbyte-specific-provisioner';
  expect(images.filter((image) => image !== ours && !/:v?\d+/.test(image))).toEqual([]);
});
