import { Client, Connection } from '@temporalio/client';
import { Command } from 'commander';
import { addDriftCommand } from '../src/cli-drift';
import { createDrift } from '../src/drift';
import { createStatus } from '../src/status';
import { counts, eventually, isWrite, startHarness } from './harness';
import type { Harness } from './harness';

/* The command with real parts behind it: Temporal, a worker, Airbyte's simulator. */

let harness: Harness;
let client: Client;
/** The component of each token: sending its request again is what a replay does. */
const components = new Map<string, string>();

beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_REQUEST_TIMEOUT: '10s' } });
  const connection = await Connection.connect({ address: harness.env.TEMPORAL_ADDRESS ?? '' });
  client = new Client({ connection });
});

afterAll(async () => {
  await client.connection.close();
  await harness.stop();
});

const provision = async (component: string) => {
  const token = await harness.start('provision', { component });
  components.set(token, component);
  await harness.finished(token);
  const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
  const isListed = async () => (await client.workflow.count(query)).count > 0 || undefined;
  await eventually(isListed, `${token} in the list as completed`);
  return token;
};

const provisioner = async (...args: string[]) => {
  const printed: string[] = [];
  const said: string[] = [];
  let code: number | undefined;
  const program = new Command('provisioner').exitOverride().configureOutput({
    writeErr: (text) => said.push(text),
  });
  addDriftCommand(program, {
    drift: createDrift({ client, taskQueue: harness.environment }),
    replay: async (token) => harness.start('provision', { component: components.get(token) ?? '' }),
    statusOf: createStatus({ client }),
    print: (text) => printed.push(text),
    say: (text) => said.push(text),
    exitWith: (given) => (code = given),
  });
  await program.parseAsync(['drift', ...args], { from: 'user' });
  return { printed: printed.join('\n'), said: said.join('\n'), code };
};

const loseConnection = async () => {
  const [connection] = (await harness.entities()).connections;
  await harness.airbyte('DELETE', `/connections/${connection?.connectionId ?? ''}`);
};

test('without a report --last says how to get one', async () => {
  await expect(provisioner('--last')).rejects.toMatchObject({
    message: 'Temporal remembers no completed check for drift.',
    solutions: ['Leave out --last to check now, or set RECONCILE_EVERY of the workers.'],
  });
});

test('no drift is one line and the exit code 0', async () => {
  await provision('first');
  const { printed, code } = await provisioner();
  expect(printed).toMatch(/^1 component compared at \S+: no drift\.$/);
  expect(code).toBe(0);
});

test('a finding is shown with what to do, and the exit code is 3', async () => {
  await loseConnection();
  const { printed, code } = await provisioner();
  expect(printed).toMatch(/missing +│ \S+\/finance\.cashflow\.0\.first +│ connection Payments CSV/);
  expect(printed).toMatch(/1 component compared at \S+: 1 missing\./);
  expect(printed).toContain('missing: Run "provisioner drift --repair"');
  expect(code).toBe(3);
  expect((await provisioner('--last')).printed).toBe(printed);
});

test('--json is one document', async () => {
  const { printed, code } = await provisioner('--json');
  expect(JSON.parse(printed)).toMatchObject({
    totals: { components: 1, missing: 1 },
    findings: [{ kind: 'missing', entity: 'connection' }],
    truncated: false,
  });
  expect(code).toBe(3);
});

test('--last and --repair do not go together', async () => {
  await expect(provisioner('--last', '--repair')).rejects.toThrow(/leave out --last/);
});

test('--repair provisions what is missing again, and touches nothing else', async () => {
  const foreign = await harness.entities();
  await provision('second');
  const [edited] = (await harness.entities()).connections;
  await harness.airbyte('PATCH', `/connections/${edited?.connectionId ?? ''}`, {
    status: 'inactive',
  });
  await harness.forgetCalls();
  const { printed, said, code } = await provisioner('--repair');
  expect(said).toBe('Provisioning 1 component again …');
  expect(printed).toMatch(/COMPLETED +│ \S+\.first +│ provision\.\S+first\.[0-9a-f]{12}/);
  expect(printed).toMatch(/2 components compared at \S+: 1 changed\./);
  expect(code).toBe(3);
  expect(counts(foreign)).toEqual([1, 1, 0]);
  const { sources, destinations, connections } = await harness.entities();
  expect(counts({ ...foreign, sources, destinations, connections })).toEqual([2, 2, 2]);
  expect(sources.map(({ sourceId }) => sourceId)).toContain(foreign.sources[0]?.sourceId);
  const writes = (await harness.calls()).filter(isWrite);
  expect(writes.map(({ operation }) => operation)).toEqual(['createConnection']);
});

test('a repair that fails is told, and so is what is still open', async () => {
  await loseConnection();
  await harness.fault({ operation: 'createConnection', status: 422 });
  const { printed, code } = await provisioner('--repair', '--json');
  await harness.clearFaults();
  expect(JSON.parse(printed)).toMatchObject({
    repairs: [{ status: 'FAILED' }],
    totals: { missing: 1 },
  });
  expect(code).toBe(3);
});
