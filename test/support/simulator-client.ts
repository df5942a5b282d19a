import { z } from 'zod';

export const API = '/api/public/v1';
export const CONFIG_API = '/api/v1';

export const json = (body: unknown) => ({
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});

const Ids = z.looseObject({
  sourceId: z.string().default(''),
  destinationId: z.string().default(''),
  connectionId: z.string().default(''),
  workspaceId: z.string().default(''),
  jobId: z.number().default(0),
});

/** A client of the simulator at `url`, which may start after its client is made. */
export const createClient = (url: () => string) => {
  /** Any route, by its whole path; a body that is not JSON is read as text. */
  const request = async (method: string, path: string, init: RequestInit = {}) => {
    const res = await fetch(`${url()}${path}`, { method, ...init });
    const text = await res.text();
    const type = res.headers.get('content-type') ?? '';
    const body: unknown = type.startsWith('application/json') ? JSON.parse(text) : text;
    return { status: res.status, type, headers: res.headers, body };
  };

  /** An operation of the API, by its path below the base; without a token. */
  const call = async (method: string, path: string, body?: unknown) => {
    const given = body === undefined ? {} : json(body);
    const answer = await request(method, `${API}${path}`, given);
    return { status: answer.status, body: answer.body };
  };

  const create = async (path: string, body: unknown) => {
    const answer = await call('POST', path, body);
    expect(answer).toMatchObject({ status: 200 });
    return Ids.parse(answer.body);
  };

  /** An operation of the Config API, by its path below the base; without a token. */
  const config = async (path: string, body: unknown = {}) => {
    const answer = await request('POST', `${CONFIG_API}${path}`, json(body));
    return { status: answer.status, body: answer.body };
  };

  const createConfig = async (path: string, body: unknown) => {
    const answer = await config(path, body);
    expect(answer).toMatchObject({ status: 200 });
    return Ids.parse(answer.body);
  };

  return { request, call, create, config, createConfig };
};
