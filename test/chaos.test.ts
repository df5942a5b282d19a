import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { differencesOf, flawsOf, narrowed, orphansIn } from '../chaos/check';
import type { World } from '../chaos/check';
import { planDisturbances } from '../chaos/disturbances';
import { fabricOrphans, thingsOf } from '../chaos/fabric-check';
import type { Warehouse } from '../chaos/fabric-check';
import { heldAfter, holdingDifferences, HOLDS_NOTHING } from '../chaos/fabric-model';
import type { Holding } from '../chaos/fabric-model';
import { after, NOTHING } from '../chaos/model';
import type { Expected } from '../chaos/model';
import { catalogFlaws, lakeOrphans, lakeThingsOf } from '../chaos/lakehouse-check';
import { actsOf, CATALOG, CHANGES, countDifferent, fabricOf, keyOf } from '../chaos/requests';
import { alarmsIn } from '../chaos/report';
import type { Request, Variant } from '../chaos/requests';
import { createSecrets, hostOf, LAKE_LOADER, LAKE_MANAGER, secretNameOf } from '../chaos/secrets';
import { ROOT } from '../scripts/child';
import type { ProvisioningStatus } from '../src/contract/coordinator';

const KEY = keyOf('c1');
const TOKEN = 'provision.chaos.finance.chaos.0.c1.0123456789ab';

type InDatabase = Exclude<Variant, { schema: string }>;
const january: InDatabase = {
  url: '/january.csv',
  fileServer: 'a',
  database: 'risk',
  databaseServer: 'b',
  prefix: '',
};
const march: InDatabase = {
  url: '/march.csv',
  fileServer: 'b',
  database: 'sales',
  databaseServer: 'b',
  prefix: 'raw_',
};

/** What each reference meant in the first run, and in later ones. */
const first = (name: string) => [`${name} one`];
const later = (name: string) => [`${name} two`];

