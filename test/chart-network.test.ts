import { z } from 'zod';
import {
  PROFILES,
  kindOf,
  manifestsIn,
  manifestsOf,
  profileText,
  textOfAll,
  withHelm,
} from './support/chart';
import type { Manifest } from './support/chart';

/* Who may call whom, and how many there are. */

const Rule = z.looseObject({
  ports: z.array(z.object({ port: z.union([z.number(), z.string()]), protocol: z.string() })),
  to: z.array(z.looseObject({})).optional(),
  from: z.array(z.looseObject({})).optional(),
});
const Policy = z.looseObject({
  spec: z.object({
    podSelector: z.looseObject({}),
    policyTypes: z.array(z.string()),
    ingress: z.array(Rule).optional(),
    egress: z.array(Rule),
  }),
});

const policyOf = (component: string, manifests: Manifest[]) => {
  const found = kindOf('NetworkPolicy', manifests).find(({ metadata }) =>
    metadata.name.endsWith(`-${component}`),
  );
  return Policy.parse(found).spec;
};

/** Ports and peers, short: `443 10.0.0.1/32`, `53 namespace kube-system`, `7233 anywhere`. */
const Peer = z.object({
  ipBlock: z.object({ cidr: z.string() }).optional(),
  namespaceSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
  podSelector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }).optional(),
});
const peerText = (peer: unknown) => {
  const { ipBlock, namespaceSelector, podSelector } = Peer.parse(peer);
  if (ipBlock) return ipBlock.cidr;
  if (namespaceSelector)
    return `namespace ${namespaceSelector.matchLabels['kubernetes.io/metadata.name'] ?? '?'}`;
  return podSelector?.matchLabels?.['app.kubernetes.io/component'] ?? 'same namespace';
};
const shortly = (rules: z.infer<typeof Rule>[] = []) =>
  rules.flatMap(({ ports, to, from }) => {
    const peers = (to ?? from ?? []).map(peerText);
    const all = [...new Set(ports.map(({ port }) => port))];
    return all.flatMap((port) =>
      (peers.length > 0 ? peers : ['anywhere']).map((peer) => `${String(port)} ${peer}`),
    );
  });

const DNS = '53 namespace kube-system';

const LISTED: [string, string[], string[], string[]][] = [
  [
    'self-hosted',
    [DNS, '7233 10.30.4.10/32', '7233 10.30.4.11/32'],
    [DNS, '7233 10.30.4.10/32', '7233 10.30.4.11/32', '443 10.30.8.20/32'],
    ['http test', 'http 10.20.0.0/16', 'http namespace monitoring'],
  ],
  [
    'on-premises',
    [DNS, '7233 namespace temporal'],
    [DNS, '7233 namespace temporal', '8443 10.1.7.40/32'],
    ['http test', 'http 10.0.0.0/8'],
  ],
  [
    'dedicated',
    [DNS, '7233 namespace temporal'],
    [DNS, '7233 namespace temporal', '8001 namespace airbyte'],
    ['http test', 'http namespace witboost', 'http namespace monitoring'],
  ],
  [
    'shared-saas',
    [DNS, '7233 anywhere'],
    [DNS, '7233 anywhere', '443 anywhere'],
    ['http test', 'http namespace ingress-nginx', 'http namespace monitoring'],
  ],
  [
    'many-teams',
    [DNS, '7233 namespace temporal', '443 10.1.9.10/32'],
    [DNS, '7233 namespace temporal', '8001 namespace airbyte'],
    ['https test', 'https namespace witboost', 'https namespace monitoring'],
  ],
];

test('the table has every profile', () => {
  expect(LISTED.map(([profile]) => profile).toSorted()).toEqual(PROFILES.toSorted());
});

withHelm.each(LISTED)(
  'in %s gateways and workers call what is listed, and nothing else',
  (profile, gateways, workers, callers) => {
    const manifests = manifestsIn(profileText(profile));
    const gateway = policyOf('gateway', manifests);
    const worker = policyOf('worker', manifests);
    expect(shortly(gateway.egress)).toEqual(gateways);
    expect(shortly(worker.egress)).toEqual(workers);
    expect(shortly(gateway.ingress)).toEqual(callers);
    for (const { policyTypes } of [gateway, worker])
      expect(policyTypes).toEqual(['Ingress', 'Egress']);
  },
);

