import { z } from 'zod';
import { openApi } from '../src/openapi/document';
import { CONTRACTS } from './support/contract/schema';
import type { Contract } from './support/contract/schema';

/* What the gateway documents, held against the contract of the Coordinator, so that neither drifts. */

/** Every difference there is, and why it is meant. */
const DIFFERENCES: Record<string, string> = {
  'POST /v1/provision 200: not given': 'a run takes longer than a request may, so it is always 202',
  'POST /v1/unprovision 200: not given': 'as above',
  'POST /v1/updateacl 200: not given': 'as above',
  'POST /v1/reverse-provisioning 200: not given': 'as above',
  'POST /v1/provision 202: application/json, ours text/plain':
    'the Coordinator takes the body verbatim: a bare token without quotes, as 2.2.0 says',
  'POST /v1/unprovision 202: application/json, ours text/plain': 'as above',
  'POST /v1/updateacl 202: application/json, ours text/plain': 'as above',
  'POST /v1/reverse-provisioning 202: application/json, ours text/plain': 'as above',
  'POST /v2/validate 202: application/json, ours text/plain': 'as above, for one kind of token',
  'DELETE /v1/provision/{token} 501: not given': 'termination is supported',
  'POST /v1/validate 400: ours alone': 'a body that is not JSON has no descriptor to be invalid',
  'ProvisioningRequest.removeData: required, ours optional':
    'it is required and has a default: callers leave it out',
  'ProvisioningRequest.descriptorKind: required, ours optional':
    'POST /v2/validate takes a descriptor alone too, as in 2.1.0',
  'ProvisioningRequest.removeData: not ours': 'POST /v2/validate removes nothing, and ignores it',
  'ProvisionInfo.result: required, ours optional': 'nothing is needed of it',
  'RequestValidationError.input: not ours': 'optional; it would repeat the descriptor',
  'SystemError.input: not ours': 'as above',
  'SystemError.inputErrorField: not ours': 'optional; what is wrong is not in the input',
  'ValidationInfo.privateInfo: ours alone': 'what was checked, and what could not be',
};

/** Ours alone in every operation: what never reached it. */
const UNREAD = ['401', '403', '413', '415', '429', '503'];

/** `[string, null]` is a string that may be left out. */
const typeName = z
  .union([z.string(), z.array(z.string())])
  .transform((type) => [type].flat().find((name) => name !== 'null'));

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: typeName.optional(),
  enum: z.array(z.string().nullable()).optional(),
  anyOf: z.array(z.looseObject({ type: typeName.optional() })).optional(),
  items: z.looseObject({}).optional(),
  properties: z.record(z.string(), z.looseObject({})).default({}),
  required: z.array(z.string()).default([]),
});
type Schema = z.infer<typeof Schema>;
type Definitions = Record<string, unknown>;

const nameIn = (ref: string | undefined) => ref?.split('/').at(-1);

/** Without references, and without the null that stands for what is left out. */
const resolve = (given: unknown, definitions: Definitions): Schema => {
  const schema = Schema.parse(given);
  const name = nameIn(schema.$ref);
  if (name) return resolve(definitions[name], definitions);
  const [some] = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  return some ? resolve(some, definitions) : schema;
};

const document = openApi({ basePath: '', operations: false });
const ours: Definitions = document.components.schemas;

interface Pair {
  at: string;
  theirs: unknown;
  mine: unknown;
  contract: Contract;
}

const fieldsOf = ({ at, theirs, mine, contract }: Pair): string[] => {
  const wanted = resolve(theirs, contract.definitions);
  const has = resolve(mine, ours);
  const missing = wanted.required.filter((key) => !has.required.includes(key));
  const shared = Object.keys(wanted.properties).filter((key) => has.properties[key]);
  const nameOf = (key: string) => nameIn(Schema.parse(wanted.properties[key]).$ref);
  return [
    ...Object.keys(wanted.properties)
      .filter((key) => !has.properties[key])
      .map((key) => `${at}.${key}: not ours`),
    ...missing
      .filter((key) => has.properties[key])
      .map((key) => `${at}.${key}: required, ours optional`),
    ...shared.flatMap((key) =>
      schemaOf({
        at: nameOf(key) ?? `${at}.${key}`,
        theirs: wanted.properties[key],
        mine: has.properties[key],
        contract,
      }),
    ),
    ...Object.keys(has.properties)
      .filter((key) => contract.version === '2.5.0' && !wanted.properties[key])
      .map((key) => `${at}.${key}: ours alone`),
  ];
};

