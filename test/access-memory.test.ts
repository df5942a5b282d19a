import { randomUUID } from 'node:crypto';
import { digestOf } from '../src/contract/ids';
import { granteesId } from '../activities/access/grants-client';
import { MAX_ENLISTED } from '../workflows/grantees/component-grants';
import { MAX_GRANTEES, MAX_WANTED_BY } from '../workflows/grantees/records';
import { shardOf } from '../workflows/grantees/shards';
import { accessOf } from './support/access';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
let access: ReturnType<typeof accessOf>;
beforeAll(async () => {
  harness = await startHarness({
    simulator: { edition: 'enterprise' },
    env: { AIRBYTE_GIVE_UP_AFTER: '1m' },
  });
  access = accessOf(harness);
});
afterAll(() => harness.stop());
afterEach(() => access.forget());

const ALICE = 'user:alice@foo.bar';
const NAME = 'user:name.surname@agilelab.it';
const DEVS = 'group:devs';
const alice = 'alice@foo.bar: workspace_reader';
const devs = 'devs: workspace_reader';

const mails = (count: number, of = 'many') =>
  Array.from({ length: count }, (_, index) => `${of}.${String(index).padStart(4, '0')}@foo.bar`);
const refsOf = (emails: string[]) => emails.map((email) => `user:${email}`);
const invite = (emails: string[]) => access.seed({ users: emails.map((email) => ({ email })) });
const permissionOf = async (of: string) =>
  (await access.shown()).find((each) => each.of === of)?.permissionId ?? '';

/** The end of the run that has been told to end. */
const endOf = (token: string) =>
  eventually(async () => {
    const seen = await harness.status(token);
    return seen.status === 'TERMINATED' ? seen : undefined;
  }, `the end of ${token}`);

const isStarted = (workflowId: string) =>
  harness.client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      () => true,
      () => false,
    );

describe('what was changed by hand in Airbyte', () => {
  test('revoked, then granted anew: it is revoked when nobody is to have access', async () => {
    await access.update([ALICE]);
    await harness.airbyte('DELETE', `/permissions/${await permissionOf('alice@foo.bar')}`);
    await access.update([ALICE]);
    expect(await access.who()).toEqual([alice]);
    expect((await access.update([])).result).toContain('1 revoked');
    expect(await access.who()).toEqual([]);
    expect(await access.remembered()).toEqual({});
  });

  test('made more: it stays while it is wanted, and goes with the access', async () => {
    await access.update([ALICE]);
    const id = await permissionOf('alice@foo.bar');
    await harness.airbyte('PATCH', `/permissions/${id}`, { permissionType: 'workspace_admin' });
    expect((await access.update([ALICE])).result).toContain('1 kept');
    expect(await access.who()).toEqual(['alice@foo.bar: workspace_admin']);
    await access.update([]);
    expect(await access.who()).toEqual([]);
  });

  test('everybody invited anew, under other ids: granted again, and revoked', async () => {
    await access.update([ALICE, DEVS]);
    await harness.resetAirbyte();
    expect((await access.update([ALICE, DEVS])).result).toContain('2 granted');
    expect(await access.who()).toEqual([alice, devs]);
    await access.update([]);
    expect(await access.who()).toEqual([]);
  });

  test('a group renamed, and another one of its name: the one loses what the other gets', async () => {
    await access.update([DEVS]);
    const [{ groupId } = { groupId: '' }] = await access.shown();
    await harness.airbyte('PATCH', `/groups/${String(groupId)}`, { name: 'former-devs' });
    await access.seed({ groups: [{ name: 'devs' }] });
    expect((await access.update([DEVS])).status).toBe('COMPLETED');
    expect(await access.who()).toEqual([devs]);
    await access.update([]);
    expect(await access.who()).toEqual([]);
  });
});

