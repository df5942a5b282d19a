import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import { startSimulator } from '../simulator/simulator';
import { startSnowflakeSimulator } from '../simulator/snowflake/simulator';
import { listen } from '../simulator/steering/listener';

/* What all simulators have: the routes that steer them, and how they start and stop as programs. */

const SIMULATORS = [
  {
    name: 'Airbyte',
    start: () => startSimulator(),
    main: 'main.js',
    port: 'SIMULATOR_PORT',
    operation: 'listTags',
    /** Of that operation, without credentials. */
    call: '/api/public/v1/tags',
    seed: { sources: 2 },
  },
  {
    name: 'Snowflake',
    start: () => startSnowflakeSimulator(),
    main: 'snowflake/main.js',
    port: 'SNOWFLAKE_SIMULATOR_PORT',
    operation: 'getStatement',
    call: '/api/v2/statements/00000000-0000-4000-8000-000000000000',
    seed: { schemas: 2 },
  },
  {
    name: 'Databricks',
    start: () => startDatabricksSimulator(),
    main: 'databricks/main.js',
    port: 'DATABRICKS_SIMULATOR_PORT',
    operation: 'getMe',
    call: '/api/2.0/preview/scim/v2/Me',
    seed: { schemas: 2 },
  },
];

const aText: unknown = expect.any(String);
const aNumber: unknown = expect.any(Number);
const including = (...texts: string[]): unknown => expect.arrayContaining(texts);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const Refused = z.object({ errors: z.array(z.string()) });

describe.each(SIMULATORS)('$name', ({ start, operation, call, seed }) => {
  let simulator: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    simulator = await start();
  });
  beforeEach(() => simulator.reset());
  afterAll(() => simulator.close());

  const steer = async (method: string, route: string, body?: string) => {
    const answer = await fetch(`${simulator.url}/_simulator${route}`, {
      method,
      ...(body !== undefined && { body }),
    });
    const said: unknown = await answer.json();
    return { status: answer.status, body: said };
  };
  const faults = async () => (await steer('GET', '/faults')).body;

  test('tells its routes, for one that it has not, too', async () => {
    const { status, body } = await steer('GET', '');
    expect(status).toBe(200);
    const routes: unknown = expect.objectContaining({
      'POST /_simulator/reset': aText,
      'POST /_simulator/save': aText,
      'POST /_simulator/restore': aText,
      'POST /_simulator/seed': aText,
    });
    expect(body).toEqual({ routes });
    expect(await steer('POST', '/none', '{}')).toEqual({
      status: 404,
      body: { errors: ['unknown route'], routes },
    });
  });

  test('refuses a body that is no JSON, and one that has what it does not know', async () => {
    expect(await steer('POST', '/seed', '{')).toEqual({
      status: 400,
      body: { errors: ['body: must be JSON, of 2 MB at most'] },
    });
    const { status, body } = await steer('POST', '/seed', '{"camels": 1}');
    expect(status).toBe(400);
    expect(Refused.parse(body).errors).toEqual(['body: has what is not known: camels']);
  });

  test.each<[string, object, RegExp]>([
    ['of what there is not', { operation: 'milk', status: 500 }, /^operation: milk is unknown$/],
    ['after what there is not', { operation: '*', after: 'x', status: 500 }, /^after: x is unkn/],
    ['without an effect', { operation: '*' }, /^effect: one of .*delay.*status.* is required$/],
    ['with two', { operation: '*', hang: 'before', status: 500 }, /status and hang exclude/],
    ['of a body alone', { operation: '*', delay: 1, body: 'x' }, /^body: needs a status$/],
  ])('refuses a fault %s, and says what there is', async (_case, fault, problem) => {
    const { status, body } = await steer('POST', '/faults', JSON.stringify(fault));
    expect(status).toBe(400);
    expect(body).toEqual({
      errors: [matching(problem)],
      operations: including('*', operation),
    });
    expect(await faults()).toMatchObject({ faults: [] });
  });

  test('tells its calls, and clears the faults of one operation or all', async () => {
    const answer = await fetch(`${simulator.url}${call}`);
    expect((await steer('GET', '/requests')).body).toMatchObject({
      requests: [{ operation, status: answer.status, duration: aNumber }],
      maxInFlight: 1,
    });
    expect((await steer('DELETE', '/requests')).body).toEqual({ requests: [], maxInFlight: 0 });
    for (const each of [operation, '*'])
      await steer('POST', '/faults', JSON.stringify({ operation: each, times: 0, status: 418 }));
    expect(await faults()).toMatchObject({
      faults: [{ operation, times: null, hits: 0 }, { operation: '*' }],
      late: 0,
    });
    await steer('DELETE', `/faults?operation=${operation}`);
    expect(await faults()).toMatchObject({ faults: [{ operation: '*' }] });
    await steer('DELETE', '/faults');
    expect(await faults()).toMatchObject({ faults: [] });
  });

  test('restore forgets faults and calls, and what was made since it was saved', async () => {
    const entities = async () => (await steer('GET', '/entities')).body;
    expect((await steer('POST', '/save')).status).toBe(200);
    const before = await entities();
    await steer('POST', '/seed', JSON.stringify(seed));
    await steer('POST', '/faults', JSON.stringify({ operation: '*', status: 500 }));
    expect(await entities()).not.toEqual(before);
    expect((await steer('POST', '/restore')).status).toBe(200);
    expect(await entities()).toEqual(before);
    expect(await faults()).toMatchObject({ faults: [] });
  });
});

/** As a program; its output, and how it ended. */
const run = (main: string, env: Record<string, string>) => {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'simulator', main)], {
    env: { PATH: process.env.PATH, ...env },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (said.stderr += String(chunk)));
  return { child, said, ended: once(child, 'exit') };
};

describe.each(SIMULATORS)('the program of $name', ({ main, port }) => {
  test('says which variable gives it another port, and which ones need mending', async () => {
    const taken = await listen({ app: (_req, res) => res.end(), reset: () => undefined }, {});
    const inUse = run(main, { [port]: String(taken.port) });
    expect(await inUse.ended).toEqual([1, null]);
    expect(inUse.said.stderr).toBe(
      `Port ${String(taken.port)} is taken by another program: set ${port} to a free one.\n`,
    );
    await taken.close();
    const wrong = run(main, { [port]: '70000', LOG_LEVEL: 'loud' });
    expect(await wrong.ended).toEqual([1, null]);
    expect(wrong.said.stderr).toMatch(
      new RegExp(`^These environment variables need mending: ${port} must be at most 65535; LOG_`),
    );
  });

  test('tells where it listens, and stops when it is told to', async () => {
    const { child, said, ended } = run(main, { [port]: '0' });
    const [first] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stdout, 'data'));
    const line: unknown = JSON.parse(String(first).split('\n')[0] ?? '');
    expect(line).toMatchObject({ msg: 'simulator listens' });
    const { url } = z.object({ url: z.url() }).parse(line);
    expect((await fetch(`${url}/_simulator`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(said.stdout).toContain('simulator stops');
  });
});
