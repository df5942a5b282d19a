import * as contract from '../contract/coordinator';
import * as commands from '../contract/commands';
import * as operator from '../contract/operator';
import * as planning from '../contract/plan';
import { CONTRACT } from './coordinator';
import { OPERATOR, PROBES } from './operator';
import { PLANNING } from './planning';
import { AT_THE_DOOR, answerOf, pathsOf } from './paths';
import type { Route, Routes } from './paths';
import { componentsOf } from './schemas';

/*
 * What the gateway serves, as an OpenAPI document. The schemas are the ones it reads and answers with,
 * the routes the ones it serves (src/gateway/routes.ts).
 */

const read = (path: string, summary: string, mime: string): Route => ({
  method: 'get',
  path,
  words: {
    summary,
    responses: {
      200: answerOf(summary, { mime, type: mime === 'application/json' ? 'object' : 'string' }),
    },
  },
});

export const DOCUMENTS = {
  getOpenApi: read('/openapi.json', 'This document', 'application/json'),
  getOpenApiYaml: read('/openapi.yaml', 'This document as YAML', 'application/yaml'),
  getDocs: read('/docs', 'This document as a page to read', 'text/html'),
} satisfies Routes;

/** Every operation that requests are counted by; probes and metrics are no requests. */
export const COUNTED = { ...CONTRACT, ...PLANNING, ...OPERATOR, ...DOCUMENTS };

/** The names that a table of what is served may have. */
export type Served = keyof typeof COUNTED | keyof typeof PROBES;

/** The document for a gateway that is served so. */
export const openApi = ({ basePath, operations }: { basePath: string; operations: boolean }) => {
  const asked = { responses: AT_THE_DOOR };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Airbyte Specific Provisioner',
      version: '2.5.0',
      description:
        'The tech adapter contract of Witboost, specification 2.2.0 with the termination, aclInfo and accessControlFields of 2.5.0. A request that changes something, or that takes its time, is answered with a token; ask for its status as long as it is RUNNING: it ends COMPLETED, FAILED or TERMINATED.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: basePath || '/' }],
    // Where nobody is asked who he is a token does no harm.
    security: [{ bearer: [] }, {}],
    tags: [
      { name: 'Contract', description: 'What Witboost asks for' },
      { name: 'Planning', description: 'For who writes descriptors; no part of the contract' },
      ...(operations ? [{ name: 'Operator', description: 'Runs, for whoever operates them' }] : []),
      { name: 'Documentation' },
      { name: 'Platform', description: 'At the root, whatever the base path' },
    ],
    paths: {
      ...pathsOf('Contract', CONTRACT, asked),
      ...pathsOf('Planning', PLANNING, asked),
      ...(operations && pathsOf('Operator', OPERATOR, asked)),
      ...pathsOf('Documentation', DOCUMENTS),
      // At the root, whatever the base path.
      ...pathsOf('Platform', PROBES, { servers: [{ url: '/' }] }),
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: componentsOf([contract, planning, ...(operations ? [commands, operator] : [])]),
    },
  };
};
