import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID } from '../../../simulator/simulator';
import { descriptor, request } from '../fixtures';
import { eventually, startHarness } from '../harness';
import type { Harness, Program } from '../harness';

/* What there must be for every operation to give each of its answers. */

const NOBODY_ASKED = { auth: { mode: 'none' } };

/** Gateways with a configuration file, by what keeps a request from being answered. */
const GUARDS = {
  tokens: {
    gateway: {
      auth: {
        mode: 'tokens',
        tokens: [{ name: 'known', sha256: '0'.repeat(64), roles: ['deployer'], coordinator: true }],
      },
    },
  },
  'another address': { gateway: { ...NOBODY_ASKED, allowFrom: ['192.0.2.1'] } },
  'a used up rate': { gateway: { ...NOBODY_ASKED, rateLimit: { perMinute: 1 } } },
  'a full audit': { gateway: NOBODY_ASKED, audit: { log: '/dev/full' } },
};

/** Gateways by what is behind them: a worker; Temporal, but no worker of its queue; nothing. */
export type Behind = 'worker' | 'no worker' | 'no Temporal' | keyof typeof GUARDS;

/** Runs in every state there is; a token each. */
export interface Tokens {
  completed: string;
  failed: string;
  terminated: string;
  unprovisioned: string;
  running: string;
  toTerminate: string;
  aclUpdated: string;
  validated: string;
  refused: string;
  validating: string;
  notValidated: string;
  reversed: string;
  notReversed: string;
  reversing: string;
}

export interface World {
  harness: Harness;
  gateways: Record<Behind, Program>;
  tokens: Tokens;
  stop: () => Promise<void>;
}

export const productOf = (text: string) =>
  stringify(z.object({ dataProduct: z.unknown() }).parse(parse(text)).dataProduct);

