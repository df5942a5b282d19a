import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { codecConfig } from '../src/config/codec';
import { anyWorkerConfig } from '../src/config/config';
import { readSettings } from '../src/settings/read';
import {
  CHART,
  deploymentOf,
  deploymentsIn,
  envOf,
  kindOf,
  manifestsIn,
  profileFile,
  textOfAll,
  withHelm,
} from './support/chart';
import type { Manifest, Deployment } from './support/chart';
import { faultsIn, haveSchemas } from './support/kubernetes-schemas';

/* The chart with a configuration file: the profile of many teams, and what becomes of it. */

const Values = z.looseObject({
  configFile: z.object({ content: z.string() }),
  worker: z.looseObject({}),
  extraWorkers: z.tuple([z.looseObject({ secretEnv: z.looseObject({}) })]),
  networkPolicy: z.looseObject({}),
});
const values = Values.parse(parse(readFileSync(profileFile('many-teams'), 'utf8')));
const { content } = values.configFile;

const Content = z.looseObject({
  environments: z.looseObject({ production: z.looseObject({}) }),
  gateway: z.looseObject({ auth: z.looseObject({}) }),
});
const settings = Content.parse(parse(content));
const withContent = (changed: object, more: object = {}) =>
  textOfAll({
    ...values,
    configFile: { content: stringify({ ...settings, ...changed }) },
    ...more,
  });

const PREFIX = 'pipelines-airbyte-specific-provisioner';
const COMPONENTS = ['gateway', 'worker', 'worker-production', 'codec'];
const rendered = (more: object = {}) => manifestsIn(textOfAll({ ...values, ...more }));

const Volumes = z.array(z.looseObject({ name: z.string() }));
const Mounts = z.array(z.looseObject({ name: z.string(), mountPath: z.string() }));
const mountsOf = ({ spec }: Deployment) => {
  const [container] = spec.template.spec.containers;
  return Mounts.parse(container.volumeMounts).map(({ name, mountPath }) => `${name} ${mountPath}`);
};
const volumeOf = ({ spec }: Deployment, name: string) =>
  Volumes.parse(spec.template.spec.volumes).find((volume) => volume.name === name);

const ConfigMap = z.object({
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()),
});

withHelm('the file is in a ConfigMap as it was given, and is one', () => {
  const maps = kindOf('ConfigMap', rendered()).map((each) => ConfigMap.parse(each));
  const found = maps.find(({ metadata }) => metadata.name === `${PREFIX}-config`);
  expect(found?.data).toEqual({ 'provisioner.yaml': content });
  expect(Object.keys(readSettings(content).environments)).toEqual(['development', 'production']);
});

withHelm.each(COMPONENTS)('%s is told of the file, and sees its directory', (component) => {
  const deployment = deploymentOf(component, rendered());
  expect(envOf(deployment)).toMatchObject({ PROVISIONER_CONFIG: '/config/provisioner.yaml' });
  expect(volumeOf(deployment, 'config')).toMatchObject({
    configMap: {
      name: `${PREFIX}-config`,
      items: [{ key: 'provisioner.yaml', path: 'provisioner.yaml' }],
    },
  });
});

/** A file that is mounted by itself never changes in a running pod. */
withHelm('what the file names is mounted as directories, to those who need it', () => {
  const manifests = rendered({ auditVolume: { persistentVolumeClaim: { claimName: 'audit' } } });
  const ofAll = ['tmp /tmp', 'config /config', 'keys /keys'];
  const ofListeners = [...ofAll, 'tls /tls', 'audit /audit'];
  const ofWorkers = ['tmp /tmp', 'secrets /secrets', 'config /config', 'keys /keys'];
  const seen = COMPONENTS.map((component) => mountsOf(deploymentOf(component, manifests)));
  expect(seen).toEqual([ofListeners, ofWorkers, ofWorkers, ofListeners]);
  const text = JSON.stringify(deploymentsIn(manifests));
  expect(text).not.toContain('"subPath"');
  expect(text.match(/"subPathExpr":"[^"]*"/g)).toEqual([
    '"subPathExpr":"$(POD_NAME)"',
    '"subPathExpr":"$(POD_NAME)"',
  ]);
});

withHelm('another content restarts no pod', () => {
  const before = deploymentsIn(rendered());
  const { gateway } = settings;
  const after = withContent({ gateway: { ...gateway, rateLimit: { perMinute: 7 } } });
  expect(after).toContain('perMinute: 7');
  expect(deploymentsIn(manifestsIn(after))).toEqual(before);
});

