import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { z } from 'zod';
import { startDatabricksSimulator, DEFAULTS } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import { LASTING } from '../src/concurrency/interest';
import { CallError } from '../src/contract/call-error';
import { Refusal } from '../src/contract/problems';
import { databricks } from '../src/fabrics/databricks';
import type { Fabric, Step, Thing } from '../src/fabrics/fabric';
import { createRedactor } from '../src/secrets/masking';

/* The fabric against a stand-in of a workspace, over HTTP. */

const KEY = 'development/finance/cash flow/0/receivables';
const OTHER = 'development/finance/cash flow/0/payables';
const { catalog, warehouseId, clientId, clientSecret, personalToken, tenantId, clusterId } =
  DEFAULTS;
/** Another service principal, whom Airbyte may write as. */
const [LOADER = ''] = DEFAULTS.servicePrincipals;

let simulator: DatabricksSimulator;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({
    chunkRows: 2,
    startDuration: 20,
    contextDuration: 20,
  });
});
afterAll(() => simulator.close());

const control = async (path: string, body?: object, method = body ? 'POST' : 'GET') => {
  const response = await fetch(`${simulator.url}/_simulator/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
};

const Entities = z.object({
  catalogs: z.array(z.object({ grants: z.record(z.string(), z.array(z.string())) })),
  schemas: z.array(
    z.object({
      name: z.string(),
      comment: z.string().optional(),
      owner: z.string(),
      properties: z.record(z.string(), z.string()),
      grants: z.record(z.string(), z.array(z.string())),
    }),
  ),
  contexts: z.array(z.unknown()),
});
const Requests = z.object({
  maxInFlight: z.number(),
  requests: z.array(
    z.object({
      operation: z.string().nullable(),
      changes: z.boolean(),
      method: z.string(),
      path: z.string(),
      status: z.number().nullable(),
      secretSha256: z.string().nullable(),
    }),
  ),
});

const entities = async () => Entities.parse(await control('entities'));
const schemaNamed = async (name: string) =>
  (await entities()).schemas.find((each) => each.name === name);
const calls = async () => Requests.parse(await control('requests')).requests;
const writes = async () =>
  (await calls()).filter(({ changes }) => changes).map(({ operation }) => operation);

let secrets: Record<string, string>;
beforeEach(async () => {
  await control('reset', {});
  secrets = { SECRET: clientSecret, PAT: personalToken };
});

const OAUTH = { oauth: { clientId, clientSecret: { secretRef: 'SECRET' } } };
const PAT = { pat: { secretRef: 'PAT' } };
const entra = () => ({
  entra: { tenantId, clientId, clientSecret: { secretRef: 'SECRET' }, authority: simulator.url },
});
const MANAGE = { schema: true, access: true };

const open = (more: object = {}, requestTimeout = 2000): Fabric => {
  const settings = databricks.settings.parse({
    type: 'databricks',
    team: 'finance',
    host: simulator.url,
    warehouseId,
    catalog,
    auth: OAUTH,
    manage: MANAGE,
    ...more,
  });
  return databricks.open(settings, {
    name: 'lakehouse',
    secretOf: ({ secretRef }) => Promise.resolve(secrets[secretRef] ?? ''),
    redactor: createRedactor(),
    requestTimeout,
    log: pino({ level: 'silent' }),
  });
};

const step = (id = 'a'): Step => ({ interest: LASTING, id });

const componentIn = (fabric: Fabric, { key = KEY, schema = 'cash_flow_0' } = {}) =>
  fabric.of({ key, end: { connector: 'databricks', configuration: { schema } } });
const component = (more: object = {}, given = {}) => componentIn(open(more), given);

const errorOf = async (failing: Promise<unknown>): Promise<CallError | Refusal> => {
  try {
    await failing;
  } catch (err) {
    if (err instanceof CallError || err instanceof Refusal) return err;
    throw err;
  }
  throw new Error('It did not fail.');
};

const ids = (things: readonly Thing[]) => things.map(({ id }) => id);
const made = async (mine = component()) => {
  const { missing } = await mine.look(step());
  await mine.prepare(missing, step());
  return mine;
};

const addTable = (schema = 'cash_flow_0', table = 'orders') =>
  control('objects', { catalog, schema, table });

/** Whether a fault is still due that was set. */
const fault = (given: object) => control('faults', { times: 1, ...given });

describe('a schema', () => {
  test('is made, tagged and shown; the second time nothing is written', async () => {
    const mine = component();
    const before = await mine.look(step());
    expect(ids(before.missing)).toEqual(['schema:cash_flow_0']);
    expect(before).toMatchObject({ present: [], foreign: [], warnings: [] });
    await mine.prepare(before.missing, step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({
      comment: `provisioner:${KEY}`,
      owner: clientId,
      properties: {},
      grants: {},
    });
    await control('requests', undefined, 'DELETE');
    const after = await mine.look(step());
    expect(after.missing).toEqual([]);
    expect(ids(after.present)).toEqual(['schema:cash_flow_0']);
    expect(after.shown).toEqual({
      schema: {
        label: 'Schema',
        value: `${catalog}.cash_flow_0`,
        href: `${simulator.url}/explore/data/${catalog}/cash_flow_0`,
      },
    });
    await mine.prepare(before.missing, step());
    expect(await writes()).toEqual([]);
    // One list, and the look of the prepare that had nothing to do.
    expect((await calls()).map(({ operation }) => operation)).toEqual(['listSchemas', 'getSchema']);
  });

  test.each([
    ['nobody’s', clientId, 'nobody says whose it is'],
    ['hidden', undefined, 'does not show whose it is'],
    ['another component’s', OTHER, 'another component’s'],
  ])('that is %s is told by name, and never touched', async (_whose, whose, why) => {
    if (whose === OTHER) await made(component({}, { key: OTHER }));
    else
      await control('objects', { catalog, schema: 'cash_flow_0', ...(whose && { owner: whose }) });
    const before = await schemaNamed('cash_flow_0');
    const mine = component();
    const seen = await mine.look(step());
    expect(seen.missing).toEqual([]);
    expect(seen.present).toEqual([]);
    expect(seen.foreign).toHaveLength(1);
    const [foreign] = seen.foreign;
    expect(foreign).toMatchObject({
      kind: 'schema',
      name: `${catalog}.cash_flow_0`,
      at: 'specific.destination.connectionConfiguration.schema',
    });
    expect(foreign?.problem).toContain(why);
    // What is another's is not for its asker to take over.
    const handsOver = `COMMENT ON SCHEMA \`${catalog}\`.\`cash_flow_0\` IS 'provisioner:${KEY}'`;
    expect(foreign?.solution.includes(handsOver)).toBe(whose !== OTHER);
    expect(JSON.stringify(foreign)).not.toContain(OTHER);
    const thing: Thing = { id: 'schema:cash_flow_0', kind: 'schema', what: 'x', hasData: true };
    for (const failing of [
      mine.prepare([thing], step()),
      mine.cleanup([thing], step()),
      mine.grant(['alice@example.com'], step()),
    ])
      expect(await errorOf(failing)).toBeInstanceOf(Refusal);
    expect(await mine.unprepare([thing], step())).toEqual({ changed: [], left: [] });
    expect((await mine.restore([thing], step())).left).toHaveLength(1);
    expect(await schemaNamed('cash_flow_0')).toEqual(before);
  });

  test('that an owner has handed over by its comment is ours from then on', async () => {
    await control('objects', { catalog, schema: 'cash_flow_0', owner: clientId });
    const mine = component();
    const [foreign] = (await mine.look(step())).foreign;
    const statement = /COMMENT ON SCHEMA .*$/.exec(foreign?.solution ?? '')?.[0] ?? '';
    const response = await fetch(
      `${simulator.url}/api/2.1/unity-catalog/schemas/${catalog}.cash_flow_0`,
      {
        method: 'PATCH',
        headers: { Authorization: `Bearer ${personalToken}` },
        body: JSON.stringify({ comment: /'(.*)'$/.exec(statement)?.[1] }),
      },
    );
    expect(response.status).toBe(200);
    expect((await mine.look(step())).foreign).toEqual([]);
  });

  test('that two components want at once is one’s; the other is refused by name', async () => {
    const both = [component(), component({}, { key: OTHER })];
    const results = await Promise.allSettled(both.map((each) => made(each)));
    const lost = results.flatMap((each): unknown[] =>
      each.status === 'rejected' ? [each.reason] : [],
    );
    expect(lost).toHaveLength(1);
    expect(lost[0]).toBeInstanceOf(Refusal);
    expect(String(lost[0])).toContain(`The schema ${catalog}.cash_flow_0`);
  });

  test('goes with its data and only then; it cannot be brought back, and that is said', async () => {
    const mine = await made();
    await addTable();
    const { present } = await mine.look(step());
    await mine.cleanup(present, step());
    await mine.cleanup(present, step());
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
    const undone = await mine.restore(present, step());
    expect(undone.changed).toEqual(['schema:cash_flow_0']);
    expect(undone.left).toHaveLength(1);
    expect(undone.left[0]?.remedy).toContain('Databricks brings no schema back');
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ comment: `provisioner:${KEY}` });
    // Another attempt at the same undo tells the same; another one has nothing to do.
    expect(await mine.restore(present, step())).toEqual(undone);
    expect(await mine.restore(present, step('b'))).toEqual({ changed: [], left: [] });
  });

  test.each([
    ['volume', '1 volume'],
    ['function', '1 function'],
    ['model', '1 model'],
  ])('that was made and has a %s by now stays', async (kind, told) => {
    const mine = await made();
    const { present } = await mine.look(step());
    await control('objects', { catalog, schema: 'cash_flow_0', [kind]: 'landing' });
    expect((await mine.unprepare(present, step())).left.map(({ what }) => what)).toEqual([
      `the schema ${catalog}.cash_flow_0 (it has ${told} by now)`,
    ]);
    expect(await schemaNamed('cash_flow_0')).toBeDefined();
    await mine.cleanup(present, step());
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
  });

  test('is not taken for empty by a page that is, before others', async () => {
    const mine = await made();
    const { present } = await mine.look(step());
    await addTable();
    await addTable('cash_flow_0', 'items');
    await fault({ operation: 'listTables', status: 200, body: { next_page_token: '0' } });
    expect((await mine.unprepare(present, step())).left[0]?.what).toContain('it has 2 tables');
  });

  test('an undo of a drop that an unclear answer met tells what is lost all the same', async () => {
    const mine = await made();
    const { present } = await mine.look(step());
    await mine.cleanup(present, step());
    await fault({ operation: 'createSchema', status: 503, commit: true });
    expect(await errorOf(mine.restore(present, step()))).toMatchObject({ kind: 'again' });
    expect((await mine.restore(present, step())).left).toHaveLength(1);
  });

  test('that was made and is still empty is taken back; with a table, or others in it, it stays', async () => {
    const mine = await made();
    const { present } = await mine.look(step());
    await addTable();
    const kept = await mine.unprepare(present, step());
    expect(kept.left.map(({ what }) => what)).toEqual([
      `the schema ${catalog}.cash_flow_0 (it has 1 table by now)`,
    ]);
    expect(await schemaNamed('cash_flow_0')).toBeDefined();

    await control('reset', {});
    const again = await made();
    await control('grants', {
      on: 'schema',
      name: `${catalog}.cash_flow_0`,
      principal: 'bob@example.com',
      add: ['SELECT'],
      remove: [],
    });
    expect((await again.unprepare(present, step())).left.map(({ what }) => what)).toEqual([
      `the schema ${catalog}.cash_flow_0 (others were granted privileges on it)`,
    ]);

    await control('reset', {});
    const third = await made();
    expect(await third.unprepare(present, step())).toEqual({
      changed: ['schema:cash_flow_0'],
      left: [],
    });
    expect(await third.unprepare(present, step())).toEqual({ changed: [], left: [] });
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
  });

  test('into which a table comes after they were counted stays, and the table too', async () => {
    const mine = await made();
    const { present } = await mine.look(step());
    await addTable();
    await fault({ operation: 'listTables', status: 200, body: {} });
    expect((await mine.unprepare(present, step())).left.map(({ what }) => what)).toEqual([
      `the schema ${catalog}.cash_flow_0 (it is not empty)`,
    ]);
    expect(await schemaNamed('cash_flow_0')).toBeDefined();
  });

  test('of a former version of the descriptor is told, and goes with the others', async () => {
    await made(component({}, { schema: 'before_0' }));
    const mine = await made();
    const seen = await mine.look(step());
    expect(ids(seen.present)).toEqual(['schema:before_0', 'schema:cash_flow_0']);
    expect(seen.warnings).toEqual([expect.stringContaining(`${catalog}.before_0`)]);
    await mine.cleanup(seen.present, step());
    expect(await schemaNamed('before_0')).toBeUndefined();
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
  });

  test('whose name Unity Catalog or Airbyte cannot hold is refused before anything is asked', async () => {
    await control('requests', undefined, 'DELETE');
    for (const schema of ['', 'a.b', 'a`b', '1x', 'A', 'x'.repeat(256)]) {
      const failing = component({}, { schema }).look(step());
      expect(String(await errorOf(failing))).toContain('connectionConfiguration.schema');
    }
    expect(await calls()).toEqual([]);
  });

  test('where the fabric manages nothing, nothing is asked', async () => {
    await control('requests', undefined, 'DELETE');
    const mine = component({ manage: {} });
    expect(mine).toMatchObject({ manages: false, managesAccess: false });
    expect(await mine.look(step())).toMatchObject({ missing: [], present: [], foreign: [] });
    expect(await calls()).toEqual([]);
  });
});

