import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { changed, changesOf, descriptors, inTree, place } from './descriptor-mutations';
import type { Change } from './descriptor-mutations';
import { request } from './fixtures';
import { SMUGGLING, hostileValue, TEXTS } from './hostile-values';

/* Requests of somebody who means no good, on every operation there is. */

export interface Endpoint {
  method: string;
  /** As Express has it: `/v1/provision/:token`. */
  path: string;
}

export interface Hostile {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

interface Given {
  endpoints: Endpoint[];
  environment: string;
  /** Of runs that there are. */
  tokens: string[];
  /** Values of `Authorization`, the one of who may do everything first. */
  credentials: string[];
}

const withHostile = hostileValue.map<Change>(
  (value) => (tree, path) => changed(tree, path, (parent, key) => Reflect.set(parent, key, value)),
);

const CHANGES = fc.array(fc.tuple(fc.oneof(inTree, withHostile), place), {
  minLength: 1,
  maxLength: 3,
});

/** What each operation takes, as its caller should send it. */
const rightBodies = ({ environment }: Given, text: string): Record<string, object> => ({
  '/v1/updateacl': {
    refs: ['user:jane.doe_example.com', 'group:readers'],
    provisionInfo: { request: text, result: '{"info":{"publicInfo":{},"privateInfo":{}}}' },
  },
  '/v1/reverse-provisioning': {
    useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
    environment,
    params: { connectionName: 'Payments' },
    catalogInfo: { spec: { mesh: { specific: {} } } },
  },
  '/operations/runs/replay': { failed: true, dryRun: true, component: 'finance.cashflow.0.x' },
  '/operations/runs/:token/replay': { force: false },
  '/operations/runs/:token/cancel': {},
});

/** The text of JSON with keys that are given twice, or with a mark at its beginning. */
const withOddities = (text: string) =>
  fc.constantFrom(
    text,
    text,
    text,
    `\ufeff${text}`,
    text.replace('{', '{"descriptor":"x","__proto__":{"polluted":true},'),
    text.slice(0, text.length / 2),
    `${text}${text}`,
    text.replaceAll('"', "'"),
    text.replace('{', '{"n":1e999,"m":-1e-999,"k":123456789012345678901234567890,'),
  );

const bodyFor = (given: Given, path: string) =>
  descriptors(given.environment).chain(({ kind, text }) => {
    const right = rightBodies(given, text)[path] ?? request(text, { descriptorKind: kind });
    return fc
      .oneof(
        { weight: 2, arbitrary: fc.constant<unknown>(right) },
        {
          weight: 5,
          arbitrary: CHANGES.map((changes) => changesOf(right, changes)),
        },
        { weight: 1, arbitrary: hostileValue },
      )
      .chain((value) => withOddities(JSON.stringify(value)));
  });

const ENCODINGS: [string, (bytes: Buffer) => Buffer][] = [
  ['identity', (bytes) => bytes],
  ['gzip', (bytes) => gzipSync(bytes)],
  ['deflate', (bytes) => deflateSync(bytes)],
  ['br', (bytes) => brotliCompressSync(bytes)],
  ['gzip', (bytes) => gzipSync(bytes).subarray(0, 30)],
  ['gzip', (bytes) => bytes],
  ['gzip, gzip', (bytes) => gzipSync(gzipSync(bytes))],
  ['constructor', (bytes) => bytes],
  ['__proto__', (bytes) => bytes],
];

/** A hundred megabytes of nothing, once made: some thousand bytes. */
const BOMB = gzipSync(Buffer.alloc(100_000_000, ' '));

const sent = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: text.map((given) => ({ encoding: 'identity', body: Buffer.from(given) })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(text, fc.constantFrom(...ENCODINGS))
        .map(([given, [encoding, pack]]) => ({ encoding, body: pack(Buffer.from(given)) })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { encoding: 'gzip', body: BOMB },
        { encoding: 'identity', body: Buffer.from('['.repeat(100_000)) },
        { encoding: 'identity', body: Buffer.from(`{"a":${'{"a":'.repeat(5000)}`) },
        { encoding: 'identity', body: Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]) },
        { encoding: 'identity', body: Buffer.from('{"descriptor":"\\ud800\\u0000"}') },
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 400 })
        .map((bytes) => ({ encoding: 'identity', body: Buffer.from(bytes) })),
    },
  );

const contentType = fc.oneof(
  { weight: 12, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'application/json; charset=utf-16',
      'application/json; charset="utf-8"',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json, text/html',
      'application/vnd.api+json',
      '__proto__/constructor',
      ';;;',
    ),
  },
);

