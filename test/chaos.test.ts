import { execFile } from 'node:child_process';
import path from 'node:path';
import { differencesOf, flawsOf, orphansIn } from '../chaos/check';
import type { World } from '../chaos/check';
import { planDisturbances } from '../chaos/disturbances';
import { after, NOTHING } from '../chaos/model';
import type { Expected } from '../chaos/model';
import { actsOf, keyOf } from '../chaos/requests';
import type { Request, Variant } from '../chaos/requests';
import { ROOT } from '../scripts/child';
import type { ProvisioningStatus } from '../src/contract';

const KEY = keyOf('c1');
const TOKEN = 'provision.chaos.finance.chaos.0.c1.0123456789ab';

const january: Variant = { url: 'https://localhost:1/january.csv', database: 'RISK', prefix: '' };
const march: Variant = { url: 'https://localhost:1/march.csv', database: 'SALES', prefix: 'raw_' };

/** A world with one component as this variant wants it. */
const worldOf = ({ url, database, prefix }: Variant): World => ({
  sources: [{ sourceId: 's', name: `File [${KEY} #01234567]`, configuration: { url } }],
  destinations: [
    { destinationId: 'd', name: `Warehouse [${KEY} #01234567]`, configuration: { database } },
  ],
  connections: [{ connectionId: 'c', name: 'File', sourceId: 's', destinationId: 'd', prefix }],
});
const empty: World = { sources: [], destinations: [], connections: [] };

const completed: ProvisioningStatus = { status: 'COMPLETED', result: 'Done.' };
const failed = (...leftBehind: string[]): ProvisioningStatus => ({
  status: 'FAILED',
  result: 'Airbyte did not answer.',
  info: { publicInfo: {}, privateInfo: { leftBehind } },
});

const provisionOf = (variant: Variant): Request => ({ operation: 'provision', variant });
const unprovision: Request = { operation: 'unprovision', removeData: false };

const provisioned = after(NOTHING, { request: provisionOf(january), status: completed });

test.each<[string, Expected, World]>([
  ['a completed provision', provisioned, worldOf(january)],
  [
    'a failed provision of what was absent',
    after(NOTHING, { request: provisionOf(january), status: failed() }),
    empty,
  ],
  [
    'a failed update',
    after(provisioned, { request: provisionOf(march), status: failed() }),
    worldOf(january),
  ],
  [
    'a completed unprovision',
    after(provisioned, { request: unprovision, status: completed }),
    empty,
  ],
  [
    'an unprovision that could not look',
    after(provisioned, {
      request: unprovision,
      status: failed('whatever was there, as nothing was deleted'),
    }),
    worldOf(january),
  ],
  [
    'an unprovision that left the destination behind',
    after(provisioned, { request: unprovision, status: failed('the destination "Warehouse"') }),
    { ...empty, destinations: worldOf(january).destinations },
  ],
])('chaos takes the world after %s for right', (_what, expected, world) => {
  expect(differencesOf(KEY, expected, world)).toEqual([]);
});

test.each<[string, Expected, World, string[]]>([
  [
    'a duplicate',
    provisioned,
    { ...worldOf(january), sources: [1, 2].flatMap(() => worldOf(january).sources) },
    [`${KEY} has 2 sources`],
  ],
  [
    'another configuration',
    provisioned,
    { ...worldOf(january), destinations: worldOf(march).destinations },
    [`${KEY} should have as its destination one with "RISK", and has one with "SALES"`],
  ],
  [
    'what is missing',
    provisioned,
    { ...worldOf(january), connections: [] },
    [`${KEY} should have as its connection one with "", and has nothing`],
  ],
  [
    'what a completed unprovision did not remove',
    after(provisioned, { request: unprovision, status: completed }),
    { ...empty, sources: worldOf(january).sources },
    [
      `${KEY} should have as its source nothing, and has one with "https://localhost:1/january.csv"`,
    ],
  ],
  [
    'what a failed unprovision did not name',
    after(provisioned, { request: unprovision, status: failed('the destination "Warehouse"') }),
    { ...empty, sources: worldOf(january).sources },
    [
      `${KEY} should have as its source nothing, and has one with "https://localhost:1/january.csv"`,
    ],
  ],
  [
    'an update that failed and stayed half done',
    after(provisioned, { request: provisionOf(march), status: failed() }),
    { ...worldOf(january), sources: worldOf(march).sources },
    [
      `${KEY} should have as its source one with "https://localhost:1/january.csv", and has one with "https://localhost:1/march.csv"`,
    ],
  ],
])('chaos names %s', (_what, expected, world, differences) => {
  expect(differencesOf(KEY, expected, world)).toEqual(differences);
});

