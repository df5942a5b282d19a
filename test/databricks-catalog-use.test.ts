import { DEFAULTS } from '../simulator/databricks/simulator';
import type { ComponentFabric, Thing } from '../src/fabrics/fabric';
import { OTHER, databricksBench, killedAt, step } from './support/databricks-fabric';

/* USE CATALOG, where it is ours to grant: two components have their schemas in one catalog. */

const bench = databricksBench();
const { control, open, componentIn, schemaNamed, catalogGrants } = bench;
const { catalog, clientId } = DEFAULTS;
const [LOADER = ''] = DEFAULTS.servicePrincipals;

const MANAGE = { manage: { schema: true, access: true, catalogUse: true } };
const BY = {
  ...MANAGE,
  airbyteAuth: { oauth: { clientId: LOADER, clientSecret: { secretRef: 'S' } } },
};
const GROUP = 'analysts';

beforeEach(async () => {
  const on = { on: 'catalog', name: catalog };
  await control('grants', { ...on, principal: 'account users', remove: ['USE_CATALOG'] });
  await control('grants', { ...on, principal: clientId, add: ['MANAGE'] });
});

const byHand = (principal: string, change: object) =>
  control('grants', { on: 'catalog', name: catalog, principal, ...change });

const one = (more: object = MANAGE) => componentIn(open(more));
const two = (more: object = MANAGE) => componentIn(open(more), { key: OTHER, schema: 'other_0' });

const made = async (mine: ComponentFabric) => {
  await mine.prepare((await mine.look(step())).missing, step());
  return mine;
};
const both = async (more: object = MANAGE) => {
  const pair = [one(more), two(more)] as const;
  for (const each of pair) await made(each);
  return pair;
};
const removed = async (mine: ComponentFabric, at = step()) =>
  mine.cleanup((await mine.look(step())).present, at);
const ids = (things: readonly Thing[]) => things.map(({ id }) => id);

const USES = ['USE_CATALOG'];

/** Everything that can be seen of what is ours. */
const state = async () => {
  const { catalogs, schemas } = await bench.entities();
  const ours = schemas.filter(({ comment }) => comment?.startsWith('provisioner:'));
  return { grants: catalogs[0]?.grants, ours };
};

/** A component whose fabric lets something else happen before its call of this number, from 1 on. */
const interrupted = (
  more: object,
  given: object,
  { before, run }: { before: number; run: () => Promise<unknown> },
) => {
  let calls = 0;
  const secretOf = async () => {
    calls += 1;
    if (calls === before) await run();
    return DEFAULTS.clientSecret;
  };
  const component = componentIn(open(more, { secretOf }), given);
  return { component, isOver: () => calls < before };
};

describe('USE CATALOG of a reader of two schemas', () => {
  test('goes with the last of them, whichever was granted first', async () => {
    const [first, second] = await both();
    expect((await first.grant([GROUP], step())).granted).toEqual([GROUP]);
    await second.grant([GROUP], step());
    await first.grant([], step());
    expect(await catalogGrants(GROUP)).toEqual(USES);
    await second.grant([], step());
    expect(await catalogGrants(GROUP)).toBeUndefined();
    for (const { properties } of (await state()).ours) expect(properties).toEqual({});
  });

  test('stays where others granted it before', async () => {
    await byHand(GROUP, { add: USES });
    const [first, second] = await both();
    for (const names of [[GROUP], []])
      for (const each of [first, second]) await each.grant(names, step());
    expect(await catalogGrants(GROUP)).toEqual(USES);
  });

  test('is granted to both at once, and taken by both at once', async () => {
    const pair = await both();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(pair.map((each) => each.grant([GROUP], step())));
      expect(await catalogGrants(GROUP)).toEqual(USES);
      await Promise.all(pair.map((each) => each.grant([], step())));
      expect(await catalogGrants(GROUP)).toBeUndefined();
    }
  });

  test('stays while one component goes with its data, and goes with the other', async () => {
    const pair = await both();
    for (const each of pair) await each.grant([GROUP], step());
    await removed(pair[0]);
    expect(await catalogGrants(GROUP)).toEqual(USES);
    await removed(pair[1]);
    expect(await catalogGrants(GROUP)).toBeUndefined();
    expect((await state()).ours).toEqual([]);
  });

  test('goes when both components go at once', async () => {
    const pair = await both();
    for (const each of pair) await each.grant([GROUP], step());
    await Promise.all(pair.map((each) => removed(each)));
    expect(await catalogGrants(GROUP)).toBeUndefined();
  });

  test('stays for Airbyte’s user who reads, too, and reads no more', async () => {
    const mine = await made(one(BY));
    await mine.grant([LOADER], step());
    await mine.grant([], step());
    expect(await catalogGrants(LOADER)).toEqual(USES);
    await removed(mine);
    expect(await catalogGrants(LOADER)).toBeUndefined();
  });
});

