import { z } from 'zod';
import { failedAnswer, unreadableAnswer } from './answer';
import type { Answer } from './answer';
import { noAnswer, noAirbyte } from './errors';
import { CONFIG_API, PUBLIC_API, timed } from './apis';
import type { AirbyteHttpOptions } from './http';
import { basicHeader } from './session';
import type { AirbyteAuth } from './session';
import { parseJson, withoutUndefined } from '../contract/json';
import { Refusal } from '../contract/problems';

/** What is at AIRBYTE_URL. Old versions tell neither version nor edition nor auth mode. */
export interface Instance {
  api: 'public' | 'config';
  version?: string | undefined;
  edition?: string | undefined;
  /** `none`, `simple` (applications of a single user) or `oidc`. */
  authMode?: string | undefined;
}

/** InstanceConfigurationResponse, as far as a version has it. */
const Configuration = z.object({
  version: z.string().optional().catch(undefined),
  edition: z.string().optional().catch(undefined),
  auth: z.object({ mode: z.string() }).optional().catch(undefined),
});

/** Refuses credentials of a kind that an Airbyte of this auth mode does not take. */
const checkAuth = ({ kind }: AirbyteAuth, mode: string | undefined) => {
  if (mode === 'none' && kind === 'oauth')
    throw new Refusal(
      'Airbyte has its authentication switched off, and so no tokens for applications.',
      'Leave AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET empty, or switch authentication on.',
    );
  if ((mode === 'simple' || mode === 'oidc') && kind !== 'oauth')
    throw new Refusal(
      `Airbyte wants the token of an application (its auth mode is ${mode}).`,
      'Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET to those of an application in Airbyte.',
    );
};

interface Seen extends Answer {
  call: { method: string; path: string; writes: boolean };
}
const isPage = ({ text }: Seen) => /^\s*</.test(text);
const isThere = (seen: Seen) => seen.status === 200 && !isPage(seen);

/** Neither API is there, which is told by what is there instead. */
const nothingAt = (looked: Seen[]) => {
  const page = looked.find((seen) => seen.status === 200);
  return page ? unreadableAnswer(page.call, page) : noAirbyte(looked.map(({ call }) => call));
};

/**
 * Which API to use: the public one where it is served. Asks without an application's token, but with
 * the name and password that a proxy may want. Throws an AirbyteError `again` while Airbyte is
 * down or starts, a Refusal where there is none, or where the credentials do not fit it.
 */
export const detect = async (options: Omit<AirbyteHttpOptions, 'limit'>): Promise<Instance> => {
  const { url, requestTimeout, redactor, observe } = options;
  const auth = await options.credentials();
  const authorization = auth.kind === 'basic' ? basicHeader(auth) : undefined;

  const look = async (path: string): Promise<Seen> => {
    const call = { method: 'GET', path, writes: false };
    const signal = AbortSignal.timeout(requestTimeout);
    const over = timed(call, observe);
    const headers = withoutUndefined({ accept: 'application/json', authorization });
    const asked = async () => {
      const response = await fetch(`${url}${path}`, { redirect: 'manual', headers, signal });
      const { status, headers: answered } = response;
      const text = await response.text();
      over(status);
      return { status, headers: answered, text };
    };
    const answer = await asked().catch((cause: unknown) => {
      over(signal.aborted ? 'timeout' : 'unreachable');
      throw noAnswer(call, cause, signal.aborted ? requestTimeout : undefined);
    });
    const isOver = [401, 408, 429].includes(answer.status) || answer.status >= 500;
    if (isOver) throw failedAnswer(call, answer, redactor.redact);
    return { ...answer, call };
  };

  const isPublic = await look(`${PUBLIC_API}/health`);
  const described = await look(`${CONFIG_API}/instance_configuration`);
  const api = isThere(isPublic) ? 'public' : 'config';
  if (api === 'config') {
    const isConfig = await look(`${CONFIG_API}/health`);
    if (!isThere(isConfig)) throw nothingAt([isPublic, isConfig]);
  }
  const settings = isThere(described)
    ? Configuration.safeParse(parseJson(described.text)).data
    : {};
  checkAuth(auth, settings?.auth?.mode);
  return {
    api,
    version: settings?.version,
    edition: settings?.edition,
    authMode: settings?.auth?.mode,
  };
};
