import { faultsAt, useHarnesses } from './fault-table';
import { counts } from './harness';

const harnessFor = useHarnesses();

const CALLS = [
  'listSources',
  'listDestinations',
  'listConnections',
  'createJob',
  'deleteSource',
  'deleteDestination',
];

test.each(faultsAt(['deleteConnection']))(
  'a connection goes with its source even when $operation answers $what',
  async ({ fault, end }) => {
    const harness = await harnessFor(end);
    await harness.run('provision');
    await harness.fault(fault);
    expect((await harness.run('unprovision')).status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  },
);

test.each(faultsAt(CALLS))(
  'a removal with its data ends $end when $operation answers $what, and the same request ends it',
  async ({ fault, end }) => {
    const harness = await harnessFor(end);
    await harness.run('provision');
    await harness.fault(fault);
    const status = await harness.run('unprovision', {}, { removeData: true });
    expect(status.status).toBe(end);
    const left = counts(await harness.entities());
    if (end === 'COMPLETED') expect(left).toEqual([0, 0, 0]);

    await harness.clearFaults();
    const again = await harness.run('unprovision', {}, { removeData: true });
    expect(again.status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  },
);
