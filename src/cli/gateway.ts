import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { RequestValidationError, SystemError } from '../contract/coordinator';
import { hasTokenForm } from '../contract/ids';
import { parseJson } from '../contract/json';
import { RequestError, SystemProblem } from '../contract/problems';
import type { Problem } from '../contract/problems';

/** Milliseconds between two looks at a run that is waited for. */
const POLL_EVERY = 500;
/** Milliseconds at most for one answer of the gateway's: it has as long for a request that waits (LONGEST_REQUEST). */
const ANSWER_WITHIN = 150_000;

/** It is not known how what was asked for stands: nobody answered, or not in time. */
export class Unknown extends SystemProblem {
  override name = 'Unknown';
}

/** Something else than a gateway has answered, and will again. */
class NoProvisioner extends Unknown {
  override name = 'NoProvisioner';
}

/** What a proxy says of a moment, beside all from 500 on. */
const PASSING = [408, 425, 429];

const LINE = /^(?<path>\S+?)(?: \(line (?<line>\d+)\))?: (?<message>.*)$/s;

/** A problem as the gateway tells it, taken apart. */
export const problemIn = (text: string): Problem => {
  const { path = '', line, message = text } = LINE.exec(text)?.groups ?? {};
  return { path, ...(line !== undefined && { line: Number(line) }), message };
};

const refusal = (status: number, body: unknown) => {
  const refused = RequestValidationError.safeParse(body);
  if (!refused.success) return undefined;
  const { errors, moreInfo } = refused.data;
  return new RequestError(errors.map(problemIn), { solutions: moreInfo.solutions, status });
};

const failure = (status: number, { url, body }: { url: string; body: unknown }) => {
  const failed = SystemError.safeParse(body);
  if (failed.success)
    return new Unknown(failed.data.error, { solutions: failed.data.moreInfo.solutions });
  const mayPass = status >= 500 || PASSING.includes(status);
  const Failure = mayPass ? Unknown : NoProvisioner;
  return new Failure(`What answers at ${url} is no provisioner: ${String(status)}.`, {
    solutions: ['Check --gateway or PROVISIONER_URL: its base path belongs to it.'],
  });
};

const unreached = (url: string, cause: unknown) =>
  new Unknown(`No gateway answers at ${url}.`, {
    solutions: [
      'Give its address with --gateway or PROVISIONER_URL, which npm start prints; its base path belongs to it.',
      ...(url.startsWith('https:')
        ? [
            'Where a CA of your own has signed its certificate, NODE_EXTRA_CA_CERTS must name the file with that CA’s.',
          ]
        : []),
    ],
    cause,
  });

const late = (url: string, cause: unknown) =>
  new Unknown(`What is at ${url} did not answer in time.`, {
    solutions: [
      'Do it again; --timeout says for how long an answer is waited for.',
      'If nothing ever answers there, check --gateway or PROVISIONER_URL.',
    ],
    cause,
  });

const TO_KNOW_YOU = [
  'Set PROVISIONER_TOKEN, or PROVISIONER_TOKEN_FILE, to what lets you through, and see that it has not expired.',
];

/** What answers to who is not let through: the gateway, or a proxy in front of it; undefined for all else. */
const notLetThrough = (url: string, { status, headers }: Response, text: string) => {
  const told = status === 403 ? refusal(status, parseJson(text)) : undefined;
  if (told) return told;
  if (status === 401 || status === 403)
    return new SystemProblem(
      `What answers at ${url} does not let you through: ${String(status)}.`,
      {
        solutions: TO_KNOW_YOU,
      },
    );
  if (status < 300 || status > 399) return undefined;
  const to = headers.get('location') ?? '';
  // Neither what was asked nor a token goes anywhere else than where it was meant for.
  return new SystemProblem(
    `What answers at ${url} sends elsewhere: to ${URL.canParse(to, url) ? new URL(to, url).origin : 'nowhere'}.`,
    {
      solutions: [
        'If that is the gateway, give its address with --gateway or PROVISIONER_URL.',
        'If people log in there, a program cannot.',
        ...TO_KNOW_YOU,
      ],
    },
  );
};

interface Asking {
  /** What it knows the caller by. */
  token?: string | undefined;
  /** Milliseconds for the whole of a command. */
  timeout: number;
}

interface Following<Status> {
  schema: z.ZodType<Status>;
  hasEnded: (status: Status) => boolean;
  /** Told each status as it comes. */
  see?: (status: Status) => void;
}

export type Gateway = ReturnType<typeof createGateway>;

/** The gateway as who writes descriptors asks it. Throws a RequestError for what it refuses, else Unknown. */
export const createGateway = (given: string, { token: bearer, timeout }: Asking) => {
  const url = given.replace(/\/$/, '');
  const deadline = Date.now() + timeout;

  const call = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const within = Math.max(0, Math.min(ANSWER_WITHIN, deadline - Date.now()));
    const init: RequestInit = {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(within),
      headers: {
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    };
    const answer = await fetch(`${url}${path}`, init)
      .then(async (response) => ({ response, text: await response.text() }))
      .catch((err: unknown) => {
        const isLate = err instanceof Error && err.name === 'TimeoutError';
        throw isLate ? late(url, err) : unreached(url, err);
      });
    const { response, text } = answer;
    const refusedBefore = notLetThrough(url, response, text);
    if (refusedBefore) throw refusedBefore;
    const { status } = response;
    if (status < 300) return { status, text };
    const told = parseJson(text);
    throw (
      (status < 500 ? refusal(status, told) : undefined) ?? failure(status, { url, body: told })
    );
  };

  const read = <Result>(
    schema: z.ZodType<Result>,
    { status, text }: { status: number; text: string },
  ): Result => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw failure(status, { url, body: undefined });
  };

  const stillOpen = (token: string) =>
    new Unknown(`The run ${token} has not ended in time; it goes on.`, {
      solutions: ['Do it again to wait on: what goes on is joined. --timeout says for how long.'],
    });

  return {
    url,

    /** The token of the run that it starts. */
    async start(path: string, body: object): Promise<string> {
      const { status, text } = await call('POST', path, body);
      if (status !== 202 || !hasTokenForm(text)) throw failure(status, { url, body: undefined });
      return text;
    },

    async ask<Result>(path: string, body: object, schema: z.ZodType<Result>): Promise<Result> {
      return read(schema, await call('POST', path, body));
    },

    /** How a run has ended. That the gateway is not there for a moment of a long wait is waited out. */
    async follow<Status>(
      path: string,
      token: string,
      { schema, hasEnded, see }: Following<Status>,
    ): Promise<Status> {
      let missed: Unknown | undefined;
      let hasAnswered = false;
      while (Date.now() < deadline) {
        try {
          const status = read(schema, await call('GET', `${path}/${token}/status`));
          missed = undefined;
          hasAnswered = true;
          see?.(status);
          if (hasEnded(status)) return status;
        } catch (err) {
          // What has answered as a gateway and no longer does, as while it is replaced, is waited for.
          if (!(err instanceof Unknown) || (err instanceof NoProvisioner && !hasAnswered))
            throw err;
          // A look that the end of our time has cut short says nothing against the gateway.
          if (Date.now() < deadline || !hasAnswered) missed = err;
        }
        await pause(POLL_EVERY);
      }
      throw missed ?? stillOpen(token);
    },
  };
};
