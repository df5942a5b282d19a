import { shardOf } from '../workflows/grantees/shards';
import { accessOf } from './support/access';
import { API } from './support/airbyte-operations';
import { counts, eventually, startHarness } from './support/harness';
import type { Fault, Harness } from './support/harness';

/* What a run tells of its last writes, whose answers it did not get: as it is seen afterwards. */

let harness: Harness;
let access: ReturnType<typeof accessOf>;
beforeAll(async () => {
  harness = await startHarness({
    simulator: { edition: 'enterprise' },
    env: {
      AIRBYTE_GIVE_UP_AFTER: '25s',
      AIRBYTE_REQUEST_TIMEOUT: '10s',
      AIRBYTE_SETTLE_TIME: '2s',
    },
  });
  access = accessOf(harness);
});
afterAll(async () => {
  await access.forget();
  await harness.stop();
});
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const SOURCE = 'the source "Payments CSV"';
const DESTINATION = 'the destination "Snowflake"';
const CONNECTION = 'the connection "Payments CSV <> Snowflake"';

const called = (operation: string, times = 1) =>
  eventually(
    async () => (await harness.calls(operation)).length >= times || undefined,
    `call ${String(times)} of ${operation}`,
  );

const endOf = (token: string) =>
  eventually(async () => {
    const seen = await harness.status(token);
    return ['RUNNING', 'TERMINATING'].includes(seen.status) ? undefined : seen;
  }, `the end of ${token}`);

/** As the descriptor has it: in Airbyte the component's key and a fingerprint follow. */
const ownName = (what: string) => what.replace(/ \[[^\]]*\]"/, '"');

/** What a status says was deleted, and what it says is left. */
const told = ({ logs = [], info }: Awaited<ReturnType<Harness['status']>>) => ({
  deleted: logs
    .flatMap(({ message }) => /^Deleted (.+)$/.exec(message)?.[1] ?? [])
    .map(ownName)
    .toSorted(),
  leftBehind: [info?.privateInfo.leftBehind ?? []].flat().map(ownName),
});

const killed = async () => {
  await harness.worker()?.end('SIGKILL');
  await harness.startWorker();
};

/** An unprovision that meets the fault, and is ended while it waits for the answer. */
const endedWhile = async (fault: Fault, meanwhile = () => Promise.resolve()) => {
  await harness.run('provision');
  await harness.forgetCalls();
  await harness.fault(fault);
  const token = await harness.start('unprovision');
  await called(fault.operation);
  expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(202);
  await meanwhile();
  return endOf(token);
};

describe('an unprovision that is ended while Airbyte deletes', () => {
  test.each([
    ['source', 'deleteSource'],
    ['destination', 'deleteDestination'],
  ])('tells the %s as deleted that it then sees gone', async (_kind, operation) => {
    const status = await endedWhile({ operation, delay: 2500 });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect({ ...told(status), status: status.status }).toEqual({
      status: 'COMPLETED',
      deleted: [CONNECTION, DESTINATION, SOURCE],
      leftBehind: [],
    });
  });

  test('tells of the connection as deleted, and of what it did not come to as left', async () => {
    const status = await endedWhile({ operation: 'deleteConnection', delay: 2500 });
    expect(counts(await harness.entities())).toEqual([1, 1, 0]);
    expect({ ...told(status), status: status.status }).toEqual({
      status: 'TERMINATED',
      deleted: [CONNECTION],
      leftBehind: [SOURCE, DESTINATION],
    });
    expect(status.info?.privateInfo).not.toHaveProperty('connectionId');
  });

  test('looks itself where the answer is lost', async () => {
    const status = await endedWhile({
      operation: 'deleteDestination',
      delay: 1500,
      reset: 'after',
    });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(told(status)).toEqual({
      deleted: [CONNECTION, DESTINATION, SOURCE],
      leftBehind: [],
    });
  });

  test('and waits where Airbyte may still do it', async () => {
    const status = await endedWhile({ operation: 'deleteDestination', commitLater: 11_000 });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(told(status).deleted).toContain(DESTINATION);
  });

  test('looks itself where the worker is killed, be it done or not', async () => {
    const done = await endedWhile({ operation: 'deleteDestination', hang: 'after' }, killed);
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(told(done)).toEqual({ deleted: [CONNECTION, DESTINATION, SOURCE], leftBehind: [] });
    await harness.clearFaults();
    const left = await endedWhile({ operation: 'deleteDestination', hang: 'before' }, killed);
    // Another worker may have begun the step again before it hears of the end.
    const isLeft = counts(await harness.entities())[1] === 1;
    expect(told(left)).toEqual({
      deleted: isLeft ? [CONNECTION, SOURCE] : [CONNECTION, DESTINATION, SOURCE],
      leftBehind: isLeft ? [DESTINATION] : [],
    });
  });

  test('says that it may be deleted where nobody can look', async () => {
    await harness.fault({
      operation: 'getDestination',
      after: 'deleteDestination',
      status: 503,
      times: 0,
    });
    const status = await endedWhile({
      operation: 'deleteDestination',
      delay: 1500,
      reset: 'after',
    });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(told(status)).toEqual({
      deleted: [CONNECTION, SOURCE],
      leftBehind: [`${DESTINATION} (may be deleted)`],
    });
  });
});

