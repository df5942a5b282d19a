import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AdoptionReport } from '../src/contract/adoption';
import { descriptor } from './support/fixtures';
import { counts, eventually, isWrite, leaseId, startHarness } from './support/harness';
import type { Harness } from './support/harness';
import {
  connect,
  idsOf,
  makeActor,
  makeAsScala,
  makeByHand,
  onlyThese,
  world,
} from './support/adoption-world';

const reportOf = ({ stdout, stderr = '' }: { stdout: string; stderr?: string }) => {
  // Without a report it has said why.
  if (stdout === '') throw new Error(stderr);
  return AdoptionReport.parse(JSON.parse(stdout));
};

describe.each(['public', 'config'] as const)('with the %s API of Airbyte', (api) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ api, env: { AIRBYTE_REQUEST_TIMEOUT: '10s' } });
  });
  afterAll(() => harness.stop());
  afterEach(async () => {
    await harness.clearFaults();
    await harness.resetAirbyte();
  });

  const adopt = (...args: string[]) => {
    const by = args.includes('--descriptor') ? [] : ['--environment', harness.environment];
    return harness.cli('adopt', ...by, ...args);
  };
  const keyOf = (component: string) => `${harness.environment}/finance.cashflow.0.${component}`;

  test('a plan tells what is taken over and what is left and why, and changes nothing', async () => {
    await makeAsScala(harness);
    const twice = [
      await makeAsScala(harness, { given: 'twice' }),
      await makeAsScala(harness, { given: 'twice' }),
    ];
    const shared = await makeAsScala(harness, { given: 'shared' });
    const sourceId = await makeActor(harness, 'source', { name: 'By hand' });
    await connect(harness, { sourceId, destinationId: shared.destinationId }, { name: 'By hand' });
    await makeAsScala(harness, { given: 'File <> Snowflake' });
    await makeActor(harness, 'source', { name: 'finance.cashflow.0.remains' });
    await makeByHand(harness, { name: 'Quite another' });
    const before = await world(harness);
    await harness.forgetCalls();
    const { code, ...told } = await adopt('--dry-run', '--json');
    expect(code).toBe(3);
    const { totals, take, left } = reportOf(told);
    expect(totals).toEqual({
      take: 1,
      taken: 0,
      ours: 0,
      left: { several: 2, shared: 1, unnamed: 1, remains: 1, foreign: 2 },
    });
    expect(take.map(({ key, name }) => [key, name])).toEqual([
      [keyOf('payments'), 'finance.cashflow.0.payments'],
    ]);
    for (const { connectionId } of twice)
      expect(left.filter(({ reason }) => reason === 'several').map(({ id }) => id)).toContain(
        connectionId,
      );
    expect((await harness.calls()).filter(isWrite)).toEqual([]);
    expect(await world(harness)).toEqual(before);
    const page = await adopt('--dry-run');
    expect(page.stdout).toMatch(/To be taken over: 1\. Already the components': 0\./);
    expect(page.stdout).toMatch(/Left, as more than one connection is for the component: 2\./);
  });

  test('names change and nothing else, repeating it is harmless, and a provision finds its own', async () => {
    const made = await makeAsScala(harness);
    const before = await world(harness);
    expect(await adopt('--yes')).toMatchObject({ code: 0 });
    const after = await world(harness);
    const renamed = [...before.sources, ...before.destinations].map((actor) => ({
      ...actor,
      name: `finance.cashflow.0.payments [${keyOf('payments')}]`,
    }));
    expect([...after.sources, ...after.destinations]).toEqual(renamed);
    expect(after.connections).toEqual(before.connections);
    await harness.forgetCalls();
    const again = await adopt('--yes', '--json');
    expect(again.code).toBe(0);
    expect(reportOf(again).totals).toEqual({ take: 0, taken: 0, ours: 1, left: {} });
    expect((await harness.calls()).filter(isWrite)).toEqual([]);

    const changes = {
      sourceName: 'finance.cashflow.0.payments',
      database: 'finance',
      connection: { name: 'finance.cashflow.0.payments' },
    };
    await harness.fault({ operation: 'patchConnection', status: 422 });
    const refused = { ...changes, connection: { ...changes.connection, prefix: 'x_' } };
    expect(await harness.run('provision', refused)).toMatchObject({ status: 'FAILED' });
    expect(await world(harness)).toEqual(after);
    expect(await harness.run('provision', changes)).toMatchObject({ status: 'COMPLETED' });
    expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
    await harness.run('unprovision');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test('descriptors name a component whatever its connection is called', async () => {
    const made = await makeAsScala(harness, { given: 'File <> Snowflake' });
    const folder = await mkdtemp(path.join(os.tmpdir(), 'provisioner-tests-'));
    const file = path.join(folder, 'descriptor.yaml');
    const { environment } = harness;
    const name = 'finance.cashflow.0.File <> Snowflake';
    await writeFile(file, descriptor({ environment, component: 'loads', connection: { name } }));
    try {
      const { code } = await adopt('--yes', '--descriptor', file);
      expect(code).toBe(0);
      const { sources, destinations } = await harness.entities();
      for (const entity of [...sources, ...destinations])
        expect(entity.name).toBe(`${name} [${keyOf('loads')}]`);
      expect(idsOf(await harness.entities())).toEqual(onlyThese(made));
      const often = { scheduleType: 'cron', cronExpression: '0 0/15 * * * ?' };
      const connection = { name, schedule: often };
      await writeFile(file, descriptor({ environment, component: 'loads', connection }));
      const asFor = (least: string) =>
        harness.cliWith(
          { AIRBYTE_MIN_SYNC_INTERVAL: least },
          'adopt',
          '--yes',
          '--descriptor',
          file,
        );
      expect(await asFor('15m')).toMatchObject({ code: 0 });
      expect((await asFor('1h')).stderr).toContain('would run 15 minutes after');
      const broken = path.join(folder, 'broken.yaml');
      await writeFile(broken, 'a: 1');
      const wrong = await adopt('--dry-run', '--descriptor', broken);
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toContain('broken.yaml');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a rename that Airbyte refuses leaves the pipeline as it was, and the others are taken over', async () => {
    await makeAsScala(harness, { given: 'one' });
    await makeAsScala(harness, { given: 'two' });
    const before = await world(harness);
    await harness.fault({ operation: 'putSource', status: 422 });
    const { code, ...told } = await adopt('--yes', '--json');
    expect(code).toBe(3);
    expect(reportOf(told).totals).toMatchObject({ take: 2, taken: 1, left: { refused: 1 } });
    const after = await world(harness);
    const unchanged = after.sources.filter(({ name }) => !name.includes('['));
    expect(unchanged).toHaveLength(1);
    expect(after.destinations.filter(({ name }) => !name.includes('['))).toEqual(
      before.destinations.filter(({ name }) => name === unchanged[0]?.name),
    );
    expect((await adopt('--yes')).code).toBe(0);
  });

  test('a component whose run is under way is left to it', async () => {
    await makeAsScala(harness);
    const { client, environment: taskQueue } = harness;
    const held = await client.workflow.start('lease', {
      workflowId: leaseId(harness, 'payments'),
      taskQueue,
      args: [{ holder: 'a run under way', waiting: [] }],
    });
    const before = await world(harness);
    const { code, ...told } = await adopt('--yes', '--json');
    expect([code, reportOf(told).totals.left]).toEqual([3, { busy: 1 }]);
    expect(await world(harness)).toEqual(before);
    await held.cancel();
    await held.result();
    expect((await adopt('--yes')).code).toBe(0);
  });

  test('a worker killed in the middle is no loss', async () => {
    const made = [
      await makeAsScala(harness, { given: 'one' }),
      await makeAsScala(harness, { given: 'two' }),
    ];
    await harness.fault({ operation: 'putSource', hang: 'before' });
    const running = adopt('--yes', '--json');
    await eventually(
      async () => (await harness.calls('putSource')).length > 0 || undefined,
      'the rename',
    );
    await harness.worker()?.end('SIGKILL');
    await harness.startWorker();
    const { code, ...told } = await running;
    expect([code, reportOf(told).totals]).toEqual([0, { take: 2, taken: 2, ours: 0, left: {} }]);
    expect(idsOf(await harness.entities())).toEqual(onlyThese(...made));
    const { sources, destinations } = await harness.entities();
    for (const { name } of [...sources, ...destinations]) expect(name).toContain(' [');
  });

  test.each([
    [[], 'nobody can be asked here: give --dry-run or --yes'],
    [['--dry-run', '--limit', '0'], '--limit must be a number from 1 to 200'],
    [['--dry-run', '--limit', '201'], '--limit must be a number from 1 to 200'],
    [['--limit', '200'], 'nobody can be asked here'],
    [['--dry-run', '--descriptor', 'x', '--environment', 'y'], 'give either --environment ENV'],
  ])('wrong usage %j is told', async (args, problem) => {
    const { code, stderr } = await adopt(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});
