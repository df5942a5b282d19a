import { createRandom } from './random';
import type { Random } from './random';
import { hostOf, secretNameOf, SERVERS } from './secrets';
import type { Server } from './secrets';

/** Of a destination: a database on a server, which has a secret too; or a schema in a fabric of the team's. */
type Target = { database: string; databaseServer: Server } | { schema: string; lakehouse?: true };

/** What tells one descriptor of a component from another, and where it shows in Airbyte. */
export type Variant = Target & {
  /** Of the source: a file on a server, which has a secret. */
  url: string;
  fileServer: Server;
  /** Of the connection. */
  prefix: string;
};

export type Request =
  | { operation: 'provision'; variant: Variant }
  /** With the descriptor that was sent last, if any was. */
  | { operation: 'unprovision'; removeData: boolean; variant?: Variant }
  | { operation: 'updateacl'; members: string[]; change: Change; variant: Variant };

/** How who is to read differs from who was to read before. */
export const CHANGES = ['grown', 'shrunk', 'emptied', 'others'] as const;
export type Change = (typeof CHANGES)[number];

/** Where the components of a fabric have their schemas. */
export const DATABASE = 'ANALYTICS';
export const CATALOG = 'main';
export const LAKEHOUSE = 'lakehouse';

/** Where a variant is in the fabric; undefined: it is in none. */
export const placeOf = (variant: Variant) =>
  'schema' in variant
    ? { database: variant.lakehouse ? CATALOG : DATABASE, schema: variant.schema }
    : undefined;

/** Users of the fabric, as it calls them. */
export const MEMBERS = Array.from(
  { length: 24 },
  (_, index) => `PERSON.${String(index + 1)}@EXAMPLE.COM`,
);
const refOf = (member: string) => `user:${member.toLowerCase().replace('@', '_')}`;

/** Requests sent at once; the next act waits until all their runs have ended. */
interface Act {
  /** Milliseconds before. */
  pause: number;
  requests: Request[];
}

/** Milliseconds between two acts of all components together: busy, but not drowned, on two cores. */
const PACE = 300;
/** Of the pause of others: there are few in fabrics, and what they are about is who reads. */
const PAUSE_IN_FABRIC = 0.25;

export const ENVIRONMENT = 'chaos';
export const DOMAIN = 'finance';
const PRODUCT = `${DOMAIN}.chaos.0`;

/** How Airbyte's names and Temporal's search attributes call a component. */
export const attributeOf = (component: string) => `${PRODUCT}.${component}`;
export const keyOf = (component: string) => `${ENVIRONMENT}/${attributeOf(component)}`;

/** Every other component writes to a fabric of its team's. */
const isInFabric = (component: string) => Number(component.slice(1)) % 2 === 0;
/** Of these every other one to its lakehouse. */
const isInLakehouse = (component: string) => Number(component.slice(1)) % 4 === 0;

/** Undefined where it writes to none. */
export const fabricOf = (component: string) => {
  if (!isInFabric(component)) return undefined;
  return isInLakehouse(component) ? 'Databricks' : 'Snowflake';
};

const schemaOf = (random: Random, component: string): Target => {
  const schema = `${component}_${random.pick(['daily', 'weekly'])}`;
  return isInLakehouse(component) ? { schema, lakehouse: true } : { schema: schema.toUpperCase() };
};

const someTarget = (random: Random, component: string): Target =>
  isInFabric(component)
    ? schemaOf(random, component)
    : {
        database: random.pick(['sales', 'finance', 'risk']),
        databaseServer: random.pick(SERVERS),
      };

const someVariant = (random: Random, component: string): Variant => ({
  url: `/data/${random.pick(['january', 'february', 'march'])}.csv`,
  fileServer: random.pick(SERVERS),
  ...someTarget(random, component),
  prefix: random.pick(['', 'raw_', 'new_']),
});

const SHARES = [0.1, 0.3, 0.9] as const;

const someMembers = (random: Random, change: Change, before: string[]) => {
  if (change === 'emptied') return [];
  const share = random.pick(SHARES);
  if (change === 'shrunk') return before.filter(() => random.chance(share));
  const kept = change === 'grown' ? before : [];
  return MEMBERS.filter((member) => random.chance(share) || kept.includes(member));
};

/** What a component's life goes on with. */
interface Life {
  component: string;
  isPresent: boolean;
  /** Its descriptor that was sent last. */
  latest: Variant | undefined;
  /** Who was to read when that was last asked for. */
  members: string[];
}

const someChange = (random: Random, { members }: Life, variant: Variant): Request => {
  // Who is nobody grows only.
  const change = members.length > 0 ? random.pick(CHANGES) : 'grown';
  return {
    operation: 'updateacl',
    members: someMembers(random, change, members),
    change,
    variant,
  };
};

