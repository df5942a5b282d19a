import { createHash, createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';
import { filesIn, hitsIn, judgeTable, metricsOf, rawRuns } from './support/canaries';
import { keyPair, startFabricWorld } from './support/fabric-world';
import type { FabricChanges, FabricWorld } from './support/fabric-world';
import { clientId, loader, LOADER_TOKEN } from './support/lakehouse';
import { startReceiver } from './support/otlp-receiver';
import type { Receiver } from './support/otlp-receiver';

/* No credential of a fabric, nor what is made of it, is anywhere but in the fabric and the Airbyte it is for. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'fabric-canaries-'));
const stored = path.join(folder, 'temporal');
const auditLog = path.join(folder, 'audit');
const PASSPHRASE = 'canary-passphrase-7d20';
const OAUTH = 'canary-oauth-token-c41b';
const PROGRAMMATIC = 'canary-programmatic-token-90ee';
const WRONG = 'canary-token-that-is-wrong-5a5a';
/** As a file has it that somebody has put two lines into: no header can have it. */
const LINES = ['canary-first-line-4e1d', 'canary-second-line-77c2'];
const PASSWORD = 'canary-password-of-the-loader';
const CLIENT_SECRET = 'canary-client-secret-31f7';
const ENTRA_SECRET = 'canary-entra-secret-b8e2';
const PERSONAL = 'dapi-canary-personal-token-66c0';
const TENANT = '7c0ffee0-1234-4abc-9def-0123456789ab';

let temporal: Temporal;
let receiver: Receiver;
let world: FabricWorld;
beforeAll(async () => {
  const [port = 0] = await findFreePorts(1);
  receiver = await startReceiver();
  temporal = await startTemporal({
    cli: findCli(),
    port,
    dbFile: path.join(stored, 'temporal.db'),
    logFile: path.join(folder, 'temporal.log'),
  });
  world = await startFabricWorld({
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      LOG_LEVEL: 'trace',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    snowflake: { running: 5, tokens: [PROGRAMMATIC], people: ['JANE.DOE@EXAMPLE.COM'] },
    lakehouse: {
      clientSecret: CLIENT_SECRET,
      personalToken: PERSONAL,
      tenantId: TENANT,
      users: ['jane.doe@example.com'],
    },
  });
});
afterAll(async () => {
  await world.stop();
  await receiver.close();
  await temporal.stop();
  rmSync(folder, { recursive: true });
});

const encrypted = (pem: string) =>
  createPrivateKey(pem)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
    .toString();

/** Lines of a key's body: as a whole it may be broken in many ways. */
const linesOf = (pem: string) => pem.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line));

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
/** JWTs, and tokens that a workspace of Databricks makes. */
const MINTED = /eyJ[\w-]{10,}(?:\.[\w-]{10,}){2}|eyJ[\w-]{50,}|dapi[0-9a-f]{32}/g;

interface Proof {
  component: string;
  /** Who manages the fabric. */
  by: object;
  /** What those are told who have lost a privilege or meet a fault of the fabric. */
  says: string;
  works: boolean;
}

const who = { user: 'PROVISIONER', role: 'PROVISIONER' };
const snowflakeProofs: Proof[] = [
  {
    component: 'by-key',
    by: {
      ...who,
      privateKey: { secretRef: 'KEY' },
      privateKeyPassword: { secretRef: 'PASSPHRASE' },
    },
    says: PASSPHRASE,
    works: true,
  },
  {
    component: 'by-oauth',
    by: { ...who, oauth: { secretRef: 'OAUTH' } },
    says: OAUTH,
    works: true,
  },
  {
    component: 'by-token',
    by: { ...who, token: { secretRef: 'PROGRAMMATIC' } },
    says: PROGRAMMATIC,
    works: true,
  },
  {
    component: 'refused',
    by: { ...who, token: { secretRef: 'WRONG' } },
    says: WRONG,
    works: false,
  },
  {
    component: 'broken',
    by: { ...who, token: { secretRef: 'BROKEN' } },
    says: LINES.join(' '),
    works: false,
  },
  {
    component: 'unreadable',
    by: { ...who, privateKey: { secretRef: 'KEY' }, privateKeyPassword: { secretRef: 'WRONG' } },
    says: WRONG,
    works: false,
  },
];
const databricksProofs = (authority: string): Proof[] => {
  const entra = { tenantId: TENANT, clientId, authority };
  return [
    {
      component: 'lake-by-oauth',
      by: { oauth: { clientId, clientSecret: { secretRef: 'LAKEHOUSE' } } },
      says: CLIENT_SECRET,
      works: true,
    },
    {
      component: 'lake-by-pat',
      by: { pat: { secretRef: 'PERSONAL' } },
      says: PERSONAL,
      works: true,
    },
    {
      component: 'lake-by-entra',
      by: { entra: { ...entra, clientSecret: { secretRef: 'ENTRA' } } },
      says: ENTRA_SECRET,
      works: true,
    },
    { component: 'lake-refused', by: { pat: { secretRef: 'WRONG' } }, says: WRONG, works: false },
    {
      component: 'lake-broken',
      by: { pat: { secretRef: 'BROKEN' } },
      says: LINES.join(' '),
      works: false,
    },
    {
      component: 'lake-unknown',
      by: { entra: { ...entra, clientSecret: { secretRef: 'WRONG' } } },
      says: WRONG,
      works: false,
    },
    {
      component: 'lake-no-client',
      by: { oauth: { clientId: loader, clientSecret: { secretRef: 'WRONG' } } },
      says: WRONG,
      works: false,
    },
  ];
};