describe('USE CATALOG of a reader of a former schema', () => {
  const ALICE = 'alice@example.com';

  test.each([
    ['is not granted again to who stays there and has lost it', { remove: USES }, undefined],
    ['stays where he has it', { add: [] }, USES],
  ])('%s, when others lose it there and have it back', async (_what, byOthers, expected) => {
    const former = await made(one());
    await former.grant([ALICE, GROUP], step());
    await byHand(ALICE, byOthers);
    const before = await state();
    await former.ofFormer.revoke([GROUP], step());
    expect(await catalogGrants(GROUP)).toBeUndefined();
    expect(await catalogGrants(ALICE)).toEqual(expected);
    await former.ofFormer.giveBack([GROUP], step('undo'));
    expect(await state()).toEqual(before);
    await former.ofFormer.revoke([ALICE, GROUP], step());
    expect(await catalogGrants(ALICE)).toBeUndefined();
    expect((await state()).ours[0]?.properties).toEqual({});
  });
});

describe('whenever another component’s run comes between', () => {
  const first = {};
  const second = { key: OTHER, schema: 'other_0' };

  /** Between any two calls of the run of the first the whole one of the second. */
  const everywhere = async (
    given: { begin: string[]; here: string[]; there: string[] },
    check: () => Promise<void>,
  ) => {
    for (let before = 1; ; before += 1) {
      await control('reset', {});
      await byHand('account users', { remove: USES });
      await byHand(clientId, { add: ['MANAGE'] });
      const [mine, other] = await both();
      await mine.grant(given.begin, step());
      if (given.there.length === 0) await other.grant([GROUP], step());
      const { component, isOver } = interrupted(MANAGE, first, {
        before,
        run: () => componentIn(open(MANAGE), second).grant(given.there, step('b')),
      });
      await component.grant(given.here, step());
      if (isOver()) return before;
      await check();
      await mine.grant([], step());
      await other.grant([], step());
      expect(await catalogGrants(GROUP)).toBeUndefined();
    }
  };

  test.each([
    ['one loses a reader, the other gets him', { begin: [GROUP], here: [], there: [GROUP] }, USES],
    ['one gets a reader, the other loses him', { begin: [], here: [GROUP], there: [] }, USES],
    ['both lose him', { begin: [GROUP], here: [], there: [] }, undefined],
    ['both get him', { begin: [], here: [GROUP], there: [GROUP] }, USES],
  ])('%s', async (_case, given, expected) => {
    const calls = await everywhere(given, async () => {
      expect(await catalogGrants(GROUP)).toEqual(expected);
    });
    expect(calls).toBeGreaterThan(8);
  });
});

describe('a run that is killed before any of its calls, and done again, ends the same', () => {
  const cases: [
    string,
    string[],
    (mine: ComponentFabric, at: ReturnType<typeof step>) => unknown,
  ][] = [
    ['a grant', [], (mine, at) => mine.grant([GROUP], at)],
    ['a revoke', [GROUP], (mine, at) => mine.grant([], at)],
    ['a removal with data', [GROUP], (mine, at) => removed(mine, at)],
  ];
  test.each(cases)('%s, alone and beside another that reads', async (_case, begin, act) => {
    for (const isShared of [false, true]) {
      const arrange = async () => {
        await control('reset', {});
        await byHand('account users', { remove: USES });
        await byHand(clientId, { add: ['MANAGE'] });
        const [mine, other] = await both();
        await mine.grant(begin, step());
        if (isShared) await other.grant([GROUP], step());
        return mine;
      };
      await act(await arrange(), step());
      const wanted = await state();
      for (let call = 1; call < 30; call += 1) {
        const mine = await arrange();
        const was = Promise.resolve(act(mine, killedAt(call)));
        const isKilled = await was.then(
          () => false,
          () => true,
        );
        if (!isKilled) {
          expect(call).toBeGreaterThan(4);
          break;
        }
        await act(mine, step());
        expect(await state()).toEqual(wanted);
      }
    }
  });
});

