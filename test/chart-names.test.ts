import {
  CHART,
  KUBERNETES,
  kindOf,
  manifestsIn,
  manifestsOf,
  runHelm,
  textOf,
  withHelm,
} from './support/chart';
import { faultsIn, haveSchemas } from './support/kubernetes-schemas';

/* What things are called. */

const LEAST = `${CHART}/../test/chart/least.yaml`;
const NAME = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

withHelm.each(['a', 'a.b', 'x'.repeat(53), `${'x'.repeat(39)}.y`])(
  'a release %s makes names that Kubernetes takes',
  (release) => {
    const text = runHelm(['template', release, CHART, ...KUBERNETES, '-f', LEAST]);
    const names = manifestsIn(text).map(({ metadata }) => metadata.name);
    expect(names.length).toBeGreaterThan(9);
    expect(names.filter((name) => !NAME.test(name))).toEqual([]);
  },
);

const withSchemas = haveSchemas ? withHelm : test.skip;

withSchemas.each(['true', '1e3', '0x1f', '007', 'null'])('%s is a name wherever one is', (name) => {
  const reference = { name, key: name };
  const manifests = manifestsOf({
    nameOverride: name,
    fullnameOverride: /^[a-z]/.test(name) ? name : 'p',
    image: { pullSecrets: [name] },
    serviceAccount: { name },
    privateCa: { secret: name, key: name },
    secretFiles: { [name]: reference },
    worker: { descriptorSecrets: { [name]: reference }, priorityClassName: name },
    gateway: {
      ingress: { enabled: true, host: name, className: name, tlsSecret: name },
      priorityClassName: name,
    },
    networkPolicy: { callers: [{ namespaceSelector: {} }] },
    spread: { over: [name] },
  });
  expect(kindOf('Ingress', manifests)).toHaveLength(1);
  expect(manifests.flatMap(faultsIn)).toEqual([]);
});

withHelm.each([
  ['an override with a dot', { fullnameOverride: 'a.b' }, /fullnameOverride.*pattern/s],
  ['an override of 41 characters', { fullnameOverride: 'x'.repeat(41) }, /maxLength/],
  [
    'a Worker Deployment with a dot',
    { worker: { versioning: { enabled: true, deploymentName: 'a.b' } } },
    /deploymentName.*pattern/s,
  ],
  [
    'a version of more than 100 characters',
    { image: { tag: 'x'.repeat(101) }, worker: { versioning: { enabled: true } } },
    /makes no version of a Worker Deployment: at most 100 characters/,
  ],
  ['a tag with a plus', { image: { tag: '1.0+2' } }, /tag.*pattern/s],
])('%s is refused', (_what, values, problem) => {
  expect(() => textOf(values)).toThrow(problem);
});

withHelm('a release that begins with a digit is told what to give', () => {
  expect(() => runHelm(['template', '1st', CHART, ...KUBERNETES, '-f', LEAST])).toThrow(
    /a Service cannot be called 1st-.*give fullnameOverride/,
  );
});