describe('a component that has moved to another schema', () => {
  const moved = async () => {
    await made(component({}, { schema: 'old_flow' }));
    await component({}, { schema: 'old_flow' }).grant(['alice@example.com', 'analysts'], step());
    const mine = await made();
    await mine.grant(['alice@example.com', 'analysts'], step());
    return mine;
  };

  test('has who is no more to read lose the former one, too', async () => {
    const mine = await moved();
    expect((await mine.grant(['analysts'], step())).revoked).toEqual(['alice@example.com']);
    for (const name of ['old_flow', 'cash_flow_0'])
      expect(Object.keys((await schemaNamed(name))?.grants ?? {})).toEqual(['analysts']);
    expect((await mine.readers(step())).ours).toEqual(['analysts']);
  });

  test('leaves no reader in either when it goes without its data', async () => {
    const mine = await moved();
    const { present } = await mine.look(step());
    await mine.cleanup(
      present.filter(({ hasData }) => !hasData),
      step(),
    );
    for (const name of ['old_flow', 'cash_flow_0'])
      expect((await schemaNamed(name))?.grants).toEqual({});
  });
});

describe('Airbyte’s user', () => {
  const BY = {
    auth: OAUTH,
    airbyteAuth: { oauth: { clientId: LOADER, clientSecret: { secretRef: 'S' } } },
  };
  const LOADS = [
    'CREATE_TABLE',
    'CREATE_VOLUME',
    'MODIFY',
    'READ_VOLUME',
    'SELECT',
    'USE_SCHEMA',
    'WRITE_VOLUME',
  ];

  test('is granted what its connector needs where it does not own the schema, and that goes again', async () => {
    const mine = component(BY);
    const { missing } = await mine.look(step());
    expect(ids(missing)).toEqual([
      'schema:cash_flow_0',
      expect.stringMatching(new RegExp(`^loader:[A-Z_,]+:${LOADER}$`)),
    ]);
    await mine.prepare(missing, step());
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    const seen = await mine.look(step());
    expect([ids(seen.missing), ids(seen.present)]).toEqual([[], ['loader', 'schema:cash_flow_0']]);
    const grants = seen.present.filter(({ kind }) => kind === 'grant');
    await mine.cleanup(grants, step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ grants: {}, properties: {} });
    expect((await mine.restore(grants, step())).changed).toEqual(['loader']);
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    expect(await mine.restore(grants, step())).toEqual({ changed: [], left: [] });
  });

  test('that lacked one privilege is given that one, and its undo takes that one', async () => {
    const mine = await made(component(BY));
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: [], remove: ['MODIFY'] });
    const before = await schemaNamed('cash_flow_0');
    const { missing } = await mine.look(step());
    expect(ids(missing)).toEqual([`loader:MODIFY:${LOADER}`]);
    await mine.prepare(missing, step());
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    expect(await mine.unprepare(missing, step())).toEqual({ changed: ids(missing), left: [] });
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual(before?.grants);
    expect(await mine.unprepare(missing, step())).toEqual({ changed: [], left: [] });
  });

  test('and readers are written down at the same time, and none is forgotten', async () => {
    const mine = await made(component(BY));
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: [], remove: ['MODIFY'] });
    const { missing } = await mine.look(step());
    await Promise.all([
      mine.prepare(missing, step('a')),
      mine.grant(['alice@example.com', 'analysts'], step('b')),
    ]);
    const { ours } = await mine.readers(step());
    expect(ours.toSorted()).toEqual(['alice@example.com', 'analysts']);
    expect((await mine.look(step())).missing).toEqual([]);
    await mine.grant([], step('c'));
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
  });

  test('keeps what others granted it before', async () => {
    const mine = component(BY);
    await mine.prepare([{ id: 'schema:cash_flow_0', kind: 'schema', what: '' }], step());
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: ['SELECT', 'MODIFY'], remove: [] });
    await made(mine);
    const { present } = await mine.look(step());
    await mine.cleanup(
      present.filter(({ kind }) => kind === 'grant'),
      step(),
    );
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: ['MODIFY', 'SELECT'] });
  });

  test('is who owns Airbyte’s token, and by Entra ID nobody', async () => {
    const { present } = await (
      await made(component({ auth: entra(), airbyteAuth: PAT }))
    ).look(step());
    // The token is the service principal's own: it owns the schema.
    expect(ids(present)).toEqual(['schema:cash_flow_0']);
    const failing = databricks.destination(
      databricks.settings.parse({
        type: 'databricks',
        team: 'finance',
        host: simulator.url,
        warehouseId,
        catalog,
        auth: entra(),
      }),
      { secretOf: () => Promise.resolve('x'), configuration: { schema: 'x' } },
    );
    expect(String(await errorOf(failing))).toContain('takes no tokens of Entra ID');
  });
});

