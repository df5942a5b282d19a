import { stringify } from 'yaml';
import { RequestValidationError } from '../src/contract/coordinator';
import { accessOf, isAccessWrite } from './support/access';
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

const NAME = 'user:name.surname_agilelab.it';
const ENGINEER = 'user:data_engineer_agilelab.it';
const ALICE = 'user:alice@foo.bar';
const DEVS = 'group:devs';

const name = 'name.surname@agilelab.it: workspace_reader';
const engineer = 'data_engineer@agilelab.it: workspace_reader';
const alice = 'alice@foo.bar: workspace_reader';
const devs = 'devs: workspace_reader';

const writes = async () => (await harness.calls()).filter(isAccessWrite);

test('grants the new, keeps the kept, revokes the missing', async () => {
  const first = await access.update([NAME, ENGINEER, ALICE, DEVS]);
  expect(first).toMatchObject({
    status: 'COMPLETED',
    result: 'Who has access is as asked: 4 granted.',
    info: {
      aclInfo: [DEVS, ALICE, ENGINEER, NAME].map((identity) => ({ identity, locked: false })),
      publicInfo: { access: { label: 'Access', value: [DEVS, ALICE, ENGINEER, NAME].join(', ') } },
    },
  });
  expect(await access.who()).toEqual([alice, engineer, devs, name]);
  const before = await access.shown();

  const second = await access.update([NAME, 'group:groupA']);
  expect(second.result).toBe('Who has access is as asked: 1 granted, 1 kept, 3 revoked.');
  expect(await access.who()).toEqual(['groupA: workspace_reader', name]);
  const kept = (await access.shown()).map(({ permissionId }) => permissionId);
  expect(kept).toContain(before.find(({ of }) => of.startsWith('name'))?.permissionId);

  const last = await access.update([]);
  expect(last).toMatchObject({ status: 'COMPLETED', info: { aclInfo: [] } });
  expect(await access.who()).toEqual([]);
});

test('the same request again changes nothing, in whatever order and however often it names them', async () => {
  const token = await access.ask([NAME, DEVS]);
  await harness.finished(token);
  await harness.forgetCalls();
  const again = await access.ask([DEVS, NAME, DEVS]);
  expect(again).toBe(token);
  expect((await harness.finished(again)).result).toBe('Who has access is as asked: 2 kept.');
  expect(await writes()).toEqual([]);
});

test('two refs that mean the same person are one grant, and each is told', async () => {
  const status = await access.update([ALICE, 'user:Alice_foo.bar']);
  expect(status.info?.aclInfo?.map(({ identity }) => identity)).toEqual([
    'user:Alice_foo.bar',
    ALICE,
  ]);
  expect(await access.who()).toEqual([alice]);
});

test('who is wanted by two components keeps access until neither does', async () => {
  await access.update([NAME, ALICE], 'one');
  await access.update([NAME], 'two');
  await access.update([], 'one');
  expect(await access.who()).toEqual([name]);
  await access.update([], 'two');
  expect(await access.who()).toEqual([]);
});

test('what others have given is neither granted again nor revoked', async () => {
  await access.seed({
    permissions: [
      { email: 'alice@foo.bar', permissionType: 'workspace_admin' },
      {
        email: 'name.surname@agilelab.it',
        permissionType: 'organization_editor',
        organizationId: '00000000-0000-0000-0000-000000000000',
      },
    ],
  });
  const given = await access.who();
  const status = await access.update([ALICE, NAME]);
  expect(status.result).toBe('Who has access is as asked: 2 had it from others.');
  expect(status.info?.aclInfo).toHaveLength(2);
  await access.update([]);
  expect(await access.who()).toEqual(given);
});

test('less than what is to be granted is no access, and stays when ours goes', async () => {
  const organizationId = '00000000-0000-0000-0000-000000000000';
  await access.seed({
    permissions: [
      { email: 'alice@foo.bar', permissionType: 'organization_member', organizationId },
    ],
  });
  await access.update([ALICE]);
  expect(await access.who()).toEqual(['alice@foo.bar: organization_member', alice]);
  await access.update([]);
  expect(await access.who()).toEqual(['alice@foo.bar: organization_member']);
});

