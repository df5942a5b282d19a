import { pino } from 'pino';
import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../../simulator/databricks/simulator';
import type { DatabricksOptions, DatabricksSimulator } from '../../simulator/databricks/simulator';
import { LASTING } from '../../src/concurrency/interest';
import { CallError } from '../../src/contract/call-error';
import { Refusal } from '../../src/contract/problems';
import { databricks } from '../../src/fabrics/databricks';
import type { Fabric, Step, Thing } from '../../src/fabrics/fabric';
import { createRedactor } from '../../src/secrets/masking';

/* A Databricks fabric and the workspace that stands in for one, for the tests of one file. */

export const KEY = 'development/finance/cash flow/0/receivables';
export const OTHER = 'development/finance/cash flow/0/payables';

const { warehouseId, catalog, clientId, clientSecret, personalToken, tenantId } = DEFAULTS;
/** Another service principal, whom Airbyte may write as. */
export const [LOADER = ''] = DEFAULTS.servicePrincipals;

export const OAUTH = { oauth: { clientId, clientSecret: { secretRef: 'SECRET' } } };
export const PAT = { pat: { secretRef: 'PAT' } };
export const MANAGE = { schema: true, access: true };

const Grants = z.record(z.string(), z.array(z.string()));
const Entities = z.object({
  catalogs: z.array(z.object({ grants: Grants })),
  schemas: z.array(
    z.object({
      name: z.string(),
      comment: z.string().optional(),
      owner: z.string(),
      properties: z.record(z.string(), z.string()),
      grants: Grants,
    }),
  ),
  contexts: z.array(z.unknown()),
});
const Requests = z.object({
  maxInFlight: z.number(),
  requests: z.array(
    z.object({
      operation: z.string().nullable(),
      changes: z.boolean(),
      status: z.number().nullable(),
      secretSha256: z.string().nullable(),
    }),
  ),
});
/** The calls that a workspace has written down. */
export const callsTo = async (url: string) => {
  const response = await fetch(`${url}/_simulator/requests`);
  return Requests.parse(await response.json());
};

export const step = (id = 'a'): Step => ({ interest: LASTING, id });

/** One that ends before a call: the first of a run is 1. */
export const killedAt = (call: number, id = 'a'): Step => {
  const cut = new AbortController();
  let heard = 0;
  const hear = () => {
    heard += 1;
    if (heard === call) cut.abort(new Error('killed'));
  };
  return { id, interest: { cancelled: cut.signal, timeUp: cut.signal, hear } };
};

export const ids = (things: readonly Thing[]) => things.map(({ id }) => id);

export const errorOf = async (failing: Promise<unknown>): Promise<CallError | Refusal> => {
  try {
    await failing;
  } catch (err) {
    if (err instanceof CallError || err instanceof Refusal) return err;
    throw err;
  }
  throw new Error('It did not fail.');
};

export const databricksBench = (options: DatabricksOptions = {}) => {
  let simulator: DatabricksSimulator;
  beforeAll(async () => {
    simulator = await startDatabricksSimulator({
      startDuration: 0,
      contextDuration: 0,
      ...options,
    });
  });
  afterAll(() => simulator.close());

  const control = async (path: string, body?: object, method = body ? 'POST' : 'GET') => {
    const response = await fetch(`${simulator.url}/_simulator/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  /** What the fabric's secrets are, by their names. */
  const secrets = new Map<string, string>();
  beforeEach(async () => {
    await control('reset', {});
    secrets.clear();
    secrets.set('SECRET', clientSecret).set('PAT', personalToken);
  });

  const entities = async () => Entities.parse(await control('entities'));
  const calls = async () => (await callsTo(simulator.url)).requests;
  const open = (
    more: object = {},
    {
      requestTimeout = 60_000,
      secretOf = (name: string) => Promise.resolve(secrets.get(name) ?? ''),
    } = {},
  ): Fabric => {
    const settings = databricks.settings.parse({
      type: 'databricks',
      team: 'finance',
      host: simulator.url,
      warehouseId,
      catalog,
      auth: OAUTH,
      manage: MANAGE,
      ...more,
    });
    return databricks.open(settings, {
      name: 'lakehouse',
      secretOf: ({ secretRef }) => secretOf(secretRef),
      redactor: createRedactor(),
      requestTimeout,
      log: pino({ level: 'silent' }),
    });
  };
  const componentIn = (fabric: Fabric, { key = KEY, schema = 'cash_flow_0' } = {}) =>
    fabric.of({ key, end: { connector: 'databricks', configuration: { schema } } });
  const component = (more: object = {}, given = {}) => componentIn(open(more), given);

  return {
    url: () => simulator.url,
    secrets,
    control,
    fault: (given: object) => control('faults', { times: 1, ...given }),
    entities,
    schemaNamed: async (name: string) =>
      (await entities()).schemas.find((each) => each.name === name),
    catalogGrants: async (principal: string) => (await entities()).catalogs[0]?.grants[principal],
    addTable: (schema = 'cash_flow_0', table = 'orders') =>
      control('objects', { catalog, schema, table }),
    calls,
    maxInFlight: async () => (await callsTo(simulator.url)).maxInFlight,
    writes: async () =>
      (await calls()).filter(({ changes }) => changes).map(({ operation }) => operation),
    /** Credentials of Entra ID, which stands in the same place. */
    entra: () => ({
      entra: {
        tenantId,
        clientId,
        clientSecret: { secretRef: 'SECRET' },
        authority: simulator.url,
      },
    }),
    open,
    componentIn,
    component,
    /** As the saga does: what is missing is made. */
    made: async (mine = component()) => {
      const { missing } = await mine.look(step());
      await mine.prepare(missing, step());
      return mine;
    },
  };
};
