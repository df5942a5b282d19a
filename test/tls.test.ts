import { existsSync, renameSync, symlinkSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { pino } from 'pino';
import { openTls } from '../src/tls';
import { codeOf } from '../workflows/protocol/causes';
import { eventually, startProgram } from './support/harness';
import { createAuthority } from './support/certificates';
import type { Authority, Pair } from './support/certificates';
import { NOBODY_ASKED, ask, createFolder, startGuarded } from './support/guarded-gateway';
import type { GuardedGateway } from './support/guarded-gateway';
import { valueIn } from './support/metrics';

/* The gateway's listener over TLS: what it serves, who may knock, and what befalls files that change. */

const folder = createFolder();
const authorities: Record<'first' | 'second' | 'callers' | 'others', Authority> = {
  first: createAuthority(path.dirname(folder.file), 'first'),
  second: createAuthority(path.dirname(folder.file), 'second'),
  callers: createAuthority(path.dirname(folder.file), 'callers'),
  others: createAuthority(path.dirname(folder.file), 'others'),
};
const { first, second, callers, others } = authorities;

/** As Kubernetes mounts a secret: the files are links through a folder that is swapped whole. */
const mounted = folder.at('mounted');
let version = 0;
const mount = (files: Record<string, string>) => {
  version += 1;
  const data = folder.at(`data-${String(version)}`);
  mkdirSync(data);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(data, name), text);
  const link = folder.at('data-next');
  symlinkSync(data, link);
  renameSync(link, path.join(mounted, '..data'));
};
mkdirSync(mounted);
const NAMES = { certFile: 'tls.crt', keyFile: 'tls.key', clientCaFile: 'ca.crt' };
for (const name of Object.values(NAMES))
  symlinkSync(path.join('..data', name), path.join(mounted, name));
const show = ({ cert, key }: Pair, ca: string) => {
  mount({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca });
};
const inMounted = (name: string) => path.join(mounted, name);
const TLS = { certFile: inMounted(NAMES.certFile), keyFile: inMounted(NAMES.keyFile) };
const MUTUAL = { ...TLS, clientCaFile: inMounted(NAMES.clientCaFile) };

const caller = callers.issue({ usage: 'clientAuth', subject: '/O=Witboost/CN=coordinator' });

afterAll(() => {
  folder.remove();
});

