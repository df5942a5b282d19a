// What `helm test` runs: the gateway is ready, the configuration file right, and a worker carries out a
// validation, which writes nothing. With a file that is left out unless it is said for whom.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

const { GATEWAY = '', BASE_PATH = '', SERVER_NAME, PATIENCE = '120' } = process.env;
const { PROVISIONER_CONFIG, ENVIRONMENT, DOMAIN, TOKEN } = process.env;
const api = GATEWAY + BASE_PATH.replace(/\/$/, '');
const latest = Date.now() + Number(PATIENCE) * 1000;

const fail = (why) => {
  console.error(why);
  process.exit(1);
};

/** SERVER_NAME is what the certificate has, whatever the address that is called. */
const send = (url, { method = 'GET', headers = {}, body } = {}) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const options = { method, headers, ...(SERVER_NAME && { servername: SERVER_NAME }) };
    const asked = request(url, options, async (answer) => {
      let text = '';
      for await (const part of answer.setEncoding('utf8')) text += part;
      resolve({ status: answer.statusCode, text });
    });
    asked.on('error', reject);
    asked.end(body);
  });

const ask = async (url, init) => {
  const { status, text } = await send(url, init).catch((err) => fail(`${url}: ${err}`));
  if (status < 200 || status > 299) fail(`${url} answered ${status}: ${text}`);
  return text;
};

const checkFile = (file) => {
  try {
    const command = ['dist/src/provisioner.js', 'config', 'check', file];
    console.log('file:', execFileSync(process.execPath, command, { encoding: 'utf8' }).trim());
  } catch (err) {
    fail(`${file} is not right: ${err.stdout}${err.stderr}`);
  }
};

console.log('gateway:', await ask(`${GATEWAY}/readyz`));
if (PROVISIONER_CONFIG) checkFile(PROVISIONER_CONFIG);
if (PROVISIONER_CONFIG && !(ENVIRONMENT && DOMAIN)) {
  console.log('worker: not asked, as helmTest names no environment and domain');
  process.exit(0);
}

const inFile = readFileSync(new URL('descriptor.json', import.meta.url), 'utf8');
const descriptor = inFile
  .replaceAll(':platform:', `:${DOMAIN || 'platform'}:`)
  .replace('"domain": "platform"', `"domain": ${JSON.stringify(DOMAIN || 'platform')}`)
  .replace('"development"', JSON.stringify(ENVIRONMENT || 'development'));
const headers = TOKEN ? { Authorization: `Bearer ${TOKEN}` } : {};
const token = await ask(`${api}/v2/validate`, {
  method: 'POST',
  headers: { ...headers, 'Content-Type': 'application/json' },
  body: JSON.stringify({ descriptor }),
});
for (;;) {
  const said = await ask(`${api}/v2/validate/${token}/status`, { headers });
  const { status, info } = JSON.parse(said);
  if (status === 'COMPLETED') {
    // The descriptor names nothing that has to be there: what Airbyte says of it is told, and no failure.
    for (const check of info.privateInfo.checks) console.log('worker:', check);
    break;
  }
  if (status === 'FAILED') fail(`the validation ${token} failed`);
  if (Date.now() > latest)
    fail(
      `no worker has carried out ${token} within ${PATIENCE} s. Do workers run, with the same TEMPORAL_TASK_QUEUE? With worker.versioning: is their version the current one?`,
    );
  await pause(1000);
}
