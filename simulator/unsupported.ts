import type { Operation } from './operation';
import { notImplemented } from './problems';

/** Airbyte's public API declares these; the simulator only knows their names. */
const declared: [Operation['method'], path: string, id: string][] = [
  ['get', '/applications', 'listApplications'],
  ['post', '/applications', 'createApplication'],
  ['get', '/applications/:applicationId', 'getApplication'],
  ['delete', '/applications/:applicationId', 'deleteApplication'],
  ['get', '/regions', 'listRegions'],
  ['post', '/regions', 'createRegion'],
  ['get', '/regions/:regionId', 'getRegion'],
  ['patch', '/regions/:regionId', 'updateRegion'],
  ['delete', '/regions/:regionId', 'deleteRegion'],
  ['get', '/dataplanes', 'listDataplanes'],
  ['post', '/dataplanes', 'createDataplane'],
  ['get', '/dataplanes/:dataplaneId', 'getDataplane'],
  ['patch', '/dataplanes/:dataplaneId', 'updateDataplane'],
  ['delete', '/dataplanes/:dataplaneId', 'deleteDataplane'],
  ['get', '/connector_definitions', 'listConnectorDefinitions'],
  [
    'get',
    '/workspaces/:workspaceId/definitions/declarative_sources',
    'listDeclarativeSourceDefinitions',
  ],
  [
    'post',
    '/workspaces/:workspaceId/definitions/declarative_sources',
    'createDeclarativeSourceDefinition',
  ],
  [
    'get',
    '/workspaces/:workspaceId/definitions/declarative_sources/:definitionId',
    'getDeclarativeSourceDefinition',
  ],
  [
    'put',
    '/workspaces/:workspaceId/definitions/declarative_sources/:definitionId',
    'updateDeclarativeSourceDefinition',
  ],
  [
    'delete',
    '/workspaces/:workspaceId/definitions/declarative_sources/:definitionId',
    'deleteDeclarativeSourceDefinition',
  ],
  ['post', '/workspaces/:workspaceId/definitions/sources', 'createSourceDefinition'],
  ['put', '/workspaces/:workspaceId/definitions/sources/:definitionId', 'updateSourceDefinition'],
  [
    'delete',
    '/workspaces/:workspaceId/definitions/sources/:definitionId',
    'deleteSourceDefinition',
  ],
  ['post', '/workspaces/:workspaceId/definitions/destinations', 'createDestinationDefinition'],
  [
    'put',
    '/workspaces/:workspaceId/definitions/destinations/:definitionId',
    'updateDestinationDefinition',
  ],
  [
    'delete',
    '/workspaces/:workspaceId/definitions/destinations/:definitionId',
    'deleteDestinationDefinition',
  ],
  ['get', '/oauth/callback', 'oauthCallback'],
  ['post', '/sources/initiateOAuth', 'initiateOAuth'],
  ['put', '/workspaces/:workspaceId/oauthCredentials', 'createOrUpdateWorkspaceOAuthCredentials'],
  [
    'delete',
    '/workspaces/:workspaceId/oauthCredentials/:actorType/:name',
    'deleteWorkspaceOAuthCredentials',
  ],
  [
    'put',
    '/organizations/:organizationId/oauthCredentials',
    'createOrUpdateOrganizationOAuthCredentials',
  ],
  [
    'delete',
    '/organizations/:organizationId/oauthCredentials/:actorType/:name',
    'deleteOrganizationOAuthCredentials',
  ],
  ['post', '/embedded/widget_token', 'getEmbeddedWidget'],
  ['post', '/embedded/scoped_token', 'generateEmbeddedScopedToken'],
  ['get', '/embedded/organizations', 'listEmbeddedOrganizationsByUser'],
];

/** 501, as Airbyte OSS answers what only its other editions do. */
export const unsupportedOperations: Operation[] = declared.map(([method, path, id]) => ({
  id,
  method,
  path,
  run: () => {
    throw notImplemented();
  },
}));
