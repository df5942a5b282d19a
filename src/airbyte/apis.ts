/* Where a self-managed Airbyte has its two APIs, and which of their operations are called. */

export const PUBLIC_API = '/api/public/v1';
export const CONFIG_API = '/api/v1';

const BASES = { public: PUBLIC_API, config: CONFIG_API };

const ACTORS = ['sources', 'destinations'];
const KINDS = ['source', 'destination'];

const OPERATIONS = {
  public: [
    'GET /health',
    'POST /applications/token',
    'GET /workspaces/{id}',
    ...ACTORS.flatMap((actors) => [
      `GET /workspaces/{id}/definitions/${actors}`,
      `GET /${actors}`,
      `POST /${actors}`,
      `GET /${actors}/{id}`,
      `PUT /${actors}/{id}`,
      `DELETE /${actors}/{id}`,
    ]),
    'GET /connections',
    'POST /connections',
    'GET /connections/{id}',
    'PATCH /connections/{id}',
    'DELETE /connections/{id}',
    'GET /streams',
    'GET /jobs',
    'POST /jobs',
    'GET /jobs/{id}',
    'GET /tags',
    'POST /tags',
    'DELETE /tags/{id}',
    'GET /organizations',
    'GET /users',
    'GET /permissions',
    'POST /permissions',
    'DELETE /permissions/{id}',
    'GET /groups',
    'GET /groups/{id}/permissions',
    'POST /groups/{id}/permissions',
    'DELETE /groups/{id}/permissions/{id}',
  ],
  config: [
    'GET /health',
    'GET /instance_configuration',
    'POST /applications/token',
    'POST /workspaces/get',
    ...KINDS.flatMap((kind) => [
      `POST /${kind}_definitions/list_for_workspace`,
      `POST /${kind}_definition_specifications/get`,
      `POST /scheduler/${kind}s/check_connection`,
      ...['list', 'get', 'create', 'update', 'delete'].map((verb) => `POST /${kind}s/${verb}`),
    ]),
    'POST /sources/discover_schema',
    ...['list', 'get', 'create', 'update', 'delete', 'sync', 'clear'].map(
      (verb) => `POST /connections/${verb}`,
    ),
    'POST /jobs/list',
    'POST /jobs/get_light',
    'POST /tags/list',
    'POST /tags/create',
    'POST /tags/delete',
  ],
};

type Api = keyof typeof OPERATIONS;
export const APIS: readonly Api[] = ['public', 'config'];

/** All that a call may be, without the API: no ids, and none twice. */
export const CALLS = [...new Set(Object.values(OPERATIONS).flat())];

/** Without an answer: the call's own time was up, or the step's; nobody was there; nobody wants it any more. */
export const NO_ANSWERS = ['timeout', 'out_of_time', 'unreachable', 'cancelled'] as const;
export type NoAnswer = (typeof NO_ANSWERS)[number];

/** A call that has ended, for whoever counts. */
export interface Called {
  api: Api;
  /** One of CALLS; else as it was asked, whatever is in it. */
  operation: string;
  /** Of its HTTP answer, or why there is none. */
  status: number | NoAnswer;
  seconds: number;
}

const patternOf = (operation: string) => new RegExp(`^${operation.replaceAll('{id}', '[^/]+')}$`);
const PATTERNS = {
  public: OPERATIONS.public.map((name) => ({ name, pattern: patternOf(name) })),
  config: OPERATIONS.config.map((name) => ({ name, pattern: patternOf(name) })),
};

/** What is called, by its method and the whole path. */
export const calledAt = (method: string, path: string): Pick<Called, 'api' | 'operation'> => {
  const api = path.startsWith(`${PUBLIC_API}/`) ? 'public' : 'config';
  const asked = `${method} ${path.slice(BASES[api].length)}`;
  const known = PATTERNS[api].find(({ pattern }) => pattern.test(asked));
  return { api, operation: known?.name ?? asked };
};

/** Starts the clock of a call; what comes back is told how the call has ended. */
export const timed = (
  { method, path }: { method: string; path: string },
  observe: ((called: Called) => void) | undefined,
) => {
  const started = performance.now();
  return (status: Called['status']) =>
    observe?.({
      ...calledAt(method, path),
      status,
      seconds: (performance.now() - started) / 1000,
    });
};
