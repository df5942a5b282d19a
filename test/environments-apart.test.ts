import { ValidationStatus } from '../src/contract/coordinator';
import { AdoptionReport } from '../src/contract/adoption';
import { makeAsScala } from './support/adoption-world';
import {
  control,
  listIn,
  permissionsOf,
  startEnvironments,
  stateOf,
  textOf,
} from './support/environments';
import type { Environments, Place } from './support/environments';
import { request } from './support/fixtures';
import { eventually } from './support/harness';

/* What is done in one environment, and what all the others have before and after it. */

let environments: Environments;
let names: Environments['names'];
beforeAll(async () => {
  environments = await startEnvironments({ AIRBYTE_GIVE_UP_AFTER: '1m' });
  ({ names } = environments);
});
afterAll(() => environments.stop());

const run = (...given: Parameters<Environments['run']>) => environments.run(...given);
const cli = (...args: string[]) => environments.cli(...args);
const everywhere = async () => ({
  near: await stateOf(environments.near),
  away: await stateOf(environments.away),
});

const who = async (airbyte: { url: string }) =>
  (await permissionsOf(airbyte)).map(({ of }) => of).sort();

const giveAccess = (place: Place, refs: string[]) => environments.giveAccess(place, refs);

const NAME = 'user:name.surname_agilelab.it';
const ENGINEER = 'user:data_engineer_agilelab.it';
const ALICE = 'user:alice@foo.bar';
const DEVS = 'group:devs';

test('who may use a workspace through one environment or team loses it by that one alone', async () => {
  const { near, away } = environments;
  const [dev, stage, marketing, far] = [
    { environment: names.dev },
    { environment: names.stage },
    { environment: names.dev, domain: 'marketing' },
    { environment: names.far },
  ];
  const entities = await everywhere();
  const atFirst = { near: await permissionsOf(near), away: await permissionsOf(away) };
  const given = await Promise.all([
    giveAccess(dev, [ALICE, DEVS, ENGINEER]),
    giveAccess(stage, [ALICE, NAME]),
    giveAccess(marketing, [ALICE, ENGINEER]),
    giveAccess(far, [ALICE, DEVS]),
  ]);
  expect(given.map(({ status, result }) => (status === 'COMPLETED' ? status : result))).toEqual(
    given.map(() => 'COMPLETED'),
  );
  expect(await who(near)).toEqual(
    ['alice@foo.bar', 'data_engineer@agilelab.it', 'devs', 'name.surname@agilelab.it'].sort(),
  );
  expect(await who(away)).toEqual(['alice@foo.bar', 'devs']);
  const before = { near: await permissionsOf(near), away: await permissionsOf(away) };

  const gone = await giveAccess(dev, []);
  expect(gone.result).toBe('Who has access is as asked: 1 revoked.');
  // As they were, ids and all: those whom another environment or team still gives it.
  expect(await permissionsOf(near)).toEqual(before.near.filter(({ of }) => of !== 'devs'));
  expect(await permissionsOf(away)).toEqual(before.away);

  await giveAccess(marketing, []);
  expect(await who(near)).toEqual(['alice@foo.bar', 'name.surname@agilelab.it']);
  expect(await permissionsOf(away)).toEqual(before.away);
  await giveAccess(far, []);
  expect(await who(near)).toEqual(['alice@foo.bar', 'name.surname@agilelab.it']);
  await giveAccess(stage, []);
  expect({ near: await permissionsOf(near), away: await permissionsOf(away) }).toEqual(atFirst);
  expect(await everywhere()).toEqual(entities);
});

