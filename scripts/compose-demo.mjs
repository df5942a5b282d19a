// The service `demo` of docker-compose.yml: provisions the example through the gateway, and prints where
// everything is seen. It fails where the run does, and where the worker has another Airbyte than the
// simulated one.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { AIRBYTE_URL, PROVISIONER_CONFIG, GATEWAY, GATEWAY_LINK, TEMPORAL_UI_LINK, SIMULATOR_LINK } =
  process.env;

/** The service of docker-compose.yml. */
const SIMULATOR = 'simulator';

/** Milliseconds until a run that does not end is given up, between two looks at it, and for one answer. */
const PATIENCE = 60_000;
const POLL = 200;
const TIMEOUT = 20_000;

const refuseOthers = () => {
  if (PROVISIONER_CONFIG)
    throw new Error(
      'The example is not provisioned: with PROVISIONER_CONFIG it has neither an environment nor a caller. ' +
        'For the demo take PROVISIONER_CONFIG out of .env.',
    );
  if (!AIRBYTE_URL || new URL(AIRBYTE_URL).hostname === SIMULATOR) return;
  throw new Error(
    `The example is not provisioned: AIRBYTE_URL is ${AIRBYTE_URL}, and the demo writes to the simulated Airbyte only. ` +
      'For the demo take AIRBYTE_URL out of .env; for that Airbyte start without --profile demo.',
  );
};

const call = async (path, init) => {
  const url = `${GATEWAY}${path}`;
  const signal = AbortSignal.timeout(TIMEOUT);
  const answer = fetch(url, { ...init, signal }).then(async (response) => ({
    ok: response.ok,
    status: response.status,
    text: await response.text(),
  }));
  const { ok, status, text } = await answer.catch((err) => {
    const reason = err.cause?.message ?? err.message;
    throw new Error(
      `${url} does not answer: ${reason}. Look at \`docker compose logs gateway\` and \`docker compose ps\`.`,
    );
  });
  if (ok) return text;
  throw new Error(`${url} answered ${status}: ${text}`);
};

const provision = () =>
  call('/v1/provision', {
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
    const seen = JSON.parse(await call(`/v1/provision/${token}/status`));
    if (seen.status !== 'RUNNING') return seen;
    if (Date.now() > deadline) throw new Error(`The run has not ended after a minute: ${token}`);
    await pause(POLL);
  }
};

const show = async () => {
  refuseOthers();
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
