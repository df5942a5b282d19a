import { DEFAULTS } from '../simulator/databricks/simulator';
import { CallError } from '../src/contract/call-error';
import { KEY, LOADER, databricksBench, errorOf, step } from './support/databricks-fabric';

/* What a call fails with, and that another attempt ends as the first would have. */

const { control, fault, schemaNamed, open, componentIn, component, made } = databricksBench();
const { catalog, clientId } = DEFAULTS;

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
    const mine = componentIn(open({}, { requestTimeout: 400 }));
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
      const mine = componentIn(open(BY, { requestTimeout: 300 }));
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