withHelm('a ConfigMap that is there is taken, by its key, and none is made', () => {
  const configFile = { configMap: 'ours', key: 'all.yaml' };
  const networkPolicy = {
    ...values.networkPolicy,
    airbyte: { ports: [443] },
    identityProvider: { ports: [8443] },
    allowAnywhere: true,
  };
  const manifests = rendered({ configFile, networkPolicy });
  expect(kindOf('ConfigMap', manifests).map(({ metadata }) => metadata.name)).toEqual([
    `${PREFIX}-test`,
  ]);
  expect(policyText('gateway', manifests)).toContain('"port":8443');
  for (const component of COMPONENTS)
    expect(volumeOf(deploymentOf(component, manifests), 'config')).toMatchObject({
      configMap: { name: 'ours', items: [{ key: 'all.yaml', path: 'provisioner.yaml' }] },
    });
});

/* TLS. */

const Port = z.object({ name: z.string(), targetPort: z.string(), appProtocol: z.string() });
const Service = z.object({ spec: z.looseObject({ ports: z.tuple([z.looseObject(Port.shape)]) }) });
const Monitor = z.object({ spec: z.looseObject({ endpoints: z.tuple([z.looseObject({})]) }) });
const named = (kind: string, end: string, manifests: Manifest[]) =>
  kindOf(kind, manifests).find(({ metadata }) => metadata.name === `${PREFIX}-${end}`);

withHelm.each([
  ['gateway', 'https'],
  ['codec', 'https'],
  ['worker', 'http'],
])('with a certificate the %s is called by %s, and nothing else', (component, scheme) => {
  const manifests = rendered();
  const [container] = deploymentOf(component, manifests).spec.template.spec.containers;
  expect(container.ports).toMatchObject([{ name: scheme }]);
  const { startupProbe, livenessProbe, readinessProbe } = container;
  const probed = scheme === 'https' ? 'HTTPS' : undefined;
  for (const probe of [startupProbe, livenessProbe, readinessProbe])
    expect([probe?.httpGet.port, probe?.httpGet.scheme]).toEqual([scheme, probed]);
  const { spec } = Service.parse(named('Service', component, manifests));
  expect(spec.ports[0]).toMatchObject({ name: scheme, targetPort: scheme, appProtocol: scheme });
});

withHelm('Prometheus checks the certificate of gateways, whose addresses it calls', () => {
  const [endpoint] = Monitor.parse(named('ServiceMonitor', 'gateway', rendered())).spec.endpoints;
  expect(endpoint).toMatchObject({
    port: 'https',
    scheme: 'https',
    tlsConfig: {
      serverName: `${PREFIX}-gateway.data.svc`,
      ca: { secret: { name: 'provisioner-tls', key: 'ca.crt' } },
    },
  });
  const own = { tls: { secret: 'ours', caKey: '', serverName: 'p.example.com' } };
  const monitor = Monitor.parse(named('ServiceMonitor', 'gateway', rendered(own)));
  expect(monitor.spec.endpoints[0]).toMatchObject({ tlsConfig: { serverName: 'p.example.com' } });
  expect(JSON.stringify(monitor)).not.toContain('"ca"');
});

withHelm('who signs the certificates of callers is beside the gateway’s own', () => {
  const tls = { secret: 'ours', clientCa: { name: 'callers', key: 'root.pem' } };
  expect(volumeOf(deploymentOf('gateway', rendered({ tls })), 'tls')).toEqual({
    name: 'tls',
    projected: {
      defaultMode: 0o440,
      sources: [
        { secret: { name: 'ours' } },
        { secret: { name: 'callers', items: [{ key: 'root.pem', path: 'clients.crt' }] } },
      ],
    },
  });
});

withHelm('an Ingress calls the gateway by the port that there is', () => {
  const gateway = { ingress: { enabled: true, host: 'provisioner.example.com' } };
  const ingress = kindOf('Ingress', rendered({ gateway }));
  expect(JSON.stringify(ingress)).toContain('"port":{"name":"https"}');
  expect(JSON.stringify(ingress)).not.toContain('"name":"http"');
});

/* Workers of other task queues, and the codec server. */

