import { readFileSync } from 'node:fs';
import path from 'node:path';
import ms from 'ms';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { LAST_ANSWERS, LAST_ARRIVALS } from '../src/gateway/draining';
import { PROBES } from '../src/openapi/operator';
import {
  PROFILES,
  PodSpec,
  deploymentOf,
  deploymentsIn,
  envOf,
  kindOf,
  manifestsIn,
  manifestsOf,
  profileText,
  withHelm,
} from './support/chart';
import type { Deployment, Manifest } from './support/chart';

/* What runs, how it is found, and whom it may call. */

const Selector = z.object({ matchLabels: z.record(z.string(), z.string()) });
const Hook = z.object({
  spec: PodSpec,
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
});

/** The labels of all pods. */
const podsIn = (manifests: Manifest[]) => [
  ...deploymentsIn(manifests).map(({ spec }) => spec.template.metadata.labels),
  ...kindOf('Pod', manifests).map((pod) => Hook.parse(pod).metadata.labels),
];
const isMeant = (wanted: Record<string, string>) => (labels: Record<string, string>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** Every selector of labels in a manifest. */
const selectorsIn = (value: unknown): Record<string, string>[] => {
  if (Array.isArray(value)) return value.flatMap(selectorsIn);
  if (typeof value !== 'object' || value === null) return [];
  const own = Selector.safeParse(value);
  return [
    ...(own.success ? [own.data.matchLabels] : []),
    ...Object.values(value).flatMap(selectorsIn),
  ];
};

const OURS = 'app.kubernetes.io/instance';
const ServiceSpec = z.object({
  spec: z.looseObject({ selector: z.record(z.string(), z.string()) }),
});

withHelm.each(PROFILES)('each selector of ours in %s finds pods', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  const pods = podsIn(manifests);
  const selectors = [
    ...manifests.flatMap(selectorsIn).filter((labels) => OURS in labels),
    ...kindOf('Service', manifests).map((service) => ServiceSpec.parse(service).spec.selector),
  ];
  expect(selectors.length).toBeGreaterThan(8);
  for (const wanted of selectors)
    expect({ wanted, found: pods.some(isMeant(wanted)) }).toEqual({ wanted, found: true });
  for (const { spec } of deploymentsIn(manifests))
    expect(pods.filter(isMeant(spec.selector.matchLabels))).toEqual([
      spec.template.metadata.labels,
    ]);
});

