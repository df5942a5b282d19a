import { once } from 'node:events';
import Ajv2020 from 'ajv/dist/2020';
import express from 'express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { pino } from 'pino';
import { parse } from 'yaml';
import { createGateway } from '../src/gateway/gateway';
import type { GatewayDeps } from '../src/gateway/gateway';
import { served } from '../src/gateway/routes';
import { RequestError } from '../src/contract/problems';
import { CONTRACT } from '../src/openapi/coordinator';
import { DOCUMENTS, openApi } from '../src/openapi/document';
import { OPERATOR, PROBES } from '../src/openapi/operator';
import { PLANNING } from '../src/openapi/planning';
import { pathsOf } from '../src/openapi/paths';
import type { Routes } from '../src/openapi/paths';
import { createAuthorization } from '../src/gateway/authorization';
import { asAnybody } from '../src/identity/authenticate';
import { NO_TRACING } from '../src/tracing/tracing';
import { startHarness } from './support/harness';

/** No request is made of it: only what it would serve is looked at. */
const neverCalled = () => Promise.reject(new Error('no request was made'));
const deps: Omit<GatewayDeps, 'servesOperations'> = {
  runs: {
    start: neverCalled,
    terminate: neverCalled,
    isReady: neverCalled,
  },
  readings: { start: neverCalled, judge: neverCalled },
  metrics: {
    answered: () => undefined,
    refused: () => undefined,
    open: () => undefined,
    held: () => undefined,
    exposition: { type: 'text/plain', text: neverCalled },
  },
  statusOf: neverCalled,
  validationStatusOf: neverCalled,
  reverseStatusOf: neverCalled,
  planStatusOf: neverCalled,
  problem: neverCalled,
  basePath: '',
  authenticate: asAnybody,
  door: () => undefined,
  operations: {
    list: neverCalled,
    show: neverCalled,
    replay: neverCalled,
    replayFailed: neverCalled,
    cancel: neverCalled,
  },
  authorization: createAuthorization(() => undefined),
  tracing: NO_TRACING,
  log: pino({ level: 'silent' }),
};
type Layers = ReturnType<typeof createGateway>['router']['stack'];

/** `GET /v1/…` of every route; the handlers for other methods have none. */
const routesIn = (layers: Layers): string[] =>
  layers.flatMap(({ route, handle }) => {
    if (!route) return 'stack' in handle ? routesIn(layersOf(handle)) : [];
    const methods = new Set(route.stack.map(({ method }) => method));
    return [...methods].flatMap((method) =>
      typeof method === 'string' ? [`${method.toUpperCase()} ${route.path}`] : [],
    );
  });
const isLayers = (value: unknown): value is Layers => Array.isArray(value);
const layersOf = (router: object) => {
  const stack: unknown = Reflect.get(router, 'stack');
  return isLayers(stack) ? stack : [];
};

const documented = (document: ReturnType<typeof openApi>) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((key) => key !== 'servers')
      .map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );

test('the document names what is served, no more and no less', () => {
  const app = createGateway({ ...deps, servesOperations: () => true });
  const served = new Set(routesIn(app.router.stack));
  expect(served.size).toBeGreaterThan(10);
  const document = openApi({ basePath: '', operations: true });
  expect(documented(document).toSorted()).toEqual([...served].toSorted());
});

test('the operator routes come and go with who is asked, in the document too', async () => {
  let isOn = false;
  const app = createGateway({ ...deps, servesOperations: () => isOn });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const look = async () => {
    const read = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const [list, json, yaml] = await Promise.all(
      ['/operations/runs', '/openapi.json', '/openapi.yaml'].map(read),
    );
    const known = openApi({ basePath: '', operations: isOn });
    expect([JSON.parse(json?.text ?? ''), parse(yaml?.text ?? '')]).toEqual([known, known]);
    return list;
  };
  const none = await look();
  expect(none?.status).toBe(404);
  expect(none?.text).toContain('is not part of the contract');
  isOn = true;
  // It is served, and asks what nobody is to ask here.
  expect(await look()).toMatchObject({ status: 500 });
  isOn = false;
  expect(await look()).toMatchObject({ status: 404 });
  server.close();
});

