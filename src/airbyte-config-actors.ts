import { z } from 'zod';
import type { Actor } from './airbyte';
import { orUndefined } from './airbyte-config-streams';

/* Sources, destinations and their definitions as the Config API shows them. */

const actorFields = {
  name: z.string(),
  workspaceId: z.string(),
  connectionConfiguration: z.record(z.string(), z.unknown()).nullish().default(null),
  createdAt: z.number().optional().catch(undefined),
};
const SourceRead = z
  .object({ sourceId: z.string(), sourceDefinitionId: z.string(), ...actorFields })
  .transform(({ connectionConfiguration: configuration, ...given }): Actor => {
    const { sourceId: id, sourceDefinitionId: definitionId, ...rest } = given;
    return { id, definitionId, configuration, ...rest };
  });
const DestinationRead = z
  .object({ destinationId: z.string(), destinationDefinitionId: z.string(), ...actorFields })
  .transform(({ connectionConfiguration: configuration, ...given }): Actor => {
    const { destinationId: id, destinationDefinitionId: definitionId, ...rest } = given;
    return { id, definitionId, configuration, ...rest };
  });

/** Only where lists come in pages does the answer tell the size of one. */
const page_size = orUndefined(z.number());

const definitionFields = {
  name: z.string(),
  dockerRepository: orUndefined(z.string()),
  dockerImageTag: orUndefined(z.string()),
};
const SourceDefinition = z
  .object({ sourceDefinitionId: z.string(), ...definitionFields })
  .transform(({ sourceDefinitionId: id, ...rest }) => ({ id, ...rest }));
const DestinationDefinition = z
  .object({ destinationDefinitionId: z.string(), ...definitionFields })
  .transform(({ destinationDefinitionId: id, ...rest }) => ({ id, ...rest }));

export const ACTORS = {
  source: {
    actor: SourceRead,
    actors: z
      .object({ sources: z.array(SourceRead), page_size })
      .transform(({ sources: actors, page_size: size }) => ({ actors, size })),
    definitions: z
      .object({ sourceDefinitions: z.array(SourceDefinition) })
      .transform(({ sourceDefinitions }) => sourceDefinitions),
  },
  destination: {
    actor: DestinationRead,
    actors: z
      .object({ destinations: z.array(DestinationRead), page_size })
      .transform(({ destinations: actors, page_size: size }) => ({ actors, size })),
    definitions: z
      .object({ destinationDefinitions: z.array(DestinationDefinition) })
      .transform(({ destinationDefinitions }) => destinationDefinitions),
  },
};
