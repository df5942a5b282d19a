import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { GATEWAY } from '../src/metrics/gateway';
import type { Described } from '../src/metrics/instruments';
import { WORKER } from '../src/metrics/worker';
import { API } from './support/airbyte-operations';
import { descriptor, request } from './support/fixtures';
import { CANARY, eventually, startHarness, startProgram } from './support/harness';
import type { Harness } from './support/harness';
import { familiesIn, faultsOf, textOf, valueIn } from './support/metrics';

/* Real programs, and what they serve at /metrics after what is to change it. */

type Program = 'gateway' | 'worker';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ env: { AIRBYTE_GIVE_UP_AFTER: '1m', OPERATIONS: 'on' } });
});
afterAll(() => harness.stop());
afterEach(() => harness.clearFaults());

const valueOf = async (program: Program, name: string, labels?: Record<string, string>) =>
  valueIn(await textOf(harness, program), name, labels);

type Change = [program: Program, name: string, labels: Record<string, string>, by: number];

/** How each of these has changed by something, once it has: what is told at its end may come a moment later. */
const changesOf = async (wanted: Change[], cause: () => Promise<unknown>) => {
  const now = async () => {
    const texts = {
      gateway: await textOf(harness, 'gateway'),
      worker: await textOf(harness, 'worker'),
    };
    return wanted.map(([program, name, labels]) => valueIn(texts[program], name, labels) ?? 0);
  };
  const before = await now();
  await cause();
  let last: number[] = [];
  await eventually(
    async () => {
      last = (await now()).map((value, index) => value - (before[index] ?? 0));
      return last.every((by, index) => by === wanted[index]?.[3]) || undefined;
    },
    'the changes',
    10_000,
  ).catch(() => undefined);
  return wanted.map(([program, name, labels], index): Change => [
    program,
    name,
    labels,
    last[index] ?? NaN,
  ]);
};

const isChanged = async (wanted: Change[], cause: () => Promise<unknown>) => {
  expect(await changesOf(wanted, cause)).toEqual(wanted);
};

const RUNS = 'provisioner_runs_total';
const FAILURES = 'provisioner_run_failures_total';
const STEPS = 'provisioner_step_attempts_total';
const CALLS = 'provisioner_airbyte_calls_total';
const UNDOS = 'provisioner_compensations_total';
const LEFT = 'provisioner_left_behind_total';
const HTTP = 'provisioner_http_request_duration_seconds_count';
const REFUSALS = 'provisioner_http_refusals_total';

/** What the API in use calls the creation of a source. */
const CREATE = API === 'public' ? 'POST /sources' : 'POST /sources/create';

test('runs that wait are told by what they wait for, and since when', async () => {
  const isIn = (how: string) =>
    eventually(
      async () =>
        (await valueOf('gateway', 'provisioner_open_runs', {
          operation: 'provision',
          state: how,
        })) === 1 || undefined,
      how,
    );
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const before = Date.now() / 1000 - 1;
  const first = await harness.start('provision', { component: 'queue' });
  await isIn('working');
  const second = await harness.start('provision', {
    component: 'queue',
    connection: { prefix: 'x_' },
  });
  await isIn('waiting_for_run');
  await harness.worker()?.end();
  const third = await harness.start('provision', { component: 'other' });
  await isIn('waiting_for_worker');
  const since = await valueOf('gateway', 'provisioner_open_runs_oldest_start_timestamp_seconds', {
    state: 'waiting_for_run',
  });
  expect(since).toBeGreaterThan(before);
  expect(since).toBeLessThan(Date.now() / 1000);
  await harness.clearFaults();
  await harness.startWorker();
  await Promise.all([first, second, third].map((token) => harness.finished(token)));
  await eventually(
    async () => (await valueOf('gateway', 'provisioner_open_runs')) === 0 || undefined,
    'nobody who goes on',
  );
});

test('a provision is counted and measured: the run, its steps, its calls, its request', () =>
  isChanged(
    [
      ['worker', RUNS, { operation: 'provision', outcome: 'completed' }, 1],
      ['worker', RUNS, { operation: 'provision', outcome: 'failed' }, 0],
      ['worker', 'provisioner_run_duration_seconds_count', { operation: 'provision' }, 1],
      ['worker', STEPS, { step: 'putSource', outcome: 'completed' }, 1],
      ['worker', 'provisioner_step_duration_seconds_count', { step: 'putSource' }, 1],
      ['worker', CALLS, { api: API, operation: CREATE, status: '200' }, 1],
      [
        'worker',
        'provisioner_airbyte_call_duration_seconds_count',
        { api: API, operation: CREATE },
        1,
      ],
      ['gateway', HTTP, { route: 'provision', status: '202' }, 1],
    ],
    () => harness.run('provision', { component: 'counted' }),
  ));

