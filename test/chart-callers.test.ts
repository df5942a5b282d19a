import { z } from 'zod';
import { kindOf, manifestsOf, textOf, withHelm } from './support/chart';

/* The ways in: what callers from outside the namespace come by. */

const CONTROLLER = { podSelector: { matchLabels: { app: 'ingress' } } };

const Ingress = z.object({
  spec: z.object({
    rules: z.tuple([
      z.object({
        http: z.object({ paths: z.array(z.object({ path: z.string(), pathType: z.string() })) }),
      }),
    ]),
  }),
});

withHelm.each([
  [undefined, ['/v1', '/v2']],
  ['/', ['/v1', '/v2']],
  ['/airbyte', ['/airbyte/v1', '/airbyte/v2']],
])('below %s the Ingress passes on what the Coordinator calls, and no metrics', (base, paths) => {
  const manifests = manifestsOf({
    gateway: {
      ingress: { enabled: true, host: 'provisioner.example.com' },
      ...(base && { config: { BASE_PATH: base } }),
    },
    networkPolicy: { callers: [CONTROLLER] },
  });
  const [ingress] = kindOf('Ingress', manifests);
  expect(Ingress.parse(ingress).spec.rules[0].http.paths).toEqual(
    paths.map((path) => ({ path, pathType: 'Prefix' })),
  );
});

const NEIGHBOURS = { podSelector: {} };
const CLUSTER = { namespaceSelector: { matchLabels: { team: 'platform' } } };
const OUTSIDE = { ipBlock: { cidr: '10.0.0.0/8' } };

const ingress = { ingress: { enabled: true, host: 'provisioner.example.com' } };
const nodePort = { service: { type: 'NodePort' } };
const balancer = { service: { type: 'LoadBalancer' } };

withHelm.each([
  ['an Ingress', ingress, undefined, /name its controller/],
  ['an Ingress', ingress, [], /name its controller/],
  ['a NodePort', nodePort, undefined, /type is NodePort.*has no address/],
  ['a NodePort', nodePort, [NEIGHBOURS, CLUSTER], /type is NodePort.*has no address/],
  ['a LoadBalancer', balancer, [CLUSTER], /type is LoadBalancer.*has no address/],
])('%s whose callers would not get through is refused', (_what, gateway, callers, problem) => {
  expect(() => textOf({ gateway, networkPolicy: { ...(callers && { callers }) } })).toThrow(
    problem,
  );
});

withHelm.each([
  ['an Ingress', ingress, { callers: [CONTROLLER] }],
  ['an Ingress', ingress, { callers: [NEIGHBOURS, CLUSTER] }],
  ['a NodePort', nodePort, { callers: [NEIGHBOURS, OUTSIDE] }],
  ['a LoadBalancer', balancer, { callers: [OUTSIDE] }],
  ['an Ingress', ingress, { enabled: false }],
  ['a NodePort', nodePort, { enabled: false }],
])('%s is taken where they do, or where there is no policy', (_what, gateway, networkPolicy) => {
  expect(() => textOf({ gateway, networkPolicy })).not.toThrow();
});
