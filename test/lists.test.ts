import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { ReverseProvisioningStatus, ValidationStatus } from '../src/contract/coordinator';
import { accessOf } from './support/access';
import { API } from './support/airbyte-operations';
import { descriptor, request } from './support/fixtures';
import { counts, eventually, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

/*
 * A component in a workspace of 250 entities of each kind that are somebody else's, while their
 * lists move from page to page, and while some are of an odd form.
 */

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    // On a busy machine a list of thousands takes its time.
    env: { AIRBYTE_REQUEST_TIMEOUT: '10s', AIRBYTE_GIVE_UP_AFTER: '60s' },
    simulator: { edition: 'enterprise' },
  });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const LISTS = ['listSources', 'listDestinations', 'listConnections'] as const;
const OTHERS = 250;
const NAME = 'Payments CSV <> Snowflake';

const seed = (count: number, at: 'start' | 'end' = 'end') =>
  harness.control('POST', '/seed', {
    sources: count,
    destinations: count,
    connections: count,
    at,
  });

/** Ours behind so many of the others; the rest comes behind it. */
const arranged = async (component: string, before: number) => {
  const first = await harness.run('provision', { component });
  await seed(before, 'start');
  await seed(OTHERS - before);
  await harness.forgetCalls();
  const { sourceId, destinationId, connectionId } = first.info?.privateInfo ?? {};
  return { ids: [sourceId, destinationId, connectionId].map(String), info: first.info };
};

interface Move {
  name: string;
  /** How many of the others are before ours. */
  before: number;
  /** What happens after a first page: an effect of simulator/shifts.ts. */
  moved: (id: string) => object;
}

/** By offset any write moves the others; by cursor only the cursor itself can be lost. */
const MOVES: Move[] =
  API === 'public'
    ? [
        { name: 'hides ours', before: 150, moved: (hide) => ({ hide }) },
        { name: 'hides ours behind deletions', before: 150, moved: () => ({ delete: 60 }) },
        { name: 'doubles ours', before: 20, moved: (double) => ({ double }) },
        { name: 'doubles others', before: 150, moved: () => ({ add: 30 }) },
      ]
    : [
        { name: 'takes the cursor away', before: 150, moved: () => ({ delete: 1, of: 'last' }) },
        { name: 'takes a tail away', before: 150, moved: () => ({ delete: 7, of: 'last' }) },
      ];

/** From now on, whenever a first page was answered. */
const move = async (ids: string[], moved: (id: string) => object) => {
  for (const [index, operation] of LISTS.entries())
    await harness.fault({ operation, times: 0, shift: moved(ids[index] ?? '') });
};

/** What bears the component's key, or reads its source. */
const own = async (component: string) => {
  const { sources, destinations, connections } = await harness.entities();
  const isOwn = ({ name }: { name: string }) => name.includes(`.${component} #`);
  const source = sources.filter(isOwn);
  return [
    ...source.map(({ sourceId }) => sourceId),
    ...destinations.filter(isOwn).map(({ destinationId }) => destinationId),
    ...connections
      .filter(({ sourceId }) => source.some((one) => one.sourceId === sourceId))
      .map(({ connectionId }) => connectionId),
  ];
};

const validate = async (component: string, name = NAME) => {
  const text = descriptor({
    environment: harness.environment,
    component,
    connection: { name },
  });
  const token = (await harness.post('/v2/validate', request(text))).text;
  return eventually(async () => {
    const answer = await harness.call('GET', `/v2/validate/${token}/status`);
    const status = ValidationStatus.parse(answer.json());
    return status.status === 'RUNNING' ? undefined : status;
  }, `the end of ${token}`);
};

const reverse = async (params: object) => {
  const body = {
    useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
    environment: harness.environment,
    params,
  };
  const token = (await harness.post('/v1/reverse-provisioning', body)).text;
  return eventually(async () => {
    const answer = await harness.call('GET', `/v1/reverse-provisioning/${token}/status`);
    const status = ReverseProvisioningStatus.parse(answer.json());
    return status.status === 'RUNNING' ? undefined : status;
  }, `the end of ${token}`);
};

