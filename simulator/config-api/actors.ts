import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { createActor, findActor, findDefinition, replace, updateActor } from '../public-api/actors';
import { maskSecrets, mergeConfiguration } from '../connectors/configuration';
import { command, listPaginated, PaginatedList, query } from './operation';
import { actorMatches, type SearchMode } from './search';
import type { ActorKind } from '../connectors/connectors';
import { oddly } from '../odd';
import type { Operation } from '../operation';
import { notFound } from '../problems';
import { type Actor, removeActor, type Store } from '../store';

const configuration = z.record(z.string(), z.unknown());
const common = { resourceAllocation: z.record(z.string(), z.unknown()).nullish() };

/** The Config API names the same fields after the kind: `sourceId`, `sourceDefinitionId`. */
const words = {
  source: { one: 'Source', many: 'sources', paginated: 'listSourcesForWorkspacePaginated' },
  destination: {
    one: 'Destination',
    many: 'destinations',
    paginated: 'listDestinationsForWorkspacesPaginated',
  },
};

export const idOf = (kind: ActorKind) => z.object({ [`${kind}Id`]: z.guid() });

const guid = z.guid();
export const readId = (kind: ActorKind, given: Record<string, unknown>) =>
  guid.parse(given[`${kind}Id`]);

/** Config API, SourceRead or DestinationRead; a deleted one has lost its configuration. */
export const showConfigActor = (actor: Actor) => oddly('config', actor, describe(actor));

const describe = (actor: Actor) => {
  const { kind, connector, deleted } = actor;
  return {
    [`${kind}DefinitionId`]: connector.id,
    [`${kind}Id`]: actor.id,
    workspaceId: actor.workspaceId,
    connectionConfiguration: deleted ? null : maskSecrets(actor.configuration, connector.spec),
    name: actor.name,
    [`${kind}Name`]: connector.name,
    isVersionOverrideApplied: false,
    isEntitled: true,
    supportState: 'supported',
    createdAt: actor.createdAt,
    ...(actor.resourceAllocation !== undefined && { resourceAllocation: actor.resourceAllocation }),
  };
};

/** What differs between the versions of Airbyte. */
interface ListTraits {
  search: SearchMode;
  /** Whether `list` has pages and filters; before 1.8 it gives everything. */
  paged: boolean;
}

/** Config API, ActorListCursorPaginatedRequestBody: 20 of a page unless said otherwise. */
const CursorList = z.object({
  workspaceId: z.guid(),
  cursor: z.guid().nullish(),
  pageSize: z.int().min(1).nullish(),
  filters: z.object({ searchTerm: z.string().nullish() }).nullish(),
});

/** By the name, whatever its case, then by the id. */
const isAfter = (one: Actor, other: Actor) => {
  const [name, before] = [one.name.toLowerCase(), other.name.toLowerCase()];
  return name === before ? one.id > other.id : name > before;
};
const byName = (a: Actor, b: Actor) => (isAfter(a, b) ? 1 : -1);

const showListed = (store: Store) => {
  const active = [...store.connections.values()].filter(({ status }) => status === 'active');
  const inUse = new Set(active.flatMap(({ sourceId, destinationId }) => [sourceId, destinationId]));
  return (actor: Actor) => ({
    ...showConfigActor(actor),
    status: inUse.has(actor.id) ? 'active' : 'inactive',
  });
};

const listWhole = (store: Store, kind: ActorKind, workspaceId: string) => {
  const found = [...store[kind].values()].filter(
    (actor) => !actor.deleted && actor.workspaceId === workspaceId,
  );
  return ok({ [words[kind].many]: found.map(showListed(store)) });
};

const resourceTypes = { source: 'SOURCE_CONNECTION', destination: 'DESTINATION_CONNECTION' };

/** A page begins after an actor, wherever that now is; one that is deleted is not found. */
const cursorIn = (store: Store, kind: ActorKind, id: string | null | undefined) => {
  if (!id) return undefined;
  const actor = store[kind].get(id);
  if (!actor || actor.deleted) throw notFound(resourceTypes[kind], id);
  return actor;
};