const somePipeline = (random: Random, { component, isPresent, latest }: Life): Request =>
  random.chance(isPresent ? 0.35 : 0.1)
    ? {
        operation: 'unprovision',
        removeData: random.chance(0.5),
        // Only where there is a fabric does it tell where to look.
        ...(latest && isInFabric(component) && { variant: latest }),
      }
    : { operation: 'provision', variant: someVariant(random, component) };

const someRequest = (random: Random, life: Life): Request => {
  const { component, isPresent, latest } = life;
  if (latest && isInFabric(component) && random.chance(isPresent ? 0.5 : 0.1))
    return someChange(random, life, latest);
  return somePipeline(random, life);
};

const livesOn = (life: Life, request: Request): Life => {
  if (request.operation === 'updateacl') return { ...life, members: request.members };
  const isPresent = request.operation === 'provision';
  return {
    ...life,
    isPresent,
    latest: request.variant ?? life.latest,
    // Nobody reads any more what is gone.
    members: isPresent ? life.members : [],
  };
};

/** Who reads changes several times at once, and half of the time its pipeline does meanwhile. */
const several = (random: Random, life: Life, variant: Variant): Request[] => {
  const changes: Request[] = [];
  for (let now = life; changes.length < random.pick([2, 3]);) {
    const change = someChange(random, now, variant);
    changes.push(change);
    now = livesOn(now, change);
  }
  return random.chance(0.5) ? [...changes, somePipeline(random, life)] : changes;
};

const someTogether = (random: Random, life: Life): Request[] => {
  const { component, isPresent, latest } = life;
  if (latest && isPresent && isInFabric(component) && random.chance(0.6))
    return several(random, life, latest);
  const request = someRequest(random, life);
  const company = random.pick(['alone', 'alone', 'alone', 'alone', 'another', 'twin']);
  if (company === 'alone') return [request];
  return [request, company === 'twin' ? request : someRequest(random, livesOn(life, request))];
};

export interface Scale {
  seed: number;
  /** How many components there are. */
  count: number;
}

/**
 * The endless life of one component: provision, update, unprovision and again, some at once. In a fabric it
 * begins with its provision.
 */
export function* actsOf({ seed, count }: Scale, component: string): Generator<Act, never> {
  const random = createRandom(seed, component);
  const pace = PACE * count * (isInFabric(component) ? PAUSE_IN_FABRIC : 1);
  let life: Life = { component, isPresent: false, latest: undefined, members: [] };
  if (isInFabric(component)) {
    const request: Request = { operation: 'provision', variant: someVariant(random, component) };
    life = livesOn(life, request);
    yield { pause: 0, requests: [request] };
  }
  for (;;) {
    const pause = random.between(0.3 * pace, 1.7 * pace);
    const requests = someTogether(random, life);
    life = requests.reduce(livesOn, life);
    yield { pause, requests };
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

const destinationOf = (variant: Variant) => {
  if ('schema' in variant && variant.lakehouse) {
    const connectionConfiguration = { schema: variant.schema };
    return { connector: 'databricks', fabric: LAKEHOUSE, connectionConfiguration };
  }
  if ('schema' in variant)
    return { connector: 'snowflake', connectionConfiguration: placeOf(variant) };
  const { database, databaseServer } = variant;
  return {
    connector: 'postgres',
    connectionConfiguration: {
      host: hostOf('destination', databaseServer),
      database,
      username: 'chaos',
      password: { secretRef: secretNameOf('destination', databaseServer) },
    },
  };
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
  destination: { name: 'Warehouse', ...destinationOf(variant) },
  connection: { name: 'File to warehouse', prefix: variant.prefix },
});

/** The body of the request, as a Coordinator sends it: with what the last good run reported. */
export const bodyOf = (component: string, request: Request, known: Known | undefined) => {
  const info = known && { privateInfo: known };
  if (request.operation === 'updateacl')
    return JSON.stringify({
      refs: request.members.map(refOf),
      provisionInfo: { request: descriptorOf(component, request, info), result: '' },
    });
  return JSON.stringify({
    descriptorKind: 'COMPONENT_DESCRIPTOR',
    descriptor: descriptorOf(component, request),
    ...(info && { latestEnrichedDescriptor: descriptorOf(component, {}, info) }),
    ...(request.operation === 'unprovision' && { removeData: request.removeData }),
  });
};

/** How many of them are another request to the provisioner, whatever they were meant to change. */
export const countDifferent = (component: string, requests: Request[]) =>
  new Set(requests.map((request) => bodyOf(component, request, undefined))).size;
