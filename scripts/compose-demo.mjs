// The service `demo` of docker-compose.yml: provisions the example through the gateway, and prints where
// everything is seen. It fails where the run does.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { GATEWAY, GATEWAY_LINK, TEMPORAL_UI_LINK, SIMULATOR_LINK } = process.env;

/** Milliseconds until a run that does not end is given up, and between two looks at it. */
const PATIENCE = 60_000;
const POLL = 200;

const ask = async (path, init) => {
  const response = await fetch(`${GATEWAY}${path}`, init);
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(`The gateway answered ${response.status}: ${text}`);
};

const provision = () =>
  ask('/v1/provision', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      descriptorKind: 'COMPONENT_DESCRIPTOR',
      descriptor: readFileSync(new URL('cashflow.yaml', import.meta.url), 'utf8'),
      removeData: false,
    }),
  });

const endOf = async (token) => {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const seen = JSON.parse(await ask(`/v1/provision/${token}/status`));
    if (seen.status !== 'RUNNING') return seen;
    if (Date.now() > deadline) throw new Error(`The run has not ended after a minute: ${token}`);
    await pause(POLL);
  }
};

const show = async () => {
  const token = await provision();
  const { status, result } = await endOf(token);
  console.log(`
  The provisioner is up, with a simulated Airbyte. It was sent examples/cashflow.yaml:
    ${status}: ${result}

  Its run       ${TEMPORAL_UI_LINK}/namespaces/default/workflows/${token}
  All runs      ${TEMPORAL_UI_LINK}/namespaces/default/workflows
  The API       ${GATEWAY_LINK}/docs/
  Its status    ${GATEWAY_LINK}/v1/provision/${token}/status
  In Airbyte    ${SIMULATOR_LINK}/_simulator/entities
`);
  return status === 'COMPLETED' ? 0 : 1;
};

process.exitCode = await show().catch((err) => {
  console.error(err.message);
  return 1;
});