withHelm('a worker of another task queue has what workers have, but secrets of its own', () => {
  const manifests = rendered({
    worker: { ...values.worker, config: { RECONCILE_EVERY: '2h', LOG_LEVEL: 'warn' } },
  });
  const [shared, own] = ['worker', 'worker-production'].map((name) =>
    deploymentOf(name, manifests),
  );
  if (!shared || !own) throw new Error('no workers');
  expect(anyWorkerConfig(asGiven(shared)).config).toMatchObject({
    taskQueue: 'airbyte-provisioner',
    reconcileEvery: 7_200_000,
  });
  expect(anyWorkerConfig(asGiven(own)).config).toMatchObject({
    taskQueue: 'airbyte-production',
    reconcileEvery: 7_200_000,
    logLevel: 'warn',
    secrets: { directory: '/secrets' },
  });
  const secretsOf = (deployment: Deployment) => JSON.stringify(volumeOf(deployment, 'secrets'));
  expect(secretsOf(shared)).toContain('provisioner-development');
  expect(secretsOf(own)).toContain('provisioner-production');
  expect(JSON.stringify(own)).not.toContain('provisioner-development');
  expect(own.spec.template.spec.nodeSelector).toEqual({ network: 'production' });
});

/** As a program sees it, with something for each secret. */
const asGiven = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(envOf(deployment)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'secret',
    ]),
  );

withHelm('each version of the workers of each task queue has a Deployment, and a name', () => {
  const versioning = { enabled: true, keep: [{ tag: '0.0.9' }] };
  const manifests = rendered({
    fullnameOverride: 'x'.repeat(40),
    worker: { ...values.worker, versioning },
  });
  const workers = deploymentsIn(manifests).filter(({ metadata }) =>
    metadata.name.includes('-worker'),
  );
  const names = workers.map(({ metadata }) => metadata.name);
  expect(new Set(names).size).toBe(4);
  expect(names.filter((name) => name.length > 63)).toEqual([]);
  expect(workers.map((each) => envOf(each).WORKER_BUILD_ID)).toEqual([
    '0.1.0',
    '0.0.9',
    '0.1.0',
    '0.0.9',
  ]);
});

withHelm(
  'the codec server has its settings and nothing of Temporal, of Airbyte or of secrets',
  () => {
    const REFERENCE = { name: 'kept', key: 'secret' };
    const manifests = rendered({
      secretEnv: { TEMPORAL_API_KEY: REFERENCE },
      secretFiles: { 'temporal.key': REFERENCE },
    });
    const codec = deploymentOf('codec', manifests);
    expect(codec.spec.replicas).toBe(1);
    expect(codec.spec.template.spec.containers[0].command).toEqual([
      'node',
      'dist/src/codec-server.js',
    ]);
    expect(envOf(codec)).toEqual({
      HOST: '0.0.0.0',
      CODEC_PORT: '8095',
      PROVISIONER_CONFIG: '/config/provisioner.yaml',
      TEMPORAL_UI_URL: 'https://temporal.example.com',
    });
    expect(codecConfig(asGiven(codec)).uiOrigin).toBe('https://temporal.example.com');
    expect(JSON.stringify(codec)).not.toContain('kept');
  },
);

withHelm('there is no codec server unless it is asked for', () => {
  const found = rendered({ codec: {} }).filter(({ metadata }) => metadata.name.endsWith('-codec'));
  expect(found).toEqual([]);
});

/* Who calls whom. */

const policyText = (end: string, manifests: Manifest[]) =>
  JSON.stringify(named('NetworkPolicy', end, manifests));

withHelm(
  'a worker reaches the Airbytes that it serves, and the codec server only who is to ask whom',
  () => {
    const manifests = rendered();
    const [shared, own, codec] = ['worker', 'worker-production', 'codec'].map((end) =>
      policyText(end, manifests),
    );
    expect(shared).toMatch(/"port":8001.*"airbyte"/);
    expect(shared).not.toContain('10.1.7.40');
    expect(own).toMatch(/"port":443.*10\.1\.7\.40/);
    expect(own).not.toContain('8001');
    expect(codec).toMatch(/"port":"https".*"ingress-nginx"/);
    expect(codec).toMatch(/"port":443.*10\.1\.9\.10/);
    expect(codec).not.toContain('7233');
  },
);

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));

withHelm('without an identity provider nobody calls one', () => {
  const tokens = { mode: 'tokens', tokens: [] };
  const { gateway } = settings;
  const networkPolicy = { ...values.networkPolicy, identityProvider: {} };
  const text = withContent({ gateway: { ...gateway, auth: tokens } }, { networkPolicy });
  expect(policyText('gateway', manifestsIn(text))).not.toContain('"port":443');
});