withHelm('nobody calls a worker but those who read its metrics', () => {
  expect(policyOf('worker', manifestsOf({})).ingress).toBeUndefined();
  const scrapers = [{ podSelector: { matchLabels: { app: 'prometheus' } } }];
  const { ingress } = policyOf('worker', manifestsOf({ networkPolicy: { scrapers } }));
  expect(ingress).toEqual([{ ports: [{ port: 'http', protocol: 'TCP' }], from: scrapers }]);
});

withHelm.each([
  ['temporal.example.com', 'http://airbyte.example.com', '7233', '80'],
  ['temporal.example.com:443', 'https://airbyte.example.com/', '443', '443'],
  ['temporal:7233', 'https://airbyte.example.com:8443/airbyte', '7233', '8443'],
])('the ports are those of %s and %s', (temporal, airbyte, ...ports) => {
  const manifests = manifestsOf({
    config: { TEMPORAL_ADDRESS: temporal },
    worker: { config: { AIRBYTE_URL: airbyte } },
  });
  expect(shortly(policyOf('worker', manifests).egress)).toEqual([
    DNS,
    ...ports.map((port) => `${port} anywhere`),
  ]);
});

withHelm(
  'gateways and workers call the collector that their variables name, and none without',
  () => {
    const to = [{ ipBlock: { cidr: '192.0.2.7/32' } }];
    const networkPolicy = { collector: { to } };
    const config = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.com:4318' };
    for (const component of ['gateway', 'worker']) {
      const egressOf = (values: object) => shortly(policyOf(component, manifestsOf(values)).egress);
      expect(egressOf({ networkPolicy, config })).toContain('4318 192.0.2.7/32');
      expect(egressOf({ networkPolicy }).join()).not.toContain('192.0.2.7');
    }
  },
);

const REFERENCE = { name: 'kept', key: 'secret' };
const temporal = { TEMPORAL_ADDRESS: 'temporal:7233' };
const airbyte = { AIRBYTE_URL: 'http://airbyte:8001' };
const workspace = { AIRBYTE_WORKSPACE_ID: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6' };
const worker = { config: { ...airbyte, ...workspace } };
const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

/** Addresses that a Secret or a file has, so that no template sees them. */
const HIDDEN: [string, string, object][] = [
  ['temporal', 'TEMPORAL_ADDRESS', { secretEnv: { TEMPORAL_ADDRESS: REFERENCE }, worker }],
  [
    'temporal',
    'TEMPORAL_ADDRESS',
    { config: { TEMPORAL_CONFIG_FILE: '/etc/temporal.toml' }, worker },
  ],
  [
    'airbyte',
    'AIRBYTE_URL',
    { config: temporal, worker: { config: workspace, secretEnv: { AIRBYTE_URL: REFERENCE } } },
  ],
  [
    'collector',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    { config: temporal, secretEnv: { OTEL_EXPORTER_OTLP_ENDPOINT: REFERENCE }, worker },
  ],
  [
    'collector',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    {
      config: { ...temporal, ...otlp },
      secretEnv: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: REFERENCE },
      worker,
    },
  ],
];

withHelm.each(HIDDEN)('the port of %s is asked for where %s is not shown', (name, variable, of) => {
  expect(() => textOfAll(of)).toThrow(
    `networkPolicy.${name}.ports is empty, and config has no ${variable} to take the port of`,
  );
  const networkPolicy = { [name]: { ports: [8123] } };
  const { egress } = policyOf('worker', manifestsIn(textOfAll({ ...of, networkPolicy })));
  expect(shortly(egress)).toContain('8123 anywhere');
  expect(() => textOfAll({ ...of, networkPolicy: { enabled: false } })).not.toThrow();
});

withHelm('more that workers may call is added', () => {
  const cidr = '192.0.2.0/24';
  const others = [{ to: [{ ipBlock: { cidr } }], ports: [443, 8443] }];
  const manifests = manifestsOf({ networkPolicy: { others } });
  expect(shortly(policyOf('worker', manifests).egress)).toEqual(
    expect.arrayContaining([`443 ${cidr}`, `8443 ${cidr}`]),
  );
  expect(shortly(policyOf('gateway', manifests).egress).join()).not.toContain(cidr);
});