const isCompleted = (token: string) => async () => {
  const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
  return (await harness.client.workflow.count(query)).count > 0 || undefined;
};

const drift = async () => {
  const report = await createDrift({
    client: harness.client,
    queues: oneQueue(harness.environment),
  }).check();
  const key = (component: string) => `${harness.environment}/finance.cashflow.0.${component}`;
  return {
    ...report,
    about: (component: string) =>
      report.findings.filter((finding) => finding.component === key(component)),
  };
};

const writes = async () => (await harness.calls()).filter(isWrite);

describe.each(MOVES)('a list that $name', ({ name, before, moved }) => {
  const called = name.replaceAll(' ', '-');

  test('does not double a pipeline that is there already', async () => {
    const component = `same-${called}`;
    const { ids } = await arranged(component, before);
    await move(ids, moved);
    expect(await harness.run('provision', { component })).toMatchObject({ status: 'COMPLETED' });
    expect(await writes()).toEqual([]);
    expect(await own(component)).toEqual(ids);
  });

  test('does not keep an update from its pipeline', async () => {
    const component = `update-${called}`;
    const { ids } = await arranged(component, before);
    await move(ids, moved);
    const url = 'https://files.example.invalid/other.csv';
    const connection = { prefix: 'other_' };
    const status = await harness.run('provision', { component, url, connection });
    expect(status.status).toBe('COMPLETED');
    expect(await own(component)).toEqual(ids);
    const { sources } = await harness.entities();
    expect(sources.find(({ sourceId }) => sourceId === ids[0])?.configuration.url).toBe(url);
  });

  test('leaves nothing behind of what is removed', async () => {
    const component = `remove-${called}`;
    const { ids } = await arranged(component, before);
    await move(ids, moved);
    const status = await harness.run('unprovision', { component });
    expect(status.result).toBe('Nothing of the component is left in Airbyte.');
    const { sources, destinations, connections } = await harness.entities();
    const left = [
      ...sources.map(({ sourceId }) => sourceId),
      ...destinations.map(({ destinationId }) => destinationId),
      ...connections.map(({ connectionId }) => connectionId),
    ];
    expect(left.filter((id) => ids.includes(id))).toEqual([]);
    expect(await own(component)).toEqual([]);
  });

  test('does not make validation or the check for drift tell what is not so', async () => {
    const component = `told-${called}`;
    const token = await harness.start('provision', { component });
    await harness.finished(token);
    const { ids } = await arranged(component, before);
    await eventually(isCompleted(token), `${token} in the list`);
    await move(ids, moved);
    const { info } = await validate(component);
    expect(info?.publicInfo).toEqual({ valid: true });
    const told = info?.privateInfo?.checks.join('\n') ?? '';
    for (const [index, kind] of ['source', 'destination'].entries())
      expect(told).toMatch(
        new RegExp(`specific.${kind}: is in Airbyte already: .*${ids[index] ?? ''}`),
      );
    await harness.clearFaults();
    await harness.resetAirbyte();
    const again = await arranged(component, before);
    await move(again.ids, moved);
    expect((await drift()).about(component)).toEqual([]);
  });

  test('does not keep reverse provisioning from a connection by its name', async () => {
    const component = `reverse-${called}`;
    const { ids } = await arranged(component, before);
    await move(ids, moved);
    const found = await reverse({ connectionName: NAME });
    expect(found.status).toBe('COMPLETED');
  });

  test('does not lose what a lost creation has made', async () => {
    const component = `lost-${called}`;
    await seed(before, 'start');
    await seed(OTHERS - before);
    for (const operation of ['createSource', 'createDestination'])
      await harness.fault({ operation, reset: 'after' });
    const key = `.${component} #`;
    await move([key, key, NAME], moved);
    const status = await harness.run('provision', { component });
    expect(status.status).toBe('COMPLETED');
    const { sourceId, destinationId, connectionId } = status.info?.privateInfo ?? {};
    expect(await own(component)).toEqual([sourceId, destinationId, connectionId]);
  });
});