describe('over TLS', () => {
  const served = first.issue();
  let gateway: GuardedGateway;
  beforeAll(async () => {
    show(served, callers.pem);
    gateway = await startGuarded({ gateway: { auth: NOBODY_ASKED, tls: TLS } }, folder);
  });
  afterAll(() => gateway.program.end('SIGKILL'));
  const trust = { ca: first.pem };

  test('it is said in the log, and in what browsers are told', async () => {
    expect(gateway.program.output()).toMatch(/"url":"https:\/\/127\.0\.0\.1:\d+"/);
    const { status, headers } = await gateway.call('/openapi.json', { tls: trust });
    expect([status, headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
  });

  test.each([
    ['TLSv1.1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3'],
  ] as const)('a caller with %s at most gets %s', async (most, got) => {
    const { hostname: host, port } = new URL(gateway.url);
    const spoken = await new Promise((resolve) => {
      const socket = tls.connect(
        {
          host,
          port: Number(port),
          ...trust,
          minVersion: 'TLSv1.1',
          maxVersion: most,
          // Else this side refuses before that one does.
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => {
          resolve(socket.getProtocol());
          socket.destroy();
        },
      );
      socket.on('error', (err) => {
        resolve(codeOf(err));
      });
    });
    expect(spoken).toBe(got);
  });

  test('nobody is answered without', async () => {
    const plain = gateway.url.replace('https', 'http');
    await expect(ask(`${plain}/livez`)).rejects.toThrow(/socket hang up|ECONNRESET|Parse Error/);
  });

  test('a wrong one keeps the one that serves, and is told everywhere', async () => {
    show({ cert: served.cert, key: first.issue().key }, callers.pem);
    const { status, warning } = await gateway.warned('The certificate is wrong', { tls: trust });
    const problem =
      'gateway.tls.keyFile: is not the key of the certificate in certFile, CN=127.0.0.1';
    expect([status, warning]).toEqual([
      200,
      'The certificate is wrong since its files changed; the former one still serves. The log of this program says what is wrong.',
    ]);
    await gateway.logged(`"problems":["${problem}"]`);
    const broken = async () => {
      const { text } = await gateway.call('/metrics', { tls: trust });
      return valueIn(text, 'provisioner_tls_broken', {});
    };
    expect(await broken()).toBe(1);
    show(served, callers.pem);
    await gateway.warned('', { tls: trust });
    expect(await broken()).toBe(0);
  });

  test('certificate and authority change under load, and no request fails', async () => {
    const both = { ca: [first.pem, second.pem] };
    const kept = new https.Agent({ keepAlive: true, maxSockets: 4, ...both });
    const outcomes = new Map<string, number>();
    let isOver = false;
    const load = async (agent: http.Agent | undefined) => {
      while (!isOver) {
        const outcome = await gateway
          .call('/openapi.json', { tls: both, ...(agent && { agent }) })
          .then(
            ({ status }) => String(status),
            (err: unknown) => String(err),
          );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    const loads = [kept, kept, undefined, undefined].map(load);
    const serves = async (authority: Authority) =>
      gateway.call('/livez', { tls: { ca: authority.pem } }).then(
        () => true,
        () => undefined,
      );
    for (const authority of [second, first, second, first]) {
      show(authority.issue(), callers.pem);
      await eventually(() => serves(authority), 'the other certificate');
    }
    isOver = true;
    await Promise.all(loads);
    kept.destroy();
    expect([...outcomes.keys()]).toEqual(['200']);
    expect(outcomes.get('200')).toBeGreaterThan(100);
  });

  test('that it is to go, or that callers are to show a certificate, takes a restart', async () => {
    folder.write({ gateway: { auth: NOBODY_ASKED } });
    const text = 'gateway.tls has come or gone since this gateway started: restart it';
    await gateway.warned(text, { tls: trust });
    await gateway.logged('the listener does not serve what the file says');
    folder.write({ gateway: { auth: NOBODY_ASKED, tls: MUTUAL } });
    await gateway.warned('gateway.tls.clientCaFile has come or gone', { tls: trust });
    folder.write({ gateway: { auth: NOBODY_ASKED, tls: TLS } });
    await gateway.warned('', { tls: trust });
  });
});

describe('files that change', () => {
  const served = first.issue();
  test.each<[string, () => void, string]>([
    [
      'a key of another certificate',
      () => {
        show({ cert: served.cert, key: first.issue().key }, callers.pem);
      },
      'gateway.tls.keyFile: is not the key of the certificate in certFile, CN=127.0.0.1',
    ],
    [
      'a certificate that is half written',
      () => {
        show({ cert: served.cert.slice(0, 300), key: served.key }, callers.pem);
      },
      `gateway.tls.certFile: ${TLS.certFile} is not made of whole certificates (PEM)`,
    ],
    [
      'no certificate at all',
      () => {
        show({ cert: '', key: served.key }, callers.pem);
      },
      `gateway.tls.certFile: ${TLS.certFile} is not made of whole certificates (PEM)`,
    ],
    [
      'a key that is half written',
      () => {
        show({ cert: served.cert, key: served.key.slice(0, 80) }, callers.pem);
      },
      'gateway.tls.keyFile: is not a private key (PEM) that no password protects',
    ],
    [
      'one that has expired',
      () => {
        show(first.issue({ days: -1 }), callers.pem);
      },
      'gateway.tls.certFile: has a certificate that has expired on',
    ],
    [
      'files that are gone',
      () => {
        rmSync(path.join(mounted, '..data'));
      },
      `gateway.tls.certFile: ${TLS.certFile} cannot be read (ENOENT)`,
    ],
  ])('%s keeps the one that serves until they are mended', async (_case, spoil, problem) => {
    show(served, callers.pem);
    const logged: string[] = [];
    const taken: string[] = [];
    const opened = openTls(TLS, {
      files: () => TLS,
      log: pino({ level: 'error' }, { write: (line) => logged.push(line) }),
      onChange: ({ cert }) => taken.push(cert),
      lookEvery: 20,
    });
    spoil();
    await eventually(() => opened.problem(), 'the problem');
    expect(opened.problem()).toContain('The certificate is wrong since its files changed');
    expect(logged.join('')).toContain(problem);
    expect([opened.current().cert, taken]).toEqual([served.cert, []]);
    const next = second.issue();
    show(next, callers.pem);
    await eventually(() => taken[0], 'the next certificate');
    expect([opened.problem(), opened.current().cert, taken]).toEqual([
      undefined,
      next.cert,
      [next.cert],
    ]);
    opened.close();
  });

  test('one that expires while it serves is told', () => {
    show(served, callers.pem);
    const opened = openTls(TLS, {
      files: () => TLS,
      log: pino({ level: 'silent' }),
      onChange: () => undefined,
    });
    expect(opened.problem()).toBeUndefined();
    jest.useFakeTimers({ now: Date.now() + 3 * 24 * 3_600_000 });
    expect(opened.problem()).toMatch(/^The certificate has expired on 20/);
    jest.useRealTimers();
    opened.close();
  });
});

describe('where callers show a certificate', () => {
  let gateway: GuardedGateway;
  beforeAll(async () => {
    show(first.issue(), callers.pem);
    gateway = await startGuarded(
      {
        gateway: { auth: NOBODY_ASKED, tls: MUTUAL },
        more: { audit: { log: folder.at('audit') } },
      },
      folder,
    );
  });
  afterAll(() => gateway.program.end('SIGKILL'));

  const withPair = (pair?: Pair) => ({ ca: first.pem, ...pair });
  const validate = (pair?: Pair) =>
    gateway.post('validate', undefined, {}, { tls: withPair(pair) });

  test('one with a right one is answered', async () => {
    expect(await validate(caller)).toMatchObject({ status: 200, text: '{"valid":true}' });
  });

  test.each<[string, Pair | undefined]>([
    ['none', undefined],
    ['one of another authority', others.issue({ usage: 'clientAuth' })],
    ['one that has expired', callers.issue({ usage: 'clientAuth', days: -1 })],
    ['one for servers', callers.issue({ usage: 'serverAuth' })],
  ])('a caller with %s gets an answer of the contract’s form', async (_case, pair) => {
    const answer = await validate(pair);
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Certificate realm="airbyte-provisioner"',
    ]);
    expect(JSON.parse(answer.text)).toEqual({
      errors: ['certificate: must be shown, and be signed by an authority that is known'],
      userMessage: 'The request does not tell who asks.',
      inputErrorField: 'certificate',
      moreInfo: {
        problems: ['certificate: must be shown, and be signed by an authority that is known'],
        solutions: ['Call with a client certificate that an authority of clientCaFile has signed.'],
      },
    });
  });

  test.each(['/livez', '/readyz', '/metrics'])('%s asks for none', async (at) => {
    expect((await gateway.call(at, { tls: withPair() })).status).toBe(200);
    expect((await gateway.call('/docs/', { tls: withPair() })).status).toBe(401);
  });

  test('the authority of callers changes under load: old and new in turn, and no request fails', async () => {
    const next = others.issue({ usage: 'clientAuth' });
    const agents = [caller, next].map(
      (pair) => new https.Agent({ keepAlive: true, maxSockets: 2, ...withPair(pair) }),
    );
    show(first.issue(), callers.pem + others.pem);
    const isKnown = async (pair: Pair) => (await validate(pair)).status === 200 || undefined;
    await eventually(() => isKnown(next), 'the second authority');
    let isOver = false;
    const seen = new Map<string, number>();
    const load = async (agent: http.Agent | undefined) => {
      while (!isOver) {
        const { status } = await gateway.post('validate', undefined, {}, agent ? { agent } : {});
        seen.set(String(status), (seen.get(String(status)) ?? 0) + 1);
      }
    };
    const [former, latter] = agents;
    const loads = [load(latter), load(latter)];
    // One connection of the former authority, kept.
    const asFormer = () => gateway.post('validate', undefined, {}, former ? { agent: former } : {});
    expect((await asFormer()).status).toBe(200);
    show(first.issue(), others.pem);
    await eventually(
      async () => (await validate(caller)).status === 401 || undefined,
      'the authority to be gone',
    );
    // What was checked before is answered once more, and closed.
    const last = await asFormer();
    expect([last.status, last.headers.connection]).toEqual([200, 'close']);
    expect((await asFormer()).status).toBe(401);
    show(first.issue(), others.pem + callers.pem);
    await eventually(() => isKnown(caller), 'the authority to be back');
    isOver = true;
    await Promise.all(loads);
    for (const agent of agents) agent.destroy();
    expect([...seen.keys()]).toEqual(['200']);
    expect(seen.get('200')).toBeGreaterThan(50);
  });
});

test.each<[string, () => object, RegExp]>([
  [
    'a certificate that is not there',
    () => ({ ...TLS, certFile: folder.at('none.pem') }),
    /gateway\.tls\.certFile: .*none\.pem cannot be read \(ENOENT\)/,
  ],
  [
    'a key that does not fit',
    () => {
      writeFileSync(folder.at('other.key'), first.issue().key);
      return { ...TLS, keyFile: folder.at('other.key') };
    },
    /gateway\.tls\.keyFile: is not the key of the certificate in certFile, CN=127\.0\.0\.1/,
  ],
  [
    'an authority that is none',
    () => {
      writeFileSync(folder.at('nothing.pem'), '\n');
      return { ...TLS, clientCaFile: folder.at('nothing.pem') };
    },
    /gateway\.tls\.clientCaFile: .*nothing\.pem is not made of whole certificates/,
  ],
  [
    'one over 1 MiB',
    () => {
      writeFileSync(folder.at('large.pem'), ' '.repeat(1024 * 1024 + 1));
      return { ...TLS, certFile: folder.at('large.pem') };
    },
    /gateway\.tls\.certFile: .*large\.pem is over 1024 KiB/,
  ],
])('with %s the gateway does not start, and says why', async (_case, tlsOf, problem) => {
  show(first.issue(), callers.pem);
  expect(existsSync(TLS.certFile)).toBe(true);
  folder.write({ gateway: { auth: NOBODY_ASKED, tls: tlsOf() } });
  await expect(startProgram('server', { env: folder.env })).rejects.toThrow(problem);
});
