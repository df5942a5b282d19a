import { Command } from 'commander';
import { z } from 'zod';
import { addDriftCommand } from '../src/cli/drift';
import { DriftReport, KINDS } from '../src/contract/drift';
import { RequestError, SystemProblem } from '../src/contract/problems';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_REQUEST_TIMEOUT: '10s' } });
});

afterAll(() => harness.stop());

const provision = async (component: string) => {
  const token = await harness.start('provision', { component });
  await harness.finished(token);
  const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
  const isListed = async () => (await harness.client.workflow.count(query)).count > 0 || undefined;
  await eventually(isListed, `${token} in the list as completed`);
  return token;
};

const drift = (...args: string[]) => harness.cli('drift', ...args);

const loseConnection = async () => {
  const [connection] = (await harness.entities()).connections;
  await harness.airbyte('DELETE', `/connections/${connection?.connectionId ?? ''}`);
};

test('without a report --last says how to get one', async () => {
  expect(await drift('--last')).toEqual({
    code: 1,
    stdout: '',
    stderr: `Temporal remembers no completed check for drift.
Leave out --last to check now, or set RECONCILE_EVERY of the workers.
`,
  });
});

test('no drift is one line and the exit code 0', async () => {
  await provision('first');
  const { stdout, code } = await drift();
  expect(stdout).toMatch(/^1 component compared at \S+: no drift\.\n$/);
  expect(code).toBe(0);
});

test('a finding is shown with what to do, and the exit code is 3', async () => {
  await loseConnection();
  const { stdout, code } = await drift();
  expect(stdout).toMatch(
    /^missing {2,}\S+\/finance\.cashflow\.0\.first {2,}connection Payments CSV/m,
  );
  expect(stdout).toMatch(/1 component compared at \S+: 1 missing\./);
  expect(stdout).toContain('missing: Run "provisioner drift --repair"');
  expect(code).toBe(3);
  // Temporal's list, where --last looks for the newest, lags behind the check's own answer.
  const isNewest = async () => (await drift('--last')).stdout === stdout || undefined;
  await eventually(isNewest, 'this check as the newest');
});

test('--json is one document', async () => {
  const { stdout, code } = await drift('--json');
  expect(JSON.parse(stdout)).toMatchObject({
    totals: { components: 1, missing: 1 },
    findings: [{ kind: 'missing', entity: 'connection' }],
    truncated: false,
  });
  expect(code).toBe(3);
});

test('--last and --repair do not go together', async () => {
  const { stderr, code } = await drift('--last', '--repair');
  expect(stderr).toContain('leave out --last');
  expect(code).toBe(2);
});

test('--repair provisions what is missing again, and touches nothing else', async () => {
  const foreign = await harness.entities();
  await provision('second');
  const [edited] = (await harness.entities()).connections;
  await harness.airbyte('PATCH', `/connections/${edited?.connectionId ?? ''}`, {
    status: 'inactive',
  });
  await harness.forgetCalls();
  const { stdout, stderr, code } = await drift('--repair');
  expect(stderr).toBe('Provisioning 1 component again …\n');
  expect(stdout).toMatch(/^COMPLETED {2,}\S+\.first {2,}provision\.\S+first\.[0-9a-f]{12}/m);
  expect(stdout).toMatch(/2 components compared at \S+: 1 changed\./);
  expect(code).toBe(3);
  expect(counts(foreign)).toEqual([1, 1, 0]);
  const { sources, destinations, connections } = await harness.entities();
  expect(counts({ ...foreign, sources, destinations, connections })).toEqual([2, 2, 2]);
  expect(sources.map(({ sourceId }) => sourceId)).toContain(foreign.sources[0]?.sourceId);
  const writes = (await harness.calls()).filter(isWrite);
  expect(writes.map(({ operation }) => operation)).toEqual(['createConnection']);
});

