import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { stringify } from 'yaml';
import { findFreePorts } from '../scripts/ports';
import { OF_ONE_ENVIRONMENT } from '../src/config/worker';
import { openEncryption } from '../src/encryption/encryption';
import { dataConverterOf } from '../src/temporal/payload-codec';
import { emptyAirbyte, provision } from './bench';
import type { Bench, Checkout } from './bench';
import { postOk } from './http';
import { compete } from './measure';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults } from './table';

/* What it costs to ask who calls, to write down what was asked for, and to encrypt what Temporal stores. */

const TOKEN = randomBytes(32).toString('base64url');
const AUDIENCE = 'bench';
const KID = 'bench';

/** As much of an identity provider as the gateway asks for. */
const startProvider = async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: KID, alg: 'RS256', use: 'sig' };
  const server = createServer((req, res) => {
    const isKeys = req.url === '/keys';
    const about = { issuer, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: [] };
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify(isKeys ? { keys: [key] } : about));
  });
  const [port = 0] = await findFreePorts(1);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String(port)}`;
  const token = await new SignJWT({ client_id: 'coordinator', groups: [] })
    .setProtectedHeader({ alg: 'RS256', kid: KID, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject('coordinator')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return { issuer, token, stop: () => server.close() };
};

const TEAM = { team: 'finance', host: 'bench.snowflakecomputing.com', warehouse: 'W' };

const settingsOn = ({ stack }: Bench) => ({
  gateway: { auth: { mode: 'none' } },
  environments: {
    development: {
      airbyte: {
        url: stack.airbyteUrl,
        workspaceId: stack.env.AIRBYTE_WORKSPACE_ID,
        auth: { clientId: 'simulator', clientSecret: { secretRef: 'AIRBYTE' } },
      },
    },
  },
  teams: {
    finance: {
      domains: ['finance'],
      environments: ['development'],
      defaultFabric: { development: 'warehouse' },
    },
  },
  fabrics: {
    warehouse: {
      type: 'snowflake',
      ...TEAM,
      user: 'U',
      role: 'R',
      credentials: { password: { secretRef: 'WAREHOUSE' } },
    },
  },
});

interface Way {
  /** What its file has besides. */
  more: object;
  token?: string;
}

const waysIn = (folder: string, { issuer, token }: { issuer: string; token: string }) => {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex');
  const tokens = [{ name: 'coordinator', sha256, roles: ['deployer'], coordinator: true }];
  const oidc = { mode: 'oidc', issuer, audience: AUDIENCE, coordinators: ['coordinator'] };
  const codec = { encryption: { keysDir: path.join(folder, 'keys'), current: 'bench' } };
  const audit = (name: string) => ({ audit: { log: path.join(folder, `${name}.audit`) } });
  return {
    floor: { more: {} },
    tokens: { more: { gateway: { auth: { mode: 'tokens', tokens } } }, token: TOKEN },
    oidc: { more: { gateway: { auth: oidc } }, token },
    audit: { more: audit('audit') },
    codec: { more: codec },
    all: { more: { gateway: { auth: oidc }, ...audit('all'), ...codec }, token },
  } satisfies Record<string, Way>;
};

const checkoutOf = (
  bench: Bench,
  { name, more, folder }: { name: string; more: object; folder: string },
): Checkout[] => {
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(file, stringify({ ...settingsOn(bench), ...more }));
  const [ours] = bench.checkouts;
  const unset = Object.fromEntries(OF_ONE_ENVIRONMENT.map((variable) => [variable, '']));
  const env = { ...unset, PROVISIONER_CONFIG: file, SECRETS_DIR: folder, FINGERPRINT_KEY: 'bench' };
  return ours ? [{ name, root: ours.root, env }] : [];
};

const contest = async (
  bench: Bench,
  { folder, ways, worker }: { folder: string; ways: Record<string, Way>; worker: boolean },
) => {
  const checkouts = Object.entries(ways).flatMap(([name, { more }]) =>
    checkoutOf(bench, { name, more, folder }),
  );
  const part = worker ? 'secured-whole' : 'secured';
  return withPrograms(bench, { part, worker, checkouts }, async (programs) => {
    const sideOf = ({ name, gatewayUrl, pids }: Programs) => {
      const token = ways[name]?.token;
      const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
      const prepare = (id: string) => {
        const body = JSON.stringify(bench.requestFor(`${part}-${id}`));
        return worker
          ? () => provision(bench, { gatewayUrl, body, headers })
          : () => postOk(`${gatewayUrl}/v1/provision`, body, 202, headers);
      };
      return [name, { pids, prepare }] as const;
    };
    const sides = Object.fromEntries(programs.map(sideOf));
    const before = () => emptyAirbyte(bench);
    return worker
      ? [await compete({ concurrency: 1, rounds: 9, count: 10, sides, before })]
      : [
          await compete({ concurrency: 1, rounds: 9, count: 60, sides }),
          await compete({ concurrency: 10, rounds: 9, count: 100, sides }),
        ];
  });
};

/** The 202 and a whole provision, with each of them and with all, against a file that has none. */
export const benchSecured = async (bench: Bench) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-secured-'));
  const provider = await startProvider();
  try {
    mkdirSync(path.join(folder, 'keys'));
    writeFileSync(path.join(folder, 'keys', 'bench'), randomBytes(32));
    for (const secret of ['AIRBYTE', 'WAREHOUSE'])
      writeFileSync(path.join(folder, secret), 'simulator-secret');
    const ways: Record<string, Way> = waysIn(folder, provider);
    const encryption = openEncryption({ keysDir: path.join(folder, 'keys'), current: 'bench' });
    const { connection } = bench.client;
    const client = new Client({ connection, dataConverter: dataConverterOf(encryption) });
    const withKeys = { ...bench, client };
    const starts = await contest(withKeys, { folder, ways, worker: false });
    const { floor = { more: {} }, codec = { more: {} }, all = { more: {} } } = ways;
    const whole = await contest(withKeys, { folder, ways: { floor, codec, all }, worker: true });
    return {
      starts: printResults(
        'POST /v1/provision until 202, with authentication, audit and codec; floor: a file without',
        starts,
      ),
      whole: printResults('A provision from POST to the end of its run, with all of them', whole),
    };
  } finally {
    provider.stop();
    rmSync(folder, { recursive: true });
  }
};
