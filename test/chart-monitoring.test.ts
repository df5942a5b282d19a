import { z } from 'zod';
import { ALERTS } from './support/alerts';
import { deploymentOf, kindOf, manifestsOf, textOf, withHelm } from './support/chart';
import type { Manifest } from './support/chart';

/* What the Prometheus Operator is given. */

const Monitor = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(z.unknown()),
  }),
});
const Service = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    selector: z.record(z.string(), z.string()),
    ports: z.array(z.looseObject({ name: z.string(), targetPort: z.string() })),
  }),
});
const Rule = z.object({
  spec: z.object({
    groups: z.tuple([
      z.object({
        rules: z.array(
          z.looseObject({
            alert: z.string(),
            expr: z.string(),
            annotations: z.looseObject({ runbook_url: z.string().optional() }),
          }),
        ),
      }),
    ]),
  }),
});

const rulesIn = (manifests: Manifest[]) =>
  Rule.parse(kindOf('PrometheusRule', manifests)[0]).spec.groups[0].rules;

const labels = { release: 'prometheus' };
const scrapers = [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }];
const withMonitoring = (values: object = {}) => ({
  monitoring: { enabled: true, labels, ...values },
  networkPolicy: { scrapers },
});
const NAME = 'pipelines-airbyte-specific-provisioner';

withHelm('nothing of the operator’s unless it is asked for', () => {
  const kinds = manifestsOf({}).map(({ apiVersion }) => apiVersion);
  expect(kinds.join()).not.toContain('monitoring.coreos.com');
});

const isMeant = (wanted: Record<string, string>) => (found: Record<string, string>) =>
  Object.entries(wanted).every(([name, value]) => found[name] === value);

withHelm.each(['gateway', 'worker'])('each pod of the %s is scraped, with time enough', (name) => {
  const manifests = manifestsOf(withMonitoring());
  const monitor = kindOf('ServiceMonitor', manifests)
    .map((each) => Monitor.parse(each))
    .find(({ metadata }) => metadata.name === `${NAME}-${name}`);
  expect(monitor?.metadata.labels).toMatchObject(labels);
  const job = `data/${NAME}-${name}`;
  const relabelings = [{ action: 'replace', targetLabel: 'job', replacement: job }];
  expect(monitor?.spec.endpoints).toEqual([
    { port: 'http', path: '/metrics', interval: '30s', scrapeTimeout: '15s', relabelings },
  ]);
  const services = kindOf('Service', manifests).map((each) => Service.parse(each));
  const found = services.filter(({ metadata }) =>
    isMeant(monitor?.spec.selector.matchLabels ?? {})(metadata.labels),
  );
  expect(found.map(({ metadata }) => metadata.name)).toEqual([`${NAME}-${name}`]);
  expect(found[0]?.spec.ports).toMatchObject([{ name: 'http', targetPort: 'http' }]);
  const { template } = deploymentOf(name, manifests).spec;
  expect(isMeant(found[0]?.spec.selector ?? {})(template.metadata.labels)).toBe(true);
  expect(template.spec.containers[0].ports?.map((port) => port.name)).toEqual(['http']);
});

withHelm('workers have a Service for their metrics only, to the last of each', () => {
  const serviceOf = (values: object) =>
    kindOf('Service', manifestsOf(values)).find(({ metadata }) =>
      metadata.name.endsWith('-worker'),
    );
  expect(serviceOf({})).toBeUndefined();
  expect(serviceOf(withMonitoring())).toMatchObject({
    spec: { clusterIP: 'None', publishNotReadyAddresses: true },
  });
});

const renamed = (text: string) =>
  text.replaceAll(/"provisioner-(gateway|worker)"/g, `"data/${NAME}-$1"`);

withHelm('the alerts are those of the runbook of the house, of the jobs of these monitors', () => {
  const runbook = 'https://wiki.example.com/provisioner/runbook';
  const rules = rulesIn(manifestsOf(withMonitoring({ runbook })));
  const wanted = ALERTS.map(({ expr, annotations, ...rest }) => ({
    ...rest,
    expr: renamed(expr),
    annotations: {
      ...annotations,
      runbook_url: annotations.runbook_url.replace('docs/runbook.md', runbook),
    },
  }));
  expect(rules).toEqual(wanted);
  expect(rules.filter(({ expr }) => !expr.includes(`job="data/${NAME}-`))).toEqual([]);
  const links = rules.map(({ annotations }) => annotations.runbook_url);
  expect(links.filter((link) => !link?.startsWith(`${runbook}#provisioner`))).toEqual([]);
});

withHelm('without a runbook of the house alerts link nowhere', () => {
  const rules = rulesIn(manifestsOf(withMonitoring()));
  expect(rules.map(({ annotations }) => Object.keys(annotations))).toEqual(
    ALERTS.map(() => ['description', 'summary']),
  );
});

withHelm.each([
  ['nobody may read the metrics', { ...withMonitoring(), networkPolicy: {} }, /scrapers is empty/],
  [
    'a scrape may take longer than there is until the next',
    withMonitoring({ interval: '10s' }),
    /scrapeTimeout is 15s, which is longer than the interval, 10s/,
  ],
  ['the runbook is no URL', withMonitoring({ runbook: 'docs/runbook.md' }), /runbook.*pattern/s],
])('monitoring is refused where %s', (_what, values, problem) => {
  expect(() => textOf(values)).toThrow(problem);
});

withHelm('without a NetworkPolicy anybody may read them', () => {
  const values = { ...withMonitoring(), networkPolicy: { enabled: false } };
  expect(kindOf('ServiceMonitor', manifestsOf(values))).toHaveLength(2);
});