test('no operation hides another', () => {
  const tables: Routes[] = [CONTRACT, PLANNING, OPERATOR, DOCUMENTS, PROBES];
  const operations = tables.flatMap((table) =>
    Object.values(table).map(({ method, path }) => `${method} ${path}`),
  );
  expect(new Set(operations).size).toBe(operations.length);
  // The document has a path from one table only.
  const paths = tables.flatMap((table) => [
    ...new Set(Object.values(table).map(({ path }) => path)),
  ]);
  expect(new Set(paths).size).toBe(paths.length);
});

test('two methods of a path are both served and documented, any other is refused', async () => {
  const words = { summary: '', responses: {} };
  const path = '/runs/:token';
  const routes: Routes<'getStatus' | 'terminateProvisioning'> = {
    getStatus: { method: 'get', path, words },
    terminateProvisioning: { method: 'delete', path, words },
  };
  expect(pathsOf('Runs', routes, { servers: [] })).toEqual({
    '/runs/{token}': {
      servers: [],
      get: { tags: ['Runs'], operationId: 'getStatus', ...words },
      delete: { tags: ['Runs'], operationId: 'terminateProvisioning', ...words },
    },
  });
  const refuse: ErrorRequestHandler = (err: unknown, _req, res, _next) => {
    res.status(404).json(err instanceof RequestError ? err.problems : err);
  };
  const says =
    (word: string): RequestHandler<{ token: string }> =>
    (_req, res) =>
      void res.send(word);
  const app = express().use(
    served(routes, { getStatus: says('read'), terminateProvisioning: says('removed') }),
    refuse,
  );
  const server = app.listen(0);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const call = async (method: string) => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/runs/x`, { method });
    return [answer.headers.get('Allow'), await answer.text()];
  };
  try {
    expect(await call('GET')).toEqual([null, 'read']);
    expect(await call('DELETE')).toEqual([null, 'removed']);
    expect(await call('POST')).toEqual([
      'GET, DELETE',
      '[{"path":"path","message":"has no POST operation"}]',
    ]);
  } finally {
    server.close();
  }
});

/* OpenAPI 3.1, as much of it as the document uses; nothing else may appear. */

const strict = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const string = { type: 'string' };
const examples = {
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^\\w+$' },
  additionalProperties: strict({ value: {} }),
};
const content = {
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^\\w+/\\w+$' },
  additionalProperties: strict({ schema: { type: 'object' }, examples }, ['schema']),
};
const tags = { type: 'array', minItems: 1, maxItems: 1, items: string };
const operation = strict(
  {
    tags,
    summary: string,
    operationId: string,
    parameters: {
      type: 'array',
      items: strict(
        {
          name: string,
          in: { enum: ['path', 'query'] },
          required: {},
          schema: { type: 'object' },
          example: string,
        },
        ['name', 'in', 'schema'],
      ),
    },
    requestBody: strict({ required: { const: true }, content }),
    responses: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[2-5]\\d\\d$' },
      additionalProperties: strict({ description: string, content }, ['description']),
    },
  },
  ['tags', 'summary', 'operationId', 'responses'],
);
const servers = { type: 'array', items: strict({ url: string }) };
const document = strict({
  openapi: { const: '3.1.0' },
  info: strict({
    title: string,
    version: string,
    description: string,
    license: strict({ name: string, identifier: string }),
  }),
  servers,
  tags: { type: 'array', items: strict({ name: string, description: string }, ['name']) },
  paths: {
    type: 'object',
    propertyNames: { pattern: '^/' },
    additionalProperties: strict(
      { servers, get: operation, post: operation, delete: operation },
      [],
    ),
  },
  security: { const: [{ bearer: [] }, {}] },
  components: strict({
    securitySchemes: strict({
      bearer: strict({ type: { const: 'http' }, scheme: { const: 'bearer' } }),
    }),
    schemas: { type: 'object', minProperties: 5 },
  }),
});

test('the document is OpenAPI 3.1: its structure, its schemas, its references, its parameters', () => {
  const given = openApi({ basePath: '/base', operations: true });
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.validate(document, given);
  expect(ajv.errors).toBeNull();
  ajv.addSchema({ $id: 'document', ...given });
  const text = JSON.stringify(given);
  for (const [, pointer] of text.matchAll(/"\$ref":"(#[^"]+)"/g))
    expect(ajv.getSchema(`document${pointer ?? ''}`)).toBeDefined();
  for (const [path, item] of Object.entries(given.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = [...JSON.stringify(item).matchAll(/"name":"(\w+)","in":"path"/g)];
    expect(declared.map(([, name]) => name)).toEqual(named);
  }
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(['RUNNING', 'COMPLETED', 'FAILED', 'TERMINATED'])('it says what %s means', (status) => {
  expect(openApi({ basePath: '', operations: false }).info.description).toContain(status);
});

test('the schemas take what is sent and answered, and tell the required from the optional', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'document', ...openApi({ basePath: '', operations: true }) });
  const isValid = (id: string, value: unknown) =>
    ajv.validate({ $ref: `document#/components/schemas/${id}` }, value);
  const request = { descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: 'a: 1' };
  expect(isValid('ProvisioningRequest', { ...request, novelty: true })).toBe(true);
  expect(isValid('ProvisioningRequest', { ...request, descriptorKind: 'POEM' })).toBe(false);
  expect(isValid('ProvisioningRequest', { descriptor: 'a: 1' })).toBe(false);
  expect(isValid('ReplayRequest', {})).toBe(true);
  expect(isValid('ReplayRequest', { froce: true })).toBe(false);
  expect(isValid('ReplayFailedRequest', { failed: true, since: '24h' })).toBe(true);
  expect(isValid('ReplayFailedRequest', { failed: false })).toBe(false);
});

