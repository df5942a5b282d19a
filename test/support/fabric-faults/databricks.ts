import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../../../simulator/databricks/simulator';
import { control } from '../environments';
import { descriptor, request } from '../fixtures';
import { eventually } from '../harness';
import type { FabricWorld } from '../fabric-world';
import type { Operation, Seen } from './calls';
import { failsInAirbyte, sorted } from './play';
import type { Request, Side } from './play';

/* Databricks, as the rows of the fabrics' fault table use it. */

const { catalog, warehouseId, clientId, clientSecret, personalToken } = DEFAULTS;
/** Another service principal, whom Airbyte writes as. */
const [LOADER = ''] = DEFAULTS.servicePrincipals;

const NAMES = ['jane.doe', 'john.roe', 'mary.major', 'ann.other'];
const [JANE = '', JOHN = '', MARY = '', ANN = ''] = NAMES.map((name) => `user:${name}_example.com`);
const COMPONENT = 'payments';
const MOVED = { schema: 'moved', prefix: 'moved_' };

const Grants = z.record(z.string(), z.array(z.string()));
const Entities = z.object({
  catalogs: z.array(z.looseObject({ name: z.string(), grants: Grants })),
  schemas: z.array(
    z.object({
      name: z.string(),
      comment: z.string().optional(),
      owner: z.string(),
      properties: z.record(z.string(), z.string()),
      grants: Grants,
      id: z.string(),
    }),
  ),
  tables: z.array(
    z.looseObject({ name: z.string(), schemaId: z.string(), rows: z.array(z.unknown()) }),
  ),
});

const Requests = z.object({
  requests: z.array(
    z.object({ operation: z.string().nullable(), path: z.string(), status: z.number().nullable() }),
  ),
});

const Faults = z.object({
  faults: z.array(z.object({ operation: z.string(), hits: z.number() })),
  late: z.number(),
});

const Note = z.looseObject({ principal: z.string(), privileges: z.array(z.string()) });

/** What a schema notes as ours: of the privileges those that stand, as a note of others says nothing. */
const notesOf = ({ name, properties, grants }: z.output<typeof Entities>['schemas'][number]) =>
  Object.entries(properties).map(([key, value]) => {
    // Of a schema that stands in for one which was dropped: by which step.
    if (key === 'provisioner.restored') return [name, key];
    const note = Note.parse(JSON.parse(value));
    const standing = grants[note.principal] ?? [];
    const privileges = note.privileges.filter((each) => standing.includes(each)).sort();
    return [name, key, { ...note, privileges }];
  });

/** What there is of the component, and of all others, each in an order of its own. */
const stateIn = ({ catalogs, schemas, tables }: z.output<typeof Entities>) => {
  const flat = (on: string, grants: z.output<typeof Grants>) =>
    Object.entries(grants).map(([principal, privileges]) => [on, principal, privileges]);
  return {
    S: sorted(schemas.map(({ name, comment, owner }) => ({ name, comment, owner }))),
    T: sorted(
      tables.map(({ name, schemaId, rows }) => ({
        name,
        rows,
        in: schemas.find(({ id }) => id === schemaId)?.name,
      })),
    ),
    G: sorted([...catalogs, ...schemas].flatMap(({ name, grants }) => flat(name, grants))),
    N: sorted(schemas.flatMap(notesOf)),
  };
};

/** The call that an undo is brought by; no other fault fits it. */
const REFUSED = 'refused';

/** Of the permissions: on what. */
const onWhat = (path: string) => {
  const [, on] = /\/permissions\/(catalog|schema)\//.exec(path) ?? [];
  return on === undefined ? '' : ` on the ${on}`;
};

/** GRANT to copy, or whom to ask about a token or people. */
const tells: Side['tells'] = ({ statement, isToken }, result) => {
  if (isToken)
    return result.includes('Ask the platform operator to check auth of the fabric lakehouse');
  if (statement.startsWith('list') && !statement.startsWith('listSchemas'))
    return /what the service principal of the fabric lakehouse may do|Have an owner run: GRANT /.test(
      result,
    );
  return result.includes('Have an owner run: GRANT ');
};

