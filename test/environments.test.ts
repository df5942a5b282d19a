import { z } from 'zod';
import { checkId } from '../src/runs/reconcile-schedule';
import { control, listIn, permissionsOf, startEnvironments, stateOf } from './support/environments';
import type { Environments, Place } from './support/environments';
import { eventually } from './support/harness';

/* Environments with and without an Airbyte and a task queue of their own, beside each other. */

let environments: Environments;
let names: Environments['names'];
beforeAll(async () => {
  environments = await startEnvironments();
  ({ names } = environments);
});
afterAll(() => environments.stop());

const run = (...given: Parameters<Environments['run']>) => environments.run(...given);
const cli = (...args: string[]) => environments.cli(...args);
const partOf = (isMeant: (key: string) => boolean) => environments.partOf(isMeant);

test('an environment with a task queue of its own is served by the worker there, and by no other', async () => {
  const { away, client, farQueue, worker } = environments;
  const token = await environments.start('provision', { environment: names.far });
  expect((await environments.finished(token)).status).toBe('COMPLETED');
  expect(listIn(await stateOf(away), 'connections')).toHaveLength(1);
  const { taskQueue } = await client.workflow.getHandle(token).describe();
  expect(taskQueue).toBe(farQueue);
  const list = await cli('runs', 'list', '--environment', names.far);
  expect([list.code, list.stdout.includes(token)]).toEqual([0, true]);
  const shown = await cli('runs', 'show', token);
  expect(shown.stdout).toContain(token);
  // Which is told by a look at the Airbyte there.
  const [made] = listIn(await stateOf(away), 'connections');
  expect(shown.stdout).toContain(String(made?.connectionId));
  const drift = await cli('drift', '--environment', names.far);
  expect([drift.code, drift.stdout]).toEqual([0, expect.stringContaining('no drift')]);
  const last = await cli('drift', '--last', '--environment', names.far);
  expect(last.stdout).toBe(drift.stdout);
  const replay = await cli('runs', 'replay', token, '--force', '--wait');
  expect([replay.code, replay.stderr]).toEqual([0, expect.any(String)]);
  expect(worker.output()).not.toContain('AIRBYTE_FAR');
});

const isScheduled = (taskQueue: string, environment: string) =>
  environments.client.schedule
    .getHandle(checkId(taskQueue, environment))
    .describe()
    .then(
      () => true,
      () => false,
    );

test('each worker keeps the schedules of its environments, also when the file changes', async () => {
  const { queue, farQueue, settings, write } = environments;
  const { [names.stage]: _, ...rest } = settings.environments;
  const all = () =>
    Promise.all(
      [queue, farQueue].map((each) =>
        Promise.all([names.dev, names.stage, names.far].map((name) => isScheduled(each, name))),
      ),
    );
  const areNow = (wanted: boolean[][]) =>
    eventually(
      async () => (JSON.stringify(await all()) === JSON.stringify(wanted) ? true : undefined),
      `the schedules ${JSON.stringify(wanted)}`,
    );
  await areNow([
    [true, true, false],
    [false, false, true],
  ]);
  const without = <Team extends { environments: string[]; defaultFabric: object }>(
    given: Team,
  ) => ({
    ...given,
    environments: given.environments.filter((name) => name !== names.stage),
    defaultFabric: Object.fromEntries(
      Object.entries(given.defaultFabric).filter(([name]) => name !== names.stage),
    ),
  });
  const { teams, fabrics } = settings;
  const anywhere = ({ environments: _all, ...fabric }: (typeof fabrics)['finance']) => fabric;
  write({
    gateway: settings.gateway,
    environments: rest,
    teams: { finance: without(teams.finance), marketing: without(teams.marketing) },
    fabrics: { finance: anywhere(fabrics.finance), marketing: anywhere(fabrics.marketing) },
  });
  await areNow([
    [true, false, false],
    [false, false, true],
  ]);
  write();
  await areNow([
    [true, true, false],
    [false, false, true],
  ]);
});

test('two environments, two majors and two teams of one workspace never touch what is the others’', async () => {
  const places: Place[] = [names.dev, names.stage].flatMap((environment) =>
    ['finance', 'marketing'].flatMap((domain) =>
      [0, 1].map((major) => ({ environment, domain, major, component: 'apart' })),
    ),
  );
  const ends = await Promise.all(places.map((place) => run('provision', place)));
  expect(ends.map(({ status, result }) => (status === 'COMPLETED' ? status : result))).toEqual(
    places.map(() => 'COMPLETED'),
  );
  const own: Place = { environment: names.dev, domain: 'finance', major: 0, component: 'apart' };
  const key = `${names.dev}/finance.cashflow.0.apart`;
  const others = () => partOf((each) => each !== key && each !== '');
  const before = await others();
  expect(before.connections).toHaveLength(7);
  await run('provision', { ...own });
  await run('unprovision', own, { removeData: true });
  expect((await partOf((each) => each === key)).connections).toEqual([]);
  expect(await others()).toEqual(before);
  await run('provision', own);
  expect(await others()).toEqual(before);
});