/** A world with one component as this variant wants it, with the secrets of some run. */
const worldOf = (
  { url, fileServer, database, databaseServer, prefix }: InDatabase,
  of = first,
) => ({
  sources: [
    {
      sourceId: 's',
      name: `File [${KEY} #01234567]`,
      configuration: {
        url,
        provider: {
          host: hostOf('source', fileServer),
          password: of(secretNameOf('source', fileServer))[0] ?? '',
        },
      },
    },
  ],
  destinations: [
    {
      destinationId: 'd',
      name: `Warehouse [${KEY} #01234567]`,
      configuration: {
        database,
        host: hostOf('destination', databaseServer),
        password: of(secretNameOf('destination', databaseServer))[0] ?? '',
      },
    },
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

/** Of a later run. */
const then = (before: Expected, request: Request, status: ProvisioningStatus) =>
  after(before, { request, status, valuesOf: later });

const provisioned = after(NOTHING, {
  request: provisionOf(january),
  status: completed,
  valuesOf: first,
});

const ROTATED = 'the source "File": its secret configuration.password may not be the former one';
const STAYS = 'the source "File": it stays as this run wrote it';

test.each<[string, Expected, World]>([
  ['a completed provision', provisioned, worldOf(january)],
  ['a failed provision of what was absent', then(NOTHING, provisionOf(january), failed()), empty],
  ['a failed update', then(provisioned, provisionOf(march), failed()), worldOf(january)],
  ['a completed unprovision', then(provisioned, unprovision, completed), empty],
  [
    'an unprovision that could not look',
    then(provisioned, unprovision, failed('whatever was there, as nothing was deleted')),
    worldOf(january),
  ],
  [
    'an unprovision that left the destination behind',
    then(provisioned, unprovision, failed('the destination "Warehouse"')),
    { ...empty, destinations: worldOf(january).destinations },
  ],
  [
    'a failed update that names the secret',
    then(provisioned, provisionOf(march), failed(ROTATED)),
    { ...worldOf(january), sources: worldOf(january, later).sources },
  ],
  [
    'a failed update that names the whole source',
    then(provisioned, provisionOf(march), failed(STAYS)),
    { ...worldOf(january), sources: worldOf(march, later).sources },
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
    [
      `${KEY} should have as its destination one with "risk on destination-b.example.invalid" and DESTINATION_B one, and has one with "sales on destination-b.example.invalid" and DESTINATION_B one`,
    ],
  ],
  [
    'what is missing',
    provisioned,
    { ...worldOf(january), connections: [] },
    [`${KEY} should have as its connection one with "", and has nothing`],
  ],
  [
    'what a completed unprovision did not remove',
    then(provisioned, unprovision, completed),
    { ...empty, sources: worldOf(january).sources },
    [
      `${KEY} should have as its source nothing, and has one with "/january.csv on source-a.example.invalid" and SOURCE_A one`,
    ],
  ],
  [
    'what a failed unprovision did not name',
    then(provisioned, unprovision, failed('the destination "Warehouse"')),
    { ...empty, sources: worldOf(january).sources },
    [
      `${KEY} should have as its source nothing, and has one with "/january.csv on source-a.example.invalid" and SOURCE_A one`,
    ],
  ],
  [
    'an update that failed and stayed half done',
    then(provisioned, provisionOf(march), failed()),
    { ...worldOf(january), sources: worldOf(march).sources },
    [
      `${KEY} should have as its source one with "/january.csv on source-a.example.invalid" and SOURCE_A one, and has one with "/march.csv on source-b.example.invalid" and SOURCE_B one`,
    ],
  ],
  [
    'a failed update that has changed a secret, and does not say so',
    then(provisioned, provisionOf(march), failed()),
    worldOf(january, later),
    [
      `${KEY} should have as its source one with "/january.csv on source-a.example.invalid" and SOURCE_A one, and has one with "/january.csv on source-a.example.invalid" and SOURCE_A two`,
      `${KEY} should have as its destination one with "risk on destination-b.example.invalid" and DESTINATION_B one, and has one with "risk on destination-b.example.invalid" and DESTINATION_B two`,
    ],
  ],
])('chaos names %s', (_what, expected, world, differences) => {
  expect(differencesOf(KEY, expected, world)).toEqual(differences);
});

test('what is seen tells which of several secrets is the former one', () => {
  const either = after(NOTHING, {
    request: provisionOf(january),
    status: completed,
    valuesOf: (name) => [...first(name), ...later(name)],
  });
  expect(differencesOf(KEY, either, worldOf(january, later))).toEqual([]);
  const known = narrowed(KEY, either, worldOf(january, later));
  expect(differencesOf(KEY, known, worldOf(january, later))).toEqual([]);
  expect(differencesOf(KEY, known, worldOf(january))).toHaveLength(2);
});

test('chaos knows what a reference meant when, and where its values may go', () => {
  const secrets = createSecrets(mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-')));
  const one = secrets.during('SOURCE_A', 0, Date.now());
  secrets.lose('SOURCE_A');
  secrets.rotate('SOURCE_A');
  const all = secrets.during('SOURCE_A', 0, Date.now());
  expect(all).toHaveLength(2);
  expect(all).toEqual(expect.arrayContaining(one));
  const [sha256 = ''] = one.map((value) => createHash('sha256').update(value).digest('hex'));
  expect(secrets.strays([{ sha256, host: 'source-a.example.invalid' }])).toEqual([]);
  expect(secrets.strays([{ sha256, host: 'source-b.example.invalid' }])).toEqual([
    'a secret for source-a.example.invalid went to source-b.example.invalid',
  ]);
  expect(secrets.strays([{ sha256: null, host: 'source-a.example.invalid' }])).toHaveLength(1);
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

test.each<[string, string, boolean]>([
  ['nondeterminism', '[TMPRL1100] Nondeterminism error: no command for event 7', true],
  ['a task that failed', 'Failing workflow task run_id=1 failure=…', true],
  ['a payload that is too large', '[TMPRL1103] Attempted to upload payloads', true],
  ['a task that took long', '[TMPRL1104] 1:53:1 Workflow task duration exceeded 5 seconds.', false],
  ['an activity that failed', 'Activity failed, will be retried', false],
])('chaos reads in the log of a worker %s', (_what, msg, isAlarm) => {
  const log = path.join(mkdtempSync(path.join(os.tmpdir(), 'chaos-log-')), 'worker-1.log');
  writeFileSync(log, `${JSON.stringify({ workflowId: TOKEN, msg })}\n${msg}\n`);
  const told = [`worker-1.log: ${TOKEN} ${msg}`, `worker-1.log: ${msg}`];
  expect(alarmsIn([log])).toEqual(isAlarm ? told : []);
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

test.each([
  ['Snowflake', 'c2'],
  ['Databricks', 'c4'],
])('chaos in %s changes who reads in each way, and several times at once', (system, component) => {
  expect(fabricOf(component)).toBe(system);
  const [first, ...acts] = firstActs(1, component).map(({ requests }) => requests);
  expect(first).toMatchObject([{ operation: 'provision' }]);
  const together = acts.map((act) => act.flatMap((each) => ('change' in each ? [each] : [])));
  expect(new Set(together.flat().map(({ change }) => change))).toEqual(new Set(CHANGES));
  expect(together.flat().length).toBeGreaterThan(acts.length);
  expect(together.some((changes, at) => changes.length > 1 && acts[at]?.length === 3)).toBe(true);
  for (const changes of together)
    for (const [at, { change, members }] of changes.slice(1).entries()) {
      const before = changes[at]?.members ?? [];
      if (change === 'emptied') expect(members).toEqual([]);
      if (change === 'shrunk') expect(before).toEqual(expect.arrayContaining(members));
      if (change === 'grown') expect(members).toEqual(expect.arrayContaining(before));
    }
});

test('three minutes of chaos kill each kind of program, and take Airbyte and each fabric down for a while', () => {
  const disturbances = planDisturbances(1, 3);
  const victims = disturbances.flatMap((each) => (each.what === 'kill' ? [each.victim] : []));
  expect(new Set(victims)).toEqual(new Set(['worker', 'gateway', 'temporal']));
  const outages = disturbances.filter(
    (each) => each.what === 'weather' && each.weather !== 'flaky',
  );
  expect(outages).toMatchObject([
    { where: 'lakehouse', at: 36_000, lasts: 30_000 },
    { where: 'airbyte', at: 60_000, lasts: 60_000 },
    { where: 'fabric', at: 135_000, lasts: 30_000 },
  ]);
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
  expect(output).toMatch(/outcome +clean\n$/);
  expect(output).toMatch(
    /outages +Airbyte was down for [1-9].*, Snowflake for [1-9].*, Databricks for [1-9]/,
  );
  for (const system of ['Snowflake', 'Databricks'])
    expect(output).toMatch(new RegExp(`faults .*, [1-9]\\d* and \\d+ in the network at ${system}`));
  for (const system of ['Snowflake', 'Databricks'])
    expect(output).toMatch(
      new RegExp(`updateacl +[1-9]\\d* completed, \\d+ failed \\(grown \\d.*\\) in ${system}\n`),
    );
  expect(output).toMatch(/killed +worker [1-9], gateway [1-9], temporal [1-9]/);
  expect(code).toBe(0);
}, 300_000);

const DAILY: Variant = { url: '/january.csv', fileServer: 'a', schema: 'C3_DAILY', prefix: '' };
const WEEKLY: Variant = { ...DAILY, schema: 'C3_WEEKLY' };
const READ_ROLE = 'CHAOS_0_C3_READ_01234567';
const THREE = keyOf('c3');

/** A warehouse with these schemas of one component, in use where they are, and who reads them. */
const warehouseOf = (
  schemas: { name: string; inUse: boolean }[],
  members?: string[],
): Warehouse => ({
  databases: [
    {
      name: 'ANALYTICS',
      grants: [
        { privilege: 'USAGE', role: 'AIRBYTE' },
        ...(members ? [{ privilege: 'USAGE', role: READ_ROLE }] : []),
      ],
      schemas: schemas.map(({ name, inUse }) => ({
        name,
        owner: 'PROVISIONER',
        comment: `provisioner:${THREE}`,
        grants: [
          { privilege: 'OWNERSHIP', role: 'PROVISIONER' },
          ...['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT']
            .filter(() => inUse)
            .map((privilege) => ({ privilege, role: 'AIRBYTE' })),
          ...(inUse ? [{ privilege: 'USAGE', role: READ_ROLE }] : []),
        ],
        futureGrants: ['TABLE', 'VIEW']
          .filter(() => inUse)
          .map((on) => ({ privilege: 'SELECT', on, role: READ_ROLE })),
      })),
    },
  ],
  roles: members
    ? [{ name: READ_ROLE, owner: 'PROVISIONER', comment: `provisioner:${THREE}` }]
    : [],
  members: (members ?? []).map((name) => ({
    role: READ_ROLE,
    name,
    grantedBy: 'PROVISIONER',
  })),
});
const used = (name: string) => ({ name, inUse: true });
const kept = (name: string) => ({ name, inUse: false });

const goes = (removeData: boolean): Request => ({
  operation: 'unprovision',
  removeData,
  variant: DAILY,
});
const reads = (...members: string[]): Request => ({
  operation: 'updateacl',
  members,
  change: 'others',
  variant: DAILY,
});
const ran = (request: Request, status = completed) => ({ request, status });
const heldBy = (...runs: ReturnType<typeof ran>[]) =>
  runs.reduce((held: Holding, run) => heldAfter(held, [run]), HOLDS_NOTHING);
const there = heldBy(ran(provisionOf(DAILY)));
const leaving: ProvisioningStatus = {
  ...failed('the schema ANALYTICS.C3_DAILY and 4 grants in Snowflake'),
  result: 'No.\nLeft behind in the fabric: the schema ANALYTICS.C3_DAILY.',
};

test('chaos takes requests for the same people for one, however they came about', () => {
  const nobody: Request[] = [
    { operation: 'updateacl', members: [], change: 'shrunk', variant: DAILY },
    { operation: 'updateacl', members: [], change: 'emptied', variant: DAILY },
  ];
  expect(countDifferent('c3', nobody)).toBe(1);
  expect(countDifferent('c3', [...nobody, reads('JANE'), provisionOf(DAILY)])).toBe(3);
});

test.each<[string, Holding, Warehouse]>([
  ['a completed provision', there, warehouseOf([used('C3_DAILY')], [])],
  [
    'a move, after which the former schema stays',
    heldBy(ran(provisionOf(DAILY)), ran(provisionOf(WEEKLY))),
    warehouseOf([used('C3_DAILY'), used('C3_WEEKLY')], []),
  ],
  [
    'a failed provision',
    heldBy(ran(provisionOf(DAILY)), ran(provisionOf(WEEKLY), failed())),
    warehouseOf([used('C3_DAILY')], []),
  ],
  [
    'a set of readers that shrank',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE', 'JOHN')), ran(reads('JOHN'))),
    warehouseOf([used('C3_DAILY')], ['JOHN']),
  ],
  [
    'a change of readers that failed',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE')), ran(reads('JOHN'), failed())),
    warehouseOf([used('C3_DAILY')], ['JANE']),
  ],
  [
    'an unprovision that keeps the data',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE')), ran(goes(false))),
    warehouseOf([kept('C3_DAILY')]),
  ],
  [
    'an unprovision with the data',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE')), ran(goes(true))),
    warehouseOf([]),
  ],
  [
    'an unprovision that names what it left',
    heldBy(ran(provisionOf(DAILY)), ran(goes(true), leaving)),
    warehouseOf([kept('C3_DAILY')]),
  ],
  [
    'readers who were changed while the component went, and before it ended',
    heldAfter(there, [ran(goes(false)), ran(reads('JANE'))]),
    warehouseOf([kept('C3_DAILY')]),
  ],
])('chaos takes the fabric after %s for right', (_what, held, warehouse) => {
  expect(holdingDifferences(THREE, held, thingsOf(THREE, warehouse))).toEqual([]);
});

test.each<[string, Holding, Warehouse, string[]]>([
  [
    'a schema that is left and not named',
    heldBy(ran(provisionOf(DAILY)), ran(goes(true))),
    warehouseOf([kept('C3_DAILY')]),
    [`${THREE} has the schema C3_DAILY in its fabric`],
  ],
  [
    'a reader who is left',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE')), ran(reads())),
    warehouseOf([used('C3_DAILY')], ['JANE']),
    [`${THREE} has the member JANE in its fabric`],
  ],
  [
    'a reader who is missing',
    heldBy(ran(provisionOf(DAILY)), ran(reads('JANE'))),
    warehouseOf([used('C3_DAILY')], []),
    [`${THREE} lacks the member JANE in its fabric`],
  ],
  [
    'a role that is missing',
    there,
    warehouseOf([kept('C3_DAILY')]),
    expect.arrayContaining([
      `${THREE} lacks the role of its readers in its fabric`,
      `${THREE} lacks USAGE on C3_DAILY for Airbyte in its fabric`,
    ]),
  ],
  [
    'a failed move that stays half done',
    heldBy(ran(provisionOf(DAILY)), ran(provisionOf(WEEKLY), failed())),
    warehouseOf([used('C3_DAILY'), kept('C3_WEEKLY')], []),
    [`${THREE} has the schema C3_WEEKLY in its fabric`],
  ],
])('chaos names in the fabric %s', (_what, held, warehouse, differences) => {
  expect(holdingDifferences(THREE, held, thingsOf(THREE, warehouse))).toEqual(differences);
});

test('chaos names orphans of the fabric: what is of nobody, and a database that Airbyte may not use', () => {
  const right = warehouseOf([used('C3_DAILY')], ['JANE']);
  expect(fabricOrphans(right, [THREE])).toEqual([]);
  expect(fabricOrphans(right, [keyOf('c6')])).toEqual([
    'the schema C3_DAILY belongs to no component',
    `the role ${READ_ROLE} belongs to no component`,
  ]);
  expect(fabricOrphans({ ...right, roles: [] }, [THREE])).toEqual([
    `JANE is a member of ${READ_ROLE}, which is not there`,
  ]);
  const databases = right.databases.map((database) => ({ ...database, grants: [] }));
  expect(fabricOrphans({ ...right, databases }, [THREE])).toEqual([
    `AIRBYTE may not use ANALYTICS, where ${THREE} write`,
  ]);
});

const LAKE: Variant = { ...DAILY, schema: 'c3_daily', lakehouse: true };
const LOADS = {
  [LAKE_LOADER]: [
    'CREATE_TABLE',
    'CREATE_VOLUME',
    'MODIFY',
    'READ_VOLUME',
    'SELECT',
    'USE_SCHEMA',
    'WRITE_VOLUME',
  ],
};
const READS = ['SELECT', 'USE_SCHEMA'];
const JANE_READS = { 'jane@example.com': READS };
const lakeOf = (grants: Record<string, string[]>, name = 'c3_daily') => ({
  catalogs: [],
  schemas: [{ name, owner: LAKE_MANAGER, comment: `provisioner:${THREE}`, grants }],
});
const inLake = heldBy(ran(provisionOf(LAKE)));
const readByJane = heldBy(
  ran(provisionOf(LAKE)),
  ran({ operation: 'updateacl', members: ['JANE@EXAMPLE.COM'], change: 'grown', variant: LAKE }),
);
const leaves = (removeData: boolean) =>
  heldBy(ran(provisionOf(LAKE)), ran({ operation: 'unprovision', removeData, variant: LAKE }));

test.each<[string, Holding, ReturnType<typeof lakeOf>]>([
  ['a completed provision', inLake, lakeOf(LOADS)],
  ['a change of readers', readByJane, lakeOf({ ...LOADS, ...JANE_READS })],
  ['an unprovision that keeps the data', leaves(false), lakeOf({})],
  ['an unprovision with the data', leaves(true), { catalogs: [], schemas: [] }],
])('chaos takes the lakehouse after %s for right', (_what, held, lakehouse) => {
  const things = new Set(lakeThingsOf(THREE, lakehouse));
  expect(holdingDifferences(THREE, held, things)).toEqual([]);
});

test.each<[string, Holding, ReturnType<typeof lakeOf>, string]>([
  ['a schema that is left', leaves(true), lakeOf({}), 'has the schema c3_daily'],
  [
    'a grant of Airbyte’s that is left',
    leaves(false),
    lakeOf({ [LAKE_LOADER]: ['MODIFY'] }),
    'has MODIFY on c3_daily for Airbyte',
  ],
  ['a reader who is missing', readByJane, lakeOf(LOADS), 'lacks the member JANE@EXAMPLE.COM'],
  [
    'a reader with more than readers have',
    inLake,
    lakeOf({ ...LOADS, 'jane@example.com': [...READS, 'MODIFY'].toSorted() }),
    'has MODIFY on c3_daily for jane@example.com',
  ],
])('chaos names in the lakehouse %s', (_what, held, lakehouse, difference) => {
  const things = new Set(lakeThingsOf(THREE, lakehouse));
  expect(holdingDifferences(THREE, held, things)).toContain(`${THREE} ${difference} in its fabric`);
});

test('chaos names orphans of the lakehouse', () => {
  expect(lakeOrphans(lakeOf(LOADS), [THREE])).toEqual([]);
  expect(lakeOrphans(lakeOf(LOADS), [keyOf('c6')])).toEqual([
    'the schema c3_daily of the lakehouse belongs to no component',
  ]);
});

test('chaos names who is let into the catalog of the lakehouse for nothing, and who is not let in', () => {
  const note = (principal: string) => JSON.stringify({ principal, privileges: READS });
  const [schema] = lakeOf(LOADS).schemas;
  const properties = {
    'provisioner.loader.1': note(LAKE_LOADER),
    'provisioner.reader.2': note('jane@example.com'),
    'provisioner.former.3': note('john@example.com'),
  };
  const lake = (...letIn: string[]) => ({
    catalogs: [
      {
        name: CATALOG,
        grants: {
          [LAKE_MANAGER]: ['USE_CATALOG', 'MANAGE'],
          ...Object.fromEntries(letIn.map((principal) => [principal, ['USE_CATALOG']])),
        },
      },
    ],
    schemas: [{ ...schema, name: 'c3_daily', owner: LAKE_MANAGER, grants: {}, properties }],
  });
  expect(catalogFlaws(lake(LAKE_LOADER, 'jane@example.com'))).toEqual([]);
  expect(catalogFlaws(lake(LAKE_LOADER, 'john@example.com'))).toEqual([
    'john@example.com may use the catalog of the lakehouse, and needs it no more',
    'jane@example.com may not use the catalog of the lakehouse',
  ]);
});
