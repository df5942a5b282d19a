import * as contract from '../contract/coordinator';
import { CONTRACT_PATHS } from './coordinator';
import { PROBES, operatorPaths } from './operator';
import { answerOf } from './parts';
import { componentsOf } from './schemas';
import * as operator from '../contract/operator';

/*
 * What the gateway serves, as an OpenAPI document. The schemas are the ones it reads and answers
 * with; the routes are told here a second time, which test/openapi.test.ts holds against the gateway.
 */

const read = (operationId: string, summary: string, mime: string) => ({
  get: {
    tags: ['Documentation'],
    summary,
    operationId,
    responses: {
      200: answerOf(summary, { mime, type: mime === 'application/json' ? 'object' : 'string' }),
    },
  },
});

const DOCUMENTS = {
  '/openapi.json': read('getOpenApi', 'This document', 'application/json'),
  '/openapi.yaml': read('getOpenApiYaml', 'This document as YAML', 'application/yaml'),
  '/docs': read('getDocs', 'This document as a page to read', 'text/html'),
};

/** The document for a gateway that is served so. */
export const openApi = ({ basePath, operations }: { basePath: string; operations: boolean }) => {
  const schemas = componentsOf(operations ? [contract, operator] : [contract]);
  const paths = operations ? operatorPaths(schemas.RunFilter ?? {}) : {};
  return {
    openapi: '3.1.0',
    info: {
      title: 'Airbyte Specific Provisioner',
      version: '2.5.0',
      description:
        'The tech adapter contract of Witboost, specification 2.2.0 with the termination, aclInfo and accessControlFields of 2.5.0. A request that changes something, or that takes its time, is answered with a token; ask for its status until it is COMPLETED or FAILED.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: basePath || '/' }],
    tags: [
      { name: 'Contract', description: 'What Witboost asks for' },
      ...(operations ? [{ name: 'Operator', description: 'Runs, for whoever operates them' }] : []),
      { name: 'Documentation' },
      { name: 'Platform', description: 'At the root, whatever the base path' },
    ],
    paths: { ...CONTRACT_PATHS, ...paths, ...DOCUMENTS, ...PROBES },
    components: { schemas },
  };
};
