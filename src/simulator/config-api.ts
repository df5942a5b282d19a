import type { Auth } from './auth';
import type { CheckFailures } from './checks';
import { configActorOperations } from './config-actors';
import { configCheckOperations } from './config-checks';
import { configConnectionOperations } from './config-connections';
import { configDefinitionOperations } from './config-definitions';
import { configInstanceOperations, type Instance, isAtLeast } from './config-instance';
import { configJobOperations } from './config-jobs';
import type { SearchMode } from './config-search';
import type { Operation } from './operation';
import type { Store } from './store';
import { configTagOperations } from './tags';

export interface ConfigApiDependencies {
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