const ask = async (gateway: Program, method: string, path: string, body?: object) => {
  const response = await fetch(`${gateway.found}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return response.text();
};

/** Polls as the Coordinator does, on whichever status route. */
const ended = async (gateway: Program, path: string) => {
  await eventually(async () => {
    const text = await ask(gateway, 'GET', `${path}/status`);
    return text.includes('"RUNNING"') || text.includes('"TERMINATING"') ? undefined : text;
  }, `the end of ${path}`);
};

const post = async (gateway: Program, path: string, body: object) => {
  const text = await ask(gateway, 'POST', path, body);
  // An operation that is not there yet has no token; its rows then tell so.
  return text.startsWith('{') ? 'none' : text;
};

const Ids = z.object({
  info: z.object({ privateInfo: z.looseObject({ connectionId: z.string() }) }),
});

const reverseOf = (environment: string, connectionId: string) => ({
  useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
  environment,
  params: { connectionId },
});

/** A run that a worker cannot end, as no worker knows of it; an operator can. */
const brokenOff = async ({ client }: Harness, token: string) => {
  if (token !== 'none') await client.workflow.getHandle(token).terminate();
  return token;
};

const provisioned = async (harness: Harness) => {
  const completed = await harness.start('provision', { component: 'completed' });
  const unprovisioned = await harness.start('unprovision', { component: 'unprovisioned' });
  await Promise.all([harness.finished(completed), harness.finished(unprovisioned)]);
  await harness.fault({ operation: 'createConnection', status: 400 });
  const failed = await harness.start('provision', { component: 'failed' });
  await harness.finished(failed);
  await harness.fault({ operation: 'createSource', status: 503, times: 0 });
  const terminated = await harness.start('provision', { component: 'terminated' });
  await harness.call('DELETE', `/v1/provision/${terminated}`);
  await ended(harness.gateway(), `/v1/provision/${terminated}`);
  await harness.clearFaults();
  return { completed, unprovisioned, failed, terminated };
};

/** Runs that stay as they are: nobody works on them. */
const idle = async (gateway: Program, harness: Harness) => {
  const { environment } = harness;
  const body = (component: string) => request(descriptor({ environment, component }));
  return {
    running: await post(gateway, '/v1/provision', body('running')),
    toTerminate: await post(gateway, '/v1/provision', body('to-terminate')),
    validating: await post(gateway, '/v2/validate', body('validating')),
    notValidated: await brokenOff(
      harness,
      await post(gateway, '/v2/validate', body('not-validated')),
    ),
    reversing: await post(gateway, '/v1/reverse-provisioning', reverseOf(environment, 'any')),
  };
};

const others = async (harness: Harness, completed: string) => {
  const { environment } = harness;
  const gateway = harness.gateway();
  const { connectionId } = Ids.parse(await harness.status(completed)).info.privateInfo;
  const text = descriptor({ environment, component: 'completed' });
  const at = (path: string, body: object) => post(gateway, path, body);
  const tokens = {
    aclUpdated: await at('/v1/updateacl', { refs: [], provisionInfo: { request: text } }),
    validated: await at('/v2/validate', request(text)),
    refused: await at('/v2/validate', request(text.replace('format: csv', 'format: cvs'))),
    reversed: await at('/v1/reverse-provisioning', reverseOf(environment, connectionId)),
    notReversed: await at(
      '/v1/reverse-provisioning',
      reverseOf(environment, '00000000-0000-4000-8000-00000000dead'),
    ),
  };
  const { aclUpdated, validated, refused, reversed, notReversed } = tokens;
  await Promise.all(
    [
      `/v1/provision/${aclUpdated}`,
      `/v2/validate/${validated}`,
      `/v2/validate/${refused}`,
      `/v1/reverse-provisioning/${reversed}`,
      `/v1/reverse-provisioning/${notReversed}`,
    ].map((path) => ended(gateway, path)),
  );
  return tokens;
};

/** A gateway whose file has one environment and that guard; whoever comes after its first request has come too often. */
const guarded = async (harness: Harness, folder: string, guard: keyof typeof GUARDS) => {
  const file = path.join(folder, `${guard}.yaml`);
  const airbyte = { url: harness.simulator.url, workspaceId: DEFAULT_WORKSPACE_ID };
  const environments = { [harness.environment]: { airbyte } };
  await writeFile(file, stringify({ environments, ...GUARDS[guard] }));
  return harness.startGateway({ PROVISIONER_CONFIG: file });
};

export const startWorld = async (): Promise<World> => {
  // Not about Airbyte's time: runs are to end as they should on a busy machine too.
  const patience = { AIRBYTE_REQUEST_TIMEOUT: '10s', AIRBYTE_GIVE_UP_AFTER: '1m' };
  const env = { BASE_PATH: '/datamesh.specificprovisioner', ...patience };
  const harness = await startHarness({ env });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'contract-'));
  const stop = async () => {
    await harness.stop();
    await rm(folder, { recursive: true });
  };
  try {
    const [noWorker, noTemporal, tokensAsked, elsewhere, usedUp, fullAudit] = await Promise.all([
      harness.startGateway({ TEMPORAL_TASK_QUEUE: `${harness.environment}-idle` }),
      harness.startGateway({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
      guarded(harness, folder, 'tokens'),
      guarded(harness, folder, 'another address'),
      guarded(harness, folder, 'a used up rate'),
      guarded(harness, folder, 'a full audit'),
    ]);
    const gateways = {
      worker: harness.gateway(),
      'no worker': noWorker,
      'no Temporal': noTemporal,
      tokens: tokensAsked,
      'another address': elsewhere,
      'a used up rate': usedUp,
      'a full audit': fullAudit,
    };
    const runs = await provisioned(harness);
    const rest = await others(harness, runs.completed);
    const tokens = { ...runs, ...rest, ...(await idle(noWorker, harness)) };
    const stopAll = async () => {
      for (const token of [tokens.running, tokens.toTerminate, tokens.validating, tokens.reversing])
        await brokenOff(harness, token);
      await stop();
    };
    return { harness, gateways, tokens, stop: stopAll };
  } catch (err) {
    await stop();
    throw err;
  }
};