test.each(MOVES)('a first provision is undone though its list $name', async ({ name, moved }) => {
  const component = `undone-${name.replaceAll(' ', '-')}`;
  await seed(150, 'start');
  await seed(100);
  await harness.fault({ operation: 'createConnection', status: 422, commit: true });
  await move([`.${component} #`, `.${component} #`, NAME], moved);
  const status = await harness.run('provision', { component });
  expect(status.status).toBe('FAILED');
  expect(status.result).not.toContain('Left behind');
  expect(await own(component)).toEqual([]);
});

test('five thousand of each are no hindrance', async () => {
  await seed(5000);
  const calls = async (act: () => Promise<{ status: string }>) => {
    await harness.forgetCalls();
    expect((await act()).status).toBe('COMPLETED');
    return (await harness.calls()).length;
  };
  const component = 'crowded';
  const url = 'https://files.example.invalid/other.csv';
  const made = await calls(() => harness.run('provision', { component }));
  const again = await calls(() => harness.run('provision', { component, url }));
  const removed = await calls(() => harness.run('unprovision', { component }));
  // Through the public API, 51 pages each: two looks for what is new, one for what is there.
  const most = API === 'public' ? [315, 160, 163] : [8, 10, 9];
  const counted = [made, again, removed];
  expect(counted).toEqual(counted.map((count, index) => Math.min(count, most[index] ?? 0)));
});

if (API === 'public') {
  test('a namesake on a page that moved is still in the way', async () => {
    const { ids } = await arranged('namesake', 150);
    await harness.fault({ operation: 'listConnections', times: 0, shift: { hide: ids[2] } });
    const { info } = await validate('another');
    expect(info?.privateInfo?.checks.join('\n')).toMatch(
      /connection\.name: is the name of another connection too/,
    );
  });

  test('groups are found on a page that moved', async () => {
    const access = accessOf(harness);
    const names = Array.from({ length: 250 }, (_, index) => ({ name: `crowd ${String(index)}` }));
    await access.seed({ groups: [...names.slice(0, 150), { name: 'late' }, ...names.slice(150)] });
    await harness.fault({ operation: 'listGroups', times: 0, shift: { hide: 'late' } });
    const status = await access.update(['group:late']);
    expect(status).toMatchObject({ status: 'COMPLETED' });
    expect(await access.who()).toEqual(['late: workspace_reader']);
    await access.forget();
  });
}

const odd = (id: string | undefined, given: object) =>
  harness.control('POST', '/odd', { id, ...given });

/** Of each kind one of somebody else's that lacks what is always there, or has it in another form. */
const oddOthers = async () => {
  await harness.control('POST', '/seed', { sources: 4, destinations: 4, connections: 4 });
  const { sources, destinations, connections } = await harness.entities();
  const [source, destination, connection] = [sources, destinations, connections].map((all) =>
    all.slice(-4),
  );
  const forms: object[] = [
    { fields: { name: null } },
    { fields: { configuration: 7, status: 7 } },
    { without: ['configuration', 'destinationId', 'status'] },
    { fields: { definitionId: null, workspaceId: null, configurations: { streams: [{}] } } },
  ];
  for (const [index, form] of forms.entries()) {
    await odd(String(source?.[index]?.sourceId), form);
    if (index !== 2) await odd(String(destination?.[index]?.destinationId), form);
    await odd(String(connection?.[index]?.connectionId), form);
  }
};

test('what others have in an odd form stops nobody', async () => {
  await oddOthers();
  const before = counts(await harness.entities());
  const first = await harness.run('provision', { component: 'unstopped' });
  expect(first).toMatchObject({ status: 'COMPLETED' });
  expect((await validate('unstopped')).info?.publicInfo).toEqual({ valid: true });
  expect((await drift()).about('unstopped')).toEqual([]);
  expect((await reverse({ connectionName: NAME })).status).toBe('COMPLETED');
  const removed = await harness.run('unprovision', { component: 'unstopped' });
  expect(removed.status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual(before);
  const logs = harness.worker()?.output() ?? '';
  expect(logs).toMatch(/"fields":"[^"]*","isKept":(true|false),"msg":"Airbyte shows something/);
});

