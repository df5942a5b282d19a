import type { Airbyte } from './workspace';
import { createConfigAirbyte } from './config-api/client';
import { notSent } from './errors';
import { CONFIG_API, PUBLIC_API, createAirbyteHttp, overBy } from './http';
import type { AirbyteHttpOptions, CallInterest } from './http';
import { detect } from './instance';
import type { Instance } from './instance';
import { createReadOne } from './odd';
import { createPublicAirbyte } from './public-api/client';
import { LASTING, whileWanted } from '../concurrency/interest';
import { createLimit } from '../concurrency/limit';
import type { Limit } from '../concurrency/limit';

export interface AirbyteOptions extends Omit<AirbyteHttpOptions, 'base' | 'limit'> {
  /** Which of Airbyte's APIs; `auto`: the one that answers, public before Config. */
  api: 'public' | 'config' | 'auto';
  workspaceId: string;
  /** Calls at once. */
  maxInFlight: number;
}

/** An Airbyte that is known by the time it is asked for something. */
const delegate = (workspaceId: string, known: () => Promise<Airbyte>): Airbyte => ({
  workspaceId,
  getWorkspace: async () => (await known()).getWorkspace(),
  listDefinitions: async (...given) => (await known()).listDefinitions(...given),
  specificationOf: async (...given) => (await known()).specificationOf(...given),
  check: async (...given) => (await known()).check(...given),
  listActors: async (...given) => (await known()).listActors(...given),
  getActor: async (...given) => (await known()).getActor(...given),
  createActor: async (...given) => (await known()).createActor(...given),
  updateActor: async (...given) => (await known()).updateActor(...given),
  deleteActor: async (...given) => (await known()).deleteActor(...given),
  listConnections: async (...given) => (await known()).listConnections(...given),
  getConnection: async (...given) => (await known()).getConnection(...given),
  createConnection: async (...given) => (await known()).createConnection(...given),
  patchConnection: async (...given) => (await known()).patchConnection(...given),
  deleteConnection: async (...given) => (await known()).deleteConnection(...given),
  listTags: async () => (await known()).listTags(),
  createTag: async (...given) => (await known()).createTag(...given),
  deleteTag: async (...given) => (await known()).deleteTag(...given),
  discover: async (...given) => (await known()).discover(...given),
  startJob: async (...given) => (await known()).startJob(...given),
  getJob: async (...given) => (await known()).getJob(...given),
  listJobs: async (...given) => (await known()).listJobs(...given),
});

const LOOK = { method: 'GET', path: `${PUBLIC_API}/health`, writes: false };
const notFound = () => notSent(LOOK);

/** Looks for Airbyte until it has found it, once for however many wait; what failed is forgotten. */
const createFinder = (options: AirbyteOptions, limit: Limit) => {
  let known: Promise<Instance> | undefined;
  const find = () => detect(options);
  return () =>
    (known ??= limit(find, { interest: LASTING, over: notFound }).then(
      (instance) => {
        options.log.info({ ...instance, url: options.url }, 'found Airbyte');
        return instance;
      },
      (err: unknown) => {
        known = undefined;
        throw err;
      },
    ));
};

/**
 * Airbyte through the API that AIRBYTE_API names; with `auto`, through the one that is found when
 * something is first asked of it. `find` looks for it at once, and never fails. `publicHttp` is the
 * public API whatever is chosen: only it knows of people.
 */
export const createAirbyte = (options: AirbyteOptions) => {
  const { api, log, redactor, workspaceId } = options;
  const readOne = createReadOne(log);
  const limit = createLimit(options.maxInFlight);
  const publicHttp = createAirbyteHttp({ ...options, limit, base: PUBLIC_API });
  const clients = {
    public: createPublicAirbyte({ http: publicHttp, workspaceId, readOne }),
    config: createConfigAirbyte({
      http: createAirbyteHttp({ ...options, limit, base: CONFIG_API }),
      workspaceId,
      redactor,
      readOne,
    }),
  };
  if (api !== 'auto')
    return { airbyteFor: clients[api], publicHttp, readOne, find: () => Promise.resolve() };

  const instance = createFinder(options, limit);
  return {
    publicHttp,
    readOne,
    airbyteFor: (interest: CallInterest) =>
      delegate(workspaceId, async () => {
        const over = overBy(interest, notFound);
        return clients[(await whileWanted(interest, instance(), over)).api](interest);
      }),
    find: async () => {
      await instance().catch((err: unknown) => log.warn({ err }, 'Airbyte is not found yet'));
    },
  };
};
