import { accessOf } from './support/access';
import { startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
let access: ReturnType<typeof accessOf>;
beforeAll(async () => {
  harness = await startHarness({
    simulator: { edition: 'enterprise' },
    env: { ACCESS_PERMISSION: 'workspace_editor' },
  });
  access = accessOf(harness);
});
afterAll(() => harness.stop());
afterEach(() => access.forget());

const ALICE = 'user:alice_foo.bar';
const DEVS = 'group:devs';

const unlicensed = { status: 403, body: { detail: 'Not licensed: upgrade to use this.' } };

test.each([
  ['answers 501, as community does', { status: 501 }],
  ['answers 404', { status: 404 }],
  ['answers that it is not licensed', unlicensed],
  ["answers with its web application's page", { status: 200, html: true }],
])('an Airbyte that %s: nothing is granted, and that is said', async (_case, fault) => {
  await harness.fault({ operation: 'listOrganizationsForUser', times: 0, ...fault });
  const status = await access.update([ALICE, DEVS]);
  expect(status).toMatchObject({
    status: 'COMPLETED',
    result: 'Who has access is as asked: 2 not granted, as this Airbyte has no such permissions.',
    info: {
      aclInfo: [],
      publicInfo: { access: { value: 'not managed: this Airbyte has no permissions' } },
    },
  });
  expect(status.logs).toContainEqual(
    expect.objectContaining({
      level: 'WARNING',
      message: `This Airbyte has no permissions for groups and users (its edition or version): nothing was granted to ${DEVS}, ${ALICE}.`,
    }),
  );
  expect(await access.who()).toEqual([]);
});

test('on the community edition all refs are still checked', async () => {
  await access.seed({ edition: 'community' });
  const answer = await harness.post('/v1/updateacl', access.body([ALICE, 'bogus']));
  expect(answer.status).toBe(400);
  expect((await access.update([ALICE])).info?.aclInfo).toEqual([]);
});

test('an Airbyte without groups grants to users, and says to whom it did not', async () => {
  await harness.fault({ operation: 'listGroups', times: 0, status: 404 });
  const status = await access.update([ALICE, DEVS]);
  expect(status.info?.aclInfo).toEqual([{ identity: ALICE, locked: false }]);
  expect(status.logs?.filter(({ level }) => level === 'WARNING')).toHaveLength(1);
  expect(await access.who()).toEqual(['alice@foo.bar: workspace_editor']);
});

test('credentials that may not look at users are no missing edition', async () => {
  await harness.fault({ operation: 'listUsersWithinAnOrganization', status: 403 });
  const status = await access.update([ALICE]);
  expect(status.status).toBe('FAILED');
  expect(status.result).toContain("the provisioner's credentials");
});

test('another kind of permission replaces the one that was granted before', async () => {
  await access.update([ALICE, DEVS]);
  await harness.worker()?.end();
  await harness.startWorker({ ACCESS_PERMISSION: 'workspace_reader' });
  const status = await access.update([ALICE, DEVS]);
  expect(status.status).toBe('COMPLETED');
  expect(await access.who()).toEqual(['alice@foo.bar: workspace_reader', 'devs: workspace_reader']);
  await access.update([]);
  expect(await access.who()).toEqual([]);
});
