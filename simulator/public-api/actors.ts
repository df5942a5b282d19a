import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import {
  type Configuration,
  maskSecrets,
  mergeConfiguration,
  unmaskSecrets,
  validateConfiguration,
} from '../connectors/configuration';
import { type ActorKind, type Connector, connectorsOf } from '../connectors/connectors';
import { type ApiRequest, type Operation, pathId, readBody } from '../operation';
import { oddly } from '../odd';
import { listOf } from '../paging';
import { notFound, unprocessable, valueNotFound } from '../problems';
import { type Actor, epochSeconds, removeActor, save, type Store } from '../store';
import { findWorkspace } from './workspaces';

const configuration = z.record(z.string(), z.unknown());

const requirements = z.record(z.string(), z.string());

/** Airbyte public API, ScopedResourceRequirements. */
const ResourceAllocation = z.object({
  default: requirements.optional(),
  jobSpecific: z
    .array(
      z.object({
        jobType: z.enum([
          'get_spec',
          'check_connection',
          'discover_schema',
          'sync',
          'reset_connection',
          'connection_updater',
          'replicate',
        ]),
        resourceRequirements: requirements,
      }),
    )
    .optional(),
});

const ActorCreate = z.object({
  name: z.string(),
  workspaceId: z.guid(),
  configuration,
  definitionId: z.guid().nullish(),
  resourceAllocation: ResourceAllocation.nullish(),
});

const ActorPatch = z.object({
  name: z.string().nullish(),
  configuration: configuration.nullish(),
  resourceAllocation: ResourceAllocation.nullish(),
});

const ActorPut = z.object({
  name: z.string(),
  configuration,
  resourceAllocation: ResourceAllocation.nullish(),
});

const resourceTypes = { source: 'SOURCE_CONNECTION', destination: 'DESTINATION_CONNECTION' };
const definitionTypes = {
  source: 'STANDARD_SOURCE_DEFINITION',
  destination: 'STANDARD_DESTINATION_DEFINITION',
};

/** 404 for an id nobody had; a deleted one is still found. */
export const findActor = (store: Store, kind: ActorKind, id: string): Actor => {
  const actor = store[kind].get(id);
  if (!actor) throw notFound(resourceTypes[kind], id);
  return actor;
};

/** Airbyte public API, SourceResponse or DestinationResponse; a deleted one has no configuration. */
const showActor = (actor: Actor) => oddly('public', actor, describeActor(actor));

/** As it is. */
export const describeActor = (actor: Actor, { secrets = false } = {}) => ({
  [`${actor.kind}Id`]: actor.id,
  name: actor.name,
  [`${actor.kind}Type`]: actor.connector.type,
  definitionId: actor.connector.id,
  workspaceId: actor.workspaceId,
  configuration: shownConfiguration(actor, secrets),
  createdAt: actor.createdAt,
  ...(actor.resourceAllocation !== undefined && { resourceAllocation: actor.resourceAllocation }),
});

const shownConfiguration = ({ configuration, connector, deleted }: Actor, secrets: boolean) => {
  if (deleted) return null;
  return secrets ? configuration : maskSecrets(configuration, connector.spec);
};

/** 404 when this Airbyte has no such definition. */
export const findDefinition = (kind: ActorKind, definitionId: string): Connector => {
  const found = connectorsOf(kind).find(({ id }) => id === definitionId);
  if (!found) throw notFound(definitionTypes[kind], definitionId);
  return found;
};

const findConnector = (
  kind: ActorKind,
  definitionId: string | null | undefined,
  type: unknown,
): Connector => {
  if (definitionId) return findDefinition(kind, definitionId);
  if (typeof type !== 'string')
    throw unprocessable(`definitionId or configuration.${kind}Type must be given.`);
  const found = connectorsOf(kind).find((connector) => connector.type === type);
  if (!found) throw valueNotFound(type);
  return found;
};

// The type only finds the definition; Airbyte does not store it.
const withoutType = (kind: ActorKind, given: Configuration): Configuration =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key !== `${kind}Type`));

type NewActor = Pick<
  Actor,
  'name' | 'workspaceId' | 'connector' | 'configuration' | 'resourceAllocation'
>;

/** 404 without its workspace, 422 when the connector does not accept the configuration. */
export const createActor = (store: Store, given: NewActor): Actor => {
  const { kind, spec } = given.connector;
  findWorkspace(store, given.workspaceId);
  validateConfiguration(spec, given.configuration);
  const id = randomUUID();
  return save(store[kind], id, {
    ...given,
    kind,
    id,
    createdAt: epochSeconds(),
    deleted: false,
  });
};

const create = (store: Store, kind: ActorKind, body: unknown) => {
  const given = readBody(ActorCreate, body);
  const connector = findConnector(kind, given.definitionId, given.configuration[`${kind}Type`]);
  return createActor(store, {
    name: given.name,
    workspaceId: given.workspaceId,
    connector,
    configuration: withoutType(kind, given.configuration),
    resourceAllocation: given.resourceAllocation ?? undefined,
  });
};

interface ActorChange {
  name?: string | null | undefined;
  configuration?: Configuration | null | undefined;
  resourceAllocation?: unknown;
}

/** How a given configuration and the stored one become the next. */
type Combine = (stored: Configuration, given: Configuration) => Configuration;

/** Also accepted for a deleted actor, which it does not bring back. */
export const updateActor = (store: Store, actor: Actor, change: ActorChange, combine: Combine) => {
  const { spec } = actor.connector;
  const stored = actor.configuration;
  const configuration = change.configuration
    ? combine(stored, unmaskSecrets(change.configuration, stored, spec))
    : stored;
  validateConfiguration(spec, configuration);
  return save(store[actor.kind], actor.id, {
    ...actor,
    name: change.name ?? actor.name,
    configuration,
    resourceAllocation: change.resourceAllocation ?? actor.resourceAllocation,
  });
};

export const replace: Combine = (_stored, given) => given;

const update = (store: Store, actor: Actor, change: ActorChange, combine: Combine) => {
  const configuration = change.configuration && withoutType(actor.kind, change.configuration);
  return updateActor(store, actor, { ...change, configuration }, combine);
};

const names = {
  source: { one: 'Source', path: '/sources', id: 'sourceId' },
  destination: { one: 'Destination', path: '/destinations', id: 'destinationId' },
};

/** Airbyte public API: the operations of sources, or of destinations. */
export const actorOperations = (store: Store, kind: ActorKind): Operation[] => {
  const { one, path, id } = names[kind];
  const item = `${path}/:${id}`;
  const asked = (request: ApiRequest) => findActor(store, kind, pathId(request, id));
  return [
    {
      id: `list${one}s`,
      method: 'get',
      path,
      run: (request) => listOf(request, path, store[kind].values(), showActor),
    },
    {
      id: `create${one}`,
      method: 'post',
      path,
      run: ({ body }) => ok(showActor(create(store, kind, body))),
    },
    { id: `get${one}`, method: 'get', path: item, run: (request) => ok(showActor(asked(request))) },
    {
      id: `patch${one}`,
      method: 'patch',
      path: item,
      run: (request) => {
        const change = readBody(ActorPatch, request.body);
        return ok(showActor(update(store, asked(request), change, mergeConfiguration)));
      },
    },
    {
      id: `put${one}`,
      method: 'put',
      path: item,
      run: (request) => {
        const change = readBody(ActorPut, request.body);
        return ok(showActor(update(store, asked(request), change, replace)));
      },
    },
    {
      id: `delete${one}`,
      method: 'delete',
      path: item,
      run: (request) => {
        removeActor(store, asked(request));
        return noContent;
      },
    },
  ];
};
