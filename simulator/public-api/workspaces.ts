import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noContent, ok } from '../steering/answers';
import { type ActorKind, connectorsOf, showDefinition } from '../connectors/connectors';
import { type ApiRequest, type Operation, pathId, readBody } from '../operation';
import { listOf } from '../paging';
import { notFound } from '../problems';
import { removeWorkspace, save, type Store, type Workspace } from '../store';

const notification = (byEmail: boolean) => ({
  email: { enabled: byEmail },
  webhook: { enabled: false },
});

const defaultNotifications = {
  failure: notification(true),
  success: notification(false),
  connectionUpdate: notification(true),
  connectionUpdateActionRequired: notification(true),
  syncDisabled: notification(true),
  syncDisabledWarning: notification(true),
};

const flag = z.boolean().optional();
const Notification = z
  .object({
    email: z.object({ enabled: flag }).optional(),
    webhook: z.object({ enabled: flag, url: z.string().optional() }).optional(),
  })
  .optional();

/** Airbyte public API, NotificationsConfig. */
const notifications = z
  .object({
    failure: Notification,
    success: Notification,
    connectionUpdate: Notification,
    connectionUpdateActionRequired: Notification,
    syncDisabled: Notification,
    syncDisabledWarning: Notification,
  })
  .nullish();
const WorkspaceCreate = z.object({ name: z.string(), notifications });
const WorkspaceUpdate = z.object({ name: z.string().nullish(), notifications });

export const newWorkspace = (workspaceId: string, name: string): Workspace => ({
  workspaceId,
  name,
  notifications: defaultNotifications,
  deleted: false,
});

/** 404 also when it was deleted: of all entities only a workspace hides once it is gone. */
export const findWorkspace = (store: Store, id: string): Workspace => {
  const workspace = store.workspaces.get(id);
  if (!workspace || workspace.deleted) throw notFound('STANDARD_WORKSPACE', id);
  return workspace;
};

const showWorkspace = ({ workspaceId, name, notifications }: Workspace) => ({
  workspaceId,
  name,
  dataResidency: 'auto',
  notifications,
});

const create = (store: Store, body: unknown) => {
  const given = readBody(WorkspaceCreate, body);
  const workspace = newWorkspace(randomUUID(), given.name);
  return save(store.workspaces, workspace.workspaceId, {
    ...workspace,
    notifications: { ...defaultNotifications, ...given.notifications },
  });
};

const update = (store: Store, workspace: Workspace, body: unknown) => {
  const given = readBody(WorkspaceUpdate, body);
  return save(store.workspaces, workspace.workspaceId, {
    ...workspace,
    name: given.name ?? workspace.name,
    notifications: given.notifications ?? workspace.notifications,
  });
};

const definitionOperations = (store: Store, kind: ActorKind, one: string): Operation[] => {
  const path = `/workspaces/:workspaceId/definitions/${kind}s`;
  const asked = (request: ApiRequest) => {
    findWorkspace(store, pathId(request, 'workspaceId'));
    return connectorsOf(kind);
  };
  return [
    {
      id: `list${one}Definitions`,
      method: 'get',
      path,
      run: (request) => ok({ previous: '', next: '', data: asked(request).map(showDefinition) }),
    },
    {
      id: `get${one}Definition`,
      method: 'get',
      path: `${path}/:definitionId`,
      run: (request) => {
        const id = pathId(request, 'definitionId');
        const found = asked(request).find((connector) => connector.id === id);
        if (!found) throw notFound(`STANDARD_${kind.toUpperCase()}_DEFINITION`, id);
        return ok(showDefinition(found));
      },
    },
  ];
};

/** Airbyte public API: workspaces, and the connector definitions each of them offers. */
export const workspaceOperations = (store: Store): Operation[] => {
  const item = '/workspaces/:workspaceId';
  const asked = (request: ApiRequest) => findWorkspace(store, pathId(request, 'workspaceId'));
  return [
    {
      id: 'listWorkspaces',
      method: 'get',
      path: '/workspaces',
      run: (request) => listOf(request, '/workspaces', store.workspaces.values(), showWorkspace),
    },
    {
      id: 'createWorkspace',
      method: 'post',
      path: '/workspaces',
      run: ({ body }) => ok(showWorkspace(create(store, body))),
    },
    {
      id: 'getWorkspace',
      method: 'get',
      path: item,
      run: (request) => ok(showWorkspace(asked(request))),
    },
    {
      id: 'updateWorkspace',
      method: 'patch',
      path: item,
      run: (request) => ok(showWorkspace(update(store, asked(request), request.body))),
    },
    {
      id: 'deleteWorkspace',
      method: 'delete',
      path: item,
      run: (request) => {
        removeWorkspace(store, asked(request));
        return noContent;
      },
    },
    ...definitionOperations(store, 'source', 'Source'),
    ...definitionOperations(store, 'destination', 'Destination'),
  ];
};