describe('readers', () => {
  const on = { on: 'schema', name: `${catalog}.cash_flow_0` };
  const grantsNow = async () => (await schemaNamed('cash_flow_0'))?.grants;
  const READS = ['SELECT', 'USE_SCHEMA'];

  test('are exactly who is named; the same set writes nothing; what others granted stays', async () => {
    const mine = await made();
    await control('grants', {
      ...on,
      principal: 'bob@example.com',
      add: ['SELECT', 'USE_SCHEMA'],
      remove: [],
    });
    await control('grants', { ...on, principal: 'data-engineers', add: ['SELECT'], remove: [] });
    const first = await mine.grant(['alice@example.com', 'analysts', 'bob@example.com'], step());
    expect(first).toEqual({ granted: ['alice@example.com', 'analysts'], revoked: [] });
    expect(await mine.readers(step())).toEqual({
      ours: ['alice@example.com', 'analysts'],
      others: ['bob@example.com', 'data-engineers'],
    });
    await control('requests', undefined, 'DELETE');
    expect(await mine.grant(['analysts', 'alice@example.com', 'bob@example.com'], step())).toEqual({
      granted: [],
      revoked: [],
    });
    expect(await writes()).toEqual([]);
    expect(await mine.grant(['analysts'], step())).toEqual({
      granted: [],
      revoked: ['alice@example.com'],
    });
    expect(await mine.grant([], step())).toEqual({ granted: [], revoked: ['analysts'] });
    expect(await schemaNamed('cash_flow_0')).toMatchObject({
      properties: {},
      grants: { 'bob@example.com': READS, 'data-engineers': ['SELECT'] },
    });
  });

  test('who had one of the privileges by others lose only what was ours', async () => {
    const mine = await made();
    await control('grants', { ...on, principal: 'analysts', add: ['USE_SCHEMA'], remove: [] });
    await mine.grant(['analysts'], step());
    expect(await grantsNow()).toEqual({ analysts: READS });
    await mine.grant([], step());
    expect(await grantsNow()).toEqual({ analysts: ['USE_SCHEMA'] });
  });

  test('that nobody knows are refused, nobody else is granted anything, and the next set is right', async () => {
    const mine = await made();
    const failing = mine.grant(['alice@example.com', 'nobody@example.com'], step());
    const err = await errorOf(failing);
    expect(err).toMatchObject({ kind: 'refused' });
    expect(err.message).toContain('nobody@example.com');
    expect(await grantsNow()).toEqual({});
    expect(await mine.readers(step())).toEqual({ ours: [], others: [] });
    await mine.grant(['analysts'], step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ grants: { analysts: READS } });
    expect(Object.keys((await schemaNamed('cash_flow_0'))?.properties ?? {})).toHaveLength(1);
  });

  test('are taken away by a removal without data and given back by its undo', async () => {
    const mine = await made();
    await mine.grant(['alice@example.com', 'analysts'], step());
    const { present } = await mine.look(step());
    expect(ids(present)).toEqual(['readers', 'schema:cash_flow_0']);
    const grants = present.filter(({ kind }) => kind === 'grant');
    await mine.cleanup(grants, step());
    await mine.cleanup(grants, step());
    expect(await grantsNow()).toEqual({});
    expect(ids((await mine.look(step())).present)).toEqual(['schema:cash_flow_0']);
    expect((await mine.restore(grants, step())).changed).toEqual(['readers']);
    expect(await mine.readers(step())).toEqual({
      ours: ['alice@example.com', 'analysts'],
      others: [],
    });
    expect(await mine.restore(grants, step())).toEqual({ changed: [], left: [] });
  });

  test('get USE CATALOG only where the fabric says so, and lose it only where no other schema needs it', async () => {
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: 'account users',
      add: [],
      remove: ['USE_CATALOG'],
    });
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: clientId,
      add: ['MANAGE'],
      remove: [],
    });
    const catalogGrants = async () => (await entities()).catalogs[0]?.grants.analysts;
    const plain = await made();
    await plain.grant(['analysts'], step());
    expect(await catalogGrants()).toBeUndefined();
    await plain.grant([], step());

    const more = { manage: { ...MANAGE, catalogUse: true } };
    const [one, two] = [
      component(more),
      await made(component(more, { key: OTHER, schema: 'other_0' })),
    ];
    await one.grant(['analysts'], step());
    await two.grant(['analysts'], step());
    expect(await catalogGrants()).toEqual(['USE_CATALOG']);
    await one.grant([], step());
    expect(await catalogGrants()).toEqual(['USE_CATALOG']);
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: 'analysts',
      add: [],
      remove: ['USE_CATALOG'],
    });
    await one.grant(['analysts'], step());
    await two.grant([], step());
    await one.grant([], step());
    expect(await catalogGrants()).toBeUndefined();
  });

  test('of a component that has no schema cannot be, and nobody is what it has', async () => {
    const mine = component();
    expect(await mine.readers(step())).toEqual({ ours: [], others: [] });
    expect(await mine.grant([], step())).toEqual({ granted: [], revoked: [] });
    expect(String(await errorOf(mine.grant(['analysts'], step())))).toContain('There is no schema');
  });

  test('two hundred are granted in few calls, and sets at once end as one of them', async () => {
    await control('seed', { users: 200 });
    const mine = await made();
    const all = Array.from({ length: 200 }, (_, index) => `user-${String(index + 1)}@example.com`);
    await control('requests', undefined, 'DELETE');
    expect((await mine.grant(all, step())).granted).toHaveLength(200);
    expect((await calls()).length).toBeLessThan(10);
    expect((await mine.readers(step())).ours).toHaveLength(200);
    await Promise.all([mine.grant(all, step()), mine.grant(all, step('b'))]);
    expect((await mine.readers(step())).ours).toHaveLength(200);
    await mine.grant(all.slice(0, 50), step());
    expect((await mine.readers(step())).ours.toSorted()).toEqual(all.slice(0, 50).toSorted());
  });

  test('more than can be remembered are refused before anything is changed', async () => {
    const mine = await made();
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => `user-${String(index + 1)}@example.com`);
    await control('seed', { users: 1001 });
    await control('requests', undefined, 'DELETE');
    expect(String(await errorOf(mine.grant(many(1001), step())))).toContain('at most 1000');
    expect(await calls()).toEqual([]);
    expect((await mine.grant(many(1000), step())).granted).toHaveLength(1000);
  });
});