test('an environment with a task queue of its own is validated by its worker', async () => {
  const verdictOn = async (place: Place) => {
    const { text: token } = await environments.call('POST', '/v2/validate', request(textOf(place)));
    return eventually(async () => {
      const { text } = await environments.call('GET', `/v2/validate/${token}/status`);
      const status = ValidationStatus.parse(JSON.parse(text));
      return status.status === 'RUNNING' ? undefined : status;
    }, `the end of ${token}`);
  };
  const place = { environment: names.far, component: 'judged' };
  expect((await verdictOn(place)).info?.publicInfo).toMatchObject({ valid: true });
  await control(environments.away, {
    at: '/faults',
    body: { operation: 'getWorkspace', status: 404, times: 0 },
  });
  const refused = await verdictOn({ ...place, component: 'refused' });
  const elsewhere = await verdictOn({ environment: names.dev, component: 'judged' });
  await control(environments.away, { method: 'DELETE', at: '/faults' });
  expect(refused.info?.publicInfo).toMatchObject({ valid: false });
  expect(elsewhere.info?.publicInfo).toMatchObject({ valid: true });
});

/** Starts a run that cannot end, as Airbyte makes no connection. */
const held = async (place: Place) => {
  const { away } = environments;
  await control(away, {
    at: '/faults',
    body: { operation: 'createConnection', status: 503, times: 0 },
  });
  const token = await environments.start('provision', place);
  await eventually(
    async () => (await cli('runs', 'show', token)).stdout.includes('503') || undefined,
    'Airbyte to be away',
  );
  return token;
};
const letGo = () => control(environments.away, { method: 'DELETE', at: '/faults' });

test('a DELETE ends a run on the task queue of its environment, and takes back what it did', async () => {
  const before = await everywhere();
  const token = await held({ environment: names.far, component: 'ended' });
  expect(listIn(await stateOf(environments.away), 'sources')).toHaveLength(1);
  const deleted = await environments.call('DELETE', `/v1/provision/${token}`);
  expect(deleted.status).toBe(202);
  expect((await environments.finished(token)).status).toBe('TERMINATED');
  await letGo();
  expect(await everywhere()).toEqual(before);
});

test('a run of an environment that leaves the file with its queue is unknown, and goes on when it is back', async () => {
  const { settings, write, farWorker } = environments;
  const token = await held({ environment: names.far, component: 'resumed' });
  const asked = async () => [
    await environments.call('GET', `/v1/provision/${token}/status`),
    await environments.call('DELETE', `/v1/provision/${token}`),
  ];
  const never = token.replace(/\.[0-9a-f]{12}$/, '.000000000000');
  const unknown = async () => ({
    status: await environments.call('GET', `/v1/provision/${never}/status`),
    deleted: await environments.call('DELETE', `/v1/provision/${never}`),
  });
  const { [names.far]: _, ...rest } = settings.environments;
  const there = Object.keys(rest);
  const teams = Object.fromEntries(
    Object.entries(settings.teams).map(([name, team]) => [
      name,
      {
        ...team,
        environments: there,
        defaultFabric: Object.fromEntries(there.map((each) => [each, name])),
      },
    ]),
  );
  const fabrics = Object.fromEntries(
    Object.entries(settings.fabrics).map(([name, fabric]) => [
      name,
      { ...fabric, environments: there },
    ]),
  );
  const taken = () =>
    [environments.gateway, farWorker].map(
      (program) => program.output().split('has changed, and is taken').length,
    );
  const changed = async (content: object | undefined) => {
    const before = taken();
    write(content);
    await eventually(
      () => taken().every((count, at) => count > (before[at] ?? 0)) || undefined,
      'the programs to take the file',
    );
  };
  await changed({ ...settings, environments: rest, teams, fabrics });
  const of = (answers: Awaited<ReturnType<typeof asked>>, id: string) =>
    answers.map(({ status, text }) => ({ status, text: text.replaceAll(id, 'TOKEN') }));
  const { status, deleted } = await unknown();
  expect(of(await asked(), token)).toEqual(of([status, deleted], never));
  expect(status.status).toBe(400);
  const list = await cli('runs', 'list', '--running');
  expect([list.code, list.stdout.includes(token)]).toEqual([0, false]);
  await letGo();
  await changed(undefined);
  expect((await environments.finished(token)).status).toBe('COMPLETED');
  expect((await cli('runs', 'list')).stdout).toContain(token);
});

