import { z } from 'zod';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import {
  UNITY,
  catalog,
  clientId,
  databricksClient,
  personalToken,
  problem,
  warehouseId,
} from './support/databricks';

/* What is no endpoint or no request, and who there is in the workspace. */

let simulator: DatabricksSimulator;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({
    startDuration: 0,
    contextDuration: 0,
    chunkRows: 2,
  });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, control, entities, request } = databricksClient(() => simulator.url);
const SCIM = '/api/2.0/preview/scim/v2';

describe('what is not there', () => {
  test.each([
    ['GET', '/api/2.1/jobs/list', "No API found for 'GET /jobs/list'"],
    ['PUT', '/api/2.0/sql/statements', "No API found for 'PUT /sql/statements'"],
    ['GET', '/api/2.1/unity-catalog/schemas/', "No API found for 'GET /unity-catalog/schemas/'"],
    ['GET', '/api/2.2/clusters/get', "No API found for 'GET /clusters/get'"],
  ])('%s %s is no endpoint', async (method, path, message) => {
    const answer = await call(method, path);
    expect(answer).toEqual({ status: 404, body: problem('ENDPOINT_NOT_FOUND', message) });
  });

  test('statements may have a slash at the end of their path', async () => {
    const given = { warehouse_id: warehouseId, statement: 'SELECT 1' };
    expect(await call('POST', '/api/2.0/sql/statements/', given)).toMatchObject({ status: 200 });
  });

  test.each([
    [
      'an unknown field',
      { name: 'a', catalog_name: catalog, colour: 'red' },
      'MALFORMED_REQUEST',
      /unknown field colour/,
    ],
    ['a field of another type', { name: 1, catalog_name: catalog }, 'MALFORMED_REQUEST', /name/],
    ['a missing field', { name: 'a' }, 'BAD_REQUEST', /Missing required field: catalog_name/],
    [
      'a name that cannot be',
      { name: 'a.b', catalog_name: catalog },
      'INVALID_PARAMETER_VALUE',
      /"a.b" is not a valid name/,
    ],
  ])('%s is a 400', async (_case, body, code, message) => {
    expect(await call('POST', `${UNITY}/schemas`, body)).toEqual({
      status: 400,
      body: problem(code, message),
    });
    expect((await entities()).schemas).toHaveLength(2);
  });

  test('a body that is no JSON, and a query that is not known, are a 400 too', async () => {
    const headers = { Authorization: `Bearer ${personalToken}` };
    const answer = await request('POST', `${UNITY}/schemas`, { headers, body: '{"name":' });
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'MALFORMED_REQUEST' } });
    expect(await call('GET', `${UNITY}/schemas?catalog_name=main&colour=red`)).toEqual({
      status: 400,
      body: problem('MALFORMED_REQUEST', /colour/),
    });
  });
});

describe('principals', () => {
  test.each([
    [
      `Users?filter=${encodeURIComponent('userName eq "Alice@Example.com"')}`,
      ['alice@example.com'],
    ],
    [`Users?filter=${encodeURIComponent('userName eq "nobody"')}`, []],
    [`Groups?filter=${encodeURIComponent('displayName eq "analysts"')}`, ['analysts']],
    [
      `ServicePrincipals?filter=${encodeURIComponent(`applicationId eq "${clientId}"`)}`,
      ['provisioner'],
    ],
    ['Users?startIndex=2&count=1', ['alice@example.com']],
  ])('%s', async (query, names) => {
    const List = z.object({
      totalResults: z.number(),
      Resources: z.array(z.looseObject({ displayName: z.string() })).default([]),
    });
    const { body } = await call('GET', `${SCIM}/${query}`);
    expect(List.parse(body).Resources.map(({ displayName }) => displayName)).toEqual(names);
  });

  test('a filter that is none is a 400 of SCIM', async () => {
    const answer = await call('GET', `${SCIM}/Users?filter=userName`);
    expect(answer).toMatchObject({
      status: 400,
      body: { status: '400', scimType: 'invalidFilter' },
    });
  });

  test('who calls is told', async () => {
    expect(await call('GET', `${SCIM}/Me`)).toMatchObject({ body: { userName: clientId } });
  });

  test('many are made at once', async () => {
    await control('POST', '/seed', { users: 200, groups: 50, schemas: 100 });
    const { body } = await call('GET', `${SCIM}/Users?startIndex=101`);
    expect(body).toMatchObject({ totalResults: 203, itemsPerPage: 100 });
  });
});
