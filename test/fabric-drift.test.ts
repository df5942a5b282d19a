import type { DriftReport } from '../src/contract/drift';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { listIn } from './support/environments';
import { startFabricWorld } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* What a check for drift finds of schemas, roles and grants; each test has a component of its own. */

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({ env: { AIRBYTE_REQUEST_TIMEOUT: '10s' } });
});
afterAll(async () => {
  await world.stop();
});
afterEach(async () => {
  await world.clearFaults();
  await world.clearAirbyteFaults();
});

const keyOf = (component: string) => `${world.environment}/finance.cashflow.0.${component}`;

/** Runs to the end, and until Temporal's list, which lags behind, says so. */
const run = async (
  operation: 'provision' | 'unprovision',
  changes: FabricChanges,
  ends: 'Completed' | 'Failed' = 'Completed',
) => {
  const token = await world.start(operation, changes);
  await world.finished(token);
  await eventually(async () => {
    const query = `WorkflowId = '${token}' AND ExecutionStatus = '${ends}'`;
    return (await world.client.workflow.count(query)).count > 0 || undefined;
  }, `${token} in the list as ${ends}`);
  return token;
};

const check = () =>
  createDrift({ client: world.client, queues: oneQueue(world.env.TEMPORAL_TASK_QUEUE) }).check(
    world.environment,
  );

const about = ({ findings }: DriftReport, component: string) =>
  findings
    .filter((finding) => finding.component === keyOf(component))
    .map(({ kind, entity, name, fabric, differs, token }) => ({
      kind,
      entity,
      name,
      ...(fabric !== undefined && { fabric }),
      ...(differs && { differs: differs.length }),
      ...(token !== undefined && { token }),
    }));

const roleOf = async (component: string) => {
  const { roles } = await world.warehouse();
  return roles.find(({ comment }) => comment === `provisioner:${keyOf(component)}`)?.name ?? '';
};

const statements = async () => (await world.requests()).flatMap(({ statement }) => statement ?? []);

const loseConnection = async (component: string) => {
  const { airbyte } = await world.state();
  const source = listIn(airbyte, 'sources').find(({ name }) => name.includes(keyOf(component)));
  const connections = listIn(airbyte, 'connections');
  const connection = connections.find(({ sourceId }) => sourceId === source?.sourceId);
  await world.inAirbyte('DELETE', `/connections/${String(connection?.connectionId)}`);
};

const fabric = 'finance-dev';
const aText: unknown = expect.any(String);
const aNumber: unknown = expect.any(Number);
const unavailable: unknown = expect.stringContaining('503');

test('what provisions have made is no drift, and looking at it writes nothing', async () => {
  await run('provision', { component: 'one' });
  await run('provision', { component: 'two' });
  await run('provision', { component: 'three' });
  const before = await world.state();
  await world.forgetRequests();
  const report = await check();
  expect(report.totals).toMatchObject({ components: 3, unreadable: 0 });
  expect(report.findings).toEqual([]);
  expect(report.unreached).toBeUndefined();
  expect(await world.state()).toEqual(before);
  const asked = await statements();
  expect(asked.filter((text) => !/^(SHOW|SELECT) /.test(text))).toEqual([]);
  // One list for all: of the databases, of the schemas of one, of what is granted on it, of the roles.
  const lists = asked.filter((text) =>
    /^SHOW (ROLES|DATABASES|SCHEMAS|GRANTS ON DATABASE)/.test(text),
  );
  expect(lists).toHaveLength(4);
});

test('a schema that somebody has dropped is missing, and a repair makes it again', async () => {
  const token = await run('provision', { component: 'dropped' });
  await world.sql('DROP SCHEMA "ANALYTICS"."DROPPED"', 'PROVISIONER');
  expect(about(await check(), 'dropped')).toEqual([
    { kind: 'missing', entity: 'schema', name: 'ANALYTICS.DROPPED', fabric, token },
    { kind: 'missing', entity: 'grant', name: aText, fabric, differs: aNumber, token },
  ]);
  const { code, stdout } = await world.cli('drift', '--repair');
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/COMPLETED +\S+dropped/);
  expect(about(await check(), 'dropped')).toEqual([]);
  const { databases } = await world.warehouse();
  const schemas = databases.flatMap(({ schemas: all }) => all.map(({ name }) => name));
  expect(schemas).toContain('DROPPED');
});

