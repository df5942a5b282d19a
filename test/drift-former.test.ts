import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { pino } from 'pino';
import { z } from 'zod';
import { createLookAtFormerReaders } from '../activities/drift/former-readers';
import type { Moved } from '../activities/drift/former-readers';
import type { FabricOf } from '../activities/fabric/fabric';
import type { Place } from '../src/descriptor/places';
import { databricks } from '../src/fabrics/databricks';
import type { Fabric } from '../src/fabrics/fabric';
import { createRedactor } from '../src/secrets/masking';
import { interestOf } from './support/airbyte-clients';
import { step } from './support/databricks-fabric';
import { startLakehouse } from './support/lakehouse';
import type { Lakehouse } from './support/lakehouse';

/* A check for drift asks several fabrics who reads what components have left there. */

const JANE = 'jane.doe@example.com';
const NAMES = ['here', 'quick', 'slow'] as const;
type Name = (typeof NAMES)[number];

const opened = (name: Name, { fabric, secrets }: Lakehouse, manage: object): Fabric =>
  databricks.open(databricks.settings.parse({ ...fabric, manage }), {
    name,
    secretOf: ({ secretRef }) =>
      Promise.resolve(new Map(Object.entries(secrets)).get(secretRef) ?? ''),
    redactor: createRedactor(),
    requestTimeout: 20_000,
    log: pino({ level: 'silent' }),
  });

const MANAGE = { schema: true, access: true };
let workspaces: Map<Name, Lakehouse>;
beforeAll(async () => {
  workspaces = new Map(
    await Promise.all(
      NAMES.map(async (name) => [name, await startLakehouse({ users: [JANE] })] as const),
    ),
  );
});
afterAll(() => Promise.all([...workspaces.values()].map(({ close }) => close())));
afterEach(() =>
  Promise.all(
    [...workspaces.values()].map(({ control }) => control('/faults', undefined, 'DELETE')),
  ),
);

const fabricOf =
  (managesHere: object = MANAGE): FabricOf =>
  (end, key) => {
    const name = NAMES.find((each) => each === end.fabric);
    const workspace = name && workspaces.get(name);
    if (!workspace) return undefined;
    const fabric = opened(name, workspace, name === 'here' ? managesHere : MANAGE);
    return { ...fabric.of({ key, end }), fabric };
  };

const placeIn = (fabric: Name, schema: string): Place => ({
  connector: 'databricks',
  configuration: { schema },
  fabric,
});

/** A component that Jane reads where it was, and not where it is. */
const moved = async (schema: string, fabric: Name): Promise<Moved> => {
  const key = `development/finance.cashflow.0.${schema}`;
  const former = placeIn(fabric, schema);
  const there = fabricOf()(former, key);
  await there?.prepare((await there.look(step())).missing, step());
  await there?.grant([JANE], step());
  return { key, token: schema, place: placeIn('here', schema), isWanted: true, former: [former] };
};

/** What Temporal gives an activity, as far as a step of one asks for it. */
const context = z.custom<Context>().parse({
  info: { activityId: '1', workflowExecution: { workflowId: 'w', runId: 'r' } },
});

const lookAt = (
  all: Moved[],
  given: { managesHere?: object; startAt?: (count: number) => number } = {},
) => {
  const look = createLookAtFormerReaders(fabricOf(given.managesHere), given.startAt);
  const { interest, timeUp } = interestOf();
  const clock = setTimeout(() => {
    timeUp.abort();
  }, 3000);
  return asyncLocalStorage
    .run(context, () => look(all, { interest }))
    .finally(() => {
      clearTimeout(clock);
    });
};

const foundIn = ({ findings }: Awaited<ReturnType<typeof lookAt>>) =>
  [...findings].map(([key, all]) => [key.split('.').at(-1), all.map(({ differs }) => differs)]);

test('a former fabric that is slow takes no time from the others, and is told by its name', async () => {
  const all = [await moved('late', 'slow'), await moved('in_time', 'quick')];
  expect(foundIn(await lookAt(all)).toSorted()).toEqual([
    ['in_time', [[JANE]]],
    ['late', [[JANE]]],
  ]);
  for (const operation of ['listSchemas', 'getSchema', 'getGrants'])
    await workspaces.get('slow')?.control('/faults', { operation, hang: 'before', times: 0 });
  const seen = await lookAt(all);
  expect(foundIn(seen)).toEqual([['in_time', [[JANE]]]]);
  expect(seen.unreached.map(({ fabric, components }) => [fabric, components])).toEqual([
    ['slow', 1],
  ]);
});

test('of one fabric each check begins with another component', async () => {
  const all = [
    await moved('one', 'quick'),
    await moved('two', 'quick'),
    await moved('three', 'quick'),
  ];
  const orderFrom = async (start: number) =>
    foundIn(await lookAt(all, { startAt: () => start })).map(([name]) => name);
  expect(await orderFrom(0)).toEqual(['one', 'two', 'three']);
  expect(await orderFrom(2)).toEqual(['three', 'one', 'two']);
});

test('nothing is said where the present fabric grants no access, as nobody tells who is to read', async () => {
  const all = [await moved('unmanaged', 'quick')];
  expect(foundIn(await lookAt(all))).toEqual([['unmanaged', [[JANE]]]]);
  const seen = await lookAt(all, { managesHere: { schema: true } });
  expect(foundIn(seen)).toEqual([]);
  expect(seen.unreached).toEqual([]);
});
