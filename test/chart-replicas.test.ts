import { z } from 'zod';
import { deploymentsIn, kindOf, manifestsOf, textOf, withHelm } from './support/chart';
import type { Manifest } from './support/chart';

/* How many there are, and of which version. */

const Scaler = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.looseObject({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
});

const PREFIX = 'pipelines-airbyte-specific-provisioner';

const replicasIn = (manifests: Manifest[]) =>
  Object.fromEntries(
    deploymentsIn(manifests).map(({ metadata, spec }) => [
      metadata.name.replace(`${PREFIX}-`, ''),
      spec.replicas,
    ]),
  );
const scaledIn = (manifests: Manifest[]) =>
  kindOf('HorizontalPodAutoscaler', manifests).map((each) => {
    const { metadata, spec } = Scaler.parse(each);
    expect(metadata.name).toBe(spec.scaleTargetRef.name);
    return metadata.name.replace(`${PREFIX}-`, '');
  });

/** The former one has all the work until the present one is made current. */
withHelm('a former version stays as large as it was, and is scaled as it was', () => {
  const versioning = { enabled: true, keep: [{ tag: '0.0.2' }, { tag: '0.0.1', replicas: 1 }] };
  const fixed = manifestsOf({ worker: { replicas: 5, versioning } });
  expect(scaledIn(fixed)).toEqual([]);
  expect(replicasIn(fixed)).toEqual({
    gateway: 2,
    'worker-0-1-0': 5,
    'worker-0-0-2': 5,
    'worker-0-0-1': 1,
  });
  const autoscaling = { enabled: true };
  const scaled = manifestsOf({
    gateway: { autoscaling },
    worker: { replicas: 5, autoscaling, versioning },
  });
  expect(scaledIn(scaled)).toEqual(['gateway', 'worker-0-1-0', 'worker-0-0-2']);
  expect(replicasIn(scaled)).toEqual({
    gateway: undefined,
    'worker-0-1-0': undefined,
    'worker-0-0-2': undefined,
    'worker-0-0-1': 1,
  });
});

withHelm('none is none', () => {
  const none = { replicas: 0 };
  expect(replicasIn(manifestsOf({ gateway: none, worker: none }))).toEqual({
    gateway: 0,
    worker: 0,
  });
});

withHelm.each([
  [
    'fewer at most than at least',
    { worker: { autoscaling: { enabled: true, minReplicas: 5 } } },
    /worker\.autoscaling\.minReplicas is 5, which is more than maxReplicas, 4/,
  ],
  ['no node that could be drained', { worker: { maxUnavailable: '0%' } }, /maxUnavailable/],
  ['no node that could be drained', { gateway: { maxUnavailable: 0 } }, /maxUnavailable/],
])('%s is refused', (_what, values, problem) => {
  expect(() => textOf(values)).toThrow(problem);
});
