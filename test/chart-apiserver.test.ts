import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { haveApiServer, startApiServer } from './support/api-server';
import {
  CHART,
  Deployment,
  PROFILES,
  TOOLS,
  kindOf,
  manifestsIn,
  profileFile,
  profileText,
  runHelm,
} from './support/chart';

/* The chart on a real API server, which runs no pods, but says of each whether it would take it. */

const withServer = haveApiServer ? test : test.skip;

const folder = mkdtempSync(path.join(os.tmpdir(), 'api-server-'));
let server: Awaited<ReturnType<typeof startApiServer>>;
const helm = (...args: string[]) => runHelm([...args, '--kubeconfig', server.config]);

/** ServiceMonitor and PrometheusRule, which a cluster gets with the operator. */
const installCrds = () => {
  const chart = path.join(folder, 'crds');
  mkdirSync(chart);
  cpSync(path.join(TOOLS, 'crds'), path.join(chart, 'crds'), { recursive: true });
  writeFileSync(path.join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: crds\nversion: 0.0.1\n');
  helm('install', 'crds', chart);
};

beforeAll(async () => {
  if (!haveApiServer) return;
  server = await startApiServer(path.join(folder, 'server'));
  installCrds();
});
afterAll(async () => {
  if (haveApiServer) await server.stop();
  rmSync(folder, { recursive: true });
});

/** A namespace that takes only pods of the strictest of Kubernetes' standards. */
const makeNamespace = async (name: string) => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  expect(await server.call('POST', '/api/v1/namespaces', body)).toMatchObject({ status: 201 });
};

const List = z.object({ items: z.array(z.looseObject({})) });
const deploymentsOf = async (namespace: string) => {
  const { body } = await server.call('GET', `/apis/apps/v1/namespaces/${namespace}/deployments`);
  return List.parse(body).items.map(({ spec, metadata }) =>
    Deployment.parse({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }),
  );
};

/** What the server would say to a pod. */
const tryPod = (namespace: string, pod: object) =>
  server.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, {
    apiVersion: 'v1',
    kind: 'Pod',
    ...pod,
  });

const release = (namespace: string, profile: string) => [
  'pipelines',
  CHART,
  '--namespace',
  namespace,
  '-f',
  profileFile(profile),
];

withServer.each(PROFILES)('%s is installed, upgraded, rolled back and removed', async (profile) => {
  await makeNamespace(profile);
  helm('install', ...release(profile, profile));
  const deployments = await deploymentsOf(profile);
  expect(deployments.length).toBeGreaterThan(1);
  for (const { metadata, spec } of deployments) {
    const { labels } = spec.template.metadata;
    const pod = { metadata: { name: metadata.name, labels }, spec: spec.template.spec };
    expect(await tryPod(profile, pod)).toMatchObject({ status: 201 });
  }
  helm('upgrade', ...release(profile, profile), '--set-string', 'image.tag=0.2.0');
  const images = (await deploymentsOf(profile)).map(
    ({ spec }) => spec.template.spec.containers[0].image,
  );
  expect(images).toContainEqual(expect.stringMatching(/:0\.2\.0$/));
  helm('rollback', 'pipelines', '1', '--namespace', profile);
  expect((await deploymentsOf(profile)).map(({ metadata }) => metadata.name)).toEqual(
    deployments.map(({ metadata }) => metadata.name),
  );
  helm('uninstall', 'pipelines', '--namespace', profile);
  expect(await deploymentsOf(profile)).toEqual([]);
});

withServer('the pod of helm test is taken as well, and one with more rights is not', async () => {
  await makeNamespace('hook');
  helm('install', ...release('hook', 'on-premises'));
  const [hook] = kindOf('Pod', manifestsIn(profileText('on-premises')));
  const pod = { ...hook, metadata: { name: 'hook' } };
  expect(await tryPod('hook', pod)).toMatchObject({ status: 201 });
  const spec = { ...z.looseObject({}).parse(hook?.spec), hostNetwork: true };
  const refused = await tryPod('hook', { ...pod, spec });
  expect(refused.status).toBe(403);
  expect(JSON.stringify(refused.body)).toContain('restricted');
});