test('attempts are counted by how they ended, and their calls by what was answered or not', () =>
  isChanged(
    [
      ['worker', STEPS, { step: 'putSource', outcome: 'retried' }, 2],
      ['worker', STEPS, { step: 'putSource', outcome: 'completed' }, 1],
      ['worker', 'provisioner_step_duration_seconds_count', { step: 'putSource' }, 1],
      ['worker', CALLS, { operation: CREATE, status: '503' }, 1],
      ['worker', CALLS, { operation: CREATE, status: 'unreachable' }, 1],
    ],
    async () => {
      await harness.fault({ operation: 'createSource', status: 503 });
      await harness.fault({ operation: 'createSource', reset: 'before' });
      expect((await harness.run('provision', { component: 'retried' })).status).toBe('COMPLETED');
    },
  ));

test('a run that fails tells what it took back, and what it left', () =>
  isChanged(
    [
      ['worker', RUNS, { operation: 'provision', outcome: 'failed' }, 1],
      ['worker', FAILURES, { operation: 'provision', cause: 'refused' }, 1],
      ['worker', FAILURES, {}, 1],
      ['worker', UNDOS, { entity: 'destination', outcome: 'undone' }, 1],
      ['worker', UNDOS, { entity: 'source', outcome: 'left_behind' }, 1],
      ['worker', LEFT, { operation: 'provision' }, 1],
      ['worker', STEPS, { step: 'deleteSource', outcome: 'refused' }, 1],
    ],
    async () => {
      await harness.fault({ operation: 'createConnection', status: 422, times: 0 });
      await harness.fault({ operation: 'deleteSource', status: 403, times: 0 });
      expect((await harness.run('provision', { component: 'broken' })).status).toBe('FAILED');
    },
  ));

test('what an unprovision leaves is counted with it', () =>
  isChanged(
    [
      ['worker', RUNS, { operation: 'unprovision', outcome: 'failed' }, 1],
      ['worker', RUNS, { operation: 'unprovision', outcome: 'completed' }, 1],
      ['worker', LEFT, { operation: 'unprovision' }, 1],
    ],
    async () => {
      await harness.run('provision', { component: 'leaves' });
      await harness.fault({ operation: 'deleteDestination', status: 403, times: 0 });
      await harness.run('unprovision', { component: 'leaves' });
      await harness.clearFaults();
      await harness.run('unprovision', { component: 'leaves' });
    },
  ));

test('a run that is told to end is cancelled, and so is its step', () =>
  isChanged(
    [
      ['worker', RUNS, { operation: 'provision', outcome: 'cancelled' }, 1],
      ['gateway', HTTP, { route: 'terminateProvisioning', status: '202' }, 1],
    ],
    async () => {
      await harness.fault({ operation: 'createSource', status: 503, times: 0 });
      const token = await harness.start('provision', { component: 'ended' });
      await eventually(
        async () => (await harness.calls('createSource')).length > 0 || undefined,
        'its first write',
      );
      await harness.call('DELETE', `/v1/provision/${token}`);
      await eventually(
        async () => (await harness.status(token)).status === 'TERMINATED' || undefined,
        'its end',
      );
    },
  ));

test.each([
  ['invalid', 'provision', '400', () => harness.post('/v1/provision', request('a: b'))],
  ['not_understood', 'provision', '400', () => harness.call('POST', '/v1/provision', '{')],
  ['not_understood', 'provision', '415', () => harness.call('POST', '/v1/provision', '', 'text/x')],
  ['not_understood', 'other', '404', () => harness.call('GET', '/v3/anything')],
  ['not_understood', 'other', '404', () => harness.call('GET', '/v1/provision')],
  ['too_large', 'validate', '413', () => harness.call('POST', '/v1/validate', 'x'.repeat(3e6))],
  ['unknown_run', 'getStatus', '400', () => harness.call('GET', '/v1/provision/nobody/status')],
])('a request that is refused counts as %s, of %s with %s', (reason, route, status, ask) =>
  isChanged(
    [
      ['gateway', REFUSALS, { reason }, 1],
      ['gateway', HTTP, { route, status }, 1],
    ],
    ask,
  ),
);

const Operation = z.object({ operationId: z.string(), tags: z.array(z.string()) });
const Documented = z.object({
  paths: z.record(
    z.string(),
    z.object({ get: Operation, post: Operation, delete: Operation }).partial(),
  ),
});

