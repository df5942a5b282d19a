import { CHANGES } from './support/faults/entities';
import { useHarnesses } from './support/faults/harnesses';
import { testRows } from './support/faults/rows';
import { isWrite } from './support/harness';

const withHarness = useHarnesses();

testRows('update', withHarness);

test('a failed update tells that the former pipeline is back, and its ids', () =>
  withHarness('patient', async (harness) => {
    const first = await harness.run('provision');
    await harness.fault({ operation: 'patchConnection', status: 400 });
    const status = await harness.run('provision', CHANGES);
    expect(status.result).toContain('the source "Payments CSV" (put back as it was)');
    expect(status.info?.privateInfo).toMatchObject(first.info?.privateInfo ?? {});
  }));

test('what the update did not touch is not put back', () =>
  withHarness('patient', async (harness) => {
    await harness.run('provision');
    await harness.forgetCalls();
    await harness.fault({ operation: 'patchConnection', status: 400, commit: true });
    const status = await harness.run('provision', { connection: { prefix: 'changed_' } });
    expect(status.result).toContain('Undone: the connection "Payments CSV <> Snowflake"');
    expect(status.result).not.toContain('the source');
    expect(await harness.calls('putSource')).toEqual([]);
  }));

test('an undo that finds nothing changed writes nothing', () =>
  withHarness('patient', async (harness) => {
    await harness.run('provision');
    const before = await harness.entities('?secrets=true');
    await harness.forgetCalls();
    await harness.fault({ operation: 'patchConnection', status: 400 });
    const status = await harness.run('provision', { connection: { prefix: 'changed_' } });
    expect(status.result).not.toContain('Undone');
    expect(await harness.entities('?secrets=true')).toEqual(before);
    const writes = (await harness.calls()).filter(isWrite);
    expect(writes.map(({ status: answer }) => answer)).toEqual([400]);
  }));