test('a grant that somebody has revoked is missing, by name', async () => {
  const token = await run('provision', { component: 'revoked' });
  const role = await roleOf('revoked');
  await world.sql(`REVOKE USAGE ON SCHEMA "ANALYTICS"."REVOKED" FROM ROLE "${role}"`);
  expect(about(await check(), 'revoked')).toEqual([
    {
      kind: 'missing',
      entity: 'grant',
      name: `USAGE on the schema ANALYTICS.REVOKED for the role ${role}`,
      fabric,
      token,
    },
  ]);
  const { stdout } = await world.cli('drift');
  expect(stdout).toMatch(/^missing .*grant USAGE on the schema ANALYTICS\.REVOKED/m);
  expect(stdout).toMatch(/in finance-dev/);
  await run('unprovision', { component: 'revoked', removeData: true });
});

test('a schema that bears another mark by now is foreign, and told with what to do', async () => {
  const token = await run('provision', { component: 'taken' });
  await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."TAKEN" IS 'by hand'`, 'PROVISIONER');
  const report = await check();
  expect(about(report, 'taken')).toEqual([
    { kind: 'foreign', entity: 'schema', name: 'ANALYTICS.TAKEN', fabric, token },
  ]);
  expect(report.totals.foreign).toBe(1);
  const [finding] = report.findings.filter(({ kind }) => kind === 'foreign');
  expect(finding?.remedy).toMatch(/^The schema ANALYTICS\.TAKEN .* COMMENT /);
  const tag = `provisioner:${keyOf('taken')}`;
  await world.sql(`COMMENT ON SCHEMA "ANALYTICS"."TAKEN" IS '${tag}'`, 'PROVISIONER');
  expect(about(await check(), 'taken')).toEqual([]);
});

test('of a component that was unprovisioned a role is orphaned, and data that was kept is not', async () => {
  await run('provision', { component: 'gone' });
  const role = await roleOf('gone');
  const token = await run('unprovision', { component: 'gone' });
  const report = await check();
  expect(about(report, 'gone')).toEqual([]);
  const kept = { component: keyOf('gone'), name: 'ANALYTICS.GONE', fabric, token };
  expect(report.kept).toContainEqual(kept);
  await world.sql(`CREATE ROLE "${role}" COMMENT = 'provisioner:${keyOf('gone')}'`);
  expect(about(await check(), 'gone')).toEqual([
    { kind: 'orphaned', entity: 'role', name: role, fabric, token },
  ]);
  await world.sql(`DROP ROLE "${role}"`);
});

test('data that a removed component has left where nobody else is, is shown, and is no finding', async () => {
  await world.sql('CREATE DATABASE "ALONE"', 'SYSADMIN');
  await world.sql(
    'GRANT USAGE ON DATABASE "ALONE" TO ROLE "PROVISIONER" WITH GRANT OPTION',
    'SYSADMIN',
  );
  await world.sql('GRANT CREATE SCHEMA ON DATABASE "ALONE" TO ROLE "PROVISIONER"', 'SYSADMIN');
  const place = { component: 'alone', database: 'ALONE' };
  await run('provision', place);
  const token = await run('unprovision', place);
  const kept = { component: keyOf('alone'), name: 'ALONE.ALONE', fabric, token };
  const report = await check();
  expect(about(report, 'alone')).toEqual([]);
  expect(report.kept).toContainEqual(kept);
  const { stdout } = await world.cli('drift');
  expect(stdout).toContain(`  ${keyOf('alone')}: ALONE.ALONE in finance-dev`);
  await run('unprovision', { ...place, removeData: true });
  expect((await check()).kept ?? []).not.toContainEqual(kept);
});

test('a database that was made for a domain, and that nobody of it uses, is orphaned', async () => {
  const lone = () => world.sql('CREATE DATABASE "LONE"', 'SYSADMIN');
  const given = (what: string) =>
    world.sql(
      `GRANT ${what} ON DATABASE "LONE" TO ROLE "PROVISIONER" WITH GRANT OPTION`,
      'SYSADMIN',
    );
  await lone();
  await given('USAGE');
  await given('CREATE SCHEMA');
  const domain = `${world.environment}/finance`;
  const databases = async () =>
    (await check()).findings
      .filter(({ entity }) => entity === 'database')
      .map(({ kind, component, name }) => ({ kind, component, name }));
  const tag = (comment: string) =>
    world.sql(`COMMENT ON DATABASE "LONE" IS '${comment}'`, 'SYSADMIN');
  await tag(`provisioner:${domain}`);
  const place = { component: 'lone', database: 'LONE' };
  await run('provision', place);
  // Nobody's schema is seen for a component's, but one is wanted.
  await world.sql('DROP SCHEMA "LONE"."LONE"', 'PROVISIONER');
  expect(await databases()).toEqual([]);
  await run('provision', place);
  await run('unprovision', place);
  expect(await databases()).toEqual([]);
  await world.sql('DROP SCHEMA "LONE"."LONE"', 'PROVISIONER');
  const unused = { kind: 'orphaned', component: domain, name: 'LONE' };
  expect(await databases()).toEqual([unused]);
  await tag(`provisioner:${domain} (being removed)`);
  expect(await databases()).toEqual([unused]);
  for (const comment of ['provisioner:far/finance', 'of somebody', `provisioner:${domain}.x.0.y`]) {
    await tag(comment);
    expect(await databases()).toEqual([]);
  }
});

test('what a failed first provision could not take back is orphaned', async () => {
  await world.airbyteFault({ operation: 'createConnection', status: 422, times: 0 });
  await world.fault({ operation: 'dropSchema', code: '003001', times: 0 });
  const token = await run('provision', { component: 'left' }, 'Failed');
  await world.clearFaults();
  await world.clearAirbyteFaults();
  expect(about(await check(), 'left')).toContainEqual({
    kind: 'orphaned',
    entity: 'schema',
    name: 'ANALYTICS.LEFT',
    fabric,
    token,
  });
});

test('what bears the tag of a component that no run made is untraced, others’ are not told', async () => {
  await world.sql(
    `CREATE SCHEMA "ANALYTICS"."UNKNOWN" COMMENT = 'provisioner:${keyOf('unknown')}'`,
  );
  await world.sql(`CREATE SCHEMA "ANALYTICS"."BY_HAND"`);
  await world.sql(
    `CREATE SCHEMA "ANALYTICS"."FAR" COMMENT = 'provisioner:far/finance.cashflow.0.unknown'`,
  );
  const report = await check();
  expect(about(report, 'unknown')).toEqual([
    { kind: 'untraced', entity: 'schema', name: 'ANALYTICS.UNKNOWN', fabric },
  ]);
  expect(JSON.stringify(report)).not.toMatch(/BY_HAND|FAR/);
});

test('a fabric that does not answer is told, and hides nothing of Airbyte', async () => {
  const token = await run('provision', { component: 'deaf' });
  await loseConnection('deaf');
  await world.fault({ operation: 'submitStatement', status: 503, times: 0 });
  const report = await check();
  expect(about(report, 'deaf')).toEqual([
    { kind: 'missing', entity: 'connection', name: aText, token },
  ]);
  expect(report.unreached?.[0]?.some).toContain(keyOf('deaf'));
  expect(report.unreached).toEqual([
    {
      fabric,
      system: 'Snowflake',
      components: report.totals.components,
      some: report.unreached?.[0]?.some,
      problem: unavailable,
      solution: aText,
    },
  ]);
  const { stdout } = await world.cli('drift', '--last');
  expect(stdout).toMatch(
    /^Not compared with the fabric finance-dev \(Snowflake\): \d+ components \(\S+.*\)\./m,
  );
});

test('looks that fail hide nothing of the other looks', async () => {
  const token = await run('provision', { component: 'seen' });
  await run('provision', { component: 'unseen' });
  const role = await roleOf('unseen');
  await world.sql('DROP SCHEMA "ANALYTICS"."SEEN"', 'PROVISIONER');
  await world.fault({ operation: 'submitStatement', statement: role, status: 503, times: 0 });
  const report = await check();
  expect(about(report, 'seen')).toContainEqual({
    kind: 'missing',
    entity: 'schema',
    name: 'ANALYTICS.SEEN',
    fabric,
    token,
  });
  expect(report.unreached).toEqual([
    {
      fabric,
      system: 'Snowflake',
      components: 1,
      some: [keyOf('unseen')],
      problem: unavailable,
      solution: aText,
    },
  ]);
});

test('one that fails once is asked again', async () => {
  await world.fault({ operation: 'submitStatement', status: 503, times: 1 });
  expect((await check()).unreached).toBeUndefined();
});

test('a fabric that is not in the file any more hides nothing of the others', async () => {
  const { fabrics, ...rest } = world.settings;
  world.write({
    ...rest,
    teams: { finance: { ...rest.teams.finance, defaultFabric: undefined } },
  });
  expect(Object.keys(fabrics)).toEqual([fabric]);
  const report = await eventually(async () => {
    const seen = await check();
    return seen.totals.unreadable > 0 && seen.totals.components === 0 ? seen : undefined;
  }, 'a check by the changed file');
  expect(report.findings.filter(({ kind }) => kind === 'missing')).toEqual([]);
  world.write();
});