test('each operation of the document is counted under its name when it is asked', async () => {
  const document = await harness.call('GET', '/openapi.json');
  const operations = Object.entries(Documented.parse(document.json()).paths).flatMap(
    ([at, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        !operation || operation.tags.includes('Platform')
          ? []
          : [
              {
                at: at.replace('{token}', 'nobody'),
                method: method.toUpperCase(),
                route: operation.operationId,
              },
            ],
      ),
  );
  expect(operations.length).toBeGreaterThan(15);
  await isChanged(
    [
      ...operations.map(({ route }): Change => ['gateway', HTTP, { route }, 1]),
      ['gateway', HTTP, { route: 'other' }, 0],
    ],
    async () => {
      for (const { method, at } of operations)
        await fetch(`${harness.gateway().found}${at}`, { method, redirect: 'manual' });
    },
  );
});

const drift = () => createDrift({ client: harness.client, queues: oneQueue(harness.environment) });

const isListed = async (token: string) => {
  const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
  return (await harness.client.workflow.count(query)).count > 0 || undefined;
};

test('a check for drift tells what it found in each environment, and when', async () => {
  const token = await harness.start('provision', { component: 'lost' });
  await harness.finished(token);
  await eventually(() => isListed(token), 'it in the list');
  const { environment } = harness;
  const missing = { environment, kind: 'missing' };
  const before = Math.floor(Date.now() / 1000);
  await isChanged(
    [
      ['worker', 'provisioner_drift_entities', missing, 0],
      ['worker', RUNS, { operation: 'reconcile', outcome: 'completed' }, 1],
    ],
    () => drift().check(),
  );
  const at = await valueOf('worker', 'provisioner_drift_checked_timestamp_seconds');
  expect(at).toBeGreaterThanOrEqual(before);
  const { connections, sources } = await harness.entities();
  const source = sources.find(({ name }) => name.includes('.lost'));
  const lost = connections.find(({ sourceId }) => sourceId === source?.sourceId);
  await isChanged([['worker', 'provisioner_drift_entities', missing, 1]], async () => {
    await harness.airbyte('DELETE', `/connections/${lost?.connectionId ?? ''}`);
    await drift().check();
  });
});

test('a request that is not whole is open, holds what has come, and leaves', async () => {
  const { hostname, port } = new URL(harness.gateway().found);
  const open = () => valueOf('gateway', 'provisioner_http_open_requests');
  const held = () => valueOf('gateway', 'provisioner_http_held_bytes');
  await isChanged(
    [
      ['gateway', REFUSALS, { reason: 'caller_left' }, 1],
      ['gateway', HTTP, { route: 'validate', status: 'left' }, 1],
    ],
    async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const head = 'POST /v1/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
      socket.write(`${head}Content-Length: 5000\r\n\r\n${'x'.repeat(1000)}`);
      await eventually(async () => (await held()) === 1000 || undefined, 'its bytes');
      expect(await open()).toBe(1);
      socket.destroy();
    },
  );
  expect([await open(), await held()]).toEqual([0, 0]);
});

test('a gateway without Temporal is not ready, and tells of the starts that wait for it', async () => {
  const alone = await startProgram('server', {
    env: { ...harness.env, TEMPORAL_ADDRESS: '127.0.0.1:1' },
  });
  const text = async () => (await fetch(`${alone.found}/metrics`)).text();
  try {
    const body = (index: number) =>
      JSON.stringify(request(descriptor({ component: `waits-${String(index)}` })));
    const headers = { 'content-type': 'application/json' };
    const answers = Array.from({ length: 12 }, (_, index) =>
      fetch(`${alone.found}/v1/provision`, { method: 'POST', body: body(index), headers }),
    );
    await eventually(async () => {
      const shown = await text();
      return (
        (valueIn(shown, 'provisioner_starts_in_flight') === 10 &&
          valueIn(shown, 'provisioner_starts_waiting') === 2) ||
        undefined
      );
    }, 'ten starts under way and two that wait');
    expect(valueIn(await text(), 'provisioner_ready')).toBe(0);
    expect(valueIn(await text(), 'provisioner_open_runs')).toBeUndefined();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(
      answers.map(() => 500),
    );
    const shown = await text();
    expect(valueIn(shown, REFUSALS, { reason: 'no_temporal' })).toBe(12);
    expect(valueIn(shown, 'provisioner_starts_waiting')).toBe(0);
  } finally {
    await alone.end('SIGKILL');
  }
  expect(await valueOf('gateway', 'provisioner_ready')).toBe(1);
  expect(await valueOf('worker', 'provisioner_ready')).toBe(1);
});

const DESCRIBED: Record<Program, Described[]> = {
  gateway: Object.values(GATEWAY),
  worker: Object.values(WORKER),
};