test('--repair --changed provisions again what somebody has edited, of one component if asked', async () => {
  const token = await provision('second');
  const before = await drift();
  // A provision puts right what it finds, so the edit is made anew.
  expect(before.stdout).not.toContain('changed');
  const [, edited] = (await harness.entities()).connections;
  await harness.airbyte('PATCH', `/connections/${edited?.connectionId ?? ''}`, {
    status: 'inactive',
  });
  const found = await drift();
  expect(found.stdout).toMatch(/^changed {2,}\S+\.0\.(first|second) {2,}connection/m);
  expect(found.stdout).toMatch(/^ +provision\.\S+\.(first|second)\.[0-9a-f]{12}/m);
  expect(found.stdout).toContain('changed: Run "provisioner drift --repair --changed"');
  const unknown = await drift('--repair', '--changed', '--component', 'a.b.0.c');
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toContain('Temporal remembers no run of a.b.0.c\n');
  // Of the two the one that nobody has edited, by each of its names.
  const name = `Finance.Cashflow.0.${found.stdout.includes('.0.first ') ? 'Second' : 'First'}`;
  const urn = `URN:dmb:cmp:${name.replaceAll('.', ':')}`;
  for (const each of [name, urn, `${harness.environment.toUpperCase()}/${name}`]) {
    const fine = await drift('--repair', '--changed', '--component', each);
    expect(fine).toMatchObject({ code: 3, stderr: 'Nothing to provision again.\n' });
  }
  const elsewhere = await drift('--repair', '--changed', '--component', `nowhere/${name}`);
  expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
  const [, , key = ''] = /^changed +((\S+?\/\S+))/m.exec(found.stdout) ?? [];
  const edit = await drift('--repair', '--component', key.toUpperCase());
  expect(edit).toMatchObject({ code: 3, stderr: 'Nothing to provision again.\n' });
  const all = await drift('--repair', '--changed');
  expect(all.stderr).toBe('Provisioning 1 component again …\n');
  expect(all.stdout).toMatch(/2 components compared at \S+: no drift\./);
  expect(all.code).toBe(0);
  expect((await harness.status(token)).status).toBe('COMPLETED');
});

test.each(['--changed', '--component=a.b.0.c'])('%s alone is wrong usage', async (flag) => {
  const { stderr, code } = await drift(flag);
  expect(stderr).toContain('say what to --repair');
  expect(code).toBe(2);
});

test('what is no name of a component is wrong usage, before anything is checked', async () => {
  const { stdout, stderr, code } = await drift('--repair', '--component', 'nosuch');
  expect(stderr).toContain('--component must be <domain>.<product>.<major>.<component>');
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
});

test('a repair that fails is told, and so is what is still open', async () => {
  await loseConnection();
  await harness.fault({ operation: 'createConnection', status: 422 });
  const { stdout, code } = await drift('--repair', '--json');
  await harness.clearFaults();
  expect(JSON.parse(stdout)).toMatchObject({
    repairs: [{ status: 'FAILED' }],
    totals: { missing: 1 },
  });
  expect(code).toBe(3);
});

test('a repair that cannot be started or asked for is told as UNKNOWN, with why; the others go on', async () => {
  const printed: string[] = [];
  const finding = (component: string) => ({
    kind: 'missing' as const,
    component,
    token: component,
    entity: 'source' as const,
    name: 'Payments',
    ids: [],
    remedy: '',
  });
  const found = ['forgotten', 'unanswered', 'fine'].map(finding);
  const totals = Object.fromEntries(
    ['components', 'busy', 'unreadable', ...KINDS].map((each) => [each, 0]),
  );
  const report = DriftReport.parse({
    checkedAt: '2026-01-01T00:00:00.000Z',
    findings: found,
    busy: [],
    truncated: false,
    totals: { ...totals, components: 3, missing: 3 },
  });
  const check = () => Promise.resolve(report);
  const refusals: Record<string, Error> = {
    forgotten: new RequestError([{ path: 'token', message: 'is of no run' }], { solutions: [] }),
    unanswered: new SystemProblem('Temporal has not answered.', { solutions: [] }),
  };
  const program = new Command();
  addDriftCommand(program, {
    drift: { check, last: check, knows: () => Promise.resolve(true) },
    environments: () => undefined,
    replay: (token) => (refusals[token] ? Promise.reject(refusals[token]) : Promise.resolve()),
    statusOf: () => Promise.resolve({ status: 'COMPLETED', result: 'Provisioned.' }),
    print: (text) => void printed.push(text),
    say: () => undefined,
    exitWith: () => undefined,
  });
  await program.parseAsync(['node', 'provisioner', 'drift', '--repair', '--json']);
  const { repairs } = z.object({ repairs: z.array(z.unknown()) }).parse(JSON.parse(printed.join()));
  const outcome = (component: string, status: string, result: string) => ({
    component,
    token: component,
    status,
    result,
  });
  expect(repairs).toEqual([
    outcome('forgotten', 'UNKNOWN', 'token: is of no run'),
    outcome('unanswered', 'UNKNOWN', 'Temporal has not answered.'),
    outcome('fine', 'COMPLETED', 'Provisioned.'),
  ]);
});
