import { createHash, createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { findFreePorts } from '../scripts/ports';
import { findCli, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';
import { filesIn, hitsIn } from './support/canaries';
import { keyPair, startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { runCli } from './support/harness';

/* No credential of a fabric, nor what is made of it, is anywhere but in the fabric and the Airbyte it is for. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'fabric-canaries-'));
const stored = path.join(folder, 'temporal');
const PASSPHRASE = 'canary-passphrase-7d20';
const OAUTH = 'canary-oauth-token-c41b';
const PROGRAMMATIC = 'canary-programmatic-token-90ee';
const WRONG = 'canary-token-that-is-wrong-5a5a';
const PASSWORD = 'canary-password-of-the-loader';

let temporal: Temporal;
let world: FabricWorld;
beforeAll(async () => {
  const [port = 0] = await findFreePorts(1);
  temporal = await startTemporal({
    cli: findCli(),
    port,
    dbFile: path.join(stored, 'temporal.db'),
    logFile: path.join(folder, 'temporal.log'),
  });
  world = await startFabricWorld({
    env: { TEMPORAL_ADDRESS: temporal.address, LOG_LEVEL: 'trace' },
    snowflake: { running: 5, tokens: [PROGRAMMATIC] },
  });
});
afterAll(async () => {
  await world.stop();
  await temporal.stop();
  rmSync(folder, { recursive: true });
});

const encrypted = (pem: string) =>
  createPrivateKey(pem)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
    .toString();

/** Lines of a key's body: as a whole it may be broken in many ways. */
const linesOf = (pem: string) => pem.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line));

const Requests = z.object({ requests: z.array(z.looseObject({ token: z.string().nullable() })) });
const JWT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

test('keys, passphrases, tokens, passwords and what is minted of them are in no history, log, status or audit', async () => {
  const rotated = keyPair();
  const key = encrypted(rotated.privateKey);
  const auditLog = path.join(folder, 'audit');
  world.secret('KEY', key);
  world.secret('PASSPHRASE', PASSPHRASE);
  world.secret('OAUTH', OAUTH);
  world.secret('PROGRAMMATIC', PROGRAMMATIC);
  world.secret('WRONG', WRONG);
  await world.control('/keys', { user: 'PROVISIONER', publicKeys: [rotated.publicKey] });
  await world.control('/tokens', { user: 'PROVISIONER', token: OAUTH, type: 'OAUTH' });
  const who = { user: 'PROVISIONER', role: 'PROVISIONER' };
  const proofs = {
    'by-key': {
      privateKey: { secretRef: 'KEY' },
      privateKeyPassword: { secretRef: 'PASSPHRASE' },
    },
    'by-oauth': { oauth: { secretRef: 'OAUTH' } },
    'by-token': { token: { secretRef: 'PROGRAMMATIC' } },
    refused: { token: { secretRef: 'WRONG' } },
    unreadable: { privateKey: { secretRef: 'KEY' }, privateKeyPassword: { secretRef: 'WRONG' } },
  };
  const answers: string[] = [];
  const ends: string[] = [];
  for (const [component, proof] of Object.entries(proofs)) {
    const fabric = world.settings.fabrics['finance-dev'];
    await world.rewrite({
      ...world.settings,
      audit: { log: auditLog },
      fabrics: {
        'finance-dev': { ...fabric, manage: { ...fabric.manage, by: { ...who, ...proof } } },
      },
    });
    const run = async (end: Promise<{ status: string }>) => {
      const status = await end;
      answers.push(JSON.stringify(status));
      return status.status;
    };
    ends.push(await run(world.run('provision', { component })));
    await world.fault({ operation: 'grantRole', status: 500, body: `no ${OAUTH} ${PROGRAMMATIC}` });
    await run(world.giveAccess(['user:jane.doe_example.com'], { component }));
    await world.clearFaults();
    await run(world.run('unprovision', { component, removeData: true }));
  }
  expect(ends.slice(0, 3)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  const url = `${world.snowflake.url}/_simulator/requests`;
  const { requests } = Requests.parse(await (await fetch(url)).json());
  const used = new Set(requests.flatMap(({ token }) => token ?? []));
  expect([OAUTH, PROGRAMMATIC].filter((token) => !used.has(digestOf(token)))).toEqual([]);
  const listed = await runCli(['runs', 'list', '--json'], world.env);
  const places = {
    'files of Temporal': filesIn(stored),
    'log of Temporal': readFileSync(temporal.logFile, 'utf8'),
    'logs at trace': world.output(),
    statuses: answers.join('\n'),
    commands: listed.stdout + listed.stderr,
  };
  const canaries = [
    ...[PASSPHRASE, OAUTH, PROGRAMMATIC, WRONG, PASSWORD],
    ...[key, rotated.privateKey, world.keys.privateKey].flatMap((pem) => linesOf(pem).slice(0, 3)),
  ];
  expect(canaries.length).toBe(14);
  for (const [place, text] of Object.entries(places)) {
    expect([place, hitsIn(text, canaries)]).toEqual([place, 0]);
    const minted = (text.match(JWT) ?? []).filter((jwt) => used.has(digestOf(jwt)));
    expect([place, minted]).toEqual([place, []]);
  }
  // The same search finds what may be there.
  expect(hitsIn(places['files of Temporal'], ['CASHFLOW_0_BY_KEY'])).toBeGreaterThan(0);
});