test('an unprovision whose component gave nobody access asks nobody and starts nothing', async () => {
  const component = 'giving-none';
  await access.update([ALICE], 'other');
  await harness.run('provision', { component });
  await harness.forgetCalls();
  const token = await harness.start('unprovision', { component });
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  const asked = (await harness.calls()).map(({ path }) => path);
  expect(asked.filter((each) => /permissions|users|groups|organizations/.test(each))).toEqual([]);
  const { workflowId } = access.memoryOf(component);
  expect(await isStarted(workflowId)).toBe(false);
  expect(await isStarted(workflowId.replace('grants.', 'access.'))).toBe(false);
  expect(await access.who()).toEqual([alice]);
});

describe('a cancelled unprovision', () => {
  const cancelled = async () => {
    await harness.fault({ operation: 'deleteConnection', status: 503, times: 0 });
    const token = await harness.start('unprovision');
    await eventually(
      async () => (await harness.calls('deleteConnection')).length > 0 || undefined,
      'the deletion',
    );
    await harness.call('DELETE', `/v1/provision/${token}`);
    return endOf(token);
  };

  test('claims no access to be left where nobody had any', async () => {
    await harness.run('provision');
    expect((await cancelled()).result).not.toContain('access');
  });

  test('names whose access is left', async () => {
    await harness.run('provision');
    await access.update([ALICE, DEVS]);
    const { result } = await cancelled();
    // In the order in which their batches came, which the component decides.
    expect(result).toMatch(
      /the access of (group:devs, user:alice@foo\.bar|user:alice@foo\.bar, group:devs)/,
    );
    expect(result).toContain('was ended by a DELETE');
    expect(await access.who()).toEqual([alice, devs]);
    await harness.clearFaults();
    expect((await harness.run('unprovision')).status).toBe('COMPLETED');
    expect([await access.who(), counts(await harness.entities())]).toEqual([[], [0, 0, 0]]);
  });
});

test('a grant that fails in the middle takes back what was granted, and only that', async () => {
  const [former, added] = [mails(10, 'former'), mails(60, 'added')];
  await invite([...former, ...added]);
  await access.update(refsOf(former));
  const before = (await access.shown()).map(({ permissionId }) => permissionId).sort();
  await harness.fault({ operation: 'createPermission', skip: 30, status: 422 });
  const failed = await access.update(refsOf([...former.slice(5), ...added]));
  expect(failed.status).toBe('FAILED');
  expect(failed.result).not.toContain('Left behind');
  expect((await access.shown()).map(({ permissionId }) => permissionId).sort()).toEqual(before);
  expect((await access.peopleOf('payments')).sort()).toEqual(refsOf(former));
  expect(Object.keys(await access.remembered()).sort()).toEqual(refsOf(former));
});

test('a withdrawal that fails names exactly whose access is left', async () => {
  const people = mails(40);
  await invite(people);
  await harness.run('provision');
  await access.update(refsOf(people));
  await harness.fault({ operation: 'deletePermission', skip: 20, times: 3, status: 403 });
  const failed = await harness.run('unprovision');
  const left = (await access.shown()).map(({ of }) => of);
  expect(left).toHaveLength(3);
  for (const email of people) expect(failed.result.includes(email)).toBe(left.includes(email));
  expect((await access.peopleOf('payments')).sort()).toEqual(refsOf(left).sort());
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(await access.who()).toEqual([]);
});

test('hundreds of people: few steps, a short log, and a small component beside it does not wait', async () => {
  const people = mails(600);
  await invite(people);
  const token = await access.ask(refsOf(people), 'big');
  await eventually(async () => (await access.shown())[0], 'the first grant');
  const small = await access.update([ALICE], 'small');
  expect([small.status, (await harness.status(token)).status]).toEqual(['COMPLETED', 'RUNNING']);
  const big = await harness.finished(token);
  expect(big.result).toBe('Who has access is as asked: 600 granted.');
  expect(big.logs?.length).toBeLessThan(40);
  const { historyLength } = await harness.client.workflow.getHandle(token).describe();
  expect(historyLength).toBeLessThan(400);
  await harness.forgetCalls();
  expect((await access.update(refsOf(people), 'big')).result).toContain('600 kept');
  expect((await harness.calls()).filter(({ changes }) => changes)).toEqual([]);
  expect((await access.update(refsOf(people.slice(300)), 'big')).result).toContain('300 revoked');
  expect(await access.who()).toHaveLength(301);
  await access.update([], 'big');
  expect(await access.who()).toEqual([alice]);
});