test('what somebody took away in Airbyte is granted again', async () => {
  await access.update([ALICE]);
  const [{ permissionId } = { permissionId: '' }] = await access.shown();
  await harness.airbyte('DELETE', `/permissions/${permissionId}`);
  expect((await access.update([ALICE])).result).toContain('1 granted');
  expect(await access.who()).toEqual([alice]);
});

test('every bad ref is named, and nothing is changed', async () => {
  const answer = await harness.post(
    '/v1/updateacl',
    access.body([NAME, 'bogus', 'user:nobody', 'group:', 'service:x_y.z', 'user:a b_c.d']),
  );
  expect(answer.status).toBe(400);
  const forms = 'neither a Witboost user nor a group: user:name.surname_domain.tld, group:name';
  expect(answer.json()).toMatchObject({
    errors: [
      `refs[1]: "bogus" is ${forms}`,
      'refs[2]: "user:nobody" cannot be matched to a mail: it has no underscore before the domain',
      `refs[3]: "group:" is ${forms}`,
      `refs[4]: "service:x_y.z" is ${forms}`,
      'refs[5]: "user:a b_c.d" does not stand for a mail such as name.surname@domain.tld',
    ],
    inputErrorField: 'refs[1]',
  });
  expect(await harness.calls()).toEqual([]);
});

test.each([
  ['no refs', { refs: undefined }, /^refs: /],
  ['a ref that is no text', { refs: ['group:devs', 7] }, /^refs\[1\]: /],
  ['no provisionInfo', { provisionInfo: undefined }, /^provisionInfo: /],
  ['too many refs', { refs: Array(5001).fill('group:a') }, /^refs: has 5001 entries; at most 5000/],
  [
    "a data product's descriptor",
    { provisionInfo: { request: 'id: x\ncomponents: []', result: '' } },
    /^provisionInfo\.request: is the descriptor of a data product/,
  ],
  [
    'no descriptor at all',
    { provisionInfo: { request: 'OK', result: '' } },
    /^provisionInfo\.request \(line 1\): /,
  ],
  [
    'a bad ref and a bad descriptor',
    { refs: ['x'], provisionInfo: { request: '{"dataProduct": {}}' } },
    /^refs\[0\]: .*\n(.*\n)*provisionInfo\.request\.componentIdToProvision/,
  ],
])('refuses %s', async (_case, more, problems) => {
  const answer = await harness.post('/v1/updateacl', access.body([DEVS], more));
  expect(answer.status).toBe(400);
  const { errors } = RequestValidationError.parse(answer.json());
  expect(errors.join('\n')).toMatch(problems);
});

test('a request as YAML, broken in its specific part, a result as a status: the ids are told again', async () => {
  const request = access.requestFor().replace(/"specific":\{.*?\}\}\}/, '"specific":7}');
  expect(request).toContain('"specific":7');
  const sourceId = 'c6a5bb5e-0db9-4d2a-9c7e-6c1dd4e3a111';
  const schedule = { type: 'string', label: 'Schedule', value: 'manual' };
  const result = JSON.stringify({
    status: 'COMPLETED',
    result: '',
    info: {
      publicInfo: { schedule, broken: 7, run: schedule },
      privateInfo: { sourceId, password: 'canary-in-the-result', connectionId: 'not an id' },
    },
  });
  const answer = await harness.post('/v1/updateacl', {
    refs: [ALICE],
    provisionInfo: { request: stringify(JSON.parse(request)), result },
    accessControlFields: { purpose: 'reporting' },
  });
  expect([answer.status, answer.type]).toEqual([202, 'text/plain; charset=utf-8']);
  expect(answer.text).toMatch(/^updateacl\.[A-Za-z0-9._-]+\.payments\.[0-9a-f]{12}$/);
  const { status, info } = await harness.finished(answer.text);
  expect(status).toBe('COMPLETED');
  expect(info?.privateInfo).toEqual({ sourceId });
  expect(Object.keys(info?.publicInfo ?? {}).sort()).toEqual(['access', 'run', 'schedule']);
  expect(info?.publicInfo.run?.value).toBe(answer.text);
});

