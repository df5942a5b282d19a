import { DEFAULTS } from '../simulator/databricks/simulator';
import { Refusal } from '../src/contract/problems';
import { schemaThing } from '../src/fabrics/databricks/things';
import type { Thing } from '../src/fabrics/fabric';
import { KEY, OTHER, databricksBench, errorOf, ids, step } from './support/databricks-fabric';

/* A component’s schema: made, told whose it is, taken away and brought back. */

const { url, control, fault, schemaNamed, addTable, calls, writes, open, component, made } =
  databricksBench();
const { catalog, clientId, personalToken } = DEFAULTS;

/** Of the schema that tests want, as its owner does it by hand. */
const setComment = async (comment: string) => {
  const response = await fetch(`${url()}/api/2.1/unity-catalog/schemas/${catalog}.cash_flow_0`, {
    method: 'PATCH',
    headers: { Authorization: `Bearer ${personalToken}` },
    body: JSON.stringify({ comment }),
  });
  expect(response.status).toBe(200);
};

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
        href: `${url()}/explore/data/${catalog}/cash_flow_0`,
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

  test('that each catalog has is nobody’s to hand over', async () => {
    const { foreign } = await component({}, { schema: 'default' }).look(step());
    expect(foreign.map(({ name, solution }) => [name, solution])).toEqual([
      [
        `${catalog}.default`,
        'Give another one in the descriptor (specific.destination.connectionConfiguration.schema).',
      ],
    ]);
  });

  test('Airbyte’s schema goes with no component, whoever has marked it', async () => {
    const comment = `provisioner:${KEY}`;
    await control('objects', { catalog, schema: 'airbyte_internal', owner: clientId, comment });
    const at = (schema: string) =>
      open().of({ key: KEY, end: { connector: 'databricks', configuration: { schema } } });
    const { present, foreign } = await at('airbyte_internal').look(step());
    expect(present).toEqual([]);
    expect(foreign[0]?.reclaim).toContain(`COMMENT ON SCHEMA \`${catalog}\`.\`airbyte_internal\``);
    expect((await at('other_0').look(step())).present).toEqual([]);
  });

  test.each([
    ['airbyte_internal', {}],
    ['landing_raw', { raw_schema_override: 'Landing_Raw' }],
  ])(
    'for raw tables, %s, is no component’s own, and nobody is told how to have it',
    async (schema, more) => {
      const end = { connector: 'databricks', configuration: { schema, ...more } };
      const mine = open().of({ key: KEY, end });
      const at = 'specific.destination.connectionConfiguration.schema';
      const refused = {
        kind: 'schema',
        name: `${catalog}.${schema}`,
        at,
        problem: `The schema ${catalog}.${schema} is where Airbyte keeps raw tables: it can be no component’s own.`,
        solution: `Give another one in the descriptor (${at}).`,
      };
      expect((await mine.look(step())).foreign[0]).toEqual(refused);
      await control('objects', { catalog, schema, owner: clientId });
      const { foreign } = await mine.look(step());
      expect(foreign[0]).toEqual(refused);
      expect(JSON.stringify(foreign)).not.toContain('COMMENT ON');
      expect((await mine.check(step()))[0]).toMatchObject({ outcome: 'failed', at });
      const making = mine.prepare([schemaThing(catalog, schema)], step());
      expect((await errorOf(making)).solution).toBe(refused.solution);
      const lends = open({ manage: { schema: false, access: false } });
      expect((await lends.of({ key: KEY, end }).look(step())).foreign).toEqual([]);
    },
  );

  test('that raw tables would stay in is refused, and told by a removal', async () => {
    const configuration = { schema: 'cash_flow_0', raw_schema_override: 'landing_raw' };
    const end = { connector: 'databricks', configuration };
    const of = (more: object = {}) => open(more).of({ key: KEY, end });
    await made(component());
    const { foreign, present } = await of().look(step());
    expect(foreign).toEqual([
      {
        kind: 'schema',
        name: `${catalog}.landing_raw`,
        at: 'specific.destination.connectionConfiguration.raw_schema_override',
        problem: `Raw tables in the schema ${catalog}.landing_raw would stay when the component is removed with its data.`,
        solution: `Leave specific.destination.connectionConfiguration.raw_schema_override out of the descriptor, as connectors from 4.0 on keep no raw tables; drop what is in ${catalog}.landing_raw of the component by hand.`,
      },
    ]);
    expect(present.map(({ kind }) => kind)).toContain('schema');
    const lends = { manage: { schema: false, access: false } };
    expect((await of(lends).look(step())).foreign).toEqual([]);
  });

  test('that an owner has handed over by its comment is ours from then on', async () => {
    await control('objects', { catalog, schema: 'cash_flow_0', owner: clientId });
    const mine = component();
    const [foreign] = (await mine.look(step())).foreign;
    const statement = /COMMENT ON SCHEMA .*$/.exec(foreign?.solution ?? '')?.[0] ?? '';
    await setComment(/'(.*)'$/.exec(statement)?.[1] ?? '');
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

  test('of more former versions than are told by name goes with all of them', async () => {
    const former = Array.from({ length: 21 }, (_none, index) => `before_${String(index)}`);
    for (const schema of former) await made(component({}, { schema }));
    const mine = await made();
    const seen = await mine.look(step());
    expect([seen.present.length, seen.warnings.length]).toEqual([22, 20]);
    await mine.cleanup(seen.present, step());
    expect((await mine.look(step())).present).toEqual([]);
    for (const schema of former) expect(await schemaNamed(schema)).toBeUndefined();
  });

  test('whose name Unity Catalog or Airbyte cannot hold is refused before anything is asked', async () => {
    await control('requests', undefined, 'DELETE');
    for (const schema of ['', 'a.b', 'a`b', '1x', 'A', 'information_schema', 'x'.repeat(256)]) {
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

  test('tells the former one, where who is no more to read loses it by itself', async () => {
    const mine = await moved();
    expect((await mine.grant(['analysts'], step())).revoked).toEqual(['alice@example.com']);
    const ends = await mine.formerEnds?.(step());
    expect(ends).toEqual({ configurations: [{ schema: 'old_flow' }], warnings: [] });
    const old = component({}, { schema: 'old_flow' });
    await old.ofFormer.revoke(['alice@example.com'], step());
    for (const name of ['old_flow', 'cash_flow_0'])
      expect(Object.keys((await schemaNamed(name))?.grants ?? {})).toEqual(['analysts']);
    expect((await mine.readers(step())).ours).toEqual(['analysts']);
    await old.ofFormer.revoke(['analysts'], step());
    expect(await mine.formerEnds?.(step())).toEqual({ configurations: [], warnings: [] });
  });

  test('has no readers of the former one in the wanted one', async () => {
    const mine = await moved();
    await mine.grant([], step());
    expect(await mine.readers(step())).toEqual({ ours: [], others: [] });
    expect(Object.keys((await schemaNamed('old_flow'))?.grants ?? {})).toHaveLength(2);
  });

  test('gives back at the former one what an undo is to give back, and to nobody else', async () => {
    await moved();
    const old = component({}, { schema: 'old_flow' });
    const propertiesNow = async () => (await schemaNamed('old_flow'))?.properties;
    const remembered = await propertiesNow();
    await control('grants', {
      on: 'schema',
      name: `${catalog}.old_flow`,
      principal: 'alice@example.com',
      remove: ['SELECT', 'USE_SCHEMA'],
    });
    await old.ofFormer.revoke(['analysts'], step());
    expect((await schemaNamed('old_flow'))?.grants).toEqual({});
    for (const id of ['undo', 'undo again']) {
      await old.ofFormer.giveBack(['analysts'], step(id));
      expect((await schemaNamed('old_flow'))?.grants).toEqual({
        analysts: ['SELECT', 'USE_SCHEMA'],
      });
      expect(await propertiesNow()).toEqual(remembered);
    }
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

  test('is removed from the former one where the wanted one has lost its comment', async () => {
    const mine = await moved();
    await setComment('');
    const { present, foreign } = await mine.look(step());
    expect(foreign).toHaveLength(1);
    const taken = await mine.beforeCleanup(present, step());
    expect(taken.find(({ id }) => id === 'readers')?.hadIn).toEqual([
      { schema: 'old_flow', ours: ['alice@example.com', 'analysts'] },
    ]);
    await mine.cleanup(taken, step());
    expect(await schemaNamed('old_flow')).toBeUndefined();
    // Nobody knows whose it is by now.
    expect((await schemaNamed('cash_flow_0'))?.grants).not.toEqual({});
  });

  test.each([
    ['is not there any more', undefined],
    ['is another’s', OTHER],
  ])('leaves no reader in the former one where the wanted one %s', async (_what, whose) => {
    const mine = await moved();
    await mine.cleanup(
      (await mine.look(step())).present.filter(({ id }) => id === 'schema:cash_flow_0'),
      step(),
    );
    if (whose !== undefined) await made(component({}, { key: whose }));
    await component({}, { schema: 'old_flow' }).grant(['analysts'], step());
    const { present } = await mine.look(step());
    await mine.cleanup(
      present.filter(({ hasData }) => !hasData),
      step(),
    );
    expect((await schemaNamed('old_flow'))?.grants).toEqual({});
  });
});