const listByCursor = (store: Store, kind: ActorKind, given: z.output<typeof CursorList>) => {
  const term = given.filters?.searchTerm?.toLowerCase() ?? '';
  const found = [...store[kind].values()]
    .filter(({ deleted, workspaceId }) => !deleted && workspaceId === given.workspaceId)
    .filter(({ name }) => name.toLowerCase().includes(term))
    .sort(byName);
  const pageSize = given.pageSize ?? 20;
  const cursor = cursorIn(store, kind, given.cursor);
  const rest = cursor ? found.filter((actor) => isAfter(actor, cursor)) : found;
  const listed = rest.slice(0, pageSize).map(showListed(store));
  return ok({ [words[kind].many]: listed, page_size: pageSize, num_connections: found.length });
};

const lists = (store: Store, kind: ActorKind, { search, paged }: ListTraits): Operation[] => {
  const { one, many, paginated } = words[kind];
  return [
    query({ id: `list${one}sForWorkspace`, path: `/${many}/list`, body: CursorList }, (given) =>
      paged ? listByCursor(store, kind, given) : listWhole(store, kind, given.workspaceId),
    ),
    query({ id: paginated, path: `/${many}/list_paginated`, body: PaginatedList }, (given) =>
      ok({ [many]: listPaginated(store[kind].values(), given).map(showListed(store)) }),
    ),
    query({ id: `search${one}s`, path: `/${many}/search`, body: configuration }, (given) => {
      const shown = [...store[kind].values()]
        .filter(({ deleted }) => !deleted)
        .map((actor) => showConfigActor(actor));
      return ok({ [many]: shown.filter((actor) => actorMatches(search, given, actor)) });
    }),
  ];
};

const Create = (kind: ActorKind) =>
  z.object({
    ...common,
    [`${kind}DefinitionId`]: z.guid(),
    workspaceId: z.guid(),
    name: z.string(),
    connectionConfiguration: configuration,
  });

const writes = (store: Store, kind: ActorKind): Operation[] => {
  const { one, many } = words[kind];
  const Id = idOf(kind).shape;
  const asked = (given: Record<string, unknown>) => findActor(store, kind, readId(kind, given));
  const Update = z.object({
    ...common,
    ...Id,
    name: z.string(),
    connectionConfiguration: configuration,
  });
  const Patch = z.object({
    ...common,
    ...Id,
    name: z.string().nullish(),
    connectionConfiguration: configuration.nullish(),
  });
  return [
    command({ id: `create${one}`, path: `/${many}/create`, body: Create(kind) }, (given) =>
      ok(showConfigActor(create(store, kind, given))),
    ),
    command({ id: `update${one}`, path: `/${many}/update`, body: Update }, (given) => {
      const change = { ...given, configuration: given.connectionConfiguration };
      return ok(showConfigActor(updateActor(store, asked(given), change, replace)));
    }),
    command(
      { id: `partialUpdate${one}`, path: `/${many}/partial_update`, body: Patch },
      (given) => {
        const change = { ...given, configuration: given.connectionConfiguration };
        return ok(showConfigActor(updateActor(store, asked(given), change, mergeConfiguration)));
      },
    ),
    command({ id: `delete${one}`, path: `/${many}/delete`, body: idOf(kind) }, (given) => {
      removeActor(store, asked(given));
      return noContent;
    }),
  ];
};

const create = (store: Store, kind: ActorKind, given: z.output<ReturnType<typeof Create>>) =>
  createActor(store, {
    name: given.name,
    workspaceId: given.workspaceId,
    connector: findDefinition(kind, guid.parse(Reflect.get(given, `${kind}DefinitionId`))),
    configuration: given.connectionConfiguration,
    resourceAllocation: given.resourceAllocation ?? undefined,
  });

/** Airbyte Config API: the operations of sources, or of destinations. */
export const configActorOperations = (
  store: Store,
  kind: ActorKind,
  traits: ListTraits,
): Operation[] => {
  const { one, many } = words[kind];
  return [
    ...writes(store, kind),
    query({ id: `get${one}`, path: `/${many}/get`, body: idOf(kind) }, (given) =>
      ok(showConfigActor(findActor(store, kind, readId(kind, given)))),
    ),
    ...lists(store, kind, traits),
  ];
};