test.each([
  ['connection', { fields: { status: null } }],
  ['destination', { fields: { definitionId: 7 } }],
] as const)(
  'what is to be taken over is refused if its %s is of an odd form',
  async (kind, form) => {
    await harness.control('POST', '/seed', { connections: 1 });
    const { destinations, connections } = await harness.entities('?secrets=true');
    const adopt = connections[0]?.connectionId;
    await odd(kind === 'connection' ? adopt : destinations[0]?.destinationId, form);
    const before = await harness.entities('?secrets=true');
    const connection = { adopt };
    const status = await harness.run('provision', { component: `taken-${kind}`, connection });
    expect(status.status).toBe('FAILED');
    expect(status.result).toMatch(
      new RegExp(`Airbyte shows the ${kind} "seeded 0" \\(.*\\) in a form that is not understood`),
    );
    expect(await harness.entities('?secrets=true')).toEqual(before);
  },
);

const LACKING = { without: ['configuration'] };

describe.each([
  ['source', 0, { fields: { configuration: 'hush' } }, /onfiguration/],
  ['source', 0, LACKING, /onfiguration/],
  ['destination', 1, { fields: { definitionId: 7 } }, /efinitionId/],
  ['connection', 2, { fields: { status: null } }, /status/],
  ['connection', 2, { without: ['destinationId'] }, /destinationId/],
] as const)("a component's own %s (%#) of an odd form", (kind, index, form, field) => {
  const component = `odd-${kind}-${Object.keys(form).join()}`;
  const start = async () => {
    const token = await harness.start('provision', { component });
    const { info } = await harness.finished(token);
    const { sourceId, destinationId, connectionId } = info?.privateInfo ?? {};
    const ids = [sourceId, destinationId, connectionId].map(String);
    await eventually(isCompleted(token), `${token} in the list`);
    await odd(ids[index], form);
    await harness.forgetCalls();
    const components = [
      { id: `urn:dmb:cmp:finance:cashflow:0:${component}`, info: { publicInfo: {}, ...info } },
    ];
    return { ids, told: { latestEnrichedDescriptor: JSON.stringify({ components }) } };
  };
  const refusal = (id: string | undefined) =>
    new RegExp(
      `Airbyte shows the ${kind} ".*" \\(${id ?? ''}\\) in a form that is not understood \\(.*${field.source}`,
    );

  test('is refused by name, neither written nor deleted', async () => {
    const { ids, told } = await start();
    const before = await harness.entities('?secrets=true');
    for (const more of [{}, told])
      for (const operation of ['provision', 'unprovision'] as const) {
        const url = 'https://files.example.invalid/other.csv';
        const status = await harness.run(operation, { component, url }, more);
        expect(status.status).toBe('FAILED');
        expect(status.result).toMatch(refusal(ids[index]));
        expect(status.result).toContain(`Correct the ${kind} in Airbyte, or delete it there`);
      }
    expect(await writes()).toEqual([]);
    expect(await harness.entities('?secrets=true')).toEqual(before);
  });

  test('is a finding of a validation, and told by a check for drift', async () => {
    const { ids } = await start();
    const { info } = await validate(component);
    const errors = info?.publicInfo.error?.errors ?? [];
    expect(errors).toEqual([expect.stringMatching(refusal(ids[index]))]);
    const report = await drift();
    expect(report.about(component)).toEqual([]);
    expect(report.totals.unreadable).toBeGreaterThanOrEqual(1);
    const isLogged = () =>
      (harness.worker()?.output() ?? '')
        .split('\n')
        .filter((line) => line.includes('"msg":"a component cannot be compared"'))
        .some((line) => line.includes(`(${ids[index] ?? ''}) in a form that is not understood`));
    // A worker's log may come after the report of its check.
    await eventually(() => isLogged() || undefined, 'the log of the worker');
  });

  test('is refused by name when it is to be read into a descriptor', async () => {
    const { ids } = await start();
    const status = await reverse({ connectionId: ids[2] });
    expect(status.status).toBe('FAILED');
    // Without a configuration it reads back as one that is deleted.
    if (form === LACKING) return;
    expect(JSON.stringify(status)).toMatch(
      new RegExp(`Airbyte shows the ${kind} .*${ids[index] ?? ''}.*not understood`),
    );
  });
});