const schemaOf = ({ at, theirs, mine, contract }: Pair): string[] => {
  const wanted = resolve(theirs, contract.definitions);
  const has = resolve(mine, ours);
  if (wanted.type !== has.type) return [`${at}: ${String(wanted.type)}, ours ${String(has.type)}`];
  const lacking = (wanted.enum ?? []).filter((value) => !has.enum?.includes(value));
  const items = nameIn(Schema.parse(wanted.items ?? {}).$ref) ?? `${at}[]`;
  return [
    ...lacking.map((value) => `${at}: ${String(value)} is not ours`),
    ...(wanted.items && has.items
      ? schemaOf({ at: items, theirs: wanted.items, mine: has.items, contract })
      : []),
    ...(Object.keys(wanted.properties).length > 0 ? fieldsOf({ at, theirs, mine, contract }) : []),
  ];
};

const Answer = z.object({
  content: z.record(z.string(), z.object({ schema: z.unknown() })).default({}),
});
const Operation = z.object({
  operationId: z.string(),
  requestBody: Answer.optional(),
  responses: z.record(z.string(), Answer),
});

type TheirOperation = Contract['operations'][number];

const namedSchema = (name: string) =>
  name === 'string' ? { type: 'string' } : { $ref: `#/definitions/${name}` };

const answersOf = (
  { method, path, responses }: TheirOperation,
  mine: z.infer<typeof Operation>,
  contract: Contract,
): string[] => [
  ...Object.entries(responses).flatMap(([status, { type, schema }]) => {
    const at = `${method} ${path} ${status}`;
    const given = mine.responses[status];
    if (!given) return [`${at}: not given`];
    const [[mime, told] = []] = Object.entries(given.content);
    const types = type === mime ? [] : [`${at}: ${String(type)}, ours ${String(mime)}`];
    if (!schema || !told) return types;
    const pair = { at: schema, theirs: namedSchema(schema), mine: told.schema, contract };
    return [...types, ...schemaOf(pair)];
  }),
  ...Object.keys(mine.responses)
    .filter((status) => !responses[status] && !UNREAD.includes(status))
    .map((status) => `${method} ${path} ${status}: ours alone`),
];

const operationOf = (theirs: TheirOperation, contract: Contract): string[] => {
  const { method, path, request, operationId } = theirs;
  const item = new Map<string, unknown>(Object.entries(document.paths)).get(path);
  const found = Operation.safeParse(Reflect.get(Object(item), method.toLowerCase()));
  if (!found.success) return [`${method} ${path}: not served`];
  const mine = found.data;
  const body = mine.requestBody?.content['application/json']?.schema;
  return [
    ...(mine.operationId === operationId ? [] : [`${method} ${path}: ${mine.operationId}`]),
    ...(request
      ? schemaOf({ at: request, theirs: namedSchema(request), mine: body, contract })
      : []),
    ...answersOf(theirs, mine, contract),
  ];
};

const differences = (contract: Contract) =>
  contract.operations.flatMap((operation) => operationOf(operation, contract));

test('every operation, status, content type and field is as the contract says, but for what is meant', () => {
  const found = Object.values(CONTRACTS).flatMap(differences);
  expect([...new Set(found)].toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
});

test.each(Object.values(CONTRACTS))('specification $version was read whole', (contract) => {
  expect(contract.operations.length).toBeGreaterThanOrEqual(9);
  const isRequired = Object.values(contract.definitions).flatMap(({ required }) => required);
  expect(isRequired.length).toBeGreaterThan(20);
});