test('chaos names orphans: entities of nobody, and connections without their ends', () => {
  const world = worldOf(january);
  expect(orphansIn(world, [KEY])).toEqual([]);
  expect(orphansIn({ ...world, sources: [] }, [KEY])).toEqual([
    'the connection "File" (c) lacks its source or destination',
  ]);
  expect(orphansIn({ ...world, connections: [] }, [keyOf('c2')])).toEqual([
    `"File [${KEY} #01234567]" belongs to no component`,
    `"Warehouse [${KEY} #01234567]" belongs to no component`,
  ]);
});

test.each<[string, ProvisioningStatus | undefined, string[]]>([
  ['no status', undefined, [`${TOKEN} has no terminal status`]],
  [
    'a status of a run that goes on',
    { status: 'RUNNING', result: '' },
    [`${TOKEN} has no terminal status`],
  ],
  [
    'a failure without a word',
    { status: 'FAILED', result: ' ' },
    [`${TOKEN} failed without a word`],
  ],
  [
    'a stack trace',
    { status: 'FAILED', result: 'Error: no\n    at put (actors.ts:1)' },
    [`${TOKEN} tells a stack trace`],
  ],
  ['a failure that says why', failed(), []],
  ['success', completed, []],
])('chaos judges %s', (_what, status, flaws) => {
  expect(flawsOf(TOKEN, status)).toEqual(flaws);
});

const firstActs = (seed: number, component: string) => {
  const acts = actsOf({ seed, count: 50 }, component);
  return Array.from({ length: 20 }, () => acts.next().value);
};

test('the same seed plans the same chaos, and another seed another', () => {
  expect(planDisturbances(1, 3)).toEqual(planDisturbances(1, 3));
  expect(planDisturbances(1, 3)).not.toEqual(planDisturbances(2, 3));
  expect(firstActs(1, 'c1')).toEqual(firstActs(1, 'c1'));
  expect(firstActs(1, 'c1')).not.toEqual(firstActs(1, 'c2'));
  expect(firstActs(1, 'c1')).not.toEqual(firstActs(2, 'c1'));
});

test('three minutes of chaos kill each kind of program, and take Airbyte down for one of them', () => {
  const disturbances = planDisturbances(1, 3);
  const victims = disturbances.flatMap((each) => (each.what === 'kill' ? [each.victim] : []));
  expect(new Set(victims)).toEqual(new Set(['worker', 'gateway', 'temporal']));
  const outage = disturbances.find((each) => each.what === 'weather' && each.weather !== 'flaky');
  expect(outage).toMatchObject({ at: 60_000, lasts: 60_000 });
});

/** Its output, whatever the end: a failure explains itself. */
const runChaos = (...args: string[]) => {
  const file = path.join(ROOT, 'dist', 'chaos', 'run.js');
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = execFile(process.execPath, [file, ...args], { cwd: ROOT }, (_err, stdout) => {
      resolve({ code: child.exitCode, output: stdout });
    });
  });
};

test('half a minute of chaos with a fixed seed ends clean', async () => {
  const args = ['--seed', '1', '--minutes', '0.5', '--components', '12'];
  const { code, output } = await runChaos(...args);
  expect(output).toMatch(/^seed 1, 0\.5 minutes, 12 components\n/);
  expect(output).toMatch(/verdict +clean\n$/);
  expect(output).toMatch(/killed +worker [1-9], gateway [1-9], temporal [1-9]/);
  expect(code).toBe(0);
}, 300_000);
