import { counts, eventually, startHarness } from './support/harness';

const CALLS = [
  'listSources',
  'createSource',
  'createDestination',
  'getStreamProperties',
  'createConnection',
];

/** Airbyte never hears the call, or does what it says while nobody listens any more. */
const MOMENTS = [
  ['before', { hang: 'before' }],
  ['after', { hang: 'after' }],
] as const;

const cases = CALLS.flatMap((operation) =>
  MOMENTS.map(([moment, effect]) => ({ operation, moment, fault: { operation, ...effect } })),
);

/** The server takes ten seconds to notice: a few at a time keep the whole short. */
const AT_ONCE = 3;
const batches = Array.from({ length: Math.ceil(cases.length / AT_ONCE) }, (_, index) =>
  cases.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
);

const killAndRestart = async ({ operation, moment, fault }: (typeof cases)[number]) => {
  const harness = await startHarness({
    env: { AIRBYTE_REQUEST_TIMEOUT: '30s', AIRBYTE_GIVE_UP_AFTER: '90s' },
  });
  try {
    await harness.fault(fault);
    const token = await harness.start('provision');
    await eventually(
      async () => (await harness.calls(operation)).length > 0 || undefined,
      operation,
    );
    await harness.worker()?.end('SIGKILL');
    await harness.startWorker();
    const { status } = await harness.finished(token);
    return [operation, moment, status, counts(await harness.entities())];
  } finally {
    await harness.stop();
  }
};

test.each(
  batches.map((batch) => [batch.map(({ operation, moment }) => `${moment} ${operation}`), batch]),
)(
  'a worker killed %s is no loss: the next one completes the run, with one of each',
  async (_what, batch) => {
    const outcomes = await Promise.all(batch.map((each) => killAndRestart(each)));
    expect(outcomes).toEqual(
      batch.map(({ operation, moment }) => [operation, moment, 'COMPLETED', [1, 1, 1]]),
    );
  },
);
