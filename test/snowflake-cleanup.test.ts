import {
  KEY,
  MANAGE,
  NOTHING,
  ROLE,
  TAG,
  prepared,
  startWorld,
  step,
} from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';
import type { Step } from '../src/fabrics/fabric';

/* What a removal takes away, and what its undo brings back. */

/** Another attempt's end, after a call that was sent: the first of an attempt is 1. */
const killedAfter = (call: number, id: string): Step => {
  const cut = new AbortController();
  let heard = 0;
  const hear = () => {
    heard += 1;
    if (heard > call) cut.abort(new Error('killed'));
  };
  return { id, interest: { cancelled: cut.signal, timeUp: cut.signal, hear } };
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => {
  world.reset();
});
afterAll(() => world.close());

test('unprovisioned with its data nothing is left', async () => {
  const component = world.component();
  const { present } = await prepared(component);
  await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
  await component.cleanup(present, step());
  expect(await world.left()).toEqual(NOTHING);
  await component.cleanup(present, step());
});

describe('unprovisioned', () => {
  test('without its data schema and tables stay, and nobody may do anything with them', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
    });
    await component.cleanup(
      present.filter(({ hasData }) => !hasData),
      step(),
    );
    const { databases, roles } = await world.entities();
    expect(databases[0]?.schemas).toMatchObject([
      { name: 'CASHFLOW_0', comment: TAG, futureGrants: [], grants: [] },
    ]);
    expect(roles).toHaveLength(2);
    expect((await prepared(component)).missing).toEqual([]);
  });

  test('what was dropped is brought back with its data, its grants, and whom one gives', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.control('/objects', {
      database: 'ANALYTICS',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    await component.grant(['user:JANE.DOE@EXAMPLE.COM'], step());
    const before = await component.look(step());
    const taken = await component.beforeCleanup(before.present, step());
    await component.cleanup(taken, step());
    expect((await world.left()).schemas).toEqual([]);
    const { changed, left: gone, givenBack } = await component.restore(taken, step());
    expect(gone).toEqual([]);
    expect(givenBack).toEqual(['user:JANE.DOE@EXAMPLE.COM']);
    expect((await world.left()).members).toEqual(['JANE.DOE@EXAMPLE.COM']);
    expect(changed.length).toBeGreaterThan(2);
    const after = await component.look(step());
    expect(after.missing).toEqual([]);
    expect(after.present.map(({ id }) => id)).toEqual(before.present.map(({ id }) => id));
    const { databases } = await world.entities();
    expect(databases[0]?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
    expect((await component.readers(step())).ours).toEqual(['user:JANE.DOE@EXAMPLE.COM']);
    expect(await component.restore(present, step())).toEqual({ changed: [], left: [] });
  });

  test('what a component that has moved within its database could read in either schema it can again', async () => {
    const former = world.component();
    await prepared(former);
    for (const schema of ['CASHFLOW_0', 'CASHFLOW_1']) {
      if (schema === 'CASHFLOW_1') await prepared(world.component(KEY, { schema }));
      const on = { database: 'ANALYTICS', schema, owner: 'AIRBYTE' };
      await world.control('/objects', { ...on, name: 'ORDERS' });
    }
    const component = world.component(KEY, { schema: 'CASHFLOW_1' });
    const { present } = await component.look(step());
    const role = present.find(({ kind }) => kind === 'role')?.name ?? '';
    const granted = async () => {
      const [schemas = []] = (await world.entities()).databases.map((each) => each.schemas);
      const isThere = (await world.entities()).roles.some(({ name }) => name === role);
      const told = isThere ? await world.sql(`SHOW GRANTS TO ROLE "${role}"`) : [];
      return {
        tables: [...new Set(JSON.stringify(told).match(/CASHFLOW_\d\.ORDERS/g))].sort(),
        schemas: schemas.map(({ name, grants, futureGrants }) => ({ name, grants, futureGrants })),
      };
    };
    const before = await granted();
    expect(before.tables).toEqual(['CASHFLOW_0.ORDERS', 'CASHFLOW_1.ORDERS']);
    const withoutData = present.filter(({ hasData }) => !hasData);
    for (const going of [withoutData, present]) {
      const taken = await component.beforeCleanup(going, step());
      await component.cleanup(taken, step());
      expect(await granted()).not.toEqual(before);
      await component.restore(taken, step());
      expect(await granted()).toEqual(before);
    }
  });

  test('who had the role of others, or is no more, is told; the rest have it again', async () => {
    const component = world.component();
    await prepared(component);
    await world.control('/seed', { users: 3, name: 'S' });
    await component.grant(['user:S_1', 'user:S_2'], step());
    const role = (await world.entities()).roles.find(({ name }) => ROLE.test(name))?.name ?? '';
    await world.sql(`GRANT ROLE "${role}" TO USER "S_3"`, 'SECURITYADMIN');
    const { present: seen } = await component.look(step());
    const present = await component.beforeCleanup(seen, step());
    expect(present.at(-1)?.had).toEqual({ ours: ['user:S_1', 'user:S_2'], others: ['user:S_3'] });
    await component.cleanup(present, step());
    await world.control('/faults', { operation: 'grantRole', statement: '"S_1"', code: '002003' });
    const { left: gone, givenBack } = await component.restore(present, step());
    expect(givenBack).toEqual(['user:S_2']);
    expect(gone.map(({ what }) => what)).toEqual([
      `the role ${role} of user:S_1`,
      `who had the role ${role} of others (user:S_3)`,
    ]);
    expect(gone[1]?.remedy).toBe(
      `Who has granted it grants it again, such as GRANT ROLE "${role}" TO USER "S_3";`,
    );
    expect((await world.left()).members).toEqual(['S_2']);
  });

  describe('who had the role', () => {
    const BOB = 'user:BOB';
    const JANE = 'user:JANE';
    const arranged = async () => {
      world.reset();
      const component = world.component();
      await prepared(component);
      for (const name of ['BOB', 'JANE']) await world.control('/seed', { users: 1, name });
      await component.grant([`${BOB}_1`, `${JANE}_1`], step());
      const { present } = await component.look(step());
      const role = present.find(({ kind }) => kind === 'role')?.name ?? '';
      return { component, present, role };
    };
    const members = async () => (await world.left()).members.sort();

    test('and lost it before the removal, or while the role was there, does not have it again', async () => {
      const { component, present, role } = await arranged();
      // As updateacl does, after the run has looked.
      await component.grant([`${JANE}_1`], step());
      const taken = await component.beforeCleanup(present, step());
      expect(taken.at(-1)?.had?.ours).toEqual([`${JANE}_1`]);
      // The removal fails before it drops the role.
      await world.control('/faults', { operation: 'dropRole', code: '003001' });
      await expect(component.cleanup(taken, step())).rejects.toThrow('DROP ROLE');
      await world.sql(`REVOKE ROLE ${role} FROM USER "JANE_1"`, 'PROVISIONER');
      expect(await component.restore(taken, step())).not.toHaveProperty('givenBack');
      expect(await members()).toEqual([]);
    });

    test.each(['cleanup', 'restore'] as const)(
      'has it again, wherever the first %s is killed',
      async (killed) => {
        for (let call = 1; ; call += 6) {
          const { component, present } = await arranged();
          const taken = await component.beforeCleanup(present, step());
          if (killed === 'restore') await component.cleanup(taken, step());
          const isKilled = await component[killed](taken, killedAfter(call, 'first')).then(
            () => false,
            () => true,
          );
          const { left: gone } = await component.restore(
            taken,
            step(killed === 'restore' ? 'first' : undefined),
          );
          expect(gone).toEqual([]);
          expect(await members()).toEqual(['BOB_1', 'JANE_1']);
          if (isKilled) continue;
          expect(call).toBeGreaterThan(15);
          return;
        }
      },
      300_000,
    );

    test('is told as having it again, also by an attempt that found it given', async () => {
      const { component, present } = await arranged();
      const taken = await component.beforeCleanup(present, step());
      await component.cleanup(taken, step());
      for (const _attempt of ['killed after its last call', 'another'])
        expect(await component.restore(taken, step('undo'))).toMatchObject({
          givenBack: [`${BOB}_1`, `${JANE}_1`],
        });
    });
  });

  test('more members than a history has room for are told as unknown', async () => {
    const name = 'S'.repeat(245);
    await world.control('/seed', { users: 800, name });
    const component = world.component();
    await prepared(component);
    const role =
      (await world.entities()).roles.find(({ name: each }) => ROLE.test(each))?.name ?? '';
    for (let n = 1; n <= 800; n += 1)
      await world.sql(`GRANT ROLE "${role}" TO USER "${name}_${String(n)}"`, 'PROVISIONER');
    const { present: seen } = await component.look(step());
    const present = await component.beforeCleanup(seen, step());
    expect(present.at(-1)).toEqual({ ...present.at(-1), kind: 'role', had: undefined });
    await component.cleanup(present, step());
    const { left: gone } = await component.restore(present, step());
    expect(gone.map(({ what }) => what)).toEqual([`who had the role ${role}`]);
  });

  test('a database that went with it is brought back first', async () => {
    const component = world.component(
      KEY,
      { database: 'FINANCE' },
      { manage: { ...MANAGE, database: true } },
    );
    await prepared(component);
    await world.control('/objects', {
      database: 'FINANCE',
      schema: 'CASHFLOW_0',
      name: 'ORDERS',
      owner: 'AIRBYTE',
      rows: 3,
    });
    const { present: seen } = await component.look(step());
    const present = await component.beforeCleanup(seen, step());
    await component.cleanup(present, step());
    expect((await world.entities()).databases.map(({ name }) => name)).toEqual(['ANALYTICS']);
    const { left: gone } = await component.restore(present, step());
    expect(gone).toEqual([]);
    const { databases } = await world.entities();
    const finance = databases.find(({ name }) => name === 'FINANCE');
    expect(finance?.schemas[0]?.objects).toMatchObject([{ name: 'ORDERS', rows: 3 }]);
    expect((await component.look(step())).missing).toEqual([]);
  });

  test('what another has in its place by now is left alone, and told', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await component.cleanup(present, step());
    await world.sql('CREATE SCHEMA "ANALYTICS"."CASHFLOW_0"');
    const { left: gone } = await component.restore(
      present.filter(({ kind }) => kind === 'schema'),
      step(),
    );
    expect(gone.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (another has its name by now)',
    ]);
    await world.sql('DROP SCHEMA "ANALYTICS"."CASHFLOW_0"');
    const again = await component.restore(
      present.filter(({ kind }) => kind === 'schema'),
      step(),
    );
    expect(again.left.map(({ what }) => what)).toEqual([
      'the schema ANALYTICS.CASHFLOW_0 (the last that had its name was another’s)',
    ]);
    expect((await world.left()).schemas).toEqual([]);
  });

  test('a schema that it had before goes, too', async () => {
    await prepared(world.component(KEY, { schema: 'FORMER' }));
    const component = world.component();
    const { present } = await prepared(component);
    expect(present.filter(({ kind }) => kind === 'schema').map(({ what }) => what)).toEqual([
      ...['the schema ANALYTICS.CASHFLOW_0', 'the schema ANALYTICS.FORMER'],
    ]);
    await component.cleanup(present, step());
    expect((await world.left()).schemas).toEqual([]);
  });

  test('a tag that is not ours any more protects what has it', async () => {
    const component = world.component();
    const { present } = await prepared(component);
    await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS 'mine now'`, 'PROVISIONER');
    const { removed, left } = await component.cleanup(present, step());
    expect(left).toEqual([
      {
        what: 'the schema ANALYTICS.CASHFLOW_0 (it bears another mark by now)',
        remedy: `If it is the component’s all the same, its owner PROVISIONER can say so: COMMENT ON SCHEMA "ANALYTICS"."CASHFLOW_0" IS '${TAG}'; then unprovision again.`,
      },
    ]);
    const gone = present.filter(({ id }) => removed.includes(id)).map(({ what }) => what);
    expect(gone.filter((what) => what.includes('ANALYTICS.CASHFLOW_0'))).toEqual([]);
    expect(gone).toHaveLength(3);
    const { schemas, roles } = await world.left();
    expect(schemas).toEqual([['CASHFLOW_0', 'mine now']]);
    expect(roles).toHaveLength(2);
  });
});
