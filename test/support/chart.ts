import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../scripts/child';

/* chart/ as helm sees it. */

export const CHART = path.join(ROOT, 'chart');

const Definitions = z.object({
  definitions: z.record(
    z.string(),
    z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});
/** Of the schema of the values. */
export const { definitions } = Definitions.parse(
  JSON.parse(readFileSync(path.join(CHART, 'values.schema.json'), 'utf8')),
);

/** What scripts/test-chart.mjs has fetched. */
export const TOOLS = path.join(ROOT, '.cache', 'chart');

export const PROFILES = readdirSync(path.join(CHART, 'profiles')).map((file) =>
  path.basename(file, '.yaml'),
);
export const profileFile = (profile: string) => path.join(CHART, 'profiles', `${profile}.yaml`);

export const tool = (name: string) => {
  const file = path.join(TOOLS, name);
  return existsSync(file) ? file : undefined;
};

const helm = tool('helm');
export const haveHelm = helm !== undefined;
/** Of jest: skipped without helm. */
export const withHelm = helm ? test : test.skip;

const Selector = z.object({ matchLabels: z.record(z.string(), z.string()) });
const Env = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({ secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional() })
    .optional(),
});
const Probe = z.looseObject({ httpGet: z.looseObject({ path: z.string(), port: z.string() }) });
export const PodSpec = z.looseObject({
  terminationGracePeriodSeconds: z.number().optional(),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  securityContext: z.looseObject({}),
  containers: z.tuple([
    z.looseObject({
      image: z.string(),
      command: z.array(z.string()),
      env: z.array(Env),
      ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).optional(),
      livenessProbe: Probe.optional(),
      readinessProbe: Probe.optional(),
      startupProbe: Probe.optional(),
      securityContext: z.looseObject({}),
    }),
  ]),
});

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
export type Manifest = z.infer<typeof Manifest>;

export const Deployment = Manifest.extend({
  kind: z.literal('Deployment'),
  spec: z.looseObject({
    replicas: z.number().optional(),
    selector: Selector,
    template: z.object({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: PodSpec,
    }),
  }),
});
export type Deployment = z.infer<typeof Deployment>;

/** What helm answers; throws what it says against what it was given. */
export const runHelm = (args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(helm ?? '', args, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(stderr + stdout);
  return stdout;
};

const LEAST = path.join(ROOT, 'test', 'chart', 'least.yaml');
/** Of the oldest Kubernetes that the chart is for; a helm that was built without a version knows none. */
export const KUBERNETES = ['--kube-version', '1.27.0'];
const template = ['template', 'pipelines', CHART, ...KUBERNETES, '--namespace', 'data', '-f'];

/** What helm makes of a profile, as text. */
export const profileText = (profile: string) => runHelm([...template, profileFile(profile)]);

/** What helm makes of these values and the least of the others, as text. */
export const textOf = (values: unknown) =>
  runHelm([...template, LEAST, '-f', '-'], stringify(values));

/** The same of these values alone. */
export const textOfAll = (values: unknown) => runHelm([...template, '-'], stringify(values));

export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    const value: unknown = document.toJS();
    return value === null ? [] : [Manifest.parse(value)];
  });

export const manifestsOf = (values: unknown) => manifestsIn(textOf(values));

export const kindOf = (kind: string, manifests: Manifest[]) =>
  manifests.filter((each) => each.kind === kind);

export const deploymentsIn = (manifests: Manifest[]): Deployment[] =>
  kindOf('Deployment', manifests).map((each) => Deployment.parse(each));

/** The only one of a component. */
export const deploymentOf = (component: string, manifests: Manifest[]): Deployment => {
  const found = deploymentsIn(manifests).filter(
    ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component,
  );
  const [one] = found;
  if (!one || found.length > 1)
    throw new Error(`${String(found.length)} Deployments: ${component}`);
  return one;
};

/** Variables of a program: what they are, or which Secret they come from. */
export const envOf = ({ spec }: Deployment) =>
  Object.fromEntries(
    spec.template.spec.containers[0].env.map(({ name, value, valueFrom }) => [
      name,
      value ?? valueFrom?.secretKeyRef,
    ]),
  );