describe('principals', () => {
  test('of two hundred refs, twenty unknown, all are told in few calls', async () => {
    await control('seed', { users: 180 });
    const refs = Array.from(
      { length: 200 },
      (_, index) => `user:user-${String(index + 1)}_example.com`,
    );
    await control('requests', undefined, 'DELETE');
    const { known, unknown } = await component().principalsOf(refs, step());
    expect(Object.keys(known)).toHaveLength(180);
    expect(known['user:user-7_example.com']).toBe('user-7@example.com');
    expect(Object.keys(unknown)).toEqual(refs.slice(180));
    expect(unknown[refs[199] ?? '']).toBe(
      'user-200@example.com is no user of the Databricks workspace',
    );
    expect((await calls()).filter(({ operation }) => operation === 'listUsers')).toHaveLength(10);
  });

  test('are users, groups of the account and service principals; others are nobody, and why', async () => {
    await control('principals', { name: 'bob@example.com', active: false });
    const principals = {
      strategy: 'table',
      users: {
        'sp@example.com': LOADER,
        'a@example.com': 'Alice@example.com',
        'e@example.com': 'e"x\\@example.com',
      },
      groups: {
        g: 'analysts',
        local: 'admins',
        not: 'x or displayName eq "analysts"',
      },
    };
    const mine = component({ principals });
    const refs = [
      'user:sp_example.com',
      'user:a_example.com',
      'user:e_example.com',
      'group:g',
      'group:local',
      'group:not',
      'group:unlisted',
      'user:nodomain',
    ];
    const { known, unknown } = await mine.principalsOf(refs, step());
    expect(known).toEqual({
      'user:sp_example.com': LOADER,
      'user:a_example.com': 'alice@example.com',
      'group:g': 'analysts',
    });
    expect(Object.keys(unknown)).toEqual([
      'user:e_example.com',
      'group:local',
      'group:not',
      'group:unlisted',
      'user:nodomain',
    ]);
    expect(unknown['group:local']).toContain('of the workspace only');
    const bob = await component().principalsOf(['user:bob_example.com'], step());
    expect(bob.unknown['user:bob_example.com']).toContain('not active');
  });

  test.each(['account users', 'Account Users', 'users', '_workspace_users_finance_123'])(
    'the group %s is nobody, as it stands for everybody',
    async (name) => {
      await control('principals', { kind: 'group', name });
      const ref = `group:${name}`;
      const { known, unknown } = await component().principalsOf([ref, 'group:analysts'], step());
      expect(known).toEqual({ 'group:analysts': 'analysts' });
      expect(unknown).toEqual({ [ref]: `${name} of Databricks stands for everybody` });
    },
  );
});