withHelm.each(PROFILES)('pods of %s have no rights that they do not need', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  const specs = [
    ...deploymentsIn(manifests).map(({ spec }) => spec.template.spec),
    ...kindOf('Pod', manifests).map((pod) => Hook.parse(pod).spec),
  ];
  expect(specs.length).toBeGreaterThan(2);
  for (const spec of specs) {
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1001,
        runAsGroup: 1001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

const sourceOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

test('the user is that of the image', () => {
  expect(sourceOf('Dockerfile')).toContain('USER 1001:1001');
});

/** The routes of probes that a program serves. */
const routesOf: Record<string, string[]> = {
  gateway: Object.values(PROBES).map((route) => route.path),
  worker: [...sourceOf('src/probes.ts').matchAll(/app\.get\('(\/\w+)'/g)].map(([, at = '']) => at),
};

withHelm.each(['gateway', 'worker'])('the probes of the %s are routes of the code', (program) => {
  const [container] = deploymentOf(program, manifestsOf({})).spec.template.spec.containers;
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const probes = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);
  expect(probes).toEqual(['/livez', '/livez', '/readyz'].map((at) => ({ path: at, port: 'http' })));
  for (const probe of probes) expect(routesOf[program]).toContain(probe?.path);
});

withHelm('the port of a container is the one its program listens on', () => {
  const manifests = manifestsOf({
    gateway: { config: { PORT: 9001 } },
    worker: { config: { WORKER_PORT: 9002 } },
  });
  for (const [program, variable, port] of [
    ['gateway', 'PORT', 9001],
    ['worker', 'WORKER_PORT', 9002],
  ] as const) {
    const deployment = deploymentOf(program, manifests);
    expect(envOf(deployment)).toMatchObject({ HOST: '0.0.0.0', [variable]: String(port) });
    expect(deployment.spec.template.spec.containers[0].ports).toEqual([
      { name: 'http', containerPort: port },
    ]);
  }
});

const graceOf = (program: string, values: unknown) =>
  deploymentOf(program, manifestsOf(values)).spec.template.spec.terminationGracePeriodSeconds ?? 0;

withHelm.each(['0s', '15s', '1500ms', '1.5m', '2m', '.5h'] as const)(
  'a gateway that drains for %s has the time to answer what is open',
  (drain) => {
    const needed = (ms(drain) + LAST_ARRIVALS + LAST_ANSWERS) / 1000;
    const grace = graceOf('gateway', { gateway: { config: { DRAIN_FOR: drain } } });
    expect(grace).toBeGreaterThanOrEqual(needed);
    expect(grace).toBeLessThan(needed + 10);
  },
);

const millisecondsIn = (name: string) => {
  const [, digits = ''] =
    new RegExp(`const ${name} = ([\\d_]+);`).exec(sourceOf('src/worker.ts')) ?? [];
  return Number(digits.replaceAll('_', ''));
};

withHelm.each(['30s', '2500ms', '3m'] as const)(
  'a worker whose calls take %s has the time to end one',
  (timeout) => {
    const needed = (millisecondsIn('GRACE') + ms(timeout) + millisecondsIn('LAST_REPORT')) / 1000;
    expect(needed).toBeGreaterThan(ms(timeout) / 1000);
    const grace = graceOf('worker', { config: { AIRBYTE_REQUEST_TIMEOUT: timeout } });
    expect(grace).toBeGreaterThanOrEqual(needed);
    expect(grace).toBeLessThan(needed + 10);
  },
);

/* Versions. */

const workersOf = (values: object) =>
  deploymentsIn(manifestsOf({ image: { tag: '1.1.0' }, ...values })).filter(({ metadata }) =>
    metadata.name.includes('worker'),
  );

const toldOf = (deployment: Deployment) => {
  const { WORKER_DEPLOYMENT_NAME: name, WORKER_BUILD_ID: build } = envOf(deployment);
  const { containers } = deployment.spec.template.spec;
  return { called: deployment.metadata.name, name, build, image: containers[0].image };
};

withHelm('without versions there is one Deployment of workers, and no variable of versions', () => {
  expect(workersOf({}).map(toldOf)).toEqual([
    {
      called: 'pipelines-airbyte-specific-provisioner-worker',
      image: 'airbyte-specific-provisioner:1.1.0',
    },
  ]);
});

withHelm('a version is the image’s tag, and former ones go on beside it', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const keep = [{ tag: '1.0.0' }, { tag: '1.0.0', digest }];
  const workers = workersOf({
    fullnameOverride: 'p',
    worker: { versioning: { enabled: true, deploymentName: 'pipes', keep } },
  });
  expect(workers.map(toldOf)).toEqual([
    {
      called: 'p-worker-1-1-0',
      name: 'pipes',
      build: '1.1.0',
      image: 'airbyte-specific-provisioner:1.1.0',
    },
    {
      called: 'p-worker-1-0-0',
      name: 'pipes',
      build: '1.0.0',
      image: 'airbyte-specific-provisioner:1.0.0',
    },
    {
      called: 'p-worker-1-0-0-aa-b488d6',
      name: 'pipes',
      build: '1.0.0-aaaaaaaaaaaa',
      image: `airbyte-specific-provisioner:1.0.0@${digest}`,
    },
  ]);
});

withHelm.each(['_Nightly.2026-11-26_build-17.', '1.1.0', `a${'.'.repeat(70)}b`])(
  'the tag %s makes names and labels that Kubernetes takes',
  (tag) => {
    const [worker] = workersOf({ image: { tag }, worker: { versioning: { enabled: true } } });
    expect(worker?.metadata.name).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);
    expect(worker?.metadata.name.length).toBeLessThanOrEqual(63);
    for (const label of Object.values(worker?.spec.template.metadata.labels ?? {}))
      expect(label).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
    expect(envOf(deploymentOf('worker', worker ? [worker] : []))).toMatchObject({
      WORKER_BUILD_ID: tag,
    });
  },
);