/** URLs have no half of a character. */
const wellFormed = (text: string) => Buffer.from(text).toString();

/** For names and headers: who puts a secret there shows it to every proxy, whatever is done here. */
const NAMES = TEXTS.filter((text) => !SMUGGLING.includes(text));

/** What a name in a URL may be; Node's client refuses what is no URL at all. */
const inUrl = fc.oneof(
  fc.constantFrom(
    ...NAMES.map((text) => encodeURIComponent(wellFormed(text)).slice(0, 3000)),
    ...['%', '%ff', '%00', '%c0%ae%c0%ae', '..', '../..', '%2e%2e', '..%2f..%2flivez', ';', '*'],
    ...['provision.', 'provision.a.b.c.d.e.f0e1d2c3b4a5', 'provision.__proto__.x.y.z.000000000000'],
    ...['component.development.finance.cashflow.0.payments', 'grantees', 'lookUp'],
  ),
  fc.string({ maxLength: 30 }).map((text) => encodeURIComponent(wellFormed(text))),
);

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            ...['limit', 'since', 'component', 'environment', 'failed', 'operation', 'stuck'],
            ...['running', '__proto__', 'constructor', '__proto__[polluted]', 'limit[]', 'x'],
          ),
          fc.oneof(inUrl, fc.constantFrom('1', 'true', '1e999', '-1', '24h', '99999999999d')),
        ),
        { maxLength: 4 },
      )
      .map((pairs) => `?${pairs.map(([key, value]) => `${key}=${value}`).join('&')}`),
  },
);

/** Of headers, that Node's client lets through. */
const headerValue = fc
  .oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 200 }))
  .map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 1000));

const oddHeaders = fc.dictionary(
  fc.constantFrom(
    ...[
      'traceparent',
      'traceid',
      'tracestate',
      'x-forwarded-for',
      'x-forwarded-proto',
      'forwarded',
    ],
    ...['x-request-id', 'if-none-match', 'range', 'accept', 'origin', 'cookie', 'x-http-method'],
    ...['__proto__', 'constructor', 'x-original-url', 'x-forwarded-host', 'baggage', 'expect-ct'],
  ),
  headerValue,
  { maxKeys: 4 },
);

const credentialOf = ({ credentials: [best = '', ...others] }: Given) =>
  fc.oneof(
    { weight: 14, arbitrary: fc.constant(best) },
    { weight: 3, arbitrary: fc.constantFrom(...others) },
    {
      weight: 2,
      arbitrary: fc.oneof(
        fc.constantFrom(
          '',
          'Bearer',
          'Bearer  ',
          'Basic YTpi',
          'Bearer a b',
          'Bearer eyJhbGciOiJub25lIn0.e30.',
        ),
        headerValue.map((value) => `Bearer ${value}`),
      ),
    },
  );

const pathFor = ({ tokens }: Given, path: string) => {
  const name = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...tokens) },
    { weight: 4, arbitrary: inUrl },
  );
  const plain = path.includes(':')
    ? name.map((token) => path.replace(':token', () => token))
    : fc.constant(path);
  return fc.oneof(
    { weight: 10, arbitrary: plain },
    {
      weight: 1,
      arbitrary: plain.chain((at) =>
        fc.constantFrom(`/${at}`, `${at}/`, at.toUpperCase(), `${at}/..`, `/./${at}`, `${at}%00`),
      ),
    },
  );
};

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

const onEndpoint = (given: Given, { method, path }: Endpoint): fc.Arbitrary<Hostile> =>
  fc
    .record({
      method: fc.oneof(
        { weight: 12, arbitrary: fc.constant(method.toUpperCase()) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
      ),
      at: pathFor(given, path),
      search: query,
      odd: oddHeaders,
      authorization: credentialOf(given),
      type: contentType,
      content: sent(bodyFor(given, path)),
    })
    .map(({ method: used, at, search, odd, authorization, type, content }) => {
      const hasBody = !['GET', 'HEAD', 'TRACE'].includes(used);
      return {
        method: used,
        path: at + search,
        headers: {
          ...odd,
          ...(authorization !== '' && { authorization }),
          ...(hasBody && {
            'content-type': type,
            'content-length': String(content.body.length),
            ...(content.encoding !== 'identity' && { 'content-encoding': content.encoding }),
          }),
        },
        body: hasBody ? content.body : undefined,
      };
    });

/** Requests on all operations alike. */
export const hostileRequests = (given: Given): fc.Arbitrary<Hostile> =>
  fc.oneof(...given.endpoints.map((endpoint) => onEndpoint(given, endpoint)));
