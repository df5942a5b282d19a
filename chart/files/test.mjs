// What `helm test` runs: the gateway is ready, and a worker carries out a validation, which writes nothing.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { GATEWAY = '', BASE_PATH = '', PATIENCE = '120' } = process.env;
const api = GATEWAY + BASE_PATH.replace(/\/$/, '');
const latest = Date.now() + Number(PATIENCE) * 1000;

const fail = (why) => {
  console.error(why);
  process.exit(1);
};

const ask = async (url, init) => {
  const answer = await fetch(url, init).catch((err) => fail(`${url}: ${err.cause ?? err}`));
  const text = await answer.text();
  if (!answer.ok) fail(`${url} answered ${answer.status}: ${text}`);
  return text;
};

console.log('gateway:', await ask(`${GATEWAY}/readyz`));
const descriptor = readFileSync(new URL('descriptor.json', import.meta.url), 'utf8');
const token = await ask(`${api}/v2/validate`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ descriptor }),
});
for (;;) {
  const { status, info } = JSON.parse(await ask(`${api}/v2/validate/${token}/status`));
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
