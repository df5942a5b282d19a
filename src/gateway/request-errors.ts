import type { RequestHandler } from 'express';
import { RequestError } from '../contract/problems';

/* What never reaches an operation. */

const requestError = (status: number, path: string, message: string, solution: string) =>
  new RequestError([{ path, message }], {
    status,
    solutions: [solution],
    reason: status === 413 ? 'too_large' : 'not_understood',
  });

const MEBIBYTE = 1024 * 1024;

export const wrongType = requestError(
  415,
  'Content-Type',
  'must be application/json',
  'Send the request as JSON with the header Content-Type: application/json.',
);
export const wrongEncoding = requestError(
  415,
  'Content-Encoding',
  "must be gzip, deflate, br or identity; of an operator's command identity only",
  'Send the request uncompressed, without the header Content-Encoding.',
);
export const tooLarge = (most: number) =>
  requestError(
    413,
    'body',
    most < MEBIBYTE
      ? `is over ${String(most / 1024)} KiB`
      : `is over ${String(most / MEBIBYTE)} MiB`,
    'Send the descriptor of one component and its data product only.',
  );
/** Nobody hears it but the log. */
export const tooManyPieces = (most: number) =>
  requestError(400, 'body', `comes in more than ${String(most)} pieces`, 'Send it in larger ones.');
const badPath = requestError(
  400,
  'path',
  'is not a valid URL path',
  'Send the token as it was given.',
);
export const malformed = requestError(400, 'body', 'is not valid JSON', 'Send a JSON object.');
export const undecodable = (encoding: string) =>
  requestError(
    400,
    'body',
    `cannot be decompressed as ${encoding}`,
    'Send the request uncompressed, without the header Content-Encoding.',
  );

/** What Express itself refuses. */
export const parserError = (err: unknown) => (err instanceof URIError ? badPath : undefined);

export const wrongMethod =
  (known: string[]): RequestHandler =>
  (req, res) => {
    res.set('Allow', known.join(', '));
    const use = `Use ${known.join(' or ')} ${req.path}.`;
    throw requestError(404, 'path', `has no ${req.method} operation`, use);
  };

export const unknownPath: RequestHandler = (req) => {
  throw requestError(
    404,
    'path',
    `${req.path} is not part of the contract`,
    'Check the address the provisioner is registered with, its base path included.',
  );
};
