import Ajv from 'ajv';
import { gzipSync } from 'node:zlib';
import { schemas } from './support/contract/schema';
import { ALIAS_BOMB, CASHFLOW, descriptor, request } from './support/fixtures';
import { startHarness } from './support/harness';
import type { Harness } from './support/harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    env: { BASE_PATH: '/datamesh.specificprovisioner', AIRBYTE_GIVE_UP_AFTER: '1m' },
  });
});
afterAll(() => harness.stop());

const ajv = new Ajv();

const expectShape = (
  shape: keyof typeof schemas,
  answer: { type: string; json: () => unknown },
) => {
  expect(answer.type).toMatch(/^application\/json/);
  ajv.validate(schemas[shape], answer.json());
  expect(ajv.errors).toBeNull();
};
const valid = () => JSON.stringify(request(descriptor({ environment: harness.environment })));
const call = (method: string, path: string, body?: string, type?: string) =>
  harness.call(method, path, body, type);

test('validate answers 200 for a good descriptor', async () => {
  const answer = await call('POST', '/v1/validate', valid());
  expect(answer.status).toBe(200);
  expectShape('ValidationResult', answer);
  expect(answer.json()).toEqual({ valid: true });
  expect(await harness.calls()).toEqual([]);
});

test.each([
  [
    'a bad one',
    request(CASHFLOW.replace('format: csv', 'format: cvs')),
    /format \(line 39\): must be one of csv/,
  ],
  ['broken YAML', request('a: ['), /line 1/],
  [
    'a data product with results',
    { ...request(CASHFLOW), descriptorKind: 'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS' },
    /^descriptorKind/,
  ],
  ['an unknown kind', { ...request(CASHFLOW), descriptorKind: 'POEM' }, /^descriptorKind/],
  ['no descriptor', { descriptorKind: 'COMPONENT_DESCRIPTOR' }, /^descriptor/],
])('validate answers 200 and valid:false for %s', async (_case, body, problem) => {
  const answer = await call('POST', '/v1/validate', JSON.stringify(body));
  expect(answer.status).toBe(200);
  expectShape('ValidationResult', answer);
  expect(answer.json()).toMatchObject({
    valid: false,
    error: { errors: [expect.stringMatching(problem)] },
  });
});

test.each(['provision', 'unprovision'])('%s answers 202 with the bare token', async (operation) => {
  const answer = await call('POST', `/v1/${operation}`, valid());
  expect(answer.status).toBe(202);
  expect(answer.type).toMatch(/^text\/plain/);
  expect(answer.text).toMatch(new RegExp(`^${operation}\\.[A-Za-z0-9._-]+\\.[0-9a-f]{12}$`));
  const status = await call('GET', `/v1/provision/${answer.text}/status`);
  expect(status.status).toBe(200);
  expectShape('ProvisioningStatus', status);
});

test('a finished run has the shape of the contract, and links that are strings', async () => {
  const { text: token } = await call('POST', '/v1/provision', valid());
  for (;;) {
    const answer = await call('GET', `/v1/provision/${token}/status`);
    expectShape('ProvisioningStatus', answer);
    if (!answer.text.includes('RUNNING')) break;
  }
  const failing = JSON.stringify(
    request(descriptor({ environment: harness.environment, component: 'failing' })),
  );
  await harness.fault({ operation: 'createConnection', status: 400 });
  const { text: failed } = await call('POST', '/v1/provision', failing);
  for (;;) {
    const answer = await call('GET', `/v1/provision/${failed}/status`);
    expectShape('ProvisioningStatus', answer);
    if (!answer.text.includes('"RUNNING"')) break;
  }
});

test.each(['provision', 'unprovision'])(
  '%s tells every problem with its path',
  async (operation) => {
    const text = CASHFLOW.replace(/^ {2}environment: .*\n/m, '').replace(/^ {2}id: .*\n/m, '');
    const answer = await call('POST', `/v1/${operation}`, JSON.stringify(request(text)));
    expect(answer.status).toBe(400);
    expectShape('RequestValidationError', answer);
    const errors = [
      'dataProduct.id (line 2): is required',
      'dataProduct.environment (line 2): is required',
    ];
    expect(answer.json()).toMatchObject({
      errors,
      inputErrorField: 'dataProduct.id',
      moreInfo: { problems: errors },
    });
  },
);

test('removeData may be absent, and unknown keys are ignored', async () => {
  const { removeData: _absent, ...body } = request(
    descriptor({ environment: harness.environment }),
  );
  const answer = await call('POST', '/v1/unprovision', JSON.stringify({ ...body, novelty: [1] }));
  expect(answer.status).toBe(202);
});

