import { z } from 'zod';

/* The calls of a run, by the names that Airbyte's two APIs have for them (operationId). */

export const APIS = ['public', 'config'] as const;
const Api = z.enum(APIS);
export type Api = z.infer<typeof Api>;

/** The API that this test file runs against: jest.config.js runs some once for each. */
export const API = Api.default('public').parse(Reflect.get(globalThis, 'AIRBYTE_API'));

/** By their names in the public API; what is not here has the same name in both. */
const CONFIG_NAMES: Record<string, string> = {
  createAccessToken: 'applicationTokenRequest',
  listSources: 'listSourcesForWorkspace',
  listDestinations: 'listDestinationsForWorkspace',
  listConnections: 'listConnectionsForWorkspace',
  putSource: 'updateSource',
  putDestination: 'updateDestination',
  patchConnection: 'updateConnection',
  getStreamProperties: 'discoverSchemaForSource',
  createJob: 'clearConnection',
  getJob: 'getJobInfoLight',
  listJobs: 'listJobsFor',
};

/** What an API calls the operation that the public one has under this name. */
export const nameIn = (api: Api, operation: string) =>
  api === 'config' ? (CONFIG_NAMES[operation] ?? operation) : operation;

/** How a discovery tells that the connector does not work: one API answers 500, the other 200. */
export const unreadable = (api: Api, reason: string) =>
  api === 'public'
    ? {
        status: 500,
        body: {
          title: 'unexpected-problem',
          data: { message: `Something went wrong in the connector. logs:${reason}` },
        },
      }
    : {
        status: 200,
        body: { jobInfo: { succeeded: false, failureReason: { externalMessage: reason } } },
      };
