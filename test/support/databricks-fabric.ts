import { pino } from 'pino';
import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../../simulator/databricks/simulator';
import type { DatabricksOptions, DatabricksSimulator } from '../../simulator/databricks/simulator';
import { LASTING } from '../../src/concurrency/interest';
import { databricks } from '../../src/fabrics/databricks';
import type { Fabric, Step } from '../../src/fabrics/fabric';
import { createRedactor } from '../../src/secrets/masking';

/* A Databricks fabric and the workspace that stands in for one, for the tests of one file. */

export const KEY = 'development/finance/cash flow/0/receivables';
export const OTHER = 'development/finance/cash flow/0/payables';

const Grants = z.record(z.string(), z.array(z.string()));
const Entities = z.object({
  catalogs: z.array(z.object({ grants: Grants })),
  schemas: z.array(
    z.object({
      name: z.string(),
      comment: z.string().optional(),
      properties: z.record(z.string(), z.string()),
      grants: Grants,
    }),
  ),
  contexts: z.array(z.unknown()),
});
const Requests = z.object({
  requests: z.array(
    z.object({
      operation: z.string().nullable(),
      changes: z.boolean(),
      status: z.number().nullable(),
    }),
  ),
});

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
  beforeEach(() => control('reset', {}));

  const entities = async () => Entities.parse(await control('entities'));
  const open = (
    more: object = {},
    secretOf = (name: string) =>
      Promise.resolve(name === 'PAT' ? DEFAULTS.personalToken : DEFAULTS.clientSecret),
  ): Fabric => {
    const settings = databricks.settings.parse({
      type: 'databricks',
      team: 'finance',
      host: simulator.url,
      warehouseId: DEFAULTS.warehouseId,
      catalog: DEFAULTS.catalog,
      auth: { oauth: { clientId: DEFAULTS.clientId, clientSecret: { secretRef: 'SECRET' } } },
      ...more,
    });
    return databricks.open(settings, {
      name: 'lakehouse',
      secretOf: ({ secretRef }) => secretOf(secretRef),
      redactor: createRedactor(),
      requestTimeout: 2000,
      log: pino({ level: 'silent' }),
    });
  };
  const componentIn = (fabric: Fabric, { key = KEY, schema = 'cash_flow_0' } = {}) =>
    fabric.of({ key, end: { connector: 'databricks', configuration: { schema } } });

  return {
    url: () => simulator.url,
    control,
    fault: (given: object) => control('faults', { times: 1, ...given }),
    entities,
    schemaNamed: async (name: string) =>
      (await entities()).schemas.find((each) => each.name === name),
    catalogGrants: async (principal: string) => (await entities()).catalogs[0]?.grants[principal],
    requests: async () => Requests.parse(await control('requests')).requests,
    open,
    componentIn,
  };
};
