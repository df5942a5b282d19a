import { z } from 'zod';
import { ALERTS } from './support/alerts';
import { deploymentOf, kindOf, manifestsOf, withHelm } from './support/chart';
import type { Manifest } from './support/chart';

/* What the Prometheus Operator is given. */

const Monitor = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    podMetricsEndpoints: z.array(z.unknown()),
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
            annotations: z.looseObject({ runbook_url: z.string() }),
          }),
        ),
      }),
    ]),
  }),
});

const rulesIn = (manifests: Manifest[]) =>
  Rule.parse(kindOf('PrometheusRule', manifests)[0]).spec.groups[0].rules;

const monitoring = { enabled: true, labels: { release: 'prometheus' } };
const NAME = 'pipelines-airbyte-specific-provisioner';

withHelm('nothing of the operator’s unless it is asked for', () => {
  const kinds = manifestsOf({}).map(({ apiVersion }) => apiVersion);
  expect(kinds.join()).not.toContain('monitoring.coreos.com');
});

withHelm.each(['gateway', 'worker'])('each pod of the %s is scraped, with time enough', (name) => {
  const manifests = manifestsOf({ monitoring });
  const monitor = kindOf('PodMonitor', manifests)
    .map((each) => Monitor.parse(each))
    .find(({ metadata }) => metadata.name === `${NAME}-${name}`);
  expect(monitor?.metadata.labels).toMatchObject(monitoring.labels);
  expect(monitor?.spec.podMetricsEndpoints).toEqual([
    { port: 'http', path: '/metrics', interval: '30s', scrapeTimeout: '15s' },
  ]);
  const { template } = deploymentOf(name, manifests).spec;
  expect(template.metadata.labels).toMatchObject(monitor?.spec.selector.matchLabels ?? {});
  expect(template.spec.containers[0].ports?.map((port) => port.name)).toEqual(['http']);
});

withHelm('the alerts are those of the runbook, of the jobs that these monitors make', () => {
  const rules = rulesIn(manifestsOf({ monitoring }));
  const renamed = (text: string) =>
    text.replaceAll(/"provisioner-(gateway|worker)"/g, `"data/${NAME}-$1"`);
  expect(rules).toEqual(ALERTS.map((each) => ({ ...each, expr: renamed(each.expr) })));
  expect(rules.filter(({ expr }) => !expr.includes(`job="data/${NAME}-`))).toEqual([]);
});

withHelm('alerts link to the runbook of the house', () => {
  const runbook = 'https://wiki.example.com/provisioner/runbook';
  const links = rulesIn(manifestsOf({ monitoring: { ...monitoring, runbook } })).map(
    ({ annotations }) => annotations.runbook_url,
  );
  expect(links.filter((link) => !link.startsWith(`${runbook}#provisioner`))).toEqual([]);
});
