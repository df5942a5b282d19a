import type { Auth } from '../auth';
import type { CheckFailures } from '../checks';
import { configActorOperations } from './actors';
import { configCheckOperations } from './checks';
import { configConnectionOperations } from './connections';
import { configDefinitionOperations } from './definitions';
import { configInstanceOperations, type Instance, isAtLeast } from './instance';
import { configJobOperations } from './jobs';
import type { SearchMode } from './search';
import type { Operation } from '../operation';
import type { Store } from '../store';
import { configTagOperations } from '../public-api/tags';

interface ConfigApiDependencies {
  store: Store;
  auth: Auth;
  instance: Instance;
  failures: CheckFailures;
  search: SearchMode;
  /** Milliseconds. */
  jobDuration: number;
}

/** Airbyte's Config API, over the same store as the public one. */
export const configOperations = (deps: ConfigApiDependencies): Operation[] => {
  const { store, auth, instance, failures, search, jobDuration } = deps;
  const traits = { search, paged: isAtLeast(instance.version, [1, 8]) };
  return [
    auth.configOperation,
    ...configInstanceOperations(store, instance),
    ...configActorOperations(store, 'source', traits),
    ...configActorOperations(store, 'destination', traits),
    ...configCheckOperations(store, failures),
    ...configDefinitionOperations(store, 'source'),
    ...configDefinitionOperations(store, 'destination'),
    ...configConnectionOperations(store, search),
    ...configJobOperations(store, jobDuration),
    ...configTagOperations(store),
  ];
};
