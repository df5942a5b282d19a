import type { Response } from 'express';

/** No `body` is an empty answer; a string goes as it is, anything else as JSON. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const noContent: Answer = { status: 204 };

export const payloadOf = ({ body }: Answer) => {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
};

const typeOf = ({ body }: Answer) => {
  if (typeof body !== 'string') return 'application/json';
  return body.startsWith('<') ? 'text/html' : 'text/plain';
};

// Express would add a charset to the content type, which Airbyte does not send.
export const writeHead = (res: Response, answer: Answer, payload: string) => {
  res.statusCode = answer.status;
  if (payload) res.setHeader('Content-Type', typeOf(answer));
  if (answer.status !== 204) res.setHeader('Content-Length', Buffer.byteLength(payload));
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value);
};

export const send = (res: Response, answer: Answer) => {
  const payload = payloadOf(answer);
  writeHead(res, answer, payload);
  res.end(payload);
};

const html = (status: number, reason: string) =>
  `<html>\r\n<head><title>${String(status)} ${reason}</title></head>\r\n<body>\r\n<center><h1>${String(status)} ${reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;

const reasons: Record<number, string> = {
  200: 'OK',
  401: 'Authorization Required',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** A proxy's own page, in nginx's form. */
export const proxyPage = (status: number) => html(status, reasons[status] ?? 'Error');
