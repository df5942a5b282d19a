import type { Auth } from './auth';
import type { CheckFailures } from './checks';
import { configActorOperations } from './config-actors';
import { configCheckOperations } from './config-checks';
import { configConnectionOperations } from './config-connections';
import { configDefinitionOperations } from './config-definitions';
import { configInstanceOperations, type Instance } from './config-instance';
import { configJobOperations } from './config-jobs';
import type { SearchMode } from './config-search';
import type { Operation } from './operation';
import type { Store } from './store';

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
  return [
    auth.configOperation,
    ...configInstanceOperations(store, instance),
    ...configActorOperations(store, 'source', search),
    ...configActorOperations(store, 'destination', search),
    ...configCheckOperations(store, failures),
    ...configDefinitionOperations(store, 'source'),
    ...configDefinitionOperations(store, 'destination'),
    ...configConnectionOperations(store, search),
    ...configJobOperations(store, jobDuration),
  ];
};
