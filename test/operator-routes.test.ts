import Ajv2020 from 'ajv/dist/2020';
import { openApi } from '../src/openapi/document';
import { schemas } from './support/contract/schema';
import { counts, eventually, startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  const env = { OPERATIONS: 'on', BASE_PATH: '/base', AIRBYTE_GIVE_UP_AFTER: '1m' };
  harness = await startHarness({ env });
});
afterAll(() => harness.stop());
afterEach(async () => {
  await harness.clearFaults();
  await harness.resetAirbyte();
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'document', ...openApi({ basePath: '', operations: true }) });

type Answer = Awaited<ReturnType<Harness['call']>>;
const expectShape = (id: string, answer: Answer) => {
  expect(answer.type).toMatch(/^application\/json/);
  ajv.validate({ $ref: `document#/components/schemas/${id}` }, answer.json());
  expect(ajv.errors).toBeNull();
};
const failUnprovision = async (component: string) => {
  await harness.run('provision', { component });
  await harness.fault({ operation: 'deleteDestination', status: 403, times: 0 });
  const token = await harness.start('unprovision', { component });
  expect((await harness.finished(token)).status).toBe('FAILED');
  await harness.clearFaults();
  return token;
};

test('a failed run is found, shown and replayed over HTTP', async () => {
  const token = await failUnprovision('over-http');
  const query = `failed=true&operation=unprovision&environment=${harness.environment}&limit=10`;
  const list = await eventually(async () => {
    const answer = await harness.call('GET', `/operations/runs?${query}`);
    expect(answer.status).toBe(200);
    expectShape('RunList', answer);
    return answer.text.includes(token) ? answer : undefined;
  }, 'the run in the list');
  expect(list.json()).toMatchObject({ more: false, runs: [{ token, execution: 'Failed' }] });

  const shown = await harness.call('GET', `/operations/runs/${token}`);
  expectShape('RunDetails', shown);
  expect(shown.json()).toMatchObject({
    token,
    status: 'FAILED',
    component: 'finance.cashflow.0.over-http',
  });

  const together = { failed: true, environment: harness.environment, dryRun: true };
  const dry = await harness.post('/operations/runs/replay', together);
  expectShape('Replays', dry);
  expect(dry.json()).toEqual({
    replays: [{ token, outcome: 'would be replayed' }],
    totals: { 'would be replayed': 1 },
    superseded: 0,
  });
  expect((await harness.status(token)).status).toBe('FAILED');

  const replay = await harness.post(`/operations/runs/${token}/replay`, {});
  expect(replay.status).toBe(200);
  expectShape('Replay', replay);
  expect(replay.json()).toEqual({ token, outcome: 'replayed' });
  expect((await harness.finished(token)).status).toBe('COMPLETED');
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);

  const again = await harness.post(`/operations/runs/${token}/replay`, {});
  expect(again.status).toBe(409);
  ajv.validate(schemas.RequestValidationError, again.json());
  expect(ajv.errors).toBeNull();
});

test('a superseded run is refused with 409 and the token of the later request', async () => {
  const token = await failUnprovision('superseded');
  const later = await harness.start('provision', { component: 'superseded' });
  await harness.finished(later);
  const refused = await eventually(async () => {
    // The dry run changes nothing, so it can be asked until the list has the later run.
    const body = { failed: true, component: 'finance.cashflow.0.superseded', dryRun: true };
    const dry = await harness.post('/operations/runs/replay', body);
    if (!dry.text.includes(later)) return undefined;
    return harness.post(`/operations/runs/${token}/replay`, {});
  }, 'the later run in the list');
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(later);
  expect(counts(await harness.entities())).toEqual([1, 1, 1]);
});

test('a run is cancelled, and once it has ended that is said', async () => {
  await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
  const token = await harness.start('provision', { component: 'cancelled' });
  const answer = await harness.post(`/operations/runs/${token}/cancel`, {});
  expect(answer.status).toBe(202);
  expectShape('Cancellation', answer);
  await harness.finished(token);
  const late = await harness.post(`/operations/runs/${token}/cancel`, {});
  expect(late.status).toBe(200);
  expect(late.json()).toMatchObject({ outcome: 'had ended', status: 'FAILED' });
  expect(counts(await harness.entities())).toEqual([0, 0, 0]);
});

const UNKNOWN = '/operations/runs/provision.a.b.c.0.d.0123456789ab';

test.each([
  ['a misspelt filter', 'GET', '/operations/runs?compnent=a', undefined, 400],
  ['a component that is none', 'GET', '/operations/runs?component=a', undefined, 400],
  [
    'a misspelt filter of a replay',
    'POST',
    '/operations/runs/replay',
    { failed: true, evironment: 'a' },
    400,
  ],
  ['a replay of all', 'POST', '/operations/runs/replay', {}, 400],
  ['an unknown run', 'GET', UNKNOWN, undefined, 404],
  ['an unknown run', 'POST', `${UNKNOWN}/replay`, {}, 404],
  ['an unknown run', 'POST', `${UNKNOWN}/cancel`, {}, 404],
  ['a run of something else', 'GET', '/operations/runs/lease', undefined, 404],
  ['the wrong method', 'DELETE', UNKNOWN, undefined, 404],
])('%s is refused (%s %s)', async (_case, method, path, body, status) => {
  const answer = await harness.call(method, path, body && JSON.stringify(body));
  expect(answer.status).toBe(status);
  ajv.validate(schemas.RequestValidationError, answer.json());
  expect(ajv.errors).toBeNull();
});

test('a form, which a page anywhere could send, changes nothing', async () => {
  const form = 'application/x-www-form-urlencoded';
  const answer = await harness.call('POST', `${UNKNOWN}/cancel`, 'a=b', form);
  expect(answer.status).toBe(415);
});
