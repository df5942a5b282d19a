import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { version } from '../package.json';
import { variableDefinitions } from '../scripts/chart-schema';
import { anyWorkerConfig, gatewayConfig } from '../src/config/config';
import {
  CHART,
  KUBERNETES,
  PROFILES,
  definitions,
  deploymentOf,
  deploymentsIn,
  envOf,
  haveHelm,
  kindOf,
  manifestsIn,
  manifestsOf,
  profileFile,
  profileText,
  runHelm,
  withHelm,
} from './support/chart';
import type { Deployment } from './support/chart';
import { faultsIn, haveSchemas } from './support/kubernetes-schemas';

/* The chart's values, and what comes of its profiles. */

if (!haveHelm)
  process.stderr.write(
    'SKIPPED: chart/ is hardly checked, as there is no helm: npm run test:chart gets it.\n',
  );

const chartFile = (name: string) => readFileSync(path.join(CHART, name), 'utf8');

test('the schema of the values has the variables of today; npm run chart-schema writes it', () => {
  expect(definitions).toMatchObject(JSON.parse(JSON.stringify(variableDefinitions())));
});

test('the image is that of this version, unless another is named', () => {
  expect(parse(chartFile('Chart.yaml'))).toMatchObject({ appVersion: version });
});

withHelm.each(PROFILES)('helm has nothing against the profile %s', (profile) => {
  const said = runHelm(['lint', '--strict', ...KUBERNETES, CHART, '-f', profileFile(profile)]);
  expect(said).toContain('0 chart(s) failed');
  expect(said).not.toMatch(/WARNING|ERROR/);
});

const withSchemas = haveSchemas ? withHelm : test.skip;

withSchemas.each(PROFILES)('all of the profile %s is as Kubernetes’ schemas want it', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  expect(manifests.length).toBeGreaterThan(9);
  expect(manifests.flatMap(faultsIn)).toEqual([]);
});

withSchemas('the schemas find a field that there is not, and a value of another type', () => {
  const [service] = kindOf('Service', manifestsOf({}));
  if (!service) throw new Error('no Service');
  const found = faultsIn({ ...service, spec: { prots: [], ports: [{ port: 'http' }] } });
  expect(found.join()).toMatch(/additional properties.*"prots"/);
  expect(found.join()).toMatch(/ports\/0\/port must be integer/);
});

/* What the programs make of it. */

/** As a program sees it, with something for each secret. */
const asGiven = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(envOf(deployment)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'secret',
    ]),
  );

withHelm.each(PROFILES)('gateway and worker take the variables of the profile %s', (profile) => {
  const manifests = manifestsIn(profileText(profile));
  const [worker] = deploymentsIn(manifests).filter(({ metadata }) =>
    metadata.name.includes('-worker'),
  );
  if (!worker) throw new Error('no worker');
  expect(gatewayConfig(asGiven(deploymentOf('gateway', manifests))).misfits).toEqual([]);
  expect(anyWorkerConfig(asGiven(worker)).config.misfits).toEqual([]);
});
