import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { secretsIn } from '../src/config/values';
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
const FIXED = ['HOST', 'PORT', 'WORKER_PORT', 'SIMULATOR_PORT'];

test.each(['gateway', 'worker', 'simulator'])(
  'the %s is handed every variable that it goes by, and the files of its secrets',
  (program) => {
    const handed = Object.keys(services[program]?.environment ?? {});
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

test('the gateway sees no secret but its own', () => {
  expect(services.gateway?.volumes).toEqual([
    '${SECRETS_DIR:-./secrets}/gateway:/secrets/gateway:ro',
  ]);
});

test('gateway and worker reach what runs on this machine', () => {
  for (const name of ['gateway', 'worker', 'settings'])
    expect(services[name]?.extra_hosts).toEqual(['host.docker.internal:host-gateway']);
});

test('`up` builds our image from the sources of now', () => {
  const ours = Object.entries(services).filter(([, { image }]) => !image.includes(':'));
  expect(ours.map(([name]) => name).toSorted()).toEqual(
    ['demo', 'gateway', 'settings', 'simulator', 'worker'].toSorted(),
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
