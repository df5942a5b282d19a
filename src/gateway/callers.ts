import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { RequestError, SystemProblem } from '../contract/problems';
import type { Authentication } from '../identity/authenticate';
import { NoCredential } from '../identity/authenticate';
import type { Caller } from '../identity/caller';
import { InvalidToken } from '../identity/oidc';
import { ProviderAway } from '../identity/provider-keys';

/** Who sent a request, by its answer. */
const callers = new WeakMap<Response, Caller>();
/** Undefined where it was not found out. */
export const knownCallerOf = (res: Response): Caller | undefined => callers.get(res);
/** Throws where nobody has asked, which would let in everybody. */
export const callerOf = (res: Response): Caller => {
  const caller = callers.get(res);
  if (!caller) throw new Error('Nobody was asked who sends this request.');
  return caller;
};

/** What a credential is to be, for WWW-Authenticate. */
export const BEARER = 'Bearer realm="airbyte-provisioner"';

/** RFC 6750, 3: without a credential no error is named. */
const unauthenticated = (message: string, challenge: string) =>
  new RequestError([{ path: 'Authorization', message }], {
    status: 401,
    reason: 'unauthenticated',
    challenge,
    solutions: ['Send the header Authorization: Bearer TOKEN, with a token that is valid now.'],
  });

const refusalOf = (err: unknown) => {
  if (err instanceof NoCredential) return unauthenticated('must name the caller', BEARER);
  if (err instanceof InvalidToken)
    return unauthenticated(
      'has a token that proves nobody: it is not known, has expired, or is for somebody else',
      `${BEARER}, error="invalid_token"`,
    );
  if (!(err instanceof ProviderAway)) return err;
  return new SystemProblem('The identity provider does not answer, so nobody can tell who asks.', {
    status: 503,
    reason: 'no_identity_provider',
    solutions: [
      'Nothing was done. Send the request again in a minute: repeating it is safe.',
      'If it goes on, ask the platform operator to look at the identity provider.',
    ],
    cause: err,
  });
};

/** Finds out who asks, before anything else is looked at. Why a token is none is in the log only. */
export const authenticated =
  (authenticate: Authentication, log: Logger): RequestHandler =>
  async (req, res, next) => {
    try {
      callers.set(res, await authenticate(req.get('authorization')));
    } catch (err) {
      if (err instanceof InvalidToken)
        log.info({ why: err.message, cause: causeOf(err) }, 'a token was refused');
      throw refusalOf(err);
    }
    next();
  };

/** The library's code says what is wrong with a token, and nothing of what is in it. */
const causeOf = ({ cause }: Error): unknown =>
  typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
