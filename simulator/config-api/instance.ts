import { z } from 'zod';
import { ok } from '../steering/answers';
import { listPaginated, pageOf, PaginatedList, Pagination, query } from './operation';
import type { Operation } from '../operation';
import { notFound } from '../problems';
import type { Store, Workspace } from '../store';
import { findWorkspace } from '../public-api/workspaces';

/** The organization every Airbyte starts with. */
const DEFAULT_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

export interface Instance {
  edition: 'community' | 'pro' | 'enterprise' | 'trial';
  version: string;
  authMode: 'none' | 'simple' | 'oidc';
  workspaceId: string;
}

/** Whether a version such as "1.8.0" is `major.minor` or later. */
export const isAtLeast = (version: string, [major, minor]: [number, number]) => {
  const [givenMajor = 0, givenMinor = 0] = version.split('.').map(Number);
  return givenMajor > major || (givenMajor === major && givenMinor >= minor);
};

/** Config API, InstanceConfigurationResponse. */
const showInstance = ({ edition, version, authMode, workspaceId }: Instance) => ({
  edition,
  version,
  licenseStatus: 'pro',
  auth: { mode: authMode, clientId: 'airbyte-webapp', defaultRealm: 'airbyte' },
  airbyteUrl: 'http://localhost:8000',
  initialSetupComplete: true,
  defaultUserId: DEFAULT_ORGANIZATION_ID,
  defaultOrganizationId: DEFAULT_ORGANIZATION_ID,
  defaultOrganizationEmail: 'admin@example.com',
  defaultWorkspaceId: workspaceId,
  trackingStrategy: 'logging',
});

/** Config API, WorkspaceRead. */
const showWorkspace = ({ workspaceId, name, deleted }: Workspace) => ({
  workspaceId,
  customerId: DEFAULT_ORGANIZATION_ID,
  name,
  slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
  initialSetupComplete: true,
  displaySetupWizard: false,
  anonymousDataCollection: false,
  news: false,
  securityUpdates: false,
  notifications: [],
  firstCompletedSync: false,
  feedbackDone: false,
  organizationId: DEFAULT_ORGANIZATION_ID,
  tombstone: deleted,
});

const workspaceList = (workspaces: Workspace[]) =>
  ok({ workspaces: workspaces.map(showWorkspace) });

const WorkspaceGet = z.object({
  workspaceId: z.guid(),
  includeTombstone: z.boolean().nullish(),
});

const getWorkspace = (store: Store, given: z.output<typeof WorkspaceGet>) => {
  if (!given.includeTombstone) return findWorkspace(store, given.workspaceId);
  const found = store.workspaces.get(given.workspaceId);
  if (!found) throw notFound('STANDARD_WORKSPACE', given.workspaceId);
  return found;
};

const OrganizationList = z.object({
  organizationId: z.guid(),
  pagination: Pagination.nullish(),
  nameContains: z.string().nullish(),
});

/** All of its workspaces unless a page is asked for; there is one organization. */
const inOrganization = (store: Store, given: z.output<typeof OrganizationList>) => {
  const term = given.nameContains?.toLowerCase() ?? '';
  const found = [...store.workspaces.values()].filter(
    ({ deleted, name }) =>
      !deleted &&
      given.organizationId === DEFAULT_ORGANIZATION_ID &&
      name.toLowerCase().includes(term),
  );
  return workspaceList(given.pagination ? pageOf(found, given.pagination) : found);
};

/** Airbyte Config API: what it says of itself, to anybody, and its workspaces. */
export const configInstanceOperations = (store: Store, instance: Instance): Operation[] => [
  {
    id: 'getHealthCheck',
    method: 'get',
    path: '/health',
    anonymous: true,
    run: () => ok({ available: true }),
  },
  {
    id: 'getInstanceConfiguration',
    method: 'get',
    path: '/instance_configuration',
    anonymous: true,
    run: () => ok(showInstance(instance)),
  },
  query({ id: 'getWorkspace', path: '/workspaces/get', body: WorkspaceGet }, (given) =>
    ok(showWorkspace(getWorkspace(store, given))),
  ),
  query(
    {
      id: 'listWorkspacesPaginated',
      path: '/workspaces/list_paginated',
      body: PaginatedList,
    },
    (given) => workspaceList(listPaginated(store.workspaces.values(), given)),
  ),
  query(
    {
      id: 'listWorkspacesInOrganization',
      path: '/workspaces/list_by_organization_id',
      body: OrganizationList,
    },
    (given) => inOrganization(store, given),
  ),
];