describe('credentials', () => {
  const digest = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const issued = async () =>
    (await calls()).filter(({ operation }) => operation?.startsWith('issue')).length;

  test.each([
    ['OAuth', () => OAUTH],
    ['Entra ID', entra],
  ])(
    'of %s are one token for all who call at once, and a new one after it expired',
    async (_kind, auth) => {
      const fabric = open({ auth: auth(), airbyteAuth: OAUTH });
      await Promise.all([1, 2, 3].map(() => componentIn(fabric).look(step())));
      expect(await issued()).toBe(1);
      await control('tokens?how=expire', undefined, 'DELETE');
      await componentIn(fabric).look(step());
      expect(await issued()).toBe(2);
    },
  );

  test('a token is made anew before it ends', async () => {
    const brief = await startDatabricksSimulator({ tokenLifetime: 1 });
    const fabric = open({ host: brief.url });
    const seen = async () => {
      const response = await fetch(`${brief.url}/_simulator/requests`);
      return Requests.parse(await response.json()).requests;
    };
    const issuedThere = async () =>
      (await seen()).filter(({ operation }) => operation === 'issueToken').length;
    while ((await issuedThere()) < 3) await componentIn(fabric).look(step());
    const all = await seen();
    await brief.close();
    expect(all.filter(({ status }) => status === 401)).toEqual([]);
  });

  test('a rotated secret is noticed at once, a wrong one is told and never shown', async () => {
    const fabric = open();
    await componentIn(fabric).look(step());
    await control('client', { secret: 'another-secret-8812' });
    secrets.SECRET = 'another-secret-8812';
    await componentIn(fabric).look(step());
    const last = (await calls()).filter(({ operation }) => operation === 'issueToken').at(-1);
    expect(last).toMatchObject({ status: 200, secretSha256: digest('another-secret-8812') });
    secrets.SECRET = 'wrong-secret-1234';
    const err = await errorOf(componentIn(fabric).look(step()));
    expect(err).toMatchObject({ kind: 'refused', notLetIn: true });
    expect(JSON.stringify([err.message, err.solution])).not.toContain('wrong-secret');
    secrets.SECRET = 'another-secret-8812';
    await componentIn(fabric).look(step());
  });

  test('a token that stays refused is asked for once more, and then it is told', async () => {
    const fabric = open();
    await fault({ operation: 'listSchemas', status: 401, times: 2 });
    expect(await errorOf(componentIn(fabric).look(step()))).toMatchObject({
      kind: 'refused',
      status: 401,
      notLetIn: true,
    });
    expect(await issued()).toBe(2);
  });

  test.each(['Invalid access token. [ReqId: 1]', 'Token is expired or invalid.', 'Invalid token'])(
    'a token that is refused by a 403 that says "%s" is asked for once more',
    async (message) => {
      const fabric = open();
      const refusal = { operation: 'listSchemas', status: 403, body: { error_code: 403, message } };
      await fault({ ...refusal, times: 1 });
      await componentIn(fabric).look(step());
      expect(await issued()).toBe(2);
      await fault({ ...refusal, times: 2 });
      const err = await errorOf(componentIn(fabric).look(step()));
      expect(err).toMatchObject({ kind: 'refused', status: 403, notLetIn: true });
      expect(err.solution).toContain('a new token');
      expect(await issued()).toBe(3);
    },
  );

  test('a privilege that is missing is no reason for another token', async () => {
    const message = 'User does not have USE SCHEMA on Schema token.';
    await fault({ operation: 'listSchemas', status: 403, body: { message } });
    expect((await errorOf(component().look(step()))).solution).toContain(
      'Have an owner run: GRANT',
    );
    expect(await issued()).toBe(1);
  });

  test('a personal token that is replaced while it is refused is tried once more', async () => {
    let reads = 0;
    // Who it is of, and the first call, have the former one.
    const read = () => ((reads += 1) <= 2 ? 'dapi-former-7712' : personalToken);
    Object.defineProperty(secrets, 'PAT', { get: read });
    expect((await component({ auth: PAT }).look(step())).foreign).toEqual([]);
    const statuses = (await calls()).map(({ status }) => status);
    expect(statuses.filter((status) => status === 403)).toHaveLength(1);
  });

  test('a personal token that is wrong is told as that, though it is answered 403', async () => {
    secrets.PAT = 'dapi-wrong-7712';
    const err = await errorOf(component({ auth: PAT }).look(step()));
    expect(err).toMatchObject({ kind: 'refused', notLetIn: true });
    expect(err.solution).toContain('a new token');
    expect(err.message).not.toContain('7712');
  });

  test('a secret goes to the host of the fabric, wherever that says its tokens are made', async () => {
    const elsewhere = await startDatabricksSimulator();
    const token_endpoint = `${elsewhere.url}/oidc/v1/token`;
    await fault({ operation: 'getOAuthEndpoints', status: 200, body: { token_endpoint } });
    await component().look(step());
    const response = await fetch(`${elsewhere.url}/_simulator/requests`);
    expect(Requests.parse(await response.json()).requests).toEqual([]);
    await elsewhere.close();
  });
});

