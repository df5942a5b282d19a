import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { CallError } from '../src/contract/call-error';
import type { Seen, Thing } from '../src/fabrics/fabric';
import { eventually } from './support/harness';
import { KEY, keyPair, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* What befalls calls of Snowflake, and that the next attempt at the same step makes good what is left of one. */

let world: World;
let goodKey: string;
beforeAll(async () => {
  world = await startWorld({ running: 1 }, { requestTimeout: 2000 });
  goodKey = world.secrets.get('ADMIN_KEY') ?? '';
});
beforeEach(() => {
  world.reset();
  world.secrets.set('ADMIN_KEY', goodKey);
});
afterAll(() => world.close());

const thrownBy = async (work: Promise<unknown>): Promise<CallError> => {
  const err: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (err instanceof CallError) return err;
  throw new Error('It was hoped to fail with a CallError.', { cause: err });
};

const fault = (given: Record<string, unknown>) => world.control('/faults', given);
const calm = () => world.control('/faults', undefined, 'DELETE');

/** What exists, without when it came about. */
const state = async () => {
  const { databases, roles, members } = await world.entities();
  return JSON.stringify([databases, roles, members]);
};

/** Of attempts at one step: until it goes well. */
const untilDone = async (work: () => Promise<unknown>, attempts = 5) => {
  for (let attempt = 1; ; attempt += 1)
    try {
      await work();
      return attempt;
    } catch (err) {
      if (!(err instanceof CallError) || err.kind !== 'again' || attempt === attempts) throw err;
    }
};

const CHANGES = ['createSchema', 'createRole', 'grantPrivileges'];
const BEFALLS: [string, Record<string, unknown>, boolean][] = [
  ['429', { status: 429, retryAfter: 2 }, false],
  ['500', { status: 500 }, true],
  ['503 although it was done', { status: 503, commit: true }, true],
  ['408', { status: 408 }, true],
  ['no answer before', { hang: 'before' }, true],
  ['no answer after', { hang: 'after' }, true],
  ['a broken connection before', { reset: 'before' }, true],
  ['a broken connection after', { reset: 'after' }, true],
  ['half an answer', { truncate: true }, true],
  ['a proxy’s page', { html: true }, true],
];

describe.each(CHANGES)('%s', (operation) => {
  test.each(BEFALLS)('met by %s may pass, and does', async (_case, given, unclear) => {
    const component = world.component();
    const of = step();
    const { missing } = await component.look(of);
    await fault({ operation, ...given });
    const err = await thrownBy(component.prepare(missing, of));
    expect([err.kind, err.unclear]).toEqual(['again', unclear]);
    if (given.status === 429) expect(err.retryAfter).toBe(2000);
    await component.prepare(missing, of);
    expect((await component.look(step())).missing).toEqual([]);
    const created = (await world.requests()).filter(({ statement }) =>
      statement?.startsWith('CREATE SCHEMA'),
    );
    const ids = new Set(created.map(({ requestId }) => requestId));
    expect(ids.size).toBe(1);
  });
});

test.each(['submitStatement', 'getStatement'])(
  'a look whose %s fails may pass, and is never unclear',
  async (operation) => {
    for (const given of [{ status: 503 }, { reset: 'before' }, { status: 429 }]) {
      // Every call: one that the look before has left under way would take a single fault.
      await fault({ operation, times: 0, ...given });
      const err = await thrownBy(world.component().look(step()));
      expect([err.kind, err.unclear]).toEqual(['again', false]);
      await world.control('/faults', undefined, 'DELETE');
    }
    expect((await world.component().look(step())).missing).not.toEqual([]);
  },
);

/** Each attempt dies at its next call but so many, until one does not. */
const killedAfterEach = async (
  start: () => Promise<void>,
  work: (id: string) => Promise<unknown>,
) => {
  const ends = new Set<string>();
  let deaths = 0;
  for (let calls = 0; ; calls += 1) {
    world.reset();
    await start();
    const id = `killed.${String(calls)}.${String(Math.random())}`;
    await fault({
      operation: 'submitStatement',
      skip: calls,
      times: 0,
      reset: calls % 2 ? 'before' : 'after',
    });
    const died = await work(id).then(
      () => false,
      () => true,
    );
    await calm();
    await untilDone(() => work(id));
    ends.add(await state());
    if (!died) return { ends: [...ends], deaths };
    deaths += 1;
  }
};

describe('killed after any of its calls and begun again', () => {
  let missing: Thing[] = [];
  let seen: Seen;
  const start = async () => {
    ({ missing } = await world.component().look(step()));
  };
  const prepared = async () => {
    await start();
    await world.component().prepare(missing, step());
    seen = await world.component().look(step());
  };

  test('prepare ends the same', async () => {
    const { ends, deaths } = await killedAfterEach(start, (id) =>
      world.component().prepare(missing, step(id)),
    );
    expect(ends).toHaveLength(1);
    expect(deaths).toBeGreaterThan(20);
  }, 300_000);

  test('cleanup ends the same', async () => {
    const { ends, deaths } = await killedAfterEach(prepared, (id) =>
      world.component().cleanup(seen.present, step(id)),
    );
    expect(ends).toHaveLength(1);
    expect(ends[0]).not.toContain('CASHFLOW_0');
    expect(deaths).toBeGreaterThan(8);
  }, 300_000);

  test('unprepare ends the same', async () => {
    const { ends } = await killedAfterEach(prepared, (id) =>
      world.component().unprepare(missing, step(id)),
    );
    expect(ends).toHaveLength(1);
    expect(ends[0]).not.toContain('CASHFLOW_0');
  }, 300_000);

  test('grant ends the same', async () => {
    const people = ['user:JANE.DOE@EXAMPLE.COM', 'user:JOHN.ROE@EXAMPLE.COM'];
    const { ends } = await killedAfterEach(prepared, (id) =>
      world.component().grant(people, step(id)),
    );
    expect(new Set(ends.map((end) => end.match(/JANE|JOHN/g)?.length)).size).toBe(1);
  }, 300_000);
});

describe('credentials', () => {
  test('an expired JWT is made anew, once', async () => {
    const fabric = world.fabric();
    await fabric.check(step());
    await world.control('/tokens/expire', {});
    const [first] = await fabric.check(step());
    expect(first?.outcome).toBe('passed');
  });

  test('a rotated key is used from the next call on', async () => {
    const fabric = world.fabric();
    await fabric.check(step());
    const { publicKey, privateKey } = keyPair();
    await world.control('/keys', { user: 'PROVISIONER', publicKeys: [publicKey] });
    const [refused] = await fabric.check(step());
    expect(refused?.outcome).toBe('failed');
    world.secrets.set('ADMIN_KEY', privateKey);
    const [taken] = await fabric.check(step());
    expect(taken?.outcome).toBe('passed');
  });

  test.each(['OAUTH', 'PROGRAMMATIC_ACCESS_TOKEN'])('a token of the type %s', async (type) => {
    const field = type === 'OAUTH' ? 'oauth' : 'token';
    world.secrets.set('A_TOKEN', 'token-canary-1');
    const settings = {
      manage: {
        schema: true,
        by: { user: 'PROVISIONER', role: 'PROVISIONER', [field]: { secretRef: 'A_TOKEN' } },
      },
    };
    await world.control('/tokens', { user: 'PROVISIONER', token: 'token-canary-1', type });
    const component = world.component(KEY, {}, settings);
    expect((await component.look(step())).missing).not.toEqual([]);
    await world.control('/tokens/expire', {});
    const err = await thrownBy(component.look(step()));
    expect([err.kind, err.notLetIn]).toEqual(['refused', true]);
    expect(`${err.message} ${err.solution}`).not.toContain('canary');
  });
});

test.each<[string, string, Record<string, unknown>, RegExp]>([
  [
    'a privilege that is missing',
    'createSchema',
    { code: '003001' },
    /GRANT USAGE, CREATE SCHEMA ON DATABASE "ANALYTICS" TO ROLE "PROVISIONER";/,
  ],
  [
    'what may not be seen',
    'grantPrivileges',
    { code: '002003' },
    /GRANT USAGE ON DATABASE "ANALYTICS" TO ROLE "PROVISIONER" WITH GRANT OPTION;/,
  ],
  ['a mistake of ours', 'createRole', { code: '001003' }, /^This is a mistake of the provisioner/],
  ['a warehouse that does not run', 'createRole', { code: '000606' }, /ALTER WAREHOUSE/],
])('refused for %s, with what to do', async (_case, operation, given, solution) => {
  const component = world.component();
  const { missing } = await component.look(step());
  await fault({ operation, ...given, message: 'tok eyJabc.eyJdef.ghi\nsecond line' });
  const err = await thrownBy(component.prepare(missing, step()));
  expect(err.kind).toBe('refused');
  expect(err.solution).toMatch(solution);
  expect(err.message).not.toMatch(/eyJ|\n/);
});

test.each(['000604', '000625'])('%s may pass, whoever did it', async (code) => {
  const component = world.component();
  const of = step();
  const { missing } = await component.look(of);
  await fault({ operation: 'createSchema', code });
  const err = await thrownBy(component.prepare(missing, of));
  expect([err.kind, err.unclear]).toEqual(['again', true]);
});

test('a statement that runs when the time is up is asked to be cancelled, and is unclear', async () => {
  const component = world.component();
  const { missing } = await component.look(step());
  await fault({ operation: 'createSchema', runs: 60_000 });
  const interest = { cancelled: new AbortController().signal, timeUp: AbortSignal.timeout(1500) };
  const err = await thrownBy(component.prepare(missing, step(undefined, interest)));
  expect([err.kind, err.unclear]).toEqual(['again', true]);
  expect((await world.requests()).map(({ operation }) => operation)).toContain('cancelStatement');
});

test('a change is seen to its end though nobody wants it any more', async () => {
  const component = world.component();
  const { missing } = await component.look(step());
  await fault({ operation: 'createSchema', runs: 300 });
  const over = new AbortController();
  const interest = {
    cancelled: over.signal,
    timeUp: new AbortController().signal,
    writes: () => {
      setTimeout(() => {
        over.abort();
      }, 100);
    },
  };
  const schema = missing.filter(({ kind }) => kind === 'schema');
  await component.prepare(schema, step(undefined, interest)).catch(() => undefined);
  expect(await state()).toContain('CASHFLOW_0');
  expect((await world.requests()).map(({ operation }) => operation)).not.toContain(
    'cancelStatement',
  );
});

describe('a statement that was begun unseen', () => {
  const SETTLE = 1000;
  const settling = () => ({ ...step(), settleTime: SETTLE });

  const untilNoneRuns = () =>
    eventually(async () => {
      const { running } = z.object({ running: z.number() }).parse(await world.control('/faults'));
      return running === 0 || undefined;
    }, 'all statements to have ended');

  /** It would be done long after the undo has looked. */
  const broken = async (operation: string, work: () => Promise<unknown>) => {
    await fault({ operation, reset: 'after', runs: 4 * SETTLE });
    const err = await thrownBy(work());
    expect([err.kind, err.unclear]).toEqual(['again', true]);
    await pause(SETTLE);
  };

  test('makes nothing after the undo has looked', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await broken('createSchema', () => component.prepare(missing, settling()));
    await component.unprepare(missing, settling());
    await untilNoneRuns();
    expect(await state()).not.toContain('CASHFLOW_0');
  });

  test('drops nothing after it was brought back', async () => {
    const component = world.component();
    const { missing } = await component.look(step());
    await component.prepare(missing, step());
    const { present } = await component.look(step());
    await broken('dropSchema', () => component.cleanup(present, settling()));
    await component.restore(present, settling());
    await untilNoneRuns();
    expect((await component.look(step())).missing).toEqual([]);
  });

  test('and had no time is another statement at the next attempt', async () => {
    const component = world.component();
    const of = settling();
    const { missing } = await component.look(of);
    await fault({ operation: 'createSchema', runs: 4 * SETTLE });
    const err = await thrownBy(component.prepare(missing, of));
    expect([err.kind, err.unclear]).toEqual(['again', true]);
    expect(err.solution).toMatch(/AIRBYTE_SETTLE_TIME/);
    await component.prepare(missing, of);
    expect((await component.look(step())).missing).toEqual([]);
  });
});

test('a role that is not the user’s is told with what gives it to him', async () => {
  const by = { user: 'provisioner', role: '"odd "" role"', privateKey: { secretRef: 'ADMIN_KEY' } };
  const component = world.component(KEY, {}, { manage: { schema: true, by } });
  const err = await thrownBy(component.look(step()));
  expect([err.kind, err.notLetIn]).toEqual(['refused', true]);
  expect(err.solution).toMatch(/ run GRANT ROLE "odd "" role" TO USER "PROVISIONER"; or /);
});
