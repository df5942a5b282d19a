import http from 'node:http';

/** Enough connections for the highest concurrency, kept open as a Coordinator's would be. */
const agent = new http.Agent({ keepAlive: true });

export interface Answer {
  status: number;
  text: string;
}

/** Posts JSON. Not fetch, whose own work would be a good part of what is measured. */
export const post = (url: string, body: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });

export const postOk = async (url: string, body: string, status: number): Promise<string> => {
  const answer = await post(url, body);
  if (answer.status === status) return answer.text;
  throw new Error(`${url} answered ${String(answer.status)}: ${answer.text}`);
};

export const closeConnections = () => {
  agent.destroy();
};