test('whom Airbyte does not know is named, all of them, and nothing is changed', async () => {
  await access.update([NAME]);
  await access.seed({
    groups: [{ name: 'twins' }, { name: 'twins' }],
  });
  const status = await access.update([ALICE, 'user:no.body_foo.bar', 'group:none', 'group:twins']);
  expect(status.status).toBe('FAILED');
  expect(status.result).toContain('Airbyte has no user for user:no.body_foo.bar (no.body@foo.bar)');
  expect(status.result).toContain('Airbyte has no group for group:none');
  expect(status.result).toContain('Airbyte has 2 groups for group:twins: ');
  expect(status.result).toContain('Nothing was changed.');
  expect(await access.who()).toEqual([name]);
});

test.each([
  ['is granted', [NAME, ALICE, DEVS], 'createPermission', { skip: 1, status: 422 }],
  ['is granted to a group', [NAME, ALICE, DEVS], 'createGroupPermission', { status: 400 }],
  ['is revoked', [ALICE], 'deleteGroupPermission', { status: 403, times: 4 }],
])(
  'a failure when access %s leaves it as it was, and the same request mends it',
  async (_case, refs, operation, fault) => {
    await access.update([ENGINEER, 'group:groupA']);
    await harness.fault({ operation, ...fault });
    const failed = await access.update(refs);
    expect(failed.status).toBe('FAILED');
    expect(failed.result).toContain('Undone: ');
    expect(failed.result).not.toContain('Left behind');
    expect(await access.who()).toEqual([engineer, 'groupA: workspace_reader']);
    await harness.clearFaults();
    expect((await access.update(refs)).status).toBe('COMPLETED');
    const asked = new Map([
      [NAME, name],
      [ALICE, alice],
      [DEVS, devs],
    ]);
    expect(await access.who()).toEqual(refs.map((ref) => asked.get(ref)).sort());
  },
);

test('what could not be taken back is named, remembered, and put in order by the next request', async () => {
  await harness.fault({ operation: 'createGroupPermission', status: 400 });
  await harness.fault({ operation: 'deletePermission', status: 403 });
  const failed = await access.update([ALICE, DEVS]);
  expect(failed.result).toContain('Left behind in Airbyte: the access of user:alice@foo.bar.');
  expect(await access.who()).toEqual([alice]);
  await access.update([NAME]);
  expect(await access.who()).toEqual([name]);
});

test('a grant that Airbyte made although it did not answer is adopted', async () => {
  await harness.fault({ operation: 'createGroupPermission', hang: 'after' });
  await harness.fault({ operation: 'createPermission', reset: 'after' });
  expect((await access.update([ALICE, DEVS])).status).toBe('COMPLETED');
  expect(await access.who()).toEqual([alice, devs]);
  await access.update([]);
  expect(await access.who()).toEqual([]);
});

test('a revocation that only says it revoked is not believed', async () => {
  await access.update([ALICE]);
  await harness.fault({ operation: 'deletePermission', lie: true });
  expect((await access.update([])).status).toBe('COMPLETED');
  expect(await access.who()).toEqual([]);
});

test('DELETE takes back what was granted so far', async () => {
  await access.update([ENGINEER]);
  await harness.fault({ operation: 'createGroupPermission', status: 503, times: 0 });
  const token = await access.ask([ALICE, DEVS]);
  await eventually(async () => (await access.who()).includes(alice) || undefined, 'a grant');
  expect((await harness.call('DELETE', `/v1/provision/${token}`)).status).toBe(202);
  const ended = await eventually(async () => {
    const seen = await harness.status(token);
    return seen.status === 'TERMINATED' ? seen : undefined;
  }, 'the end');
  expect(ended.result).toContain('Undone: the access of user:alice@foo.bar (revoked).');
  expect(await access.who()).toEqual([engineer]);
});

