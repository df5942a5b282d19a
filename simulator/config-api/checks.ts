import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ok } from '../steering/answers';
import { findActor, findDefinition } from '../public-api/actors';
import type { CheckFailures } from '../checks';
import { idOf, readId } from './actors';
import { showCatalog } from './catalog';
import { query } from './operation';
import { validateConfiguration } from '../connectors/configuration';
import type { ActorKind } from '../connectors/connectors';
import { discover } from '../connectors/discovery';
import type { Operation } from '../operation';
import { ApiProblem, ConnectorFailure } from '../problems';
import { type Actor, epochSeconds, type Store } from '../store';
import { findWorkspace } from '../public-api/workspaces';

interface JobRun {
  configType: string;
  configId: string;
  /** Epoch milliseconds. */
  startedAt: number;
  /** What the connector reported; absent when the job succeeded. */
  failure?: string | undefined;
}

/** Config API, SynchronousJobRead: the job that ran the connector. */
export const jobInfo = ({ configType, configId, startedAt, failure }: JobRun) => ({
  id: randomUUID(),
  configType,
  configId,
  createdAt: startedAt,
  endedAt: Date.now(),
  succeeded: failure === undefined,
  connectorConfigurationUpdated: false,
  logType: 'formatted',
  logs: { logLines: [] },
  ...(failure !== undefined && {
    failureReason: {
      failureOrigin: configType.endsWith('destination') ? 'destination' : 'source',
      failureType: 'config_error',
      externalMessage: failure,
      timestamp: Date.now(),
    },
  }),
});

/** The connector checks its own configuration first; the server does not. */
const specFault = ({ connector, configuration }: Actor): string | undefined => {
  try {
    validateConfiguration(connector.spec, configuration);
    return undefined;
  } catch (err) {
    if (!(err instanceof ApiProblem)) throw err;
    return `Config validation error: ${String(err.data.message)}`;
  }
};

/** The streams of a source, or why its connector could not tell them. */
const tryDiscovery = async (store: Store, source: Actor, ignoreCache: boolean) => {
  try {
    return { found: await discover(store, source, { ignoreCache }) };
  } catch (err) {
    if (!(err instanceof ConnectorFailure)) throw err;
    return { failure: err.externalMessage };
  }
};

const connectorFault = async (store: Store, actor: Actor) => {
  const fault = specFault(actor);
  if (fault !== undefined || actor.kind === 'destination') return fault;
  return (await tryDiscovery(store, actor, true)).failure;
};

/** Config API, CheckConnectionRead: always a 200. A job that failed leaves no status. */
const check = async (store: Store, failures: CheckFailures, actor: Actor) => {
  const { id: configId, kind } = actor.connector;
  const run = { configType: `check_connection_${kind}`, configId, startedAt: Date.now() };
  const due = failures.take(configId);
  if (due?.job) return ok({ jobInfo: jobInfo({ ...run, failure: due.message }) });
  const message = due?.message ?? (await connectorFault(store, actor));
  return ok({
    status: message === undefined ? 'succeeded' : 'failed',
    ...(message !== undefined && { message }),
    jobInfo: jobInfo(run),
  });
};

/** Config API, SourceDiscoverSchemaRead: a 200 even without a catalog. */
const discoverSchema = async (
  store: Store,
  failures: CheckFailures,
  { source, ignoreCache }: { source: Actor; ignoreCache: boolean },
) => {
  const { id: configId } = source.connector;
  const run = { configType: 'discover_schema', configId, startedAt: Date.now() };
  const due = failures.take(configId);
  const { found, failure } = due
    ? { found: undefined, failure: due.message }
    : { found: undefined, failure: undefined, ...(await tryDiscovery(store, source, ignoreCache)) };
  if (!found) return ok({ jobInfo: jobInfo({ ...run, failure }) });
  return ok({ catalog: showCatalog(found), catalogId: randomUUID(), jobInfo: jobInfo(run) });
};

const Discovery = z.object({ sourceId: z.guid(), disable_cache: z.boolean().nullish() });

/** Given when the configuration is meant for one that is saved; nothing is taken from it. */
const savedIds = { sourceId: z.guid().nullish(), destinationId: z.guid().nullish() };

/** Config API, SourceCoreConfig or DestinationCoreConfig. */
const CoreConfig = (kind: ActorKind) =>
  z.object({
    ...savedIds,
    [`${kind}DefinitionId`]: z.guid(),
    workspaceId: z.guid(),
    connectionConfiguration: z.record(z.string(), z.unknown()),
  });

const guid = z.guid();

/** A source or destination that is not stored. */
const unsaved = (
  store: Store,
  kind: ActorKind,
  given: z.output<ReturnType<typeof CoreConfig>>,
): Actor => ({
  kind,
  id: randomUUID(),
  name: '',
  workspaceId: findWorkspace(store, given.workspaceId).workspaceId,
  connector: findDefinition(kind, guid.parse(Reflect.get(given, `${kind}DefinitionId`))),
  configuration: given.connectionConfiguration,
  resourceAllocation: undefined,
  createdAt: epochSeconds(),
  deleted: false,
});

/** Airbyte Config API: running a connector to see whether it can connect, and what it finds. */
export const configCheckOperations = (store: Store, failures: CheckFailures): Operation[] => {
  const checks = (kind: ActorKind, one: string): Operation[] => [
    query(
      {
        id: `checkConnectionTo${one}`,
        path: `/${kind}s/check_connection`,
        body: idOf(kind),
      },
      (given) => check(store, failures, findActor(store, kind, readId(kind, given))),
    ),
    query(
      {
        id: `execute${one}CheckConnection`,
        path: `/scheduler/${kind}s/check_connection`,
        body: CoreConfig(kind),
      },
      // Its catalog is nobody's: it must not stay in the cache.
      (given) => check({ ...store, catalogs: new Map() }, failures, unsaved(store, kind, given)),
    ),
  ];
  return [
    ...checks('source', 'Source'),
    ...checks('destination', 'Destination'),
    query(
      { id: 'discoverSchemaForSource', path: '/sources/discover_schema', body: Discovery },
      ({ sourceId, disable_cache }) =>
        discoverSchema(store, failures, {
          source: findActor(store, 'source', sourceId),
          ignoreCache: disable_cache === true,
        }),
    ),
  ];
};
