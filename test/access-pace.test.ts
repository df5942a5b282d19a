import { NativeConnection, Worker } from '@temporalio/worker';
import type { Round } from '../activities/access/batch';
import { ROOT } from '../scripts/child';
import { dataConverter } from '../src/temporal/payload-codec';
import { shardOf } from '../workflows/grantees/shards';
import { accessOf } from './support/access';
import { eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* Who gets access while Airbyte is slow, or others' calls to it are in front. */

const started: Harness[] = [];
afterAll(() => Promise.all(started.map((harness) => harness.stop())));

const begin = async (options: Parameters<typeof startHarness>[0]) => {
  const harness = await startHarness({ simulator: { edition: 'enterprise' }, ...options });
  started.push(harness);
  return { harness, access: accessOf(harness) };
};

/** People of one batch: one memory has all of them. */
const together = (count: number) =>
  Array.from({ length: count * 40 }, (_, index) => `slow.${String(index)}@foo.bar`)
    .filter((email) => shardOf(`user:${email}`) === 7)
    .slice(0, count);

test('looks at a batch that take longer than an attempt may: some have access all the same, then all', async () => {
  const { harness, access } = await begin({
    env: {
      AIRBYTE_MAX_IN_FLIGHT: '1',
      AIRBYTE_REQUEST_TIMEOUT: '10s',
      AIRBYTE_GIVE_UP_AFTER: '1m',
    },
  });
  const people = together(100);
  expect(people).toHaveLength(100);
  await access.seed({ users: people.map((email) => ({ email })) });
  // A hundred of them take 70 s; no attempt begins with anybody after 60 s.
  await harness.fault({ operation: 'listPermissions', delay: 700, times: 0 });
  const token = await access.ask(people.map((email) => `user:${email}`));
  const granted = async () => ((await access.who()).length >= 10 ? true : undefined);
  await eventually(granted, 'the first who have access');
  expect((await harness.calls('listPermissions')).length).toBeLessThan(100);
  await harness.clearFaults();
  expect((await harness.finished(token)).result).toBe('Who has access is as asked: 100 granted.');
  expect(await access.who()).toHaveLength(100);
});

test('steps that act on nobody, as those of older workers may, end the run instead of going on for ever', async () => {
  const { harness, access } = await begin({ worker: false });
  const person = { of: 'id', organizationId: 'organization' };
  const nobody: Omit<Round, 'rest'> = { ends: [], kept: 0, left: [], isChanged: false };
  const { TEMPORAL_ADDRESS: address = '' } = harness.env;
  const connection = await NativeConnection.connect({ address });
  let steps = 0;
  const worker = await Worker.create({
    connection,
    taskQueue: harness.environment,
    workflowBundle: { codePath: `${ROOT}/dist/workflow-bundle.js` },
    dataConverter,
    activities: {
      findReaders: () => undefined,
      recallAccess: () => ({ isMoved: true, people: [] }),
      findPeople: () => ({ people: { 'user:a@foo.bar': person }, unknown: [], without: [] }),
      giveAccess: ({ people }: { people: object }): Round => {
        steps += 1;
        return { ...nobody, rest: Object.keys(people) };
      },
      restoreAccess: (): Round => ({ ...nobody, rest: [] }),
    },
  });
  const { status, result } = await worker.runUntil(async () =>
    harness.finished(await access.ask(['user:a@foo.bar'])),
  );
  await connection.close();
  expect([status, steps]).toEqual(['FAILED', 5]);
  expect(result).toContain(
    'The time of 5 steps was up before access was changed for any of 1 person (user:a@foo.bar and so on)',
  );
});
