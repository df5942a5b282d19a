import { DEFAULTS } from '../simulator/databricks/simulator';
import { MANAGE, PAT, databricksBench, step } from './support/databricks-fabric';

/* Whether a fabric can do what it would have to. */

const { secrets, control, fault, writes, entra, open, component } = databricksBench();
const { catalog, clientId, personalToken, clusterId } = DEFAULTS;

describe('the checks', () => {
  const outcomes = async (more: object = {}) =>
    Object.fromEntries(
      [...(await open(more).check(step())), ...(await component(more).check(step()))].map(
        ({ name, outcome }) => [name, outcome],
      ),
    );
  const entry = async (more: object = {}) =>
    Object.fromEntries(
      (await open(more).check(step())).map(({ name, outcome }) => [name, outcome]),
    );

  test('pass where all is well, start nothing and write nothing', async () => {
    await control('requests', undefined, 'DELETE');
    expect(await outcomes({ cluster: clusterId, startCluster: true })).toEqual({
      connection: 'passed',
      credentials: 'passed',
      warehouse: 'passed',
      catalog: 'passed',
      'create schema': 'passed',
      principals: 'passed',
      cluster: 'passed',
      schema: 'passed',
    });
    expect(await writes()).toEqual([]);
  });

  test('tell each what is wrong, with what to do', async () => {
    await control('warehouse', { state: 'DELETED' });
    await control('grants', {
      on: 'catalog',
      name: catalog,
      principal: clientId,
      add: [],
      remove: ['CREATE_SCHEMA'],
    });
    await control('objects', { catalog, schema: 'cash_flow_0' });
    const given = { cluster: clusterId, auth: entra() };
    const checks = [
      ...(await open(given).check(step())),
      ...(await component(given).check(step())),
    ];
    const found = Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
    expect(found).toEqual({
      connection: 'passed',
      credentials: 'passed',
      warehouse: 'failed',
      catalog: 'passed',
      'create schema': 'impossible',
      principals: 'passed',
      cluster: 'failed',
      airbyte: 'failed',
      schema: 'failed',
    });
    for (const { outcome, solution } of checks)
      expect([outcome, solution !== undefined]).toEqual([outcome, outcome !== 'passed']);
    expect(checks.find(({ name }) => name === 'create schema')?.solution).toContain(
      `GRANT CREATE SCHEMA ON CATALOG \`${catalog}\` TO \`${clientId}\``,
    );
  });

  test('without a way in say that the rest cannot be told', async () => {
    secrets.set('SECRET', 'wrong');
    expect(await entry()).toEqual({
      connection: 'passed',
      credentials: 'failed',
      warehouse: 'impossible',
      catalog: 'impossible',
      'create schema': 'impossible',
      principals: 'impossible',
    });
    expect(await entry({ host: 'http://127.0.0.1:9' })).toMatchObject({
      connection: 'failed',
      credentials: 'impossible',
    });
  });

  test('try Airbyte’s own credentials, too, where they are others', async () => {
    const AIRBYTE = { airbyteAuth: PAT };
    expect(await entry(AIRBYTE)).toMatchObject({
      'connection of Airbyte': 'passed',
      'warehouse of Airbyte': 'passed',
    });
    secrets.set('PAT', 'dapi-wrong-7712');
    const checks = await open(AIRBYTE).check(step());
    const named = (name: string) => checks.find((each) => each.name === name);
    expect(named('credentials')?.outcome).toBe('passed');
    expect(named('connection of Airbyte')?.outcome).toBe('failed');
    expect(named('connection of Airbyte')?.solution).toContain('a new token');
    expect(named('warehouse of Airbyte')?.outcome).toBe('impossible');
    expect(JSON.stringify(checks)).not.toContain('7712');
    // It is told where the manager's are wrong, too.
    secrets.set('PAT', personalToken);
    secrets.set('SECRET', 'wrong');
    expect(await entry(AIRBYTE)).toMatchObject({
      credentials: 'failed',
      'connection of Airbyte': 'passed',
    });
  });

  test('look whether those whom requests name can be looked up', async () => {
    const principals = async () =>
      (await open().check(step())).find(({ name }) => name === 'principals');
    await fault({ operation: 'listGroups', status: 403 });
    const refused = await principals();
    expect(refused?.outcome).toBe('failed');
    expect(refused?.solution).toContain('look up users and groups');
    await fault({ operation: 'listUsers', status: 200, body: { totalResults: 0 } });
    const hidden = await principals();
    expect(hidden?.outcome).toBe('impossible');
    expect(hidden?.message).toContain('no users of the workspace');
    expect(await principals()).toMatchObject({ outcome: 'passed' });
    expect(await entry({ manage: { schema: true } })).not.toHaveProperty('principals');
  });

  test('look whether USE CATALOG can be granted: all privileges are not that one', async () => {
    const more = { manage: { ...MANAGE, catalogUse: true } };
    const found = async () =>
      (await open(more).check(step())).find(({ name }) => name === 'grant catalog use');
    const may = (change: object) =>
      control('grants', { on: 'catalog', name: catalog, principal: clientId, ...change });
    const lacking = await found();
    expect(lacking?.outcome).toBe('impossible');
    expect(lacking?.solution).toContain(`GRANT MANAGE ON CATALOG \`${catalog}\``);
    await may({ add: ['ALL_PRIVILEGES'] });
    expect(await found()).toMatchObject({ outcome: 'impossible' });
    await may({ add: ['MANAGE'] });
    expect(await found()).toMatchObject({ outcome: 'passed' });
    await may({ remove: ['MANAGE', 'ALL_PRIVILEGES'] });
    const owned = { name: catalog, owner: clientId };
    await fault({ operation: 'getCatalog', status: 200, body: owned, times: 2 });
    expect(await found()).toMatchObject({
      outcome: 'passed',
      message: `${clientId} owns the catalog.`,
    });
  });
});
