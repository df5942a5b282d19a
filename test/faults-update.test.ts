import { ended, faultsAt, useHarnesses } from './fault-table';

const harnessFor = useHarnesses();

const CALLS = [
  'listSources',
  'listDestinations',
  'listConnections',
  'putSource',
  'putDestination',
  'getStreamProperties',
  'patchConnection',
];

const CHANGES = {
  url: 'https://files.example.invalid/changed.csv',
  database: 'changed',
  connection: { prefix: 'changed_' },
};

/** An entity put back by compensation loses its fingerprint, on purpose. */
const withoutFingerprints = (entities: unknown) =>
  JSON.stringify(entities).replace(/ #[0-9a-f]{8}\]/g, ']');

test.each(faultsAt(CALLS))(
  'an update ends $end when $operation answers $what',
  async ({ fault, end }) => {
    const harness = await harnessFor(end);
    const first = await harness.run('provision');
    const former = await harness.entities('?secrets=true');
    await harness.fault(fault);
    const status = await ended(harness, await harness.start('provision', CHANGES));
    expect(status.status).toBe(end);
    const now = await harness.entities('?secrets=true');
    if (end === 'FAILED') expect(withoutFingerprints(now)).toBe(withoutFingerprints(former));
    else expect(now.connections).toMatchObject([{ prefix: 'changed_' }]);

    await harness.clearFaults();
    const healed = await harness.run('provision', CHANGES);
    expect(healed.info?.privateInfo).toEqual(first.info?.privateInfo);
    const { sources, destinations, connections } = await harness.entities();
    expect(sources).toMatchObject([{ configuration: { url: CHANGES.url } }]);
    expect(destinations).toMatchObject([{ configuration: { database: 'CHANGED' } }]);
    expect(connections).toMatchObject([{ prefix: 'changed_' }]);
  },
);

test('a failed update tells that the former pipeline is back, and its ids', async () => {
  const harness = await harnessFor('COMPLETED');
  const first = await harness.run('provision');
  await harness.fault({ operation: 'patchConnection', status: 400 });
  const status = await harness.run('provision', CHANGES);
  expect(status.result).toContain('the source "Payments CSV" (put back as it was)');
  expect(status.info?.privateInfo).toMatchObject(first.info?.privateInfo ?? {});
});

test('what the update did not touch is not put back', async () => {
  const harness = await harnessFor('COMPLETED');
  await harness.run('provision');
  await harness.forgetCalls();
  await harness.fault({ operation: 'patchConnection', status: 400 });
  const status = await harness.run('provision', { connection: { prefix: 'changed_' } });
  expect(status.result).toContain('Undone: the connection "Payments CSV <> Snowflake"');
  expect(status.result).not.toContain('the source');
  expect(await harness.calls('putSource')).toEqual([]);
});