test('a run that an operator terminates midway leaves no grant unknown', async () => {
  await harness.fault({ operation: 'createGroupPermission', status: 503, times: 0 });
  const token = await access.ask([ALICE, DEVS]);
  await eventually(async () => (await access.who()).includes(alice) || undefined, 'a grant');
  await harness.client.workflow.getHandle(token).terminate();
  await harness.clearFaults();
  expect((await access.update([])).status).toBe('COMPLETED');
  expect(await access.who()).toEqual([]);
});

test('what is remembered survives new runs of its workflows, and is shown in their details', async () => {
  await access.update([ALICE, DEVS]);
  const memories = [access.memoryOf('payments'), access.granteesOf('user:alice@foo.bar')];
  const firsts = await Promise.all(memories.map((memory) => memory.describe()));
  // Each leaves all as it is.
  const changes = ['strike', 'forget'] as const;
  const args = [['user:no.body@foo.bar'], 'no component'];
  for (let count = 0; count < 250; count += 1)
    await Promise.all(
      memories.map((memory, index) =>
        memory.executeUpdate(changes[index] ?? '', { args: [args[index]] }),
      ),
    );
  const seconds = await Promise.all(memories.map((memory) => memory.describe()));
  for (const [index, { runId }] of seconds.entries()) expect(runId).not.toBe(firsts[index]?.runId);
  expect((await access.peopleOf('payments')).sort()).toEqual(['group:devs', 'user:alice@foo.bar']);
  expect(Object.keys(await access.remembered()).sort()).toEqual([
    'group:devs',
    'user:alice@foo.bar',
  ]);
  await access.update([]);
  expect(await access.who()).toEqual([]);
  expect(await access.remembered()).toEqual({});
});

test('unprovision revokes what the component gave, and asks nothing where it gave nothing', async () => {
  await harness.run('provision');
  await harness.run('provision', { component: 'other' });
  await access.update([ALICE, DEVS]);
  await access.update([DEVS], 'other');
  await harness.fault({ operation: 'deletePermission', status: 403 });
  const failed = await harness.run('unprovision');
  expect(failed.status).toBe('FAILED');
  expect(failed.result).toContain('Left behind in Airbyte: the access of user:alice@foo.bar.');
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  expect(await access.who()).toEqual([devs]);
  await harness.forgetCalls();
  expect((await harness.run('unprovision')).status).toBe('COMPLETED');
  const asked = (await harness.calls()).map(({ path }) => path);
  expect(asked.filter((each) => /permissions|users|groups|organizations/.test(each))).toEqual([]);
});

test('neither disturbs the other: a provision, and who has access to the same component', async () => {
  await harness.fault({ operation: 'createConnection', delay: 400 });
  const provisioning = await harness.start('provision');
  const granted = await access.update([ALICE]);
  expect(granted.status).toBe('COMPLETED');
  expect((await harness.finished(provisioning)).status).toBe('COMPLETED');
  await harness.run('provision', { connection: { prefix: 'again_' } });
  expect(await access.who()).toEqual([alice]);
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('many at once come one after the other, and the outcome is that of all of them', async () => {
  const components = ['a', 'b', 'c', 'd', 'e'];
  const all = await Promise.all(
    components.map((component, index) =>
      access.update(index % 2 ? [ALICE, DEVS] : [ALICE, NAME], component),
    ),
  );
  expect(all.map(({ status }) => status)).toEqual(components.map(() => 'COMPLETED'));
  expect(await access.who()).toEqual([alice, devs, name]);
});

test("no secret of the worker's is in what is told, logged or remembered", async () => {
  const secret = 'simulator-secret';
  await harness.fault({
    operation: 'createPermission',
    status: 400,
    body: { message: `no: ${secret}` },
  });
  const token = await access.ask([ALICE]);
  const status = await harness.finished(token);
  expect(status.result).toContain('no: **********');
  const histories = await Promise.all(
    [
      harness.client.workflow.getHandle(token),
      access.memoryOf('payments'),
      access.granteesOf('user:alice@foo.bar'),
    ].map(async (memory) => JSON.stringify(await memory.fetchHistory())),
  );
  for (const text of [JSON.stringify(status), ...histories, harness.logs()]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain('canary-in-the-result');
  }
});