describe('Airbyte’s user who lacks USE CATALOG', () => {
  test('is told as missing it, is given it, and its undo takes that and no more', async () => {
    const mine = one(BY);
    const { missing } = await mine.look(step());
    expect(ids(missing)[1]).toMatch(/^loader:USE_SCHEMA,.*,USE_CATALOG:/);
    await mine.prepare(missing, step());
    expect(await catalogGrants(LOADER)).toEqual(USES);
    expect((await mine.look(step())).missing).toEqual([]);

    await byHand(LOADER, { remove: USES });
    const before = await schemaNamed('cash_flow_0');
    const again = (await mine.look(step())).missing;
    expect(ids(again)).toEqual([`loader:USE_CATALOG:${LOADER}`]);
    await mine.prepare(again, step());
    expect((await mine.look(step())).missing).toEqual([]);
    expect(await mine.unprepare(again, step())).toEqual({ changed: ids(again), left: [] });
    expect(await catalogGrants(LOADER)).toBeUndefined();
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual(before?.grants);
    expect(await mine.unprepare(again, step())).toEqual({ changed: [], left: [] });
  });

  test('keeps it for another component when what was made for one is undone', async () => {
    const [first, second] = [one(BY), two(BY)];
    const { missing } = await first.look(step());
    await first.prepare(missing, step());
    await made(second);
    expect((await first.unprepare(missing, step())).left).toEqual([]);
    expect(await schemaNamed('cash_flow_0')).toBeUndefined();
    expect(await catalogGrants(LOADER)).toEqual(USES);
    await removed(second);
    expect(await catalogGrants(LOADER)).toBeUndefined();
  });

  test('has nothing left when an undo is killed before any of its calls, and done again', async () => {
    for (let call = 1; ; call += 1) {
      await control('reset', {});
      await byHand('account users', { remove: USES });
      await byHand(clientId, { add: ['MANAGE'] });
      const mine = one(BY);
      const { missing } = await mine.look(step());
      await mine.prepare(missing, step());
      const isKilled = await mine.unprepare(missing, killedAt(call)).then(
        () => false,
        () => true,
      );
      if (!isKilled) {
        expect(call).toBeGreaterThan(8);
        break;
      }
      await mine.unprepare(missing, step());
      expect(await state()).toEqual({
        grants: { [clientId]: ['CREATE_SCHEMA', 'MANAGE', 'USE_CATALOG'] },
        ours: [],
      });
    }
  });

  test('has all that it had where the schema of an undo cannot be dropped', async () => {
    const mine = one(BY);
    const { missing } = await mine.look(step());
    await mine.prepare(missing, step());
    const before = await state();
    await bench.fault({ operation: 'deleteSchema', status: 403 });
    await expect(mine.unprepare(missing, step())).rejects.toThrow('403');
    expect(await state()).toEqual(before);
  });
});

describe('a refusal in the middle', () => {
  test.each([
    ['of USE CATALOG', 0],
    ['of the schema’s grants', 1],
  ])('%s leaves what the former set makes as it was', async (_what, skip) => {
    const [mine, other] = await both();
    await mine.grant(['data-engineers'], step());
    await other.grant(['data-engineers'], step());
    const before = await state();
    await bench.fault({ operation: 'updateGrants', skip, status: 403 });
    await expect(mine.grant([GROUP], step())).rejects.toThrow('403');
    await mine.grant(['data-engineers'], step('undo'));
    expect(await state()).toEqual(before);
  });

  test('a removal that cannot drop the schema is undone with all it took', async () => {
    const mine = await made(one(BY));
    await mine.grant([GROUP], step());
    const before = await state();
    const { present } = await mine.look(step());
    await bench.fault({ operation: 'deleteSchema', status: 403 });
    await expect(mine.cleanup(present, step())).rejects.toThrow('403');
    expect(await catalogGrants(GROUP)).toBeUndefined();
    await mine.restore(present, step('undo'));
    expect(await state()).toEqual(before);
  });
});

describe('a removal without data that is undone, killed before any of its calls', () => {
  const arranged = async () => {
    await control('reset', {});
    await byHand('account users', { remove: USES });
    await byHand(clientId, { add: ['MANAGE'] });
    const mine = await made(one(BY));
    await mine.grant([GROUP], step());
    const { present } = await mine.look(step());
    return { mine, grants: present.filter(({ kind }) => kind === 'grant'), before: await state() };
  };
  const isKilled = (run: Promise<unknown>) =>
    run.then(
      () => false,
      () => true,
    );

  test('the removal: its undo puts back all that there was', async () => {
    for (let call = 1; ; call += 1) {
      const { mine, grants, before } = await arranged();
      const wasKilled = await isKilled(mine.cleanup(grants, killedAt(call)));
      await mine.restore(grants, step('undo'));
      expect(await state()).toEqual(before);
      if (!wasKilled) return expect(call).toBeGreaterThan(15);
    }
  });

  test('the undo: done again it puts back all that there was', async () => {
    for (let call = 1; ; call += 1) {
      const { mine, grants, before } = await arranged();
      await mine.cleanup(grants, step());
      const wasKilled = await isKilled(mine.restore(grants, killedAt(call, 'undo')));
      await mine.restore(grants, step('undo'));
      expect(await state()).toEqual(before);
      if (!wasKilled) return expect(call).toBeGreaterThan(15);
    }
  });
});