describe('what a call fails with', () => {
  test('a privilege that is missing comes with the GRANT that is', async () => {
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: clientId,
      add: [],
      remove: ['CREATE_SCHEMA'],
    });
    expect(await errorOf(made())).toMatchObject({
      kind: 'refused',
      status: 403,
      notLetIn: true,
      solution: `Have an owner run: GRANT USE CATALOG, CREATE SCHEMA ON CATALOG \`${catalog}\` TO \`${clientId}\``,
    });
  });

  test('an address that is not let in is told with what to do', async () => {
    const fabric = open();
    await componentIn(fabric).look(step());
    await control('addresses', { blocked: ['127.0.0.1'] });
    const err = await errorOf(componentIn(fabric).look(step()));
    expect(err).toMatchObject({ kind: 'refused', notLetIn: true });
    expect(err.solution).toContain('IP access list');
    expect(err.message).toContain('127.0.0.1');
  });

  test('a catalog that is not there is no schema that is not there', async () => {
    const err = await errorOf(component({ catalog: 'nowhere' }).look(step()));
    expect(err).toMatchObject({ kind: 'refused', status: 404 });
  });

  test.each([
    [
      { status: 429, retryAfter: 7 },
      { kind: 'again', status: 429, retryAfter: 7000, unclear: false },
    ],
    [{ status: 500 }, { kind: 'again', status: 500, unclear: true }],
    [{ status: 503 }, { kind: 'again', status: 503, unclear: true }],
    [{ status: 504 }, { kind: 'again', status: 504, unclear: true }],
    [
      { status: 502, html: true },
      { kind: 'again', status: 502, unclear: true },
    ],
    [
      { status: 409, errorCode: 'ABORTED' },
      { kind: 'again', status: 409, unclear: false },
    ],
    [
      { status: 400, errorCode: 'INVALID_STATE' },
      { kind: 'refused', status: 400 },
    ],
    [{ status: 501 }, { kind: 'refused', status: 501 }],
    [{ hang: 'before' }, { kind: 'again', unclear: true }],
    [{ reset: 'before' }, { kind: 'again', unclear: true }],
    [{ truncate: true }, { kind: 'again', unclear: true }],
  ])('%j at a write is %j', async (effect, expected) => {
    const mine = componentIn(open({}, 400));
    const { missing } = await mine.look(step());
    await fault({ operation: 'createSchema', ...effect });
    expect(await errorOf(mine.prepare(missing, step()))).toMatchObject(expected);
    await mine.prepare(missing, step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ comment: `provisioner:${KEY}` });
  });
});

/** Every call of the verbs in which something may befall them, and what is there after another attempt. */
describe('whatever befalls a call, another attempt ends as the first would have', () => {
  const EFFECTS = [
    { status: 500 },
    { status: 503, commit: true },
    { hang: 'after' },
    { reset: 'before' },
    { reset: 'after' },
    { status: 429, retryAfter: 1 },
    { expireToken: true },
  ];
  const OPERATIONS = [
    'listSchemas',
    'getSchema',
    'createSchema',
    'updateSchema',
    'getGrants',
    'updateGrants',
    'deleteSchema',
    'listTables',
    'listVolumes',
  ];
  const BY = { airbyteAuth: { oauth: { clientId: LOADER, clientSecret: { secretRef: 'S' } } } };

  /** As an activity does: until it passes. */
  const persist = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let tries = 0; tries < 10; tries += 1) {
      try {
        return await work();
      } catch (err) {
        if (!(err instanceof CallError) || err.kind !== 'again') throw err;
      }
    }
    throw new Error('It never passed.');
  };

  const life = async (mine: ReturnType<typeof component>) => {
    const { missing } = await persist(() => mine.look(step()));
    await persist(() => mine.prepare(missing, step()));
    await persist(() => mine.grant(['alice@example.com', 'analysts'], step()));
    await persist(() => mine.grant(['analysts'], step()));
    const granted = await schemaNamed('cash_flow_0');
    const { present } = await persist(() => mine.look(step()));
    const grants = present.filter(({ kind }) => kind === 'grant');
    await persist(() => mine.cleanup(grants, step()));
    await persist(() => mine.restore(grants, step()));
    const restored = await schemaNamed('cash_flow_0');
    await persist(() => mine.cleanup(present, step()));
    const gone = await schemaNamed('cash_flow_0');
    await persist(() => mine.prepare(missing, step()));
    await persist(() => mine.unprepare(missing, step()));
    return { granted, restored, gone, after: await schemaNamed('cash_flow_0') };
  };

  const table = OPERATIONS.flatMap((operation) =>
    EFFECTS.map((effect) => [operation, JSON.stringify(effect), effect] as const),
  );
  test.each(table)('%s: %s', async (operation, _shown, effect) => {
    for (const skip of [0, 1, 2]) {
      await control('reset', {});
      const mine = componentIn(open(BY, 300));
      await fault({ operation, skip, ...effect });
      const found = await life(mine);
      const { granted } = found;
      expect(granted?.grants).toMatchObject({ analysts: ['SELECT', 'USE_SCHEMA'] });
      expect(Object.keys(granted?.grants ?? {}).toSorted()).toEqual(
        [LOADER, 'analysts'].toSorted(),
      );
      expect(Object.keys(granted?.properties ?? {})).toHaveLength(2);
      expect(found.restored?.grants).toEqual(granted?.grants);
      expect(found.restored?.properties).toEqual(granted?.properties);
      expect([found.gone, found.after]).toEqual([undefined, undefined]);
    }
  });

  test('a set that was given up after any of its calls is right after the next', async () => {
    for (let after = 1; after <= 4; after += 1) {
      await control('reset', {});
      const mine = await made();
      await mine.grant(['alice@example.com'], step());
      const cut = new AbortController();
      let heard = 0;
      const interest = {
        cancelled: cut.signal,
        timeUp: cut.signal,
        hear: () => {
          heard += 1;
          if (heard > after) cut.abort(new Error('given up'));
        },
      };
      await mine.grant(['analysts'], { id: 'a', interest }).catch(() => undefined);
      await mine.grant(['analysts'], step());
      expect(await mine.readers(step())).toEqual({ ours: ['analysts'], others: [] });
      expect(Object.keys((await schemaNamed('cash_flow_0'))?.properties ?? {})).toHaveLength(1);
    }
  });
});