interface Shown {
  tokens: string[];
  answers: string[];
  commands: string[];
}

/** A provision, access that fails of a fabric that tells the secret, and an unprovision; a validation, and commands. */
const runAll = async (
  { component, says, works }: Proof,
  { fabric, fault }: { fabric: string; fault: (says: string) => Promise<void> },
): Promise<Shown> => {
  const changes: FabricChanges = {
    component,
    schema: component
      .replaceAll('-', '_')
      [fabric === 'lakehouse' ? 'toLowerCase' : 'toUpperCase'](),
    ...(fabric === 'lakehouse' && { fabric }),
  };
  const tokens: string[] = [];
  const answers: string[] = [];
  const ended = async (token: string) => {
    tokens.push(token);
    const status = await world.finished(token);
    answers.push(JSON.stringify(status));
    return status.status;
  };
  const end = await ended(await world.start('provision', changes));
  expect([component, end]).toEqual([component, works ? 'COMPLETED' : 'FAILED']);
  await fault(says);
  const asked = await world.startAccess(['user:jane.doe_example.com'], changes);
  expect(await ended(asked.text)).toBe('FAILED');
  await world.clearFaults();
  await world.lakehouse?.control('/faults', undefined, 'DELETE');
  const { text } = await world.call('POST', '/v1/validate', world.bodyOf(changes));
  answers.push(text);
  await ended(await world.start('unprovision', { ...changes, removeData: true }));
  const commands = await Promise.all(
    [
      ['fabrics', 'check', fabric, '--json'],
      ['fabrics', 'check', fabric, '--run', 'SELECT 1'],
      ...tokens.map((token) => ['runs', 'show', token]),
    ].map((args) => world.cli(...args)),
  );
  return { tokens, answers, commands: commands.map(({ stdout, stderr }) => stdout + stderr) };
};

const Calls = z.object({
  requests: z.array(
    z.looseObject({ token: z.string().nullish(), secretSha256: z.string().nullish() }),
  ),
});
/** Digests of all that proved a caller to a stand-in. */
const usedIn = async (url: string) => {
  const answer: unknown = await (await fetch(`${url}/_simulator/requests`)).json();
  const { requests } = Calls.parse(answer);
  return requests.flatMap(({ token, secretSha256 }) => token ?? secretSha256 ?? []);
};

const rewriteFor = (fabric: 'finance-dev' | 'lakehouse', by: object) => {
  const { [fabric]: settings, ...others } = world.settings.fabrics;
  return world.rewrite({
    ...world.settings,
    audit: { log: auditLog },
    fabrics: {
      ...others,
      [fabric]: { ...settings, manage: { ...settings?.manage, by } },
    },
  });
};

const sum = (all: Shown[]): Shown => ({
  tokens: all.flatMap(({ tokens }) => tokens),
  answers: all.flatMap(({ answers }) => answers),
  commands: all.flatMap(({ commands }) => commands),
});

/** Each place by its name, as in docs/encryption.md; and the traces. */
const placesOf = async ({ tokens, answers, commands }: Shown) => {
  const listed = await world.cli('runs', 'list', '--json');
  const drift = await world.cli('drift', '--environment', world.environment);
  return {
    'files of Temporal': filesIn(stored),
    'log of Temporal': readFileSync(temporal.logFile, 'utf8'),
    'histories, memo and search attributes': await rawRuns(temporal.address, tokens),
    'logs at trace': world.output(),
    metrics: await metricsOf(world.gateway.found, world.output()),
    traces: receiver.bytes().toString('latin1'),
    audit: readFileSync(auditLog, 'utf8'),
    answers: answers.join('\n'),
    commands: [...commands, ...[listed, drift].map(({ stdout, stderr }) => stdout + stderr)].join(
      '\n',
    ),
  };
};