/** Names of metrics, and of their labels, in the tables that are written by hand. */
const documented = new Map(
  readFileSync(path.join(ROOT, 'docs', 'metrics.md'), 'utf8')
    .split('\n')
    .flatMap((line): [string, { type: string; labels: string[] }][] => {
      const [, name, type = '', , labels = ''] =
        /^\| `(\w+)` *\|([^|]*)\|([^|]*)\|([^|]*)\|/.exec(line) ?? [];
      if (name === undefined) return [];
      const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
      return [[name, { type: type.trim(), labels: names }]];
    }),
);

test.each<Program>(['gateway', 'worker'])(
  'what the %s serves is what is documented',
  async (program) => {
    const families = familiesIn(await textOf(harness, program));
    const described = new Map(DESCRIBED[program].map((each) => [each.name, each]));
    expect([...described.keys()].filter((name) => !families.has(name))).toEqual([]);

    const wrong = [...families.values()].flatMap(({ name, type, help, samples }) => {
      const known = documented.get(name);
      if (!known) return [`${name} is not documented`];
      const own = described.get(name);
      if (own && help !== own.help) return [`${name} has another help text`];
      if (known.type !== type) return [`${name} is a ${type}`];
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      const strange = [...labels].filter(
        (label) => label !== 'le' && !known.labels.includes(label),
      );
      return strange.map((label) => `${name} has the label ${label}`);
    });
    expect(wrong).toEqual([]);
  },
);

/** Documented, and there only after what does not befall this suite, or not always. */
const RARE = [
  'temporal_activity_poll_no_task',
  'temporal_long_request_failure',
  'temporal_sticky_cache_miss',
  'temporal_sticky_cache_total_forced_eviction',
  'temporal_workflow_continue_as_new',
  'temporal_workflow_task_execution_failed',
  'temporal_workflow_task_queue_poll_empty',
];

test('what is documented is served, but for what is rare', async () => {
  const served = new Set([
    ...familiesIn(await textOf(harness, 'gateway')).keys(),
    ...familiesIn(await textOf(harness, 'worker')).keys(),
  ]);
  const missing = [...documented.keys()].filter((name) => !served.has(name));
  expect(missing.filter((name) => !RARE.includes(name))).toEqual([]);
  expect(RARE.filter((name) => !documented.has(name))).toEqual([]);
});

test.each<Program>(['gateway', 'worker'])(
  'labels of the %s have values of their lists only',
  async (program) => {
    const families = familiesIn(await textOf(harness, program));
    const strange = DESCRIBED[program].flatMap(({ name, labels }) =>
      (families.get(name)?.samples ?? []).flatMap((sample) =>
        Object.entries(labels).flatMap(([label, values]) => {
          // Without a configuration file a check is of all environments: it has no label.
          if (name === WORKER.driftCheckedAt.name)
            return label in sample.labels ? [`${name} has ${label}`] : [];
          const value = sample.labels[label] ?? '';
          if ('first' in values) return value === harness.environment ? [] : [`${name} ${value}`];
          // The one that is met here is a path that nobody serves.
          const isKnown = values.includes(value) || (label === 'route' && value === 'other');
          return isKnown ? [] : [`${name} ${label} ${value}`];
        }),
      ),
    );
    expect(strange).toEqual([]);
  },
);

test.each<Program>(['gateway', 'worker'])(
  'metrics of the %s are as Prometheus wants them',
  async (program) => {
    const families = [...familiesIn(await textOf(harness, program)).values()];
    // Those of Temporal's SDK are as it has them.
    const own = families.filter(({ name }) => !name.startsWith('temporal_'));
    expect(own.length).toBeGreaterThan(20);
    expect(
      own.flatMap((family) => faultsOf(family).map((fault) => `${family.name}: ${fault}`)),
    ).toEqual([]);
  },
);

test('no component, token, id, address or secret is in any metric', async () => {
  const texts = `${await textOf(harness, 'gateway')}${await textOf(harness, 'worker')}`;
  const { sources, destinations, connections } = await harness.entities();
  const ids = [
    ...sources.map(({ sourceId }) => sourceId),
    ...destinations.map(({ destinationId }) => destinationId),
    ...connections.map(({ connectionId }) => connectionId),
  ];
  expect(ids.length).toBeGreaterThan(3);
  const secrets = [CANARY, 'simulator-secret', 'simulator.', 'cashflow', 'urn:dmb', 'provision.'];
  for (const unwanted of [...ids, ...secrets, 'files.example.invalid', harness.simulator.url])
    expect(texts).not.toContain(unwanted);
});