test('an unprovision whose every answer to a deletion is lost is COMPLETED all the same', async () => {
  await harness.run('provision');
  await harness.fault({ operation: 'deleteDestination', reset: 'after', times: 0 });
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

const NO_SYNC: Fault = {
  operation: API === 'public' ? 'createJob' : 'syncConnection',
  status: 403,
};
const SYNCED = { connection: { syncOnProvision: true } };

const LOST: [how: string, fault: object, meanwhile?: () => Promise<void>][] = [
  ['the answer is lost', { reset: 'after' }],
  ['the worker is killed', { hang: 'after' }, killed],
];

describe.each(LOST)('where %s, what was undone is told', (_how, effect, meanwhile) => {
  test.each([
    ['source', 'deleteSource'],
    ['destination', 'deleteDestination'],
    ['connection', 'deleteConnection'],
  ])('the %s that was deleted', async (_kind, operation) => {
    await harness.fault(NO_SYNC);
    await harness.fault({ operation, ...effect });
    const token = await harness.start('provision', SYNCED);
    if (meanwhile) await called(operation).then(meanwhile);
    const { info } = await endOf(token);
    expect(info?.privateInfo).toMatchObject({
      undone: [CONNECTION, DESTINATION, SOURCE].map((what) => `${what} (deleted)`),
      leftBehind: [],
    });
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  });

  test.each([
    ['source', 'putSource', SOURCE],
    ['connection', 'patchConnection', CONNECTION],
  ])('the %s that was put back', async (_kind, operation, what) => {
    await harness.run('provision');
    const before = await harness.entities();
    await harness.forgetCalls();
    await harness.fault(NO_SYNC);
    await harness.fault({ operation, skip: 1, ...effect });
    const url = 'https://files.example.invalid/other.csv';
    const token = await harness.start('provision', {
      url,
      connection: { prefix: 'other_', ...SYNCED.connection },
    });
    if (meanwhile) await called(operation, 2).then(meanwhile);
    const { info } = await endOf(token);
    expect(info?.privateInfo).toMatchObject({ leftBehind: [] });
    expect(info?.privateInfo.undone).toContain(`${what} (put back as it was)`);
    expect(await harness.entities()).toEqual(before);
  });
});

test('what nobody has seen made, and a killed worker may have deleted, is told as that', async () => {
  await harness.fault({ operation: 'createDestination', status: 422 });
  await harness.fault({
    operation: 'listDestinations',
    after: 'createDestination',
    hang: 'before',
  });
  const token = await harness.start('provision');
  await called('listDestinations', 2);
  await killed();
  const { info } = await endOf(token);
  expect(info?.privateInfo.undone).toContain(
    `${DESTINATION} (not there; whether it was made and deleted, or never made, is not known)`,
  );
});

describe('of access', () => {
  /** Who are acted on in one step. */
  const [first = '', second = ''] = Array.from(
    { length: 100 },
    (_, index) => `user:many.${String(index)}@foo.bar`,
  ).filter((key) => shardOf(key) === 7);

  const invite = () =>
    access.seed({ users: [first, second].map((key) => ({ email: key.replace('user:', '') })) });

  test('what was revoked again is told, though the answer is lost', async () => {
    await invite();
    await harness.fault({ operation: 'createPermission', skip: 1, status: 422 });
    await harness.fault({ operation: 'deletePermission', reset: 'after' });
    const { status, info } = await harness.finished(await access.ask([first, second], 'lost'));
    expect(status).toBe('FAILED');
    expect(info?.privateInfo.undone).toEqual([
      expect.stringMatching(/^the access of user:many\.\d+@foo\.bar \(revoked\)$/),
    ]);
    expect(await access.who()).toEqual([]);
  });

  test('whose access one attempt has revoked is told by the next, and not as forgotten', async () => {
    await invite();
    const component = 'revoked';
    await harness.run('provision', { component });
    await harness.finished(await access.ask([first, second], component));
    await harness.fault({ operation: 'deletePermission', skip: 1, status: 503 });
    const { status, logs = [] } = await harness.run('unprovision', { component });
    expect(status).toBe('COMPLETED');
    const lines = logs.map(({ message }) => message);
    expect(lines.filter((line) => line.startsWith('Revoked')).toSorted()).toEqual(
      [first, second].toSorted().map((key) => `Revoked from ${key}`),
    );
    expect(lines.join()).not.toContain('not remembered');
    expect(await access.who()).toEqual([]);
  });
});
