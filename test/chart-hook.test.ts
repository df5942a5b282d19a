import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { readDescriptor } from '../src/descriptor/descriptor';
import { createAuthority } from './support/certificates';
import { TOKENS, createFolder, startGuarded } from './support/guarded-gateway';
import type { GuardedGateway } from './support/guarded-gateway';
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

const helmTest = (patience: number) =>
  hook({
    GATEWAY: harness.gateway().found.replace(/\/pipelines$/, ''),
    BASE_PATH: '/pipelines',
    PATIENCE: String(patience),
  });

const hook = async (given: Record<string, string>) => {
  const env = { ...process.env, ...given };
  const file = path.join(CHART, 'files', 'test.mjs');
  const run = promisify(execFile)(process.execPath, [file], { env, cwd: ROOT });
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

describe('with a configuration file, and a certificate of another name than the address', () => {
  const folder = createFolder();
  const authority = createAuthority(path.dirname(folder.file), 'us');
  const { cert, key } = authority.issue();
  const tls = { certFile: folder.at('tls.crt'), keyFile: folder.at('tls.key') };
  let gateway: GuardedGateway;
  let given: Record<string, string>;
  beforeAll(async () => {
    writeFileSync(tls.certFile, cert);
    writeFileSync(tls.keyFile, key);
    writeFileSync(folder.at('ca.crt'), authority.pem);
    gateway = await startGuarded({ gateway: { auth: TOKENS, tls } }, folder);
    given = {
      GATEWAY: gateway.url.replace('127.0.0.1', 'localhost'),
      SERVER_NAME: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: folder.at('ca.crt'),
      PROVISIONER_CONFIG: folder.file,
      PATIENCE: '2',
    };
  });
  afterAll(() => gateway.stop());

  test('gateway and file are looked at, and no worker is asked for nobody', async () => {
    const { code, said } = await hook(given);
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said).toMatch(/^gateway: {"ready":true}$/m);
    expect(said).toMatch(/^file: /m);
    expect(said).toMatch(/^worker: not asked, as helmTest names no environment/m);
  });

  test('a certificate of another authority, or for another name, is not taken', async () => {
    expect(await hook({ ...given, NODE_EXTRA_CA_CERTS: '' })).toMatchObject({ code: 1 });
    const { code, said } = await hook({ ...given, SERVER_NAME: 'gateway.data.svc' });
    expect(code).toBe(1);
    expect(said).toContain('gateway.data.svc');
  });

  test('a validation is asked for with the token, of that domain and environment', async () => {
    const asked = { ...given, ENVIRONMENT: gateway.environment, DOMAIN: 'finance' };
    const { said: refused } = await hook(asked);
    expect(refused).toContain('answered 401');
    const { code, said } = await hook({ ...asked, TOKEN: 'finance-token' });
    expect(code).toBe(1);
    expect(said).toContain(
      `no worker has carried out validate.${gateway.environment}.finance.helm-test`,
    );
    const { said: foreign } = await hook({ ...asked, TOKEN: 'marketing-token' });
    expect(foreign).toContain('answered 403');
  });

  test('a file that is wrong fails it, by its line', async () => {
    writeFileSync(folder.at('wrong.yaml'), 'environments: {}\nteam: {}\n');
    const { code, said } = await hook({ ...given, PROVISIONER_CONFIG: folder.at('wrong.yaml') });
    expect(code).toBe(1);
    expect(said).toContain('wrong.yaml is not right');
  });
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