describe('a statement', () => {
  const run = (text: string, maxRows = 100, more: object = {}) =>
    open({ cluster: clusterId, startCluster: true }).run(text, { step: step(), maxRows, ...more });

  test('starts the warehouse, is followed to its end, and its rows come in chunks to a bound', async () => {
    expect(await run('SELECT 1')).toEqual({
      columns: [expect.any(String)],
      rows: [['1']],
      isCut: false,
    });
    await made();
    await control('objects', {
      catalog,
      schema: 'cash_flow_0',
      table: 't',
      columns: undefined,
    }).catch(() => undefined);
    const fabric = open();
    const at = `${catalog}.cash_flow_0.numbers`;
    const all = { step: step(), maxRows: 100 };
    await fabric.run(`CREATE TABLE ${at} (a INT)`, all);
    await fabric.run(`INSERT INTO ${at} VALUES (1), (2), (3), (4), (5)`, all);
    const found = await fabric.run(`SELECT * FROM ${at}`, all);
    expect(found.rows).toEqual([['1'], ['2'], ['3'], ['4'], ['5']]);
    expect(await fabric.run(`SELECT * FROM ${at}`, { step: step(), maxRows: 3 })).toMatchObject({
      rows: [['1'], ['2'], ['3']],
      isCut: true,
    });
  });

  test('that failed is a success of the call, and told as what it is', async () => {
    const err = await errorOf(run('SELEC 1'));
    expect(err).toMatchObject({ kind: 'refused' });
    expect(err.message).toMatch(/^The statement failed \(BAD_REQUEST\): /);
  });

  test('is cancelled when nobody waits for it', async () => {
    const slow = await startDatabricksSimulator({ duration: 5000, startDuration: 0 });
    const cut = new AbortController();
    const running = open({ host: slow.url }).run('SELECT 1', {
      step: { id: 'a', interest: { cancelled: cut.signal, timeUp: LASTING.timeUp } },
      maxRows: 1,
    });
    setTimeout(() => cut.abort(new Error('nobody waits')), 300);
    await expect(running).rejects.toThrow();
    const response = await fetch(`${slow.url}/_simulator/requests`);
    const { requests } = Requests.parse(await response.json());
    await slow.close();
    expect(requests.at(-1)).toMatchObject({ operation: 'cancelExecution', status: 200 });
  });

  test('in a language is a command of the cluster, whose context is destroyed in every case', async () => {
    expect(await run('print("hello")', 10, { language: 'python' })).toEqual({
      columns: ['output'],
      rows: [['hello']],
      isCut: false,
    });
    expect(await run('SELECT 1', 10, { language: 'sql' })).toMatchObject({ rows: [['1']] });
    const failing = run('raise ValueError("no")', 10, { language: 'python' });
    expect(await errorOf(failing)).toMatchObject({
      kind: 'refused',
      message: 'The command failed: ValueError: no.',
    });
    const cut = new AbortController();
    const interest = { cancelled: cut.signal, timeUp: LASTING.timeUp };
    const endless = open({ cluster: clusterId }).run('import time\ntime.sleep(60)', {
      step: { id: 'a', interest },
      maxRows: 1,
      language: 'python',
    });
    setTimeout(() => cut.abort(new Error('nobody waits')), 500);
    await expect(endless).rejects.toThrow();
    expect((await entities()).contexts).toEqual([]);
    expect((await calls()).map(({ operation }) => operation)).toContain('cancelCommand');
  });

  test.each<[string, object, string]>([
    [
      'a context without an id',
      { operation: 'createContext', body: {} },
      'POST /api/1.2/contexts/create',
    ],
    [
      'a context of an unknown status',
      { operation: 'contextStatus', body: { status: 'Lost' } },
      'GET /api/1.2/contexts/status',
    ],
    [
      'a command without an id',
      { operation: 'executeCommand', body: {} },
      'POST /api/1.2/commands/execute',
    ],
    [
      'a command of an unknown status',
      { operation: 'commandStatus', body: { status: 'Lost' } },
      'GET /api/1.2/commands/status',
    ],
    [
      'an end without results',
      { operation: 'commandStatus', body: { status: 'Finished', results: null } },
      'GET /api/1.2/commands/status',
    ],
    [
      'a table that is none',
      {
        operation: 'commandStatus',
        body: { status: 'Finished', results: { resultType: 'table', data: 'x' } },
      },
      'GET /api/1.2/commands/status',
    ],
    [
      'a text that is none',
      {
        operation: 'commandStatus',
        body: { status: 'Finished', results: { resultType: 'text', data: { a: 1 } } },
      },
      'GET /api/1.2/commands/status',
    ],
  ])('in a language: %s is told as no answer of that call', async (_what, given, call) => {
    await fault({ status: 200, ...given });
    const err = await errorOf(run('print("hello")', 10, { language: 'python' }));
    expect(err).toBeInstanceOf(CallError);
    expect(err.message).toContain(`answered ${call} with something that is no answer`);
    expect((await entities()).contexts).toEqual([]);
  });

  test.each([[{ status: 503 }], [{ status: 429 }], [{ reset: 'before' }]])(
    'in a language: a context whose end met %j is ended all the same',
    async (effect) => {
      await fault({ operation: 'destroyContext', ...effect });
      const found = await run('print("hello")', 10, { language: 'python' });
      expect(found.rows).toEqual([['hello']]);
      expect((await entities()).contexts).toEqual([]);
    },
  );

  test('in a language: a context that is made while the time is up is ended', async () => {
    const cut = new AbortController();
    const interest = {
      cancelled: LASTING.cancelled,
      timeUp: cut.signal,
      hear: ({ path }: { path: string }) => {
        if (path.endsWith('/contexts/create')) setTimeout(() => cut.abort(new Error('up')), 50);
      },
    };
    await control('cluster', { state: 'RUNNING' });
    await fault({ operation: 'createContext', delay: 300 });
    const running = open({ cluster: clusterId }).run('print("hello")', {
      step: { id: 'a', interest },
      maxRows: 1,
      language: 'python',
    });
    await expect(running).rejects.toThrow();
    expect((await calls()).map(({ operation }) => operation)).toContain('destroyContext');
    expect((await entities()).contexts).toEqual([]);
  });

  test('in a language that there is none for, or without a cluster, is refused', async () => {
    expect(String(await errorOf(run('x', 1, { language: 'cobol' })))).toContain('runs no cobol');
    const failing = open().run('x', { step: step(), maxRows: 1, language: 'sql' });
    expect(String(await errorOf(failing))).toContain('has no cluster');
    await control('cluster', { state: 'TERMINATED' });
    const stopped = open({ cluster: clusterId }).run('x', {
      step: step(),
      maxRows: 1,
      language: 'sql',
    });
    expect(String(await errorOf(stopped))).toContain('TERMINATED');
  });
});

