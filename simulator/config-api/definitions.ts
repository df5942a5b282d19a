import { z } from 'zod';
import { ok } from '../steering/answers';
import { findDefinition } from '../public-api/actors';
import { query, WorkspaceId } from './operation';
import { jobInfo } from './checks';
import { type ActorKind, type Connector, connectorsOf } from '../connectors/connectors';
import type { Operation } from '../operation';
import { findWorkspace } from '../public-api/workspaces';
import type { Store } from '../store';

/** Config API, SourceDefinitionRead or DestinationDefinitionRead. */
const showDefinition = (connector: Connector) => ({
  [`${connector.kind}DefinitionId`]: connector.id,
  name: connector.name,
  dockerRepository: connector.dockerRepository,
  dockerImageTag: connector.dockerImageTag,
  documentationUrl: connector.documentationUrl,
  protocolVersion: '0.2.0',
  custom: false,
  enterprise: false,
  supportLevel: 'certified',
  releaseStage: 'generally_available',
});

/** Config API, SourceDefinitionSpecificationRead or DestinationDefinitionSpecificationRead. */
const showSpecification = ({ kind, id, documentationUrl, spec }: Connector) => ({
  [`${kind}DefinitionId`]: id,
  documentationUrl,
  connectionSpecification: spec,
  ...(kind === 'destination' && {
    supportedDestinationSyncModes: ['overwrite', 'append', 'append_dedup'],
  }),
  jobInfo: jobInfo({ configType: 'get_spec', configId: id, startedAt: Date.now() }),
});

const guid = z.guid();

/** Airbyte Config API: the connectors of one kind, and what each is configured with. */
export const configDefinitionOperations = (store: Store, kind: ActorKind): Operation[] => {
  const one = kind === 'source' ? 'Source' : 'Destination';
  const key = `${kind}DefinitionId`;
  const path = `/${kind}_definitions`;
  const Definition = z.object({ [key]: z.guid() });
  const InWorkspace = z.object({ [key]: z.guid(), workspaceId: z.guid() });
  const asked = (given: Record<string, unknown>) => findDefinition(kind, guid.parse(given[key]));
  const list = () => ok({ [`${kind}Definitions`]: connectorsOf(kind).map(showDefinition) });
  return [
    query({ id: `list${one}Definitions`, path: `${path}/list`, body: z.unknown() }, list),
    query(
      {
        id: `list${one}DefinitionsForWorkspace`,
        path: `${path}/list_for_workspace`,
        body: WorkspaceId,
      },
      ({ workspaceId }) => {
        findWorkspace(store, workspaceId);
        return list();
      },
    ),
    query({ id: `get${one}Definition`, path: `${path}/get`, body: Definition }, (given) =>
      ok(showDefinition(asked(given))),
    ),
    query(
      {
        id: `get${one}DefinitionSpecification`,
        path: `/${kind}_definition_specifications/get`,
        body: InWorkspace,
      },
      (given) => ok(showSpecification(asked(given))),
    ),
  ];
};
