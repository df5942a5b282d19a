import { z } from 'zod';
import type { Actor } from '../workspace';

/* How sources and destinations of the public API are read. */

const configuration = z.record(z.string(), z.unknown());

const actorFields = {
  name: z.string(),
  definitionId: z.string(),
  workspaceId: z.string(),
  createdAt: z.number().optional().catch(undefined),
};
/** What is deleted has none. */
const one = { ...actorFields, configuration: configuration.nullish().default(null) };
/** Lists leave out what is deleted. */
const listed = { ...actorFields, configuration };
/** A name says whose it is; the rest matters only if it is ours. */
const part = {
  ...actorFields,
  definitionId: z.string().catch(''),
  workspaceId: z.string().catch(''),
  configuration: configuration.nullish().catch(null).default(null),
};

type Fields = z.output<z.ZodObject<typeof one>>;
const sourceOf = ({ sourceId: id, ...rest }: Fields & { sourceId: string }): Actor => ({
  id,
  ...rest,
});
const destinationOf = ({
  destinationId: id,
  ...rest
}: Fields & { destinationId: string }): Actor => ({ id, ...rest });

const id = z.string();
const source = (fields: typeof one | typeof listed | typeof part) =>
  z.object({ sourceId: id, ...fields }).transform(sourceOf);
const destination = (fields: typeof one | typeof listed | typeof part) =>
  z.object({ destinationId: id, ...fields }).transform(destinationOf);

export const ACTORS = {
  source: {
    path: '/sources',
    form: { id: 'sourceId', whole: source(one), part: source(part) },
    listed: { id: 'sourceId', whole: source(listed), part: source(part) },
  },
  destination: {
    path: '/destinations',
    form: { id: 'destinationId', whole: destination(one), part: destination(part) },
    listed: { id: 'destinationId', whole: destination(listed), part: destination(part) },
  },
};
