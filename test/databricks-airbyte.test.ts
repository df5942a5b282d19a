import { DEFAULTS } from '../simulator/databricks/simulator';
import { databricks } from '../src/fabrics/databricks';
import {
  LOADER,
  OAUTH,
  PAT,
  databricksBench,
  errorOf,
  ids,
  step,
} from './support/databricks-fabric';

/* What Airbyte is given: privileges on the schema, and what its destination is told. */

const { url, control, schemaNamed, entra, component, made } = databricksBench();
const { catalog, warehouseId, clientId } = DEFAULTS;

describe('Airbyte’s user', () => {
  const BY = {
    auth: OAUTH,
    airbyteAuth: { oauth: { clientId: LOADER, clientSecret: { secretRef: 'S' } } },
  };
  const LOADS = [
    'CREATE_TABLE',
    'CREATE_VOLUME',
    'MODIFY',
    'READ_VOLUME',
    'SELECT',
    'USE_SCHEMA',
    'WRITE_VOLUME',
  ];

  test('is granted what its connector needs where it does not own the schema, and that goes again', async () => {
    const mine = component(BY);
    const { missing } = await mine.look(step());
    expect(ids(missing)).toEqual([
      'schema:cash_flow_0',
      expect.stringMatching(new RegExp(`^loader:[A-Z_,]+:${LOADER}$`)),
    ]);
    await mine.prepare(missing, step());
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    const seen = await mine.look(step());
    expect([ids(seen.missing), ids(seen.present)]).toEqual([[], ['loader', 'schema:cash_flow_0']]);
    const grants = seen.present.filter(({ kind }) => kind === 'grant');
    await mine.cleanup(grants, step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ grants: {}, properties: {} });
    expect((await mine.restore(grants, step())).changed).toEqual(['loader']);
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    expect(await mine.restore(grants, step())).toEqual({ changed: [], left: [] });
  });

  test('that lacked one privilege is given that one, and its undo takes that one', async () => {
    const mine = await made(component(BY));
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: [], remove: ['MODIFY'] });
    const before = await schemaNamed('cash_flow_0');
    const { missing } = await mine.look(step());
    expect(ids(missing)).toEqual([`loader:MODIFY:${LOADER}`]);
    await mine.prepare(missing, step());
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
    expect(await mine.unprepare(missing, step())).toEqual({ changed: ids(missing), left: [] });
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual(before?.grants);
    expect(await mine.unprepare(missing, step())).toEqual({ changed: [], left: [] });
  });

  test('of before keeps what it has when another takes its place, is granted nothing anew, and all goes', async () => {
    const NEXT = '0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9';
    await control('principals', { kind: 'servicePrincipal', name: NEXT });
    const mine = component({
      ...BY,
      airbyteAuth: { oauth: { clientId: NEXT, clientSecret: { secretRef: 'S' } } },
    });
    await made(component(BY));
    const grantsNow = async () => (await schemaNamed('cash_flow_0'))?.grants;
    await made(mine);
    expect(await grantsNow()).toEqual({ [LOADER]: LOADS, [NEXT]: LOADS });
    const on = { on: 'schema', name: `${catalog}.cash_flow_0` };
    await control('grants', { ...on, principal: LOADER, remove: ['MODIFY', 'CREATE_TABLE'] });
    await control('grants', { ...on, principal: NEXT, remove: ['MODIFY'] });
    const rest = LOADS.filter((each) => each !== 'MODIFY' && each !== 'CREATE_TABLE');
    await made(mine);
    expect(await grantsNow()).toEqual({ [LOADER]: rest, [NEXT]: LOADS });
    const { present } = await mine.look(step());
    const grants = present.filter(({ kind }) => kind === 'grant');
    await mine.cleanup(grants, step());
    expect(await schemaNamed('cash_flow_0')).toMatchObject({ grants: {}, properties: {} });
    await mine.restore(grants, step());
    expect(await grantsNow()).toEqual({ [NEXT]: LOADS });
  });

  test('and readers are written down at the same time, and none is forgotten', async () => {
    const mine = await made(component(BY));
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: [], remove: ['MODIFY'] });
    const { missing } = await mine.look(step());
    await Promise.all([
      mine.prepare(missing, step('a')),
      mine.grant(['alice@example.com', 'analysts'], step('b')),
    ]);
    const { ours } = await mine.readers(step());
    expect(ours.toSorted()).toEqual(['alice@example.com', 'analysts']);
    expect((await mine.look(step())).missing).toEqual([]);
    await mine.grant([], step('c'));
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: LOADS });
  });

  test('keeps what others granted it before', async () => {
    const mine = component(BY);
    await mine.prepare([{ id: 'schema:cash_flow_0', kind: 'schema', what: '' }], step());
    const on = { on: 'schema', name: `${catalog}.cash_flow_0`, principal: LOADER };
    await control('grants', { ...on, add: ['SELECT', 'MODIFY'], remove: [] });
    await made(mine);
    const { present } = await mine.look(step());
    await mine.cleanup(
      present.filter(({ kind }) => kind === 'grant'),
      step(),
    );
    expect((await schemaNamed('cash_flow_0'))?.grants).toEqual({ [LOADER]: ['MODIFY', 'SELECT'] });
  });

  test('is who owns Airbyte’s token, and by Entra ID nobody', async () => {
    const { present } = await (
      await made(component({ auth: entra(), airbyteAuth: PAT }))
    ).look(step());
    // The token is the service principal's own: it owns the schema.
    expect(ids(present)).toEqual(['schema:cash_flow_0']);
    const failing = databricks.destination(
      databricks.settings.parse({
        type: 'databricks',
        team: 'finance',
        host: url(),
        warehouseId,
        catalog,
        auth: entra(),
      }),
      { secretOf: () => Promise.resolve('x'), configuration: { schema: 'x' } },
    );
    expect(String(await errorOf(failing))).toContain('takes no tokens of Entra ID');
  });
});

test('what Airbyte is told is the fabric’s workspace and catalog, and credentials of one kind', async () => {
  const destination = (more: object) =>
    databricks.destination(
      databricks.settings.parse({
        type: 'databricks',
        team: 'finance',
        host: 'https://adb-1.2.azuredatabricks.net',
        warehouseId,
        catalog,
        auth: OAUTH,
        ...more,
      }),
      {
        secretOf: ({ secretRef }) => Promise.resolve(`secret of ${secretRef}`),
        configuration: { schema: 'cash_flow_0' },
      },
    );
  const common = {
    hostname: 'adb-1.2.azuredatabricks.net',
    port: '443',
    http_path: `/sql/1.0/warehouses/${warehouseId}`,
    database: catalog,
    accept_terms: true,
  };
  expect(await destination({})).toEqual({
    ...common,
    authentication: { auth_type: 'OAUTH', client_id: clientId, secret: 'secret of SECRET' },
  });
  expect(await destination({ auth: PAT, httpPath: 'sql/protocolv1/o/1/2' })).toEqual({
    ...common,
    http_path: 'sql/protocolv1/o/1/2',
    authentication: { auth_type: 'BASIC', personal_access_token: 'secret of PAT' },
  });
  expect(await destination({ auth: entra(), airbyteAuth: PAT })).toMatchObject({
    authentication: { auth_type: 'BASIC' },
  });
});