test('a repair of one environment leaves the drift of the other', async () => {
  const { near } = environments;
  const remove = async (environment: string) => {
    const token = await fetch(`${near.url}/api/public/v1/applications/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: 'simulator', client_secret: 'simulator-secret' }),
    });
    const { access_token: bearer } = z
      .object({ access_token: z.string() })
      .parse(await token.json());
    const { connections } = await partOf((key) => key === `${environment}/finance.cashflow.0.fix`);
    for (const { connectionId } of connections)
      await fetch(`${near.url}/api/public/v1/connections/${String(connectionId)}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${bearer}` },
      });
  };
  for (const environment of [names.dev, names.stage]) {
    expect((await run('provision', { environment, component: 'fix' })).status).toBe('COMPLETED');
    await remove(environment);
  }
  const connectionsOf = async (environment: string) =>
    (await partOf((key) => key === `${environment}/finance.cashflow.0.fix`)).connections.length;
  const repair = await cli('drift', '--repair', '--environment', names.dev);
  expect([repair.code, repair.stdout]).toEqual([0, expect.stringContaining('COMPLETED')]);
  expect([await connectionsOf(names.dev), await connectionsOf(names.stage)]).toEqual([1, 0]);
  const all = await cli('drift', '--json');
  // Of the environment whose credentials nobody has nothing can be told; of the others all is.
  expect(all.code).toBe(1);
  expect(all.stderr).toContain('AIRBYTE_NOWHERE');
  const { findings } = z
    .object({ findings: z.array(z.object({ kind: z.string(), component: z.string() })) })
    .parse(JSON.parse(all.stdout));
  expect(findings.filter(({ kind }) => kind === 'missing')).toEqual([
    { kind: 'missing', component: `${names.stage}/finance.cashflow.0.fix` },
  ]);
  const nowhere = await cli('drift', '--environment', 'nowhere');
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringContaining('nowhere is not in the configuration file; there are'),
  ]);
});

test('where Airbyte’s own credential is not there its runs fail and name it, and those of others go on', async () => {
  const [without, others] = await Promise.all([
    run('provision', { environment: names.broken, component: 'poor' }),
    run('provision', { environment: names.dev, component: 'rich' }),
  ]);
  expect(without.status).toBe('FAILED');
  expect(without.result).toContain(
    `Of Airbyte's credentials in ${names.broken} the secret "AIRBYTE_NOWHERE" is not there.`,
  );
  expect(others.status).toBe('COMPLETED');
  expect(environments.output()).not.toContain('simulator-secret');
});

test('what was granted before there was a file is inherited by the environment that says so, and by no other', async () => {
  const { near, client, queue, settings, write, worker, giveAccess } = environments;
  const place = { environment: names.dev, component: 'inherits' };
  const permissions = [{ email: 'alice@foo.bar', permissionType: 'workspace_reader' }];
  await control(near, { at: '/people', body: { permissions } });
  const given = await permissionsOf(near);
  const [permission] = given;
  const key = 'user:alice@foo.bar';
  const former = await client.workflow.start('grants', {
    workflowId: `grants.${queue}`,
    taskQueue: queue,
    args: [
      {
        wanted: { [`${names.dev}/finance.cashflow.0.inherits`]: [key] },
        grants: {
          [`${key} workspace_reader`]: {
            key,
            person: {
              kind: 'user',
              id: permission?.userId,
              organizationId: '00000000-0000-0000-0000-000000000000',
              name: permission?.of,
            },
            type: 'workspace_reader',
            id: permission?.permissionId,
          },
        },
      },
    ],
  });
  const isThere = async () => (await former.describe()).status.name;
  await giveAccess(place, []);
  expect([await permissionsOf(near), await isThere()]).toEqual([given, 'RUNNING']);
  const dev = { ...settings.environments[names.dev], grantsOfVariables: true };
  const looks = () => worker.output().split('has changed, and is taken').length;
  const before = looks();
  write({ ...settings, environments: { ...settings.environments, [names.dev]: dev } });
  await eventually(() => looks() > before || undefined, 'the worker to take the file');
  await giveAccess({ ...place, environment: names.far }, []);
  expect([await permissionsOf(near), await isThere()]).toEqual([given, 'RUNNING']);
  expect((await giveAccess(place, [])).result).toContain('1 revoked');
  expect([await permissionsOf(near), await isThere()]).toEqual([[], 'TERMINATED']);
  write();
});
