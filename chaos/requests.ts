import { createRandom } from './random';
import type { Random } from './random';
import { hostOf, secretNameOf, SERVERS } from './secrets';
import type { Server } from './secrets';

/** What tells one descriptor of a component from another, and where it shows in Airbyte. */
export interface Variant {
  /** Of the source: a file on a server, which has a secret. */
  url: string;
  fileServer: Server;
  /** Of the destination: a database on a server, which has a secret too. */
  database: string;
  databaseServer: Server;
  /** Of the connection. */
  prefix: string;
}

export type Request =
  { operation: 'provision'; variant: Variant } | { operation: 'unprovision'; removeData: boolean };

/** Requests sent at once; the next act waits until all their runs have ended. */
interface Act {
  /** Milliseconds before. */
  pause: number;
  requests: Request[];
}

/** Milliseconds between two acts of all components together: busy, but not drowned, on two cores. */
const PACE = 300;

const ENVIRONMENT = 'chaos';
const PRODUCT = 'finance.chaos.0';

/** How Airbyte's names and Temporal's search attributes call a component. */
export const attributeOf = (component: string) => `${PRODUCT}.${component}`;
export const keyOf = (component: string) => `${ENVIRONMENT}/${attributeOf(component)}`;

const someVariant = (random: Random): Variant => ({
  url: `/data/${random.pick(['january', 'february', 'march'])}.csv`,
  fileServer: random.pick(SERVERS),
  database: random.pick(['sales', 'finance', 'risk']),
  databaseServer: random.pick(SERVERS),
  prefix: random.pick(['', 'raw_', 'new_']),
});

const someRequest = (random: Random, isPresent: boolean): Request =>
  random.chance(isPresent ? 0.35 : 0.1)
    ? { operation: 'unprovision', removeData: random.chance(0.5) }
    : { operation: 'provision', variant: someVariant(random) };

export interface Scale {
  seed: number;
  /** How many components there are. */
  count: number;
}

/** The endless life of one component: provision, update, unprovision and again, some at once. */
export function* actsOf({ seed, count }: Scale, component: string): Generator<Act, never> {
  const random = createRandom(seed, component);
  let isPresent = false;
  for (;;) {
    const pause = random.between(0.3 * PACE * count, 1.7 * PACE * count);
    const request = someRequest(random, isPresent);
    const company = random.pick(['alone', 'alone', 'alone', 'alone', 'another', 'twin']);
    isPresent = request.operation === 'provision';
    if (company === 'alone') yield { pause, requests: [request] };
    else if (company === 'twin') yield { pause, requests: [request, request] };
    else yield { pause, requests: [request, someRequest(random, isPresent)] };
  }
}

/** Ids that a former run reported. */
export type Known = Record<string, string | string[]>;

const descriptorOf = (component: string, { variant }: { variant?: Variant }, info?: object) => {
  const id = `urn:dmb:cmp:finance:chaos:0:${component}`;
  return JSON.stringify({
    dataProduct: {
      id: 'urn:dmb:dp:finance:chaos:0',
      name: 'Chaos',
      domain: 'finance',
      version: '0.1.0',
      environment: ENVIRONMENT,
      components: [{ id, kind: 'workload', specific: variant && specificOf(variant), info }],
    },
    componentIdToProvision: id,
  });
};

const specificOf = (variant: Variant) => ({
  source: {
    name: 'File',
    connectionConfiguration: {
      url: variant.url,
      dataset_name: 'rows',
      provider: {
        storage: 'SFTP',
        user: 'chaos',
        host: hostOf('source', variant.fileServer),
        password: { secretRef: secretNameOf('source', variant.fileServer) },
      },
    },
  },
  destination: {
    connector: 'postgres',
    name: 'Warehouse',
    connectionConfiguration: {
      host: hostOf('destination', variant.databaseServer),
      database: variant.database,
      username: 'chaos',
      password: { secretRef: secretNameOf('destination', variant.databaseServer) },
    },
  },
  connection: { name: 'File to warehouse', prefix: variant.prefix },
});

/** The body of the request, as a Coordinator sends it: with what the last good run reported. */
export const bodyOf = (component: string, request: Request, known: Known | undefined) =>
  JSON.stringify({
    descriptorKind: 'COMPONENT_DESCRIPTOR',
    descriptor: descriptorOf(component, request.operation === 'provision' ? request : {}),
    ...(known && { latestEnrichedDescriptor: descriptorOf(component, {}, { privateInfo: known }) }),
    ...(request.operation === 'unprovision' && { removeData: request.removeData }),
  });