test('keys, passphrases, tokens, passwords, secrets of clients and what is minted of them are nowhere', async () => {
  const lakehouse = world.lakehouse;
  if (!lakehouse) throw new Error('The world has no lakehouse.');
  const rotated = keyPair();
  const key = encrypted(rotated.privateKey);
  const tokens = { OAUTH, PROGRAMMATIC, WRONG, PERSONAL, BROKEN: LINES.join('\n') };
  const given = { KEY: key, PASSPHRASE, ENTRA: ENTRA_SECRET, ...tokens };
  for (const [name, value] of Object.entries(given)) world.secret(name, value);
  await world.control('/keys', { user: 'PROVISIONER', publicKeys: [rotated.publicKey] });
  await world.control('/tokens', { user: 'PROVISIONER', token: OAUTH, type: 'OAUTH' });

  const shown: Shown[] = [];
  for (const proof of snowflakeProofs) {
    await rewriteFor('finance-dev', proof.by);
    const fault = (says: string) =>
      world.fault({ operation: 'grantRole', code: '003001', message: `no ${says}` });
    shown.push(await runAll(proof, { fabric: 'finance-dev', fault }));
  }
  for (const proof of databricksProofs(lakehouse.url)) {
    await rewriteFor('lakehouse', proof.by);
    if (proof.component === 'lake-by-entra')
      await lakehouse.control('/client', { secret: ENTRA_SECRET });
    const fault = (says: string) =>
      lakehouse.control('/faults', {
        operation: 'updateGrants',
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: `no ${says}` },
      });
    shown.push(await runAll(proof, { fabric: 'lakehouse', fault }));
  }

  const canaries = {
    Snowflake: [
      ...[PASSPHRASE, OAUTH, PROGRAMMATIC, WRONG, PASSWORD, ...LINES],
      ...[key, rotated.privateKey, world.keys.privateKey].flatMap((pem) =>
        linesOf(pem).slice(0, 3),
      ),
    ],
    Databricks: [CLIENT_SECRET, ENTRA_SECRET, PERSONAL, LOADER_TOKEN, WRONG, ...LINES],
  };
  const used = {
    Snowflake: new Set(await usedIn(world.snowflake.url)),
    Databricks: new Set(await usedIn(lakehouse.url)),
  };
  expect(canaries.Snowflake.length).toBe(16);
  // All of them were used where they may be: at the fabric, or in Airbyte.
  for (const token of [OAUTH, PROGRAMMATIC])
    expect([token, used.Snowflake.has(digestOf(token))]).toEqual([token, true]);
  for (const secret of [CLIENT_SECRET, ENTRA_SECRET, PERSONAL, WRONG])
    expect([secret, used.Databricks.has(digestOf(secret))]).toEqual([secret, true]);

  const places = await placesOf(sum(shown));
  const mintedIn = (text: string, digests: Set<string>) =>
    (text.match(MINTED) ?? []).filter((token) => digests.has(digestOf(token))).length;
  const hits = Object.entries(places).map(([place, text]) => {
    expect([place, text.length > 0 || place === 'log of Temporal']).toEqual([place, true]);
    return [
      place,
      ...(['Snowflake', 'Databricks'] as const).map((type) =>
        String(hitsIn(text, canaries[type]) + mintedIn(text, used[type])),
      ),
    ];
  });
  expect(hits).toEqual(Object.keys(places).map((place) => [place, '0', '0']));
  judgeTable('encryption.md', {
    name: 'what was searched for credentials of fabrics',
    head: ['Searched', 'Hits of Snowflake’s', 'Hits of Databricks’'],
    rows: hits,
  });

  // The same searches find what may be there.
  expect(hitsIn(places['files of Temporal'], ['CASHFLOW_0_BY_KEY'])).toBeGreaterThan(0);
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' });
  form.set('client_id', clientId);
  form.set('client_secret', ENTRA_SECRET);
  const minted = await fetch(`${lakehouse.url}/oidc/v1/token`, { method: 'POST', body: form });
  const { access_token: token } = z.object({ access_token: z.string() }).parse(await minted.json());
  expect(mintedIn(`Bearer ${token}, `, new Set([digestOf(token)]))).toBe(1);
});