test('a client secret rotated at Airbyte and in the file: runs of its environment go on, others never stop', async () => {
  const { away, rotateFar } = environments;
  const far = (component: string) => ({ environment: names.far, component });
  const underway = await held(far('underway'));
  await control(away, { at: '/client', body: { secret: 'rotated-secret' } });
  await control(away, { method: 'DELETE', at: '/tokens' });
  const [late, other] = await Promise.all([
    run('provision', far('late')),
    run('provision', { environment: names.dev, component: 'never-stops' }),
  ]);
  expect(late.status).toBe('FAILED');
  expect(other.status).toBe('COMPLETED');
  expect((await environments.finished(underway)).status).toBe('FAILED');
  rotateFar('rotated-secret');
  await letGo();
  for (const component of ['late', 'underway'])
    expect((await run('provision', far(component))).status).toBe('COMPLETED');
  const again = await held(far('again'));
  await control(away, { at: '/client', body: { secret: 'next-secret' } });
  rotateFar('next-secret');
  await control(away, { method: 'DELETE', at: '/tokens' });
  await letGo();
  expect(await environments.finished(again)).toMatchObject({ status: 'COMPLETED' });
  for (const secret of ['simulator-secret', 'rotated-secret', 'next-secret'])
    expect(environments.output()).not.toContain(secret);
});

test('adoption in one environment takes what a team may have there, and nothing of another', async () => {
  const { near, settings, write } = environments;
  const { teams } = settings;
  const made = { simulator: near };
  await run('provision', { environment: names.stage, component: 'adopted' });
  const before = await everywhere();
  for (const prefix of ['finance.old.0', 'hr.old.0', 'sales.old.0'])
    await makeAsScala(made, { prefix, given: 'loads' });
  const sales = { domains: ['sales'], environments: [names.stage] };
  write({ ...settings, teams: { ...teams, sales } });
  const report = async (environment: string, how: string) => {
    const { stdout } = await cli('adopt', '--environment', environment, how, '--json');
    return AdoptionReport.parse(JSON.parse(stdout));
  };
  await eventually(
    async () =>
      JSON.stringify((await report(names.stage, '--dry-run')).take).includes('sales.old.0') ||
      undefined,
    'the worker to know the team',
  );
  const told = await report(names.dev, '--yes');
  expect(told.totals).toMatchObject({ take: 1, taken: 1, left: { forbidden: 2 } });
  const left = told.left.filter(({ reason }) => reason === 'forbidden');
  expect(left.map(({ detail }) => detail).sort()).toEqual([
    `${names.dev}/hr.old.0.loads: is of a domain that belongs to no team`,
    `${names.dev}/sales.old.0.loads: ${names.dev} is not an environment of the team sales; there are ${names.stage}`,
  ]);
  const namesIn = async (kind: string) => listIn(await stateOf(near), kind).map(({ name }) => name);
  expect((await namesIn('sources')).toSorted()).toEqual(
    [
      ...listIn(before.near, 'sources').map(({ name }) => name),
      `finance.old.0.loads [${names.dev}/finance.old.0.loads]`,
      'hr.old.0.loads',
      'sales.old.0.loads',
    ].sort(),
  );
  const others = await report(names.stage, '--yes');
  expect(others.totals).toMatchObject({ take: 1, taken: 1 });
  const isOld = ({ name }: { name: string }) => / \[\S+old\.0\.loads\]$|^hr\./.test(name);
  const after = await everywhere();
  for (const kind of ['sources', 'destinations'])
    expect(listIn(after.near, kind).filter((one) => !isOld(one))).toEqual(
      listIn(before.near, kind),
    );
  expect(after.away).toEqual(before.away);
  write();
});
