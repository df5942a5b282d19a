import type { Answer, Row } from './rows';
import { productOf } from './world';
import { descriptor, request } from '../fixtures';

/* What is sent to the operations that take a body. */

const component = (environment: string) => descriptor({ environment, component: 'in-the-table' });
const json = (make: (environment: string) => object) => (environment: string) =>
  JSON.stringify(make(environment));
const sent = (text: string) => () => text;

const good = json((environment) => request(component(environment)));
const product = json((environment) =>
  request(productOf(component(environment)), { descriptorKind: 'DATAPRODUCT_DESCRIPTOR' }),
);
const invalid = json((environment) =>
  request(
    component(environment)
      .replace('format: csv', 'format: cvs')
      .replace(/^ {2}id: .*\n/m, ''),
  ),
);
const broken = json(() => request('a: ['));
const poem = json((environment) => request(component(environment), { descriptorKind: 'POEM' }));
const alone = json((environment) => ({ descriptor: component(environment) }));
const acl = (refs: unknown, more: object = {}) =>
  json((environment) => ({
    refs,
    provisionInfo: { request: component(environment), result: 'Provisioned.' },
    ...more,
  }));
const reverse = (more: object = {}) =>
  json((environment) => ({
    useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
    environment,
    params: { connectionId: '00000000-0000-4000-8000-00000000dead' },
    ...more,
  }));

interface Bodied {
  operation: string;
  path: string;
  good: (environment: string) => string;
}

const VALIDATE: Bodied = { operation: 'validate', path: '/v1/validate', good };
const PROVISION: Bodied = { operation: 'provision', path: '/v1/provision', good };
const UNPROVISION: Bodied = { operation: 'unprovision', path: '/v1/unprovision', good };
const UPDATEACL: Bodied = {
  operation: 'updateacl',
  path: '/v1/updateacl',
  good: acl(['user:jane.doe_example.com', 'group:finance'], { accessControlFields: { a: 1 } }),
};
const ASYNC: Bodied = { operation: 'asyncValidate', path: '/v2/validate', good };
const REVERSE: Bodied = {
  operation: 'runReverseProvisioning',
  path: '/v1/reverse-provisioning',
  good: reverse(),
};
const STARTING = [PROVISION, UNPROVISION, UPDATEACL, ASYNC, REVERSE];

const row = ({ operation, path }: Bodied, answer: Answer): Row => ({
  operation,
  method: 'POST',
  path,
  ...answer,
});
const refusal = (of: Bodied, when: string, body: Row['body'], says?: RegExp): Row =>
  row(of, {
    status: 400,
    shape: 'RequestValidationError',
    when,
    ...(body && { body }),
    ...(says && { says }),
  });

/** Over the two megabytes that a request may have. */
const tooLarge = json(() => request(`# ${'x'.repeat(2 * 1024 * 1024)}`));

const unread = (of: Bodied): Row[] => [
  refusal(of, 'malformed JSON', sent('{"descriptor": '), /not valid JSON/),
  refusal(of, 'JSON that is no object', sent('"text"'), /not valid JSON/),
  row(of, { status: 413, shape: 'RequestValidationError', when: 'over 2 MiB', body: tooLarge }),
  ...['text/yaml', 'application/x-www-form-urlencoded'].map((type) =>
    row(of, {
      status: 415,
      shape: 'RequestValidationError',
      when: `a body of type ${type}`,
      type,
      body: of.good,
    }),
  ),
  row(of, {
    status: 404,
    shape: 'RequestValidationError',
    when: 'the wrong method (GET)',
    method: 'GET',
  }),
];

const starting = (of: Bodied): Row[] => [
  row(of, { status: 202, shape: 'token', when: 'a good request', body: of.good }),
  refusal(of, 'no fields', sent('{}')),
  refusal(of, 'an empty body', sent('')),
  refusal(of, 'fields of other types', sent('{"descriptor":1,"refs":1,"params":1}')),
  row(of, {
    status: 500,
    shape: 'SystemError',
    when: 'Temporal does not answer',
    behind: 'no Temporal',
    body: of.good,
  }),
];

const accepted = (of: Bodied, when: string, body: Row['body']): Row =>
  row(of, { status: 202, shape: 'token', when, ...(body && { body }) });

const verdict = (when: string, body: Row['body'], says: RegExp): Row =>
  row(VALIDATE, { status: 200, shape: 'ValidationResult', when, says, ...(body && { body }) });

const VALIDATIONS = [
  verdict('a good descriptor', good, /^\{"valid":true\}$/),
  verdict('a good data product', product, /^\{"valid":true\}$/),
  verdict('an invalid descriptor', invalid, /"valid":false.*dataProduct\.id.*format/),
  verdict('a descriptor that is not YAML', broken, /"valid":false/),
  verdict('an unknown descriptorKind', poem, /"valid":false.*descriptorKind/),
  verdict('no fields', sent('{}'), /"valid":false.*descriptor/),
  verdict('an empty body', sent(''), /"valid":false/),
  row(VALIDATE, {
    status: 200,
    shape: 'ValidationResult',
    when: 'Temporal does not answer',
    behind: 'no Temporal',
    body: good,
    says: /^\{"valid":true\}$/,
  }),
];

const DESCRIPTORS = [
  accepted(PROVISION, 'a data product', product),
  refusal(PROVISION, 'an invalid descriptor', invalid, /dataProduct\.id.*format/),
  accepted(UNPROVISION, 'a data product', product),
  accepted(
    UNPROVISION,
    'a specific that is invalid',
    json((environment) => request(component(environment).replace('format: csv', 'format: cvs'))),
  ),
  refusal(UNPROVISION, 'a descriptor without an identity', invalid, /dataProduct\.id/),
  ...[PROVISION, UNPROVISION].flatMap((of) => [
    refusal(of, 'a descriptor that is not YAML', broken, /line 1/),
    refusal(of, 'an unknown descriptorKind', poem, /descriptorKind/),
  ]),
  accepted(ASYNC, 'a data product', product),
  accepted(ASYNC, 'a descriptor alone', alone),
  accepted(ASYNC, 'an invalid descriptor', invalid),
  accepted(ASYNC, 'a descriptor that is not YAML', broken),
  refusal(ASYNC, 'an unknown descriptorKind', poem, /descriptorKind/),
  accepted(UPDATEACL, 'no refs at all', acl([])),
  refusal(
    UPDATEACL,
    'refs that are neither users nor groups',
    acl(['x', 'user:a_b.c', 'y']),
    /x.*y/,
  ),
  refusal(UPDATEACL, 'refs that are no list', acl('user:a_b.c'), /refs/),
  refusal(
    UPDATEACL,
    'a former descriptor that is not YAML',
    json(() => ({ refs: [], provisionInfo: { request: 'a: [', result: '' } })),
  ),
  refusal(REVERSE, 'no environment', reverse({ environment: undefined }), /environment/),
  refusal(REVERSE, 'params that are no object', reverse({ params: 'all' }), /params/),
];

export const BODIED: Row[] = [
  ...VALIDATIONS,
  ...unread(VALIDATE),
  ...STARTING.flatMap((each) => [...starting(each), ...unread(each)]),
  ...DESCRIPTORS,
];
