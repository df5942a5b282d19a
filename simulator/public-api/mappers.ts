import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SECRET_MASK } from '../connectors/configuration';
import { ApiProblem } from '../problems';
import type { ConfiguredStream, Mapper } from '../store';

const column = z.string().min(1);
const suffix = z.string();

const Equal = z.object({
  type: z.literal('EQUAL'),
  fieldName: column,
  comparisonValue: z.string(),
});
type Condition = z.infer<typeof Equal> | { type: 'NOT'; conditions: Condition[] };
const Condition: z.ZodType<Condition> = z.union([
  Equal,
  z.object({ type: z.literal('NOT'), conditions: z.array(z.lazy(() => Condition)).min(1) }),
]);

/** Airbyte public API, MapperConfiguration: by the type of the mapper. */
const configurations = {
  hashing: z.object({
    targetField: column,
    method: z.enum(['MD2', 'MD5', 'SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512']),
    fieldNameSuffix: suffix,
  }),
  'field-renaming': z.object({ originalFieldName: column, newFieldName: column }),
  'field-filtering': z.object({ targetField: column }),
  'row-filtering': z.object({ conditions: Condition }),
  encryption: z.discriminatedUnion('algorithm', [
    z.object({
      algorithm: z.literal('RSA'),
      targetField: column,
      fieldNameSuffix: suffix,
      publicKey: z.string().min(1),
    }),
    z.object({
      algorithm: z.literal('AES'),
      targetField: column,
      fieldNameSuffix: suffix,
      key: z.string().min(1),
      mode: z.enum(['CBC', 'CFB', 'OFB', 'CTR', 'GCM', 'ECB']),
      padding: z.enum(['NoPadding', 'PKCS5Padding']),
    }),
  ]),
};

/** ConfiguredStreamMapper of both APIs. */
export const GivenMapper = z.object({
  id: z.guid().nullish(),
  type: z.enum(['hashing', 'field-renaming', 'row-filtering', 'encryption', 'field-filtering']),
  mapperConfiguration: z.record(z.string(), z.unknown()),
});
type GivenMapper = z.output<typeof GivenMapper>;

const apiProblem = (fault: string, message: string) =>
  new ApiProblem(400, `mapper-validation/${fault}`, {
    status: 400,
    type: `error:mapper-validation/${fault}`,
    title: `mapper-validation/${fault}`,
    detail: message,
    documentationUrl: null,
    data: { message },
  });

const fieldsIn = (condition: Condition): string[] =>
  condition.type === 'EQUAL' ? [condition.fieldName] : condition.conditions.flatMap(fieldsIn);

interface Effect {
  needs: string[];
  removes: string[];
  adds: string[];
}

/** What a mapper makes of the columns that come to it. */
const effectOf = (type: GivenMapper['type'], given: Record<string, unknown>): Effect => {
  if (type === 'row-filtering')
    return { needs: fieldsIn(Condition.parse(given.conditions)), removes: [], adds: [] };
  if (type === 'field-renaming') {
    const { originalFieldName, newFieldName } = configurations[type].parse(given);
    return { needs: [originalFieldName], removes: [originalFieldName], adds: [newFieldName] };
  }
  const target = String(given.targetField);
  const adds = type === 'field-filtering' ? [] : [`${target}${String(given.fieldNameSuffix)}`];
  return { needs: [target], removes: [target], adds };
};

/** A key that a client has read comes back masked: it is the stored one's, by the mapper's id. */
const unmasked = ({ id, mapperConfiguration: given }: GivenMapper, stored: Mapper[]) => {
  if (given.key !== SECRET_MASK) return given;
  const known = stored.find((mapper) => mapper.id === id);
  if (!known) throw apiProblem('invalid-config', 'A masked secret belongs to no stored mapper.');
  return { ...given, key: known.mapperConfiguration.key };
};

/** Mappers as they are stored, or a 400: of a wrong form, or about a column that does not come to it. */
export const readMappers = (
  given: GivenMapper[],
  { name, columns, stored }: { name: string; columns: string[]; stored: Mapper[] },
): Mapper[] => {
  const fields = new Set(columns);
  return given.map((mapper) => {
    const { id, type } = mapper;
    const mapperConfiguration = unmasked(mapper, stored);
    const read = configurations[type].safeParse(mapperConfiguration);
    if (!read.success)
      throw apiProblem('invalid-config', `The ${type} mapper of stream ${name} is not valid.`);
    const { needs, removes, adds } = effectOf(type, mapperConfiguration);
    const missing = needs.find((field) => !fields.has(field));
    if (missing !== undefined)
      throw apiProblem('field-not-found', `Field ${missing} not found in stream ${name}.`);
    for (const field of removes) fields.delete(field);
    const double = adds.find((field) => fields.has(field));
    if (double !== undefined)
      throw apiProblem('field-already-exists', `Field ${double} is in stream ${name} already.`);
    for (const field of adds) fields.add(field);
    return { id: id ?? randomUUID(), type, mapperConfiguration };
  });
};

/** As both APIs show them. */
export const showMappers = ({ mappers }: Pick<ConfiguredStream, 'mappers'>) =>
  mappers.map(({ mapperConfiguration, ...mapper }) => ({
    ...mapper,
    mapperConfiguration: {
      ...mapperConfiguration,
      ...(mapperConfiguration.key !== undefined && { key: SECRET_MASK }),
    },
  }));

/** All that a connection has, whose keys a client may send back masked. */
export const storedMappers = (streams: ConfiguredStream[]) =>
  streams.flatMap(({ mappers }) => mappers);
