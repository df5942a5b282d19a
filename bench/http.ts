import http from 'node:http';

/** Enough connections for the highest concurrency, kept open as a Coordinator's would be. */
const agent = new http.Agent({ keepAlive: true });

interface Answer {
  status: number;
  text: string;
}

/** An idle connection that the server closed as we took it for a request; each request may be sent twice. */
const isStale = (request: http.ClientRequest, err: Error) =>
  request.reusedSocket && 'code' in err && ['ECONNRESET', 'EPIPE'].includes(String(err.code));

/** Not fetch, whose own work would be a good part of what is measured. */
export const send = (
  method: string,
  url: string,
  { body = '', headers: more = {} }: { body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...more,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = http.request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
      response.on('error', reject);
    });
    request.on('error', (err) => {
      if (isStale(request, err)) resolve(send(method, url, { body, headers: more }));
      else reject(err);
    });
    request.end(body);
  });

/** Posts JSON. */
export const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  send('POST', url, { body, headers });

const textOf = (url: string, answer: Answer, status: number) => {
  if (answer.status === status) return answer.text;
  throw new Error(`${url} answered ${String(answer.status)}: ${answer.text}`);
};

export const postOk = async (
  url: string,
  body: string,
  status: number,
  headers: Record<string, string> = {},
): Promise<string> => textOf(url, await post(url, body, headers), status);

export const getOk = async (url: string): Promise<string> =>
  textOf(url, await send('GET', url), 200);

export const closeConnections = () => {
  agent.destroy();
};