test('components that give and take the same people at once lose nobody', async () => {
  const people = mails(30);
  await invite(people);
  const [one, other] = [refsOf(people.slice(0, 20)), refsOf(people.slice(10))];
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([access.update(one, 'one'), access.update([], 'other')]);
    expect((await access.who()).length).toBe(20);
    const all = await Promise.all([access.update([], 'one'), access.update(other, 'other')]);
    expect(all.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect((await access.shown()).map(({ of }) => of).sort()).toEqual(people.slice(10));
  }
});

describe('what an earlier version remembered', () => {
  const WAITS = 'Waiting until what was granted before is moved';
  const keyOf = (component: string) => `${harness.environment}/finance.cashflow.0.${component}`;

  const remember = async (wanted: Record<string, string[]>) => {
    const shown = await access.shown();
    const grants = shown.map(({ of, permissionId, permissionType: type, userId }) => ({
      key: `user:${of}`,
      person: {
        kind: 'user',
        id: userId,
        organizationId: '00000000-0000-0000-0000-000000000000',
        name: of,
      },
      type,
      id: permissionId,
    }));
    await harness.client.workflow.start('grants', {
      workflowId: `grants.${harness.environment}`,
      taskQueue: harness.environment,
      args: [
        {
          wanted: Object.fromEntries(
            Object.entries(wanted).map(([component, keys]) => [keyOf(component), keys]),
          ),
          grants: Object.fromEntries(grants.map((grant) => [`${grant.key} ${grant.type}`, grant])),
        },
      ],
    });
  };

  const give = (emails: string[]) =>
    access.seed({
      permissions: emails.map((email) => ({ email, permissionType: 'workspace_reader' })),
    });

  test('is moved by the first run, and revoked when nobody wants it any more', async () => {
    await give(['alice@foo.bar', 'name.surname@agilelab.it']);
    await remember({ one: [ALICE, NAME], two: [ALICE] });
    expect((await access.update([], 'one')).result).toContain('1 revoked');
    expect(await access.who()).toEqual([alice]);
    const { status } = await harness.client.workflow
      .getHandle(`grants.${harness.environment}`)
      .describe();
    expect(status.name).toBe('TERMINATED');
    expect(await access.peopleOf('two')).toEqual([ALICE]);
    await access.update([], 'two');
    expect(await access.who()).toEqual([]);
  });

  test('holds up no unprovision of a component that gave nobody access', async () => {
    await harness.run('provision', { component: 'one' });
    await give(['alice@foo.bar']);
    await remember({ two: [ALICE] });
    const held = await harness.client.workflow.start('lease', {
      workflowId: `access.${harness.environment}`,
      taskQueue: harness.environment,
      args: [{ holder: 'a run of before', waiting: [] }],
    });
    expect((await harness.run('unprovision', { component: 'one' })).status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    await held.cancel();
    await access.update([], 'two');
    expect(await access.who()).toEqual([]);
  });

  test('waits for a run of that version that still uses it; an unprovision moves it as well', async () => {
    await harness.run('provision', { component: 'two' });
    await give(['alice@foo.bar']);
    await remember({ two: [ALICE] });
    const held = await harness.client.workflow.start('lease', {
      workflowId: `access.${harness.environment}`,
      taskQueue: harness.environment,
      args: [{ holder: 'a run of before', waiting: [] }],
    });
    const token = await harness.start('unprovision', { component: 'two' });
    await eventually(
      async () => (await harness.status(token)).result === WAITS || undefined,
      'the run to wait for the move',
    );
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
    expect(await access.peopleOf('two')).toEqual([]);
    await held.cancel();
    expect((await harness.finished(token)).status).toBe('COMPLETED');
    expect(await access.who()).toEqual([]);
  });
});

describe('bounds', () => {
  const record = (wantedBy: string[]) => ({ wantedBy, granted: [] });
  const fill = (shard: number, grantees: Record<string, ReturnType<typeof record>>) =>
    harness.client.workflow
      .start('grantees', {
        workflowId: granteesId(harness.environment, shard),
        taskQueue: harness.environment,
        args: [grantees],
      })
      .then(() => undefined);

  test('of people in one memory: the last is taken, one more is refused, and nobody else', async () => {
    const shard = shardOf(ALICE);
    const same = mails(200, 'same').filter((email) => shardOf(`user:${email}`) === shard);
    const [last = '', more = ''] = same;
    await invite([last, more]);
    const others = Array.from(
      { length: MAX_GRANTEES - 1 },
      (_, index) => [`user:other.${String(index)}@foo.bar`, record(['0123456789ab'])] as const,
    );
    await fill(shard, Object.fromEntries(others));
    expect((await access.update(refsOf([last]), 'one')).status).toBe('COMPLETED');
    const refused = await access.update(refsOf([more]), 'two');
    expect(refused.status).toBe('FAILED');
    expect(refused.result).toContain('already remembers 5000 people, of 5000');
    expect(refused.result).toContain('Give access to groups instead');
    expect((await access.update([DEVS], 'three')).status).toBe('COMPLETED');
    expect((await access.update([], 'one')).status).toBe('COMPLETED');
    expect((await access.update(refsOf([more]), 'two')).status).toBe('COMPLETED');
  });

  test('of components that want one person: the last may, one more is refused', async () => {
    const wanting = Array.from({ length: MAX_WANTED_BY - 1 }, () => randomUUID().slice(24));
    await fill(shardOf(ALICE), { [ALICE]: record(wanting) });
    expect((await access.update([ALICE], 'one')).status).toBe('COMPLETED');
    const refused = await access.update([ALICE], 'two');
    expect(refused.result).toContain('1000 components that give access to user:alice@foo.bar');
    expect((await access.update([ALICE], 'one')).status).toBe('COMPLETED');
    const { wantedBy } = (await access.remembered())[ALICE] ?? { wantedBy: [] };
    expect(wantedBy).toContain(digestOf(`${harness.environment}/finance.cashflow.0.one`));
  });

  test('of people of one component: the last is taken, one more is refused', async () => {
    const known = refsOf(mails(MAX_ENLISTED - 1, 'known'));
    const { workflowId } = access.memoryOf('one');
    await harness.client.workflow.start('componentGrants', {
      workflowId,
      taskQueue: harness.environment,
      args: [known],
    });
    const memory = access.memoryOf('one');
    await memory.executeUpdate('enlist', { args: [[ALICE]] });
    await expect(memory.executeUpdate('enlist', { args: [[NAME]] })).rejects.toThrow();
    expect(await access.peopleOf('one')).toHaveLength(MAX_ENLISTED);
    await memory.executeUpdate('strike', { args: [[...known, ALICE]] });
  });
});

test.each([
  ['a component', () => access.memoryOf('one'), 'enlist', [[ALICE]]],
  ['people', () => access.granteesOf(ALICE), 'forget', ['0123456789ab']],
] as const)(
  'the memory of %s starts anew and forgets nothing',
  async (_what, memory, update, args) => {
    await access.update([ALICE], 'one');
    const { runId } = await memory().describe();
    const before = await access.remembered();
    await eventually(async () => {
      await Promise.all(
        Array.from({ length: 5 }, () => memory().executeUpdate(update, { args: [...args] })),
      );
      return (await memory().describe()).runId !== runId || undefined;
    }, 'a new run');
    expect((await memory().describe()).historyLength).toBeLessThan(1000);
    expect([await access.peopleOf('one'), await access.remembered()]).toEqual([[ALICE], before]);
  },
);

test('5000 refs are taken, 5001 are refused with both numbers', async () => {
  const token = await access.ask(refsOf(mails(5000)));
  // Airbyte knows none of them.
  const { result } = await harness.finished(token);
  expect(result).toContain('and 4980 more. Nothing was changed.');
  expect(result.length).toBeLessThan(4000);
  const refused = await harness.post('/v1/updateacl', access.body(refsOf(mails(5001))));
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('has 5001 entries; at most 5000 are taken');
});
