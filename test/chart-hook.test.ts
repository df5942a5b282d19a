import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { readDescriptor } from '../src/descriptor/descriptor';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* What `helm test` runs, and what the rules of Prometheus are made of, with gateway and worker. */

const CHART = path.join(ROOT, 'chart');
const text = (file: string) => readFileSync(path.join(CHART, file), 'utf8');

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ worker: false, env: { BASE_PATH: '/pipelines' } });
});
afterAll(() => harness.stop());

const helmTest = async (patience: number) => {
  const env = {
    ...process.env,
    GATEWAY: harness.gateway().found.replace(/\/pipelines$/, ''),
    BASE_PATH: '/pipelines',
    PATIENCE: String(patience),
  };
  const file = path.join(CHART, 'files', 'test.mjs');
  const run = promisify(execFile)(process.execPath, [file], { env });
  return run.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (err: unknown) => {
      const { code, stderr } = z.object({ code: z.number(), stderr: z.string() }).parse(err);
      return { code, said: stderr };
    },
  );
};

test('the descriptor that is validated is one', () => {
  const descriptor = text('files/descriptor.json');
  const read = readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor });
  expect(read.warnings).toEqual([]);
});

test('it fails without a worker and says why, and passes with one, which writes nothing', async () => {
  const { code, said } = await helmTest(2);
  expect(code).toBe(1);
  expect(said).toMatch(/^no worker has carried out validate\.development\.platform\.helm-test/);
  await harness.startWorker();
  const again = await helmTest(120);
  expect(again).toMatchObject({ code: 0 });
  expect(again.said).toMatch(/^gateway: {"ready":true}$/m);
  expect(again.said).toMatch(/^worker: passed: Airbyte: answers/m);
  expect((await harness.calls()).filter(({ changes }) => changes)).toEqual([]);
});

const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })),
});

test('the rules are of metrics that a worker serves', async () => {
  const { groups } = Rules.parse(parse(text('rules/alerts.yaml')));
  const names = groups
    .flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/\btemporal_\w+/g)))
    .filter((name) => name !== null);
  // A counter is served once it has counted: a run that no worker can carry out.
  const { workflow } = harness.client;
  const run = await workflow.start('unknown', {
    taskQueue: harness.environment,
    workflowId: `unknown-${harness.environment}`,
  });
  const [, url = ''] = /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs()) ?? [];
  const found = await eventually(
    async () => {
      const served = await (await fetch(`${url}/metrics`)).text();
      const all = names.filter((name) => new RegExp(`^${name}{`, 'm').test(served));
      return all.length === names.length ? all : undefined;
    },
    `all of ${names.join(', ')}`,
  );
  await run.terminate();
  expect(found.length).toBeGreaterThan(1);
});