test.each([
  '/v1/provision/nonsense/status',
  '/v1/provision/provision.a.b.c.0.d.0123456789ab/status',
  '/v2/validate/some-token/status',
  '/v1/reverse-provisioning/some-token/status',
])('an unknown token is 400 (%s)', async (path) => {
  const answer = await call('GET', path);
  expect(answer.status).toBe(400);
  expectShape('RequestValidationError', answer);
});

test.each(['nonsense', 'provision.a.b.c.0.d.0123456789ab'])(
  'the DELETE of an unknown token is 400 (%s)',
  async (token) => {
    const answer = await call('DELETE', `/v1/provision/${token}`);
    expect(answer.status).toBe(400);
    expectShape('RequestValidationError', answer);
  },
);

test('the DELETE of a token answers 202 with no body while it runs, and its end after that', async () => {
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const body = request(descriptor({ environment: harness.environment, component: 'deleted' }));
  const { text: token } = await call('POST', '/v1/provision', JSON.stringify(body));
  const accepted = await call('DELETE', `/v1/provision/${token}`);
  expect({ status: accepted.status, text: accepted.text }).toEqual({ status: 202, text: '' });
  for (;;) {
    const answer = await call('DELETE', `/v1/provision/${token}`);
    if (answer.status === 202) continue;
    expect(answer.status).toBe(200);
    expectShape('ProvisioningStatus', answer);
    expect(answer.json()).toMatchObject({ status: 'TERMINATED' });
    break;
  }
  await harness.clearFaults();
});

const big = (bytes: number) => JSON.stringify(request(`# ${'x'.repeat(bytes)}`));

test.each([
  ['malformed JSON', 'POST', '/v1/provision', '{"a": ', 'application/json', 400],
  ['JSON that is no object', 'POST', '/v1/provision', '"text"', 'application/json', 400],
  ['an empty body', 'POST', '/v1/provision', '', 'application/json', 400],
  ['YAML', 'POST', '/v1/provision', CASHFLOW, 'application/yaml', 415],
  ['a form', 'POST', '/v1/validate', 'a=b', 'application/x-www-form-urlencoded', 415],
  ['an odd charset', 'POST', '/v1/provision', '{}', 'application/json; charset=klingon', 415],
  ['a body over 2 MiB', 'POST', '/v1/provision', big(2 * 1024 * 1024), 'application/json', 413],
  ['an unknown path', 'GET', '/v1/poems', undefined, undefined, 404],
  ['an unknown path', 'POST', '/', '{}', 'application/json', 404],
  ['a path that is not decodable', 'GET', '/v1/provision/%E0%A4/status', undefined, undefined, 400],
  ['the wrong method', 'GET', '/v1/provision', undefined, undefined, 404],
  ['the wrong method', 'DELETE', '/v1/provision/x/status', undefined, undefined, 404],
  ['the wrong method', 'GET', '/v1/provision/x', undefined, undefined, 404],
  ['an operator route, as they are off', 'GET', '/operations/runs', undefined, undefined, 404],
  ['an operator route, as they are off', 'POST', '/operations/runs/replay', '{}', undefined, 404],
] as const)('%s (%s %s) is refused in the shape of the contract', async (...given) => {
  const [, method, path, body, type, status] = given;
  const answer = await call(method, path, body, type);
  expect(answer.status).toBe(status);
  expectShape('RequestValidationError', answer);
  expect(answer.text).not.toMatch(/<html|\bat .*\.js/i);
});

test('a compressed body cannot smuggle more than 2 MiB in', async () => {
  const response = await fetch(`${harness.gateway().found}/v1/provision`, {
    method: 'POST',
    body: gzipSync(big(3 * 1024 * 1024)),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });
  expect(response.status).toBe(413);
});

test('an alias bomb is refused before it goes off', async () => {
  const answer = await call('POST', '/v1/provision', JSON.stringify(request(ALIAS_BOMB)));
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('has more than 250000 nodes');
});

test('probes answer at the root, the contract below the base path only', async () => {
  const base = harness.gateway().found;
  expect(base).toMatch(/\/datamesh\.specificprovisioner$/);
  const statusAt = async (path: string) => (await fetch(new URL(path, base))).status;
  expect(await statusAt('/livez')).toBe(200);
  expect(await statusAt('/readyz')).toBe(200);
  expect(await statusAt('/v1/provision/x/status')).toBe(404);
});
