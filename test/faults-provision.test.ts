import { API, unreadable } from './support/airbyte-operations';
import { useHarnesses } from './support/faults/harnesses';
import { testRows } from './support/faults/rows';
import { counts } from './support/harness';

const withHarness = useHarnesses();

testRows('first provision', withHarness);

test('an undo that Airbyte refuses is told, with what is left behind', () =>
  withHarness('patient', async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 400 });
    await harness.fault({ operation: 'deleteSource', status: 403 });
    const status = await harness.run('provision');
    expect(status.status).toBe('FAILED');
    expect(status.result).toMatch(
      /^Left behind in Airbyte: the source "Payments CSV" \(Airbyte answered 403 to [^()]+\)\.$/m,
    );
    const { sources } = await harness.entities();
    expect(status.info?.privateInfo.sourceId).toBe(sources[0]?.sourceId);
    expect(counts(await harness.entities())).toEqual([1, 0, 0]);
    expect((await harness.run('provision')).status).toBe('COMPLETED');
    expect(counts(await harness.entities())).toEqual([1, 1, 1]);
  }));

test('a connector that does not work is tried a few times, then blamed', () =>
  withHarness('patient', async (harness) => {
    const broken = unreadable(API, '404 Not Found');
    await harness.fault({ operation: 'getStreamProperties', times: 0, ...broken });
    const status = await harness.run('provision');
    expect(status.result).toContain('404 Not Found');
    expect(status.result).toContain('What to do: Check that the source of the descriptor exists');
    expect(await harness.calls('getStreamProperties')).toHaveLength(3);
    expect(counts(await harness.entities())).toEqual([0, 0, 0]);
  }));

test('Retry-After is waited for', () =>
  withHarness('patient', async (harness) => {
    await harness.fault({ operation: 'createSource', status: 429, retryAfter: 2 });
    expect((await harness.run('provision')).status).toBe('COMPLETED');
    const [first, second] = await harness.calls('createSource');
    expect((second?.startedAt ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThanOrEqual(2000);
  }));

test('a wrong base URL is recognised by its web page', () =>
  withHarness('patient', async (harness) => {
    await harness.fault({ operation: 'listSources', status: 200, html: true, times: 0 });
    const status = await harness.run('provision');
    expect(status.result).toContain('with a web page instead of JSON');
    expect(status.result).toContain('check AIRBYTE_URL');
  }));

test('credentials that Airbyte refuses fail the run at once, without a word of them', () =>
  withHarness('patient', async (harness) => {
    await harness.worker()?.end();
    await harness.startWorker({ AIRBYTE_CLIENT_SECRET: 'wrong-canary' });
    const status = await harness.run('provision', { component: 'refused' });
    expect(status.status).toBe('FAILED');
    expect(status.result).toContain('POST /applications/token');
    expect(JSON.stringify(status)).not.toContain('wrong-canary');
    await harness.worker()?.end();
    await harness.startWorker();
  }));