/* What is refused. */

const [production] = values.extraWorkers;
withHelm.each<[string, () => string, RegExp]>([
  [
    'a file that asks nobody who he is, and does not say that others reach it',
    () => withContent({ gateway: { ...settings.gateway, auth: { mode: 'none' } } }),
    /auth\.mode in configFile\.content is none: the gateway does not start.*exposed: true/,
  ],
  [
    'a content and a ConfigMap',
    () => textOfAll({ ...values, configFile: { content, configMap: 'a' } }),
    /not both/,
  ],
  [
    'a content that is no YAML',
    () => textOfAll({ ...values, configFile: { content: 'a: [' } }),
    /configFile\.content is no YAML/,
  ],
  [
    'keys that no Secret has',
    () => textOfAll({ ...values, keys: {} }),
    /and keys\.secret go together/,
  ],
  [
    'keys that the file does not name',
    () => textOfAll({ ...values, configFile: { content: stringify(without('encryption')) } }),
    /and keys\.secret go together/,
  ],
  [
    'keys in another place',
    () => textOfAll({ ...values, keys: { secret: 'k', mountPath: '/ring' } }),
    /keysDir in configFile\.content is \/keys, and keys\.mountPath is \/ring/,
  ],
  [
    'a certificate that no Secret has',
    () => textOfAll({ ...values, tls: {} }),
    /and tls\.secret go together/,
  ],
  [
    'a certificate in another place',
    () => textOfAll({ ...values, tls: { secret: 't', mountPath: '/certificate' } }),
    /gateway\.tls\.certFile in configFile\.content is \/tls\/tls\.crt/,
  ],
  [
    'an audit where no pod may write',
    () => withContent({ audit: { log: '/var/log/audit' } }),
    /audit\.log in configFile\.content is \/var\/log\/audit: pods write to \/audit\/ only/,
  ],
  [
    'a worker for a task queue of no environment',
    () => textOfAll({ ...values, extraWorkers: [{ ...production, taskQueue: 'slip' }] }),
    /no environment in configFile\.content has the taskQueue slip of production/,
  ],
  [
    'two workers of one name',
    () => textOfAll({ ...values, extraWorkers: [production, production] }),
    /extraWorkers has production twice/,
  ],
  [
    'workers without the key of names',
    () => textOfAll({ ...values, worker: {}, extraWorkers: [{ ...production, secretEnv: {} }] }),
    /worker\.secretEnv\.FINGERPRINT_KEY .*production\.secretEnv\.FINGERPRINT_KEY /,
  ],
  [
    'a codec server that nobody may call',
    () => textOfAll({ ...values, networkPolicy: { ...values.networkPolicy, codecCallers: [] } }),
    /codecCallers is empty/,
  ],
  [
    'what is of a file, without one',
    () =>
      textOfAll({
        config: { TEMPORAL_ADDRESS: 'temporal:7233' },
        keys: { secret: 'keys' },
        worker: { config: { AIRBYTE_URL: 'http://a', AIRBYTE_WORKSPACE_ID: WORKSPACE } },
      }),
    /keys\.secret is of a configuration file, and there is none/,
  ],
])('%s is refused', (_what, render, problem) => {
  expect(render).toThrow(problem);
});
const WORKSPACE = '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6';

const withSchemas = haveSchemas ? withHelm : test.skip;

withSchemas.each(['persistentVolumeClaim', 'emptyDir'])(
  'an audit in a volume, a %s, is as Kubernetes wants it',
  (kind) => {
    const volume = kind === 'emptyDir' ? {} : { claimName: 'audit' };
    const text = withContent(
      { audit: { log: '/audit/audit.jsonl' } },
      { auditVolume: { [kind]: volume } },
    );
    expect(manifestsIn(text).flatMap(faultsIn)).toEqual([]);
  },
);

test('the paths that docs and values name are those of the example of a file', () => {
  const example = readFileSync(path.join(CHART, '..', 'examples', 'provisioner.yaml'), 'utf8');
  const { tls, keys } = z
    .object({ tls: z.object({ mountPath: z.string() }), keys: z.object({ mountPath: z.string() }) })
    .parse(parse(readFileSync(path.join(CHART, 'values.yaml'), 'utf8')));
  expect(example).toContain(`certFile: ${tls.mountPath}/tls.crt`);
  expect(example).toContain(`keysDir: ${keys.mountPath},`);
});
