import type { Airbyte } from './workspace';
import { createConfigAirbyte } from './config-api/client';
import { notSent } from './errors';
import { CONFIG_API, PUBLIC_API } from './apis';
import { createAirbyteHttp } from './http';
import type { AirbyteHttpOptions } from './http';
import { overBy } from '../concurrency/call-interest';
import type { CallInterest } from '../concurrency/call-interest';
import { detect } from './instance';
import type { Instance } from './instance';
import { createReadOne } from './odd-entities';
import { createPublicAirbyte } from './public-api/client';
import { LASTING, whileWanted } from '../concurrency/interest';
import { createLimit } from '../concurrency/limit';
import type { Limit } from '../concurrency/limit';
import type { ObserveLoad } from '../concurrency/load';

export interface AirbyteOptions extends Omit<AirbyteHttpOptions, 'base' | 'limit'> {
  /** Which of Airbyte's APIs; `auto`: the one that answers, public before Config. */
  api: 'public' | 'config' | 'auto';
  workspaceId: string;
  /** Calls at once. */
  maxInFlight: number;
  /** Hears how many calls are under way, and wait to be. */
  observeLoad?: ObserveLoad;
}

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
  const limit = createLimit(options.maxInFlight, options.observeLoad);
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
    return {
      airbyteFor: (interest: CallInterest): Promise<Airbyte> =>
        Promise.resolve(clients[api](interest)),
      publicHttp,
      readOne,
      find: () => Promise.resolve(),
    };

  const instance = createFinder(options, limit);
  return {
    publicHttp,
    readOne,
    airbyteFor: async (interest: CallInterest): Promise<Airbyte> => {
      const found = await whileWanted(interest, instance(), overBy(interest, notFound));
      return clients[found.api](interest);
    },
    find: async () => {
      await instance().catch((err: unknown) => log.warn({ err }, 'Airbyte is not found yet'));
    },
  };
};