test('it is served below the base path, without the operator routes unless they are on', async () => {
  const harness = await startHarness({ worker: false, env: { BASE_PATH: '/base' } });
  try {
    const expected: unknown = JSON.parse(
      JSON.stringify(openApi({ basePath: '/base', operations: false })),
    );
    const { status, type, json } = await harness.call('GET', '/openapi.json');
    expect({ status, type }).toEqual({ status: 200, type: 'application/json; charset=utf-8' });
    expect(json()).toEqual(expected);
    const yaml = await harness.call('GET', '/openapi.yaml');
    expect(yaml.type).toBe('application/yaml; charset=utf-8');
    expect(parse(yaml.text)).toEqual(expected);
    expect((await harness.call('GET', '/operations/runs')).status).toBe(404);
  } finally {
    await harness.stop();
  }
});

test.each(['', '/base'])(
  'the page is complete in itself, and its policy keeps it so (base path "%s")',
  async (BASE_PATH) => {
    const harness = await startHarness({ worker: false, env: { BASE_PATH } });
    try {
      const page = await fetch(`${harness.gateway().found}/docs`);
      expect(page.url).toBe(`${harness.gateway().found}/docs/`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*'self'/);
      const html = await page.text();
      const start = await harness.call('GET', '/docs/start.js');
      const named = [...`${html}${start.text}`.matchAll(/(?:href|src)="(.*?)"|url: '(.*?)'/g)];
      const addresses = named.map(([, inPage, inScript]) => inPage ?? inScript ?? '');
      expect(addresses).toHaveLength(5);
      for (const address of addresses) {
        const part = await fetch(new URL(address, page.url));
        expect({ address, status: part.status }).toEqual({ address, status: 200 });
        expect(part.url.startsWith(harness.gateway().found)).toBe(true);
      }
      for (const other of ['index.html', 'swagger-ui-bundle.js.map', 'package.json', '../../x'])
        expect((await harness.call('GET', `/docs/${other}`)).status).toBe(404);
    } finally {
      await harness.stop();
    }
  },
);
