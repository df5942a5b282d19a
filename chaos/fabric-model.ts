import type { ProvisioningStatus } from '../src/contract/coordinator';
import { CATALOG, placeOf } from './requests';
import type { Request, Variant } from './requests';

/*
 * What a component has in its fabric, each thing in one line: its schemas, its role, grants, members. What is
 * told of it by the statuses of its runs is what it has at least, and at most.
 */

export interface Bounds {
  least: ReadonlySet<string>;
  most: ReadonlySet<string>;
}

/** One of these. */
export type Holding = readonly Bounds[];

const exactly = (things: Iterable<string>): Bounds => {
  const all = new Set(things);
  return { least: all, most: all };
};
export const HOLDS_NOTHING: Holding = [exactly([])];

/** How Airbyte's role and the component's own are called here, whatever they are called there. */
export const AIRBYTE = 'Airbyte';
export const READERS = 'its readers';

/** What Airbyte may do in a schema of the lakehouse, which has no roles. */
const LOADS = [
  'USE_SCHEMA',
  'CREATE_TABLE',
  'SELECT',
  'MODIFY',
  'CREATE_VOLUME',
  'READ_VOLUME',
  'WRITE_VOLUME',
];

const WRITES = ['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT'];

export const THING = {
  database: (name: string) => `USAGE on the database ${name} for ${READERS}`,
  schema: (name: string) => `the schema ${name}`,
  grant: (privilege: string, schema: string, to: string) => `${privilege} on ${schema} for ${to}`,
  future: (on: string, schema: string) =>
    `SELECT on each ${on} to come in ${schema} for ${READERS}`,
  role: 'the role of its readers',
  member: (name: string) => `the member ${name}`,
};
const isMember = (thing: string) => thing.startsWith('the member ');
const isSchema = (thing: string) => thing.startsWith('the schema ');

const inLakehouse = (schema: string) => [
  THING.schema(schema),
  ...LOADS.map((privilege) => THING.grant(privilege, schema, AIRBYTE)),
];
const inWarehouse = ({ database, schema }: { database: string; schema: string }) => [
  THING.schema(schema),
  THING.role,
  THING.database(database),
  ...WRITES.map((privilege) => THING.grant(privilege, schema, AIRBYTE)),
  THING.grant('USAGE', schema, READERS),
  ...['TABLE', 'VIEW'].map((on) => THING.future(on, schema)),
];

/** All that a component has once it is provisioned, but for members. */
const provisionedIn = (place: { database: string; schema: string }) =>
  place.database === CATALOG ? inLakehouse(place.schema) : inWarehouse(place);

/** Whether there is what people are let in by: the role; in the lakehouse the schema itself. */
export const letsIn = (holding: Holding, variant: Variant) => {
  const place = placeOf(variant);
  const thing = place?.database === CATALOG ? THING.schema(place.schema) : THING.role;
  return holding.some(({ least }) => least.has(thing));
};

const effectOf = (request: Request, before: ReadonlySet<string>): string[] => {
  const things = [...before];
  if (request.operation === 'updateacl')
    return [...things.filter((thing) => !isMember(thing)), ...request.members.map(THING.member)];
  if (request.operation === 'unprovision') return request.removeData ? [] : things.filter(isSchema);
  const place = placeOf(request.variant);
  return place ? [...things, ...provisionedIn(place)] : things;
};

const both = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
  new Set([...one].filter((thing) => other.has(thing)));
const either = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
  new Set([...one, ...other]);

/** Anything between the two. */
const between = (one: Bounds, other: Bounds): Bounds => ({
  least: both(one.least, other.least),
  most: either(one.most, other.most),
});

const hasLeft = ({ result }: ProvisioningStatus) => /^Left behind in the fabric: /m.test(result);
/** Where a run could not even look nothing was taken away. */
const sawNothing = ({ info }: ProvisioningStatus) =>
  [info?.privateInfo.leftBehind ?? []].flat().some((what) => what.startsWith('whatever was there'));

interface Ended {
  request: Request;
  status: ProvisioningStatus;
}

const afterOne = (before: Holding, { request, status }: Ended): Holding =>
  before.map((bounds): Bounds => {
    const done: Bounds = {
      least: new Set(effectOf(request, bounds.least)),
      most: new Set(effectOf(request, bounds.most)),
    };
    if (status.status === 'COMPLETED') return done;
    if (hasLeft(status)) return between(bounds, done);
    // It fails in Airbyte, and then the fabric is left alone, which is told; or after the fabric.
    return request.operation === 'unprovision' && !sawNothing(status) ? done : bounds;
  });

const ordersOf = <Item>(items: readonly Item[]): Item[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((first, at) =>
        ordersOf(items.filter((_, other) => other !== at)).map((rest) => [first, ...rest]),
      );

const textOf = ({ least, most }: Bounds) =>
  JSON.stringify([least, most].map((things) => [...things].sort()));

/** Most orders lead to the same. */
const withoutTwins = (holding: Holding): Holding => [
  ...new Map(holding.map((bounds) => [textOf(bounds), bounds])).values(),
];

/**
 * After runs that were asked for at once: in the order in which they ended. Changing who reads waits for no
 * other run of the component, so that it may have come about before or after one that ended first.
 */
export const heldAfter = (before: Holding, runs: readonly Ended[]): Holding => {
  const isFree = runs.some(({ request }) => request.operation === 'updateacl');
  const orders = isFree ? ordersOf(runs) : [[...runs]];
  return withoutTwins(orders.flatMap((order) => order.reduce(afterOne, before)));
};

const isWithin = (things: ReadonlySet<string>, { least, most }: Bounds) =>
  [...least].every((thing) => things.has(thing)) && [...things].every((thing) => most.has(thing));

const amiss = (things: ReadonlySet<string>, { least, most }: Bounds) => [
  ...[...least].filter((thing) => !things.has(thing)).map((thing) => `lacks ${thing}`),
  ...[...things].filter((thing) => !most.has(thing)).map((thing) => `has ${thing}`),
];

/** How what a component has differs from what the statuses of its runs say. */
export const holdingDifferences = (
  key: string,
  expected: Holding,
  things: ReadonlySet<string>,
): string[] => {
  if (expected.some((bounds) => isWithin(things, bounds))) return [];
  const all = expected.map((bounds) => amiss(things, bounds));
  const [nearest = []] = all.sort((one, other) => one.length - other.length);
  return nearest.map((what) => `${key} ${what} in its fabric`);
};

/** Once it is seen, it is known. */
export const seenHolding = (expected: Holding, things: ReadonlySet<string>): Holding =>
  expected.some((bounds) => isWithin(things, bounds)) ? [exactly(things)] : expected;
