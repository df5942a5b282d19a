import { z } from 'zod';
import type { Actor } from '../workspace';
import { orUndefined } from '../forms';

/* Sources, destinations and their definitions as the Config API shows them. */

const configuration = z.record(z.string(), z.unknown());

const actorFields = {
  name: z.string(),
  workspaceId: z.string(),
  createdAt: z.number().optional().catch(undefined),
};
/** What is deleted has no configuration. */
const one = { ...actorFields, connectionConfiguration: configuration.nullish().default(null) };
/** Lists leave out what is deleted. */
const listed = { ...actorFields, connectionConfiguration: configuration };
/** A name says whose it is; the rest matters only if it is ours. */
const part = {
  ...actorFields,
  workspaceId: z.string().catch(''),
  connectionConfiguration: configuration.nullish().catch(null).default(null),
};
const definitionId = z.string();

type Fields = z.output<z.ZodObject<typeof one>>;
const actorOf = (
  ids: Pick<Actor, 'id' | 'definitionId'>,
  { connectionConfiguration, ...rest }: Fields,
): Actor => ({ ...ids, configuration: connectionConfiguration, ...rest });

const source = (fields: typeof one | typeof listed | typeof part, definition: z.ZodType<string>) =>
  z
    .object({ sourceId: z.string(), sourceDefinitionId: definition, ...fields })
    .transform(({ sourceId: id, sourceDefinitionId, ...rest }) =>
      actorOf({ id, definitionId: sourceDefinitionId }, rest),
    );
const destination = (
  fields: typeof one | typeof listed | typeof part,
  definition: z.ZodType<string>,
) =>
  z
    .object({ destinationId: z.string(), destinationDefinitionId: definition, ...fields })
    .transform(({ destinationId: id, destinationDefinitionId, ...rest }) =>
      actorOf({ id, definitionId: destinationDefinitionId }, rest),
    );

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

const sourcePart = source(part, definitionId.catch(''));
const destinationPart = destination(part, definitionId.catch(''));
const rows = z.array(z.unknown());

export const ACTORS = {
  source: {
    form: { id: 'sourceId', whole: source(one, definitionId), part: sourcePart },
    listed: { id: 'sourceId', whole: source(listed, definitionId), part: sourcePart },
    list: z
      .object({ sources: rows, page_size })
      .transform(({ sources, page_size: size }) => ({ rows: sources, size })),
    definition: { id: 'sourceDefinitionId', whole: SourceDefinition },
    definitions: z
      .object({ sourceDefinitions: rows })
      .transform(({ sourceDefinitions }) => sourceDefinitions),
  },
  destination: {
    form: { id: 'destinationId', whole: destination(one, definitionId), part: destinationPart },
    listed: {
      id: 'destinationId',
      whole: destination(listed, definitionId),
      part: destinationPart,
    },
    list: z
      .object({ destinations: rows, page_size })
      .transform(({ destinations, page_size: size }) => ({ rows: destinations, size })),
    definition: { id: 'destinationDefinitionId', whole: DestinationDefinition },
    definitions: z
      .object({ destinationDefinitions: rows })
      .transform(({ destinationDefinitions }) => destinationDefinitions),
  },
};