describe('the checks', () => {
  const outcomes = async (more: object = {}) =>
    Object.fromEntries(
      [...(await open(more).check(step())), ...(await component(more).check(step()))].map(
        ({ name, outcome }) => [name, outcome],
      ),
    );
  const entry = async (more: object = {}) =>
    Object.fromEntries(
      (await open(more).check(step())).map(({ name, outcome }) => [name, outcome]),
    );

  test('pass where all is well, start nothing and write nothing', async () => {
    await control('requests', undefined, 'DELETE');
    expect(await outcomes({ cluster: clusterId, startCluster: true })).toEqual({
      connection: 'passed',
      credentials: 'passed',
      warehouse: 'passed',
      catalog: 'passed',
      'create schema': 'passed',
      principals: 'passed',
      cluster: 'passed',
      schema: 'passed',
    });
    expect(await writes()).toEqual([]);
  });

  test('tell each what is wrong, with what to do', async () => {
    await control('warehouse', { state: 'DELETED' });
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: clientId,
      add: [],
      remove: ['CREATE_SCHEMA'],
    });
    await control('objects', { catalog, schema: 'cash_flow_0' });
    const given = { cluster: clusterId, auth: entra() };
    const checks = [
      ...(await open(given).check(step())),
      ...(await component(given).check(step())),
    ];
    const found = Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
    expect(found).toEqual({
      connection: 'passed',
      credentials: 'passed',
      warehouse: 'failed',
      catalog: 'passed',
      'create schema': 'impossible',
      principals: 'passed',
      cluster: 'failed',
      airbyte: 'failed',
      schema: 'failed',
    });
    for (const { outcome, solution } of checks)
      expect([outcome, solution !== undefined]).toEqual([outcome, outcome !== 'passed']);
    expect(checks.find(({ name }) => name === 'create schema')?.solution).toContain(
      `GRANT CREATE SCHEMA ON CATALOG \`${catalog}\` TO \`${clientId}\``,
    );
  });

  test('without a way in say that the rest cannot be told', async () => {
    secrets.SECRET = 'wrong';
    expect(await entry()).toEqual({
      connection: 'passed',
      credentials: 'failed',
      warehouse: 'impossible',
      catalog: 'impossible',
      'create schema': 'impossible',
      principals: 'impossible',
    });
    expect(await entry({ host: 'http://127.0.0.1:9' })).toMatchObject({
      connection: 'failed',
      credentials: 'impossible',
    });
  });

  test('try Airbyte’s own credentials, too, where they are others', async () => {
    const AIRBYTE = { airbyteAuth: PAT };
    expect(await entry(AIRBYTE)).toMatchObject({
      'connection of Airbyte': 'passed',
      'warehouse of Airbyte': 'passed',
    });
    secrets.PAT = 'dapi-wrong-7712';
    const checks = await open(AIRBYTE).check(step());
    const named = (name: string) => checks.find((each) => each.name === name);
    expect(named('credentials')?.outcome).toBe('passed');
    expect(named('connection of Airbyte')?.outcome).toBe('failed');
    expect(named('connection of Airbyte')?.solution).toContain('a new token');
    expect(named('warehouse of Airbyte')?.outcome).toBe('impossible');
    expect(JSON.stringify(checks)).not.toContain('7712');
    // It is told where the manager's are wrong, too.
    secrets.PAT = personalToken;
    secrets.SECRET = 'wrong';
    expect(await entry(AIRBYTE)).toMatchObject({
      credentials: 'failed',
      'connection of Airbyte': 'passed',
    });
  });

  test('look whether those whom requests name can be looked up', async () => {
    const principals = async () =>
      (await open().check(step())).find(({ name }) => name === 'principals');
    await fault({ operation: 'listGroups', status: 403 });
    const refused = await principals();
    expect(refused?.outcome).toBe('failed');
    expect(refused?.solution).toContain('look up users and groups');
    await fault({ operation: 'listUsers', status: 200, body: { totalResults: 0 } });
    const hidden = await principals();
    expect(hidden?.outcome).toBe('impossible');
    expect(hidden?.message).toContain('no users of the workspace');
    expect(await principals()).toMatchObject({ outcome: 'passed' });
    expect(await entry({ manage: { schema: true } })).not.toHaveProperty('principals');
  });

  test('look whether USE CATALOG can be granted: all privileges are not that one', async () => {
    const more = { manage: { ...MANAGE, catalogUse: true } };
    const found = async () =>
      (await open(more).check(step())).find(({ name }) => name === 'grant catalog use');
    const may = (change: object) =>
      control('grants', { on: 'catalog', name: catalog, principal: clientId, ...change });
    const lacking = await found();
    expect(lacking?.outcome).toBe('impossible');
    expect(lacking?.solution).toContain(`GRANT MANAGE ON CATALOG \`${catalog}\``);
    await may({ add: ['ALL_PRIVILEGES'] });
    expect(await found()).toMatchObject({ outcome: 'impossible' });
    await may({ add: ['MANAGE'] });
    expect(await found()).toMatchObject({ outcome: 'passed' });
    await may({ remove: ['MANAGE', 'ALL_PRIVILEGES'] });
    const owned = { name: catalog, owner: clientId };
    await fault({ operation: 'getCatalog', status: 200, body: owned, times: 2 });
    expect(await found()).toMatchObject({
      outcome: 'passed',
      message: `${clientId} owns the catalog.`,
    });
  });
});

test('no more calls are in flight than the fabric lets be', async () => {
  await control('seed', { users: 400 });
  const refs = Array.from(
    { length: 400 },
    (_, index) => `user:user-${String(index + 1)}_example.com`,
  );
  await fault({ operation: 'listUsers', delay: 50, times: 20 });
  await control('requests', undefined, 'DELETE');
  await component({ maxInFlight: 2 }).principalsOf(refs, step());
  expect(Requests.parse(await control('requests')).maxInFlight).toBe(2);
});

test('what Airbyte is told is the fabric’s workspace and catalog, and credentials of one kind', async () => {
  const destination = (more: object) =>
    databricks.destination(
      databricks.settings.parse({
        type: 'databricks',
        team: 'finance',
        host: 'https://adb-1.2.azuredatabricks.net',
        warehouseId,
        catalog,
        auth: OAUTH,
        ...more,
      }),
      {
        secretOf: ({ secretRef }) => Promise.resolve(`secret of ${secretRef}`),
        configuration: { schema: 'cash_flow_0' },
      },
    );
  const common = {
    hostname: 'adb-1.2.azuredatabricks.net',
    port: '443',
    http_path: `/sql/1.0/warehouses/${warehouseId}`,
    database: catalog,
    accept_terms: true,
  };
  expect(await destination({})).toEqual({
    ...common,
    authentication: { auth_type: 'OAUTH', client_id: clientId, secret: 'secret of SECRET' },
  });
  expect(await destination({ auth: PAT, httpPath: 'sql/protocolv1/o/1/2' })).toEqual({
    ...common,
    http_path: 'sql/protocolv1/o/1/2',
    authentication: { auth_type: 'BASIC', personal_access_token: 'secret of PAT' },
  });
  expect(await destination({ auth: entra(), airbyteAuth: PAT })).toMatchObject({
    authentication: { auth_type: 'BASIC' },
  });
});
