import { z } from 'zod';
import { DEFAULTS, startDatabricksSimulator } from '../../simulator/databricks/simulator';
import type { DatabricksOptions } from '../../simulator/databricks/simulator';

/* A workspace of Databricks, and what asks and steers it. */

export const UNITY = '/api/2.1/unity-catalog';

/** What a test compares with, typed. */
export const aNumber: unknown = expect.any(Number);
export const aText: unknown = expect.any(String);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const containing = (fields: object): unknown => expect.objectContaining(fields);
export const problem = (error_code: string, message: RegExp | string) =>
  containing({ error_code, message: typeof message === 'string' ? message : matching(message) });

/** Asks again until it holds; the test's own time limit ends it. */
export const eventually = async <Found>(
  look: () => Promise<Found>,
  holds: (found: Found) => boolean,
): Promise<Found> => {
  const found = await look();
  return holds(found) ? found : eventually(look, holds);
};

export const { warehouseId, clusterId, catalog, clientId, clientSecret, personalToken } = DEFAULTS;

const Statement = z.looseObject({
  statement_id: z.string(),
  status: z.looseObject({
    state: z.string(),
    error: z.object({ error_code: z.string(), message: z.string() }).optional(),
    sql_state: z.string().optional(),
  }),
  manifest: z.looseObject({ total_chunk_count: z.number(), truncated: z.boolean() }).optional(),
  result: z
    .looseObject({
      data_array: z.array(z.array(z.string().nullable())).optional(),
      next_chunk_index: z.number().optional(),
    })
    .optional(),
});

const Grants = z.record(z.string(), z.array(z.string()));
const Entities = z.object({
  catalogs: z.array(z.looseObject({ name: z.string(), grants: Grants })),
  schemas: z.array(
    z.looseObject({
      fullName: z.string(),
      owner: z.string(),
      comment: z.string().optional(),
      deleted: z.boolean(),
      grants: Grants,
    }),
  ),
  tables: z.array(z.looseObject({ name: z.string(), deletedAt: z.number().optional() })),
  tokens: z.array(z.looseObject({ kind: z.string(), sha256: z.string() })),
  contexts: z.array(z.looseObject({ id: z.string(), status: z.string() })),
  warehouse: z.looseObject({ state: z.string() }),
  cluster: z.looseObject({ state: z.string() }),
});

const Calls = z.object({
  requests: z.array(
    z.looseObject({
      operation: z.string().nullable(),
      principal: z.string().nullable(),
      statement: z.string().nullable(),
      secretSha256: z.string().nullable(),
      status: z.number().nullable(),
    }),
  ),
});

const basic = (secret: string) => `Basic ${btoa(`${clientId}:${secret}`)}`;

/** Of a workspace at `url`, with a token that is a personal one unless `token` is another. */
export const databricksClient = (url: () => string) => {
  const request = async (method: string, path: string, init: RequestInit = {}) => {
    const res = await fetch(`${url()}${path}`, { method, ...init });
    const body: unknown = JSON.parse(await res.text());
    return { status: res.status, headers: res.headers, body };
  };
  const call = async (method: string, path: string, body?: unknown, token = personalToken) => {
    const headers = { Authorization: `Bearer ${token}` };
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await request(method, path, { headers, ...given });
    return { status: answer.status, body: answer.body };
  };
  const control = (method: string, path: string, body?: unknown) =>
    request(method, `/_simulator${path}`, body === undefined ? {} : { body: JSON.stringify(body) });
  return {
    request,
    call,
    control,
    makeSchema: (name: string, more = {}) =>
      call('POST', `${UNITY}/schemas`, { name, catalog_name: catalog, ...more }),
    oauth: (secret = clientSecret, form = 'grant_type=client_credentials&scope=all-apis') =>
      request('POST', '/oidc/v1/token', { headers: { Authorization: basic(secret) }, body: form }),
    sql: async (statement: string, more: Record<string, unknown> = {}) => {
      const given = { warehouse_id: warehouseId, statement, wait_timeout: '30s', ...more };
      return Statement.parse((await call('POST', '/api/2.0/sql/statements', given)).body);
    },
    statement: async (id: string) =>
      Statement.parse((await call('GET', `/api/2.0/sql/statements/${id}`)).body),
    entities: async (query = '') =>
      Entities.parse((await control('GET', `/entities${query}`)).body),
    calls: async () => Calls.parse((await control('GET', '/requests')).body).requests,
    fault: (fault: unknown) => control('POST', '/faults', fault),
  };
};

/** A workspace of its own, for as long as `use` takes. */
export const withDatabricks = async (
  options: DatabricksOptions,
  use: (client: ReturnType<typeof databricksClient>) => Promise<void>,
) => {
  const simulator = await startDatabricksSimulator({ startDuration: 0, ...options });
  try {
    await use(databricksClient(() => simulator.url));
  } finally {
    await simulator.close();
  }
};
