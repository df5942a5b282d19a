import type { RequestHandler } from 'express';
import { RequestError } from './errors';

/* What never reaches an operation. */

export const refusal = (status: number, path: string, message: string, solution: string) =>
  new RequestError([{ path, message }], { status, solutions: [solution] });

const MEBIBYTE = 1024 * 1024;

export const wrongType = refusal(
  415,
  'Content-Type',
  'must be application/json',
  'Send the request as JSON with the header Content-Type: application/json.',
);
const tooLarge = (bytes: unknown) =>
  refusal(
    413,
    'body',
    typeof bytes === 'number' && bytes < MEBIBYTE
      ? `is over ${String(bytes / 1024)} kB`
      : 'is over 2 MB',
    'Send the descriptor of one component and its data product only.',
  );
const badPath = refusal(400, 'path', 'is not a valid URL path', 'Send the token as it was given.');
export const malformed = refusal(400, 'body', 'is not valid JSON', 'Send a JSON object.');

/** The errors of Express' own parsers carry the status they stand for. */
export const parserRefusal = (err: unknown) => {
  if (err instanceof URIError) return badPath;
  const status: unknown = Reflect.get(Object(err), 'status');
  if (status === 413) return tooLarge(Reflect.get(Object(err), 'limit'));
  if (status === 415) return wrongType;
  return typeof status === 'number' && status >= 400 && status < 500 ? malformed : undefined;
};

export const wrongMethod =
  (method: string): RequestHandler =>
  (req, res) => {
    res.set('Allow', method);
    throw refusal(404, 'path', `has no ${req.method} operation`, `Use ${method} ${req.path}.`);
  };

export const unknownPath: RequestHandler = (req) => {
  throw refusal(
    404,
    'path',
    `${req.path} is not part of the contract`,
    'Check the address the provisioner is registered with, its base path included.',
  );
};
