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

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      environment: z.record(z.string(), z.unknown()).optional(),
      ports: z.array(z.string()).default([]),
      image: z.string(),
    }),
  ),
});
const { services } = Compose.parse(parse(compose, { merge: true }));

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

test('.env.example has the variables of today', () => {
  const file = path.join(ROOT, '.env.example');
  if (process.env.RECORD_DOCUMENTS) writeFileSync(file, envExample());
  expect(textOf('.env.example')).toBe(envExample());
});

/** Names that the file interpolates, and those it hands on without a value. */
const variablesIn = (text: string) => {
  const interpolated = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  const handedOn = Object.values(services).flatMap(({ environment = {} }) =>
    Object.keys(environment).filter((name) => environment[name] === null),
  );
  return new Set([...interpolated, ...handedOn]);
};

test('.env.example has every variable of the file, each once, and no other', () => {
  const named = namesIn(textOf('.env.example'));
  expect(named.length).toBe(new Set(named).size);
  expect(named.toSorted()).toEqual([...variablesIn(compose)].toSorted());
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
