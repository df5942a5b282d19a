import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../simulator/databricks/simulator';
import { LASTING } from '../src/concurrency/interest';
import { CallError } from '../src/contract/call-error';
import { callsTo, databricksBench, errorOf, step } from './support/databricks-fabric';

/* What somebody has run: statements of the warehouse and commands of the cluster. */

const { control, fault, entities, calls, open, made } = databricksBench({
  chunkRows: 2,
  startDuration: 20,
  contextDuration: 20,
});
const { catalog, clusterId } = DEFAULTS;

/** What was run, or why not. */
const Told = z.object({ left: z.string().optional(), message: z.string().optional() });
const Contexts = z.tuple([z.looseObject({ id: z.string() })]);

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
    const { requests } = await callsTo(slow.url);
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

  test.each([
    ['that was done', 'print("hello")'],
    ['that failed', 'raise ValueError("no")'],
  ])('in a language: a context of one %s which cannot be ended is told', async (_what, text) => {
    await control('cluster', { state: 'RUNNING' });
    await fault({ operation: 'destroyContext', status: 403 });
    const ended = await run(text, 10, { language: 'python' }).catch((err: unknown) => err);
    const { left, message } = Told.parse(ended);
    const [{ id }] = Contexts.parse((await entities()).contexts);
    expect(left ?? message).toContain(`The context ${id} may be left on the cluster ${clusterId}`);
  });

  test('in a language: a cluster that may be started and is broken is not said to start', async () => {
    await control('cluster', { state: 'ERROR' });
    const fabric = open({ cluster: clusterId, startCluster: true });
    const check = (await fabric.check(step())).find(({ name }) => name === 'cluster');
    const advice = 'See in Databricks why it does not run.';
    expect(check).toMatchObject({ outcome: 'failed', solution: advice });
    const err = await errorOf(run('print("hello")', 10, { language: 'python' }));
    expect(err).toMatchObject({ solution: advice });
  });

  test('whose time is up before there is a token is told so', async () => {
    await fault({ operation: '*', delay: 2000, times: 0 });
    const interest = { ...LASTING, timeUp: AbortSignal.timeout(300) };
    const failing = open().run('SELECT 1', { step: { id: 'a', interest }, maxRows: 1 });
    expect(await errorOf(failing)).toMatchObject({
      name: 'CallError',
      message: 'Databricks had given no token when the time was up.',
    });
  });

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

  test('in a language: a context whose id was not heard is told, and no second one made', async () => {
    await control('cluster', { state: 'RUNNING' });
    await fault({ operation: 'createContext', hang: 'after' });
    const failing = open({ cluster: clusterId }, { requestTimeout: 1000 }).run('print("hello")', {
      step: step(),
      maxRows: 1,
      language: 'python',
    });
    const err = await errorOf(failing);
    expect(err).toMatchObject({ kind: 'again', unclear: true });
    expect(err.message).toMatch(/ A context may have been made on the cluster \S+ all the same/);
    const made = (await calls()).filter(({ operation }) => operation === 'createContext');
    expect(made).toHaveLength(1);
    expect((await entities()).contexts).toHaveLength(1);
    await control('cluster', { state: 'TERMINATED' });
    expect((await entities()).contexts).toEqual([]);
  });

  test.each([
    ['a statement', {}, /^The time was up before the statement had ended\.$/],
    [
      'a cluster that starts',
      { language: 'python' as const },
      /^The time was up before the cluster \S+ had started\.$/,
    ],
  ])('whose time is up while it waits for %s is told so', async (_what, more, said) => {
    const slow = await startDatabricksSimulator({ duration: 60_000, startDuration: 60_000 });
    const interest = { ...LASTING, timeUp: AbortSignal.timeout(4000) };
    const fabric = open({ host: slow.url, cluster: clusterId, startCluster: true });
    const err = await errorOf(
      fabric.run('SELECT 1', { step: { id: 'a', interest }, maxRows: 1, ...more }),
    );
    await slow.close();
    expect(err).toMatchObject({ name: 'CallError', kind: 'again', outOfTime: 'waiting' });
    expect(err.message).toMatch(said);
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
