import type { Weather } from './flaky-proxy';
import { createRandom } from './random';
import type { Random } from './random';
import { LOADER_PASSWORD, SECRET_NAMES } from './secrets';

const VICTIMS = ['worker', 'gateway', 'temporal'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Where runs write to. */
export type Side = 'airbyte' | 'fabric' | 'lakehouse';

/** As the simulator takes it. */
type Fault = { operation: string } & Record<string, unknown>;

/** Milliseconds after the start, and what happens then. */
export type Disturbance = { at: number } & (
  | { what: 'kill'; victim: Victim; which: number; downFor: number }
  | { what: 'weather'; where: Side; weather: Exclude<Weather, 'fair'>; lasts: number }
  | { what: 'fault'; where: Side; fault: Fault }
  | { what: 'rotation'; secret: string }
  | { what: 'loss'; secret: string; lasts: number }
  | {
      what: 'key';
      where: Exclude<Side, 'airbyte'>;
      how: 'with two keys' | 'at once' | 'lost' | 'expired';
      lasts: number;
    }
);

const PER_MINUTE = {
  worker: 4,
  gateway: 4,
  temporal: 2,
  flaky: 3,
  faults: 30,
  refusals: 20,
  rotations: 12,
  losses: 2,
  /** Of the fabric. */
  flakyFabric: 2,
  fabricFaults: 20,
  keys: 3,
};
const DOWN_FOR = [200, 3000] as const;
const FLAKY_FOR = [3000, 8000] as const;
const LOST_FOR = [3000, 10_000] as const;
/** Milliseconds by which the simulator may be late; less than the AIRBYTE_SETTLE_TIME of the runs. */
export const LATEST_COMMIT = 2000;

/** A minute, where there is one to spare. */
const outageOf = (minutes: number) => (minutes < 3 ? minutes * 20_000 : 60_000);

const READS = [
  'listSources',
  'listDestinations',
  'listConnections',
  'getStreamProperties',
] as const;
const CREATES = ['createSource', 'createDestination', 'createConnection'] as const;
const UPDATES = ['putSource', 'putDestination', 'patchConnection'] as const;
const DELETES = ['deleteSource', 'deleteDestination', 'deleteConnection'] as const;
/** What may happen late; a late update would overwrite what a later run has written. */
const LATE = [...CREATES, ...UPDATES] as const;
/** What fails an update when some of it is written; of a first provision the last step. */
const REFUSED = [...UPDATES, 'patchConnection', 'patchConnection', 'createConnection'] as const;
const CLEARING = ['createJob', 'getJob'] as const;
const ANY = [...READS, ...CREATES, ...UPDATES, ...DELETES, ...CLEARING] as const;

const someFault = (random: Random): Fault => {
  const operation = random.pick(ANY);
  return random.pick<Fault>([
    { operation, status: 429, retryAfter: 1 },
    { operation, status: 503, times: 2 },
    { operation, status: 503, commit: true },
    { operation, status: 401 },
    { operation, html: true },
    { operation, html: true, commit: true },
    { operation, truncate: true },
    { operation, hang: 'before' },
    { operation, hang: 'after' },
    { operation, reset: 'before' },
    { operation, reset: 'after' },
    { operation: random.pick(DELETES), lie: true },
    { operation: random.pick(LATE), commitLater: random.between(1100, LATEST_COMMIT) },
    { operation: random.pick(LATE), commitLater: random.between(1100, LATEST_COMMIT) },
  ]);
};

const SECRETS = [LOADER_PASSWORD, ...SECRET_NAMES] as const;
const someSecret = (random: Random) => random.pick(SECRETS);

/** What a run of a fabric asks for; those of them that may come about late overwrite nothing of a later run. */
const FABRIC_READS = ['showSchemas', 'showRoles', 'showGrants', 'showUsers'] as const;
const FABRIC_MAKES = ['createSchema', 'createRole', 'grantPrivileges', 'grantRole'] as const;
const FABRIC_TAKES = ['dropSchema', 'dropRole', 'revokePrivileges', 'revokeRole'] as const;
const FABRIC_ANY = [
  ...FABRIC_READS,
  ...FABRIC_MAKES,
  ...FABRIC_TAKES,
  'submitStatement',
  'getStatement',
] as const;
/** Codes of Snowflake's: insufficient privileges, and something that is not expected of it. */
const REFUSING = ['003001', '000603'] as const;

const someFabricFault = (random: Random): Fault => {
  const operation = random.pick(FABRIC_ANY);
  const change = random.pick([...FABRIC_MAKES, ...FABRIC_TAKES] as const);
  return random.pick<Fault>([
    { operation, status: 429, retryAfter: 1 },
    { operation, status: 503, times: 2 },
    { operation: change, status: 503, commit: true },
    { operation, html: true },
    { operation, truncate: true },
    { operation, hang: 'before' },
    { operation, hang: 'after' },
    { operation, reset: 'before' },
    { operation, reset: 'after' },
    { operation, expire: true },
    { operation: change, runs: random.between(500, 3000) },
    { operation: change, code: random.pick(REFUSING) },
    { operation: random.pick(FABRIC_MAKES), commitLater: random.between(1100, LATEST_COMMIT) },
  ]);
};

/** What a run of a lakehouse asks for; a change of all properties that came late would undo a later one. */
const LAKE_CHANGES = ['createSchema', 'updateSchema', 'updateGrants', 'deleteSchema'] as const;
const LAKE_ANY = [
  ...LAKE_CHANGES,
  'issueToken',
  'listSchemas',
  'getSchema',
  'getGrants',
  'listUsers',
  'listTables',
] as const;

const someLakeFault = (random: Random): Fault => {
  const operation = random.pick(LAKE_ANY);
  const change = random.pick(LAKE_CHANGES);
  return random.pick<Fault>([
    { operation, status: 429, retryAfter: 1 },
    { operation, status: 503, times: 2 },
    { operation: change, status: 503, commit: true },
    { operation, html: true },
    { operation, truncate: true },
    { operation, hang: 'before' },
    { operation, hang: 'after' },
    { operation, reset: 'before' },
    { operation, reset: 'after' },
    { operation: change, expireToken: true },
    { operation: change, status: 409, errorCode: 'ABORTED' },
    { operation: change, status: 403, errorCode: 'PERMISSION_DENIED' },
    { operation: 'createSchema', commitLater: random.between(1100, LATEST_COMMIT) },
  ]);
};

const FABRICS = {
  fabric: { someFault: someFabricFault, outageAt: 0.75 },
  lakehouse: { someFault: someLakeFault, outageAt: 0.2 },
};

/** Half as long an outage as Airbyte's: of one fabric after that, of the other before. */
const planFabric = (
  seed: number,
  minutes: number,
  where: Exclude<Side, 'airbyte'>,
): Disturbance[] => {
  const { someFault: faultOf, outageAt } = FABRICS[where];
  const duration = minutes * 60_000;
  const random = createRandom(seed, where);
  const momentsOf = (perMinute: number) =>
    random.moments(Math.max(1, Math.round(perMinute * minutes)), duration);
  const flaky = momentsOf(PER_MINUTE.flakyFabric).map((at) => ({
    at,
    what: 'weather' as const,
    where,
    weather: 'flaky' as const,
    lasts: random.between(...FLAKY_FOR),
  }));
  const faults = momentsOf(PER_MINUTE.fabricFaults).map((at) => ({
    at,
    what: 'fault' as const,
    where,
    fault: faultOf(random),
  }));
  const keys = momentsOf(PER_MINUTE.keys).map((at) => ({
    at,
    what: 'key' as const,
    where,
    how: random.pick(['with two keys', 'at once', 'lost', 'expired'] as const),
    lasts: random.between(...LOST_FOR),
  }));
  const outage = {
    at: duration * outageAt,
    what: 'weather' as const,
    where,
    weather: random.pick(['refusing', 'silent'] as const),
    lasts: outageOf(minutes) / 2,
  };
  return [...flaky, ...faults, ...keys, outage];
};

/** Secrets that change or are gone for a while, and updates that Airbyte refuses. */
const planSecrets = (seed: number, duration: number): Disturbance[] => {
  const random = createRandom(seed, 'secrets');
  const momentsOf = (perMinute: number) =>
    random.moments(Math.max(1, Math.round((perMinute * duration) / 60_000)), duration);
  const rotations = momentsOf(PER_MINUTE.rotations).map((at) => ({
    at,
    what: 'rotation' as const,
    secret: someSecret(random),
  }));
  const losses = momentsOf(PER_MINUTE.losses).map((at) => ({
    at,
    what: 'loss' as const,
    secret: someSecret(random),
    lasts: random.between(...LOST_FOR),
  }));
  const refusals = momentsOf(PER_MINUTE.refusals).map((at) => ({
    at,
    what: 'fault' as const,
    where: 'airbyte' as const,
    fault: { operation: random.pick(REFUSED), status: random.pick([400, 422]) },
  }));
  return [...rotations, ...losses, ...refusals];
};

/** The same for the same seed and minutes. */
export const planDisturbances = (seed: number, minutes: number): Disturbance[] => {
  const duration = minutes * 60_000;
  const count = (perMinute: number) => Math.max(1, Math.round(perMinute * minutes));
  const kills = VICTIMS.flatMap((victim) => {
    const random = createRandom(seed, victim);
    return random.moments(count(PER_MINUTE[victim]), duration).map((at) => ({
      at,
      what: 'kill' as const,
      victim,
      which: random.between(0, 1),
      downFor: random.between(...DOWN_FOR),
    }));
  });
  const random = createRandom(seed, 'network');
  const flaky = random.moments(count(PER_MINUTE.flaky), duration).map((at) => ({
    at,
    what: 'weather' as const,
    where: 'airbyte' as const,
    weather: 'flaky' as const,
    lasts: random.between(...FLAKY_FOR),
  }));
  const lasts = outageOf(minutes);
  const outage = {
    at: (duration - lasts) / 2,
    what: 'weather' as const,
    where: 'airbyte' as const,
    weather: random.pick(['refusing', 'silent'] as const),
    lasts,
  };
  const faults = random.moments(count(PER_MINUTE.faults), duration).map((at) => ({
    at,
    what: 'fault' as const,
    where: 'airbyte' as const,
    fault: someFault(random),
  }));
  const others = [
    ...planSecrets(seed, duration),
    ...planFabric(seed, minutes, 'fabric'),
    ...planFabric(seed, minutes, 'lakehouse'),
  ];
  return [...kills, ...flaky, outage, ...faults, ...others].sort((one, other) => one.at - other.at);
};