const fabricAt = (host: string) => ({
  type: 'databricks',
  team: 'finance',
  host,
  warehouseId,
  catalog,
  auth: { oauth: { clientId, clientSecret: { secretRef: 'LAKEHOUSE' } } },
  airbyteAuth: { oauth: { clientId: LOADER, clientSecret: { secretRef: 'LAKE_LOADER' } } },
  manage: { schema: true, access: true, catalogUse: true },
  principals: { strategy: 'identity' },
});

/** A second fabric beside the world's own, and what a component that writes to it asks. */
export const databricksSide = async (
  world: FabricWorld,
): Promise<Side & { close: () => Promise<void> }> => {
  const simulator = await startDatabricksSimulator({
    startDuration: 0,
    users: NAMES.map((name) => `${name}@example.com`),
  });
  world.secret('LAKEHOUSE', clientSecret);
  world.secret('LAKE_LOADER', 'canary-secret-of-the-loader');
  const fabrics = { ...world.settings.fabrics, lakehouse: fabricAt(simulator.url) };
  await world.rewrite({ ...world.settings, fabrics });
  const steer = (at: string, body?: object, method = 'POST') =>
    control(simulator, { method, at, ...(body && { body }) });
  const read = async (at: string) => (await fetch(`${simulator.url}/_simulator${at}`)).json();

  const textOf = ({ schema = COMPONENT, prefix = '' } = {}) =>
    descriptor({
      component: COMPONENT,
      environment: world.environment,
      destination: {
        name: 'Databricks',
        connector: 'databricks',
        fabric: 'lakehouse',
        connectionConfiguration: { schema },
      },
      connection: { prefix },
    });
  const send = async (at: string, body: object) => {
    const { status, text } = await world.call('POST', `/v1/${at}`, body);
    if (status !== 202) throw new Error(`${String(status)} ${text}`);
    return text;
  };
  const provision = (changes?: Parameters<typeof textOf>[0]) => () =>
    send('provision', request(textOf(changes)));
  const unprovision = (removeData: boolean, changes?: Parameters<typeof textOf>[0]) => () =>
    send('unprovision', request(textOf(changes), { removeData }));
  const access =
    (...refs: string[]) =>
    () =>
      send('updateacl', { refs, provisionInfo: { request: textOf(), result: '' } });
  const grants = (on: 'catalog' | 'schema', name: string, change: object) =>
    steer('/grants', { on, name, ...change });
  const faults = async () => Faults.parse(await read('/faults'));
  const refused = (operation: string, skip: number) => ({
    brought: (delay = 0) =>
      steer('/faults', { operation, skip, delay, status: 403, errorCode: 'PERMISSION_DENIED' }),
    hasCome: async () => (await faults()).faults.length === 0,
  });
  const undone = (calls: Seen[]) => calls.findIndex(({ target }) => target === REFUSED) + 1;

  const requests: Partial<Record<Operation, Request>> = {
    'first provision': { starts: 'with nothing', send: provision() },
    'schema moves': { starts: 'with a pipeline', send: provision(MOVED) },
    'grants taken away by hand': {
      starts: 'with a pipeline',
      meanwhile: () =>
        grants('schema', `${catalog}.${COMPONENT}`, {
          principal: LOADER,
          add: [],
          remove: ['MODIFY', 'READ_VOLUME'],
        }),
      send: provision(),
    },
    'access grows': { starts: 'with a pipeline', send: access(JANE, JOHN, MARY) },
    'access shrinks': { starts: 'with a pipeline', send: access(JANE) },
    unprovision: { starts: 'with a pipeline', send: unprovision(false) },
    'unprovision with removeData': { starts: 'with a pipeline', send: unprovision(true) },
    'undo of a first provision': {
      starts: 'with nothing',
      send: provision(),
      ...failsInAirbyte(world, 'createConnection'),
      undoes: 'first provision',
    },
    'undo of a moved schema': {
      starts: 'with a pipeline',
      send: provision(MOVED),
      ...failsInAirbyte(world, 'patchConnection'),
      undoes: 'schema moves',
    },
    'undo of access': {
      starts: 'with a pipeline',
      send: access(JANE, MARY, ANN),
      ...refused('updateSchema', 1),
      begins: undone,
    },
    'undo of an unprovision': {
      starts: 'with a pipeline',
      send: unprovision(false),
      ...refused('updateGrants', 2),
      begins: undone,
    },
    'undo of an unprovision with removeData': {
      starts: 'with a pipeline that has moved',
      send: unprovision(true, MOVED),
      ...refused('deleteSchema', 1),
      begins: undone,
      loses: true,
    },
  };

  /** Calls that met a token which was ended meet no fault. */
  const calls = async (): Promise<Seen[]> =>
    Requests.parse(await read('/requests')).requests.flatMap(({ operation, path, status }) =>
      operation === null || status === 401
        ? []
        : [
            {
              statement: `${operation}${onWhat(path)}`,
              target: status === 403 ? REFUSED : operation,
            },
          ],
    );

  const tag = `provisioner:${world.environment}/finance.cashflow.0.`;
  const api = async (method: string, at: string, body: object) => {
    const response = await fetch(`${simulator.url}/api/2.1/unity-catalog/schemas${at}`, {
      method,
      headers: { Authorization: `Bearer ${personalToken}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  /** As its owner would: by its comment, or by making it. */
  const takeOver = async (operation: Operation) => {
    const schema = /moves|moved/.test(operation) ? MOVED.schema : COMPONENT;
    const name = `${catalog}.${schema}`;
    const comment = (component: string) =>
      api('PATCH', `/${name}`, { comment: `${tag}${component}` });
    const { schemas } = Entities.parse(await read('/entities'));
    if (schemas.some((each) => each.name === schema)) {
      await comment('theirs');
      return { name, giveBack: () => comment(COMPONENT) };
    }
    await api('POST', '', { name: schema, catalog_name: catalog, comment: `${tag}theirs` });
    return { name, giveBack: () => api('DELETE', `/${name}`, {}) };
  };

  return {
    system: 'databricks',
    requests,
    takeOver: { schema: takeOver },
    begin: () => Promise.resolve({ provision: provision(), access: access(JANE, JOHN) }),
    move: provision(MOVED),
    control: (action) => steer(`/${action}`),
    others: async () => {
      await steer('/seed', { schemas: 3 });
      // Nobody may use the catalog by himself, so that it is granted, and taken away, too.
      const everybody = { principal: 'account users', add: [], remove: ['USE_CATALOG'] };
      await grants('catalog', catalog, everybody);
      await grants('catalog', catalog, { principal: clientId, add: ['MANAGE'] });
    },
    furnish: async () => {
      await steer('/objects', { catalog, schema: COMPONENT, table: 'rows' });
      const analysts = { principal: 'analysts', add: ['USE_SCHEMA', 'SELECT'] };
      await grants('schema', `${catalog}.${COMPONENT}`, analysts);
    },
    learn: () => Promise.resolve(),
    state: async () => stateIn(Entities.parse(await read('/entities'))),
    calls,
    // Each run asks for a token of its own.
    forgetCalls: async () => {
      await steer('/tokens?kind=oauth', undefined, 'DELETE');
      await steer('/requests', undefined, 'DELETE');
    },
    fault: async ({ statement, skip }, { fault }) => {
      const [operation] = statement.split(' ');
      await steer('/faults', { operation, skip, ...fault });
    },
    clearFaults: () => steer('/faults', undefined, 'DELETE'),
    wasMet: ({ statement }) =>
      eventually(async () => {
        const { late, faults: active } = await faults();
        const [meant] = statement.split(' ');
        if (late > 0) return undefined;
        return { is: active.every(({ operation, hits }) => operation !== meant || hits > 0) };
      }, 'what the workspace does late').then(({ is }) => is),
    tells,
    close: simulator.close,
  };
};
