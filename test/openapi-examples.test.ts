import Ajv2020 from 'ajv/dist/2020';
import { z } from 'zod';
import { openApi } from '../src/openapi/document';
import { CONTRACTS, schemas } from './support/contract/schema';
import { startHarness } from './support/harness';
import type { Harness } from './support/harness';

/* Every example of the document: requests are made, answers are held against their schemas. */

const Content = z.object({
  schema: z.looseObject({ $ref: z.string().optional(), type: z.string().optional() }),
  examples: z.record(z.string(), z.object({ value: z.unknown() })).default({}),
});
const Body = z.object({ content: z.record(z.string(), Content).default({}) });
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), example: z.string().optional() })).default([]),
  requestBody: Body.optional(),
  responses: z.record(z.string(), Body),
});
type Operation = z.infer<typeof Operation>;

const document = openApi({ basePath: '', operations: true });
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== 'servers')
    .map(([method, operation]) => ({ path, method, ...Operation.parse(operation) })),
);
const OF_CONTRACT = new Set(CONTRACTS['2.5.0'].operations.map(({ operationId }) => operationId));
const DOCUMENTS = ['getOpenApi', 'getOpenApiYaml', 'getDocs'];

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'document', ...document });

const expectMatch = (schema: { $ref?: string | undefined }, value: unknown) => {
  ajv.validate({ ...schema, ...(schema.$ref && { $ref: `document${schema.$ref}` }) }, value);
  expect(ajv.errors).toBeNull();
};

/** The contract's own schema, for the operations that are the contract's. */
const expectContract = (name: string | undefined, value: unknown) => {
  const [, schema] = Object.entries(schemas).find(([id]) => name?.endsWith(`/${id}`)) ?? [];
  if (!schema) return;
  ajv.validate(schema, value);
  expect(ajv.errors).toBeNull();
};

const answers = operations
  .filter(({ operationId }) => !DOCUMENTS.includes(operationId))
  .flatMap(({ operationId, responses }) =>
    Object.entries(responses).map(([status, body]) => ({ operationId, status, body })),
  );

test.each(answers)(
  'the examples of $operationId and $status are such answers',
  ({ operationId, status, body }) => {
    const contents = Object.values(body.content);
    const isEmpty = operationId === 'terminateProvisioning' && status === '202';
    expect(contents).toHaveLength(isEmpty ? 0 : 1);
    for (const { schema, examples } of contents) {
      expect(Object.keys(examples)).not.toEqual([]);
      for (const { value } of Object.values(examples)) {
        expectMatch(schema, value);
        if (OF_CONTRACT.has(operationId)) expectContract(schema.$ref, value);
      }
    }
  },
);

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ env: { OPERATIONS: 'on' } });
});
afterAll(() => harness.stop());

const NO_BODY = [['none', { value: undefined }]] as const;

/** A request for each example of a body; one without where the operation takes none. */
const requests = operations.flatMap((operation) => {
  const [content] = Object.values(operation.requestBody?.content ?? {});
  const examples = content ? Object.entries(content.examples) : NO_BODY;
  return examples.map(([name, { value }]) => ({ ...operation, name, value, content }));
});

const pathOf = ({ path, parameters }: { path: string; parameters: Operation['parameters'] }) =>
  parameters.reduce((at, { name, example }) => at.replace(`{${name}}`, example ?? ''), path);

test.each(requests)(
  'the request of $operationId ($name) is answered as documented',
  async (request) => {
    const { method, value, content, responses } = request;
    if (content) expectMatch(content.schema, value);
    // Tokens are workflow ids, and Temporal is shared: the example's environment becomes ours.
    const body = content && JSON.stringify(value).replaceAll('development', harness.environment);
    const answer = await harness.call(method.toUpperCase(), pathOf(request), body);
    expect(Object.keys(responses)).toContain(String(answer.status));
    const [[type, told] = []] = Object.entries(responses[answer.status]?.content ?? {});
    expect(answer.type.split(';')[0]).toBe(type);
    if (told) expectMatch(told.schema, type?.endsWith('json') ? answer.json() : answer.text);
    // An example shows how it goes well; but a token that is made up is none that exists.
    if (content && request.parameters.length === 0) expect(answer.status).toBeLessThan(300);
  },
);
