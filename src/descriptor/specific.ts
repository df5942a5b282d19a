import { z } from 'zod';
import { Connection } from './connection';
import { destinationOf, sourceOf } from '../connectors';
import { neverRuns, tooOften, withoutUtc } from '../cron/advice';
import { isRecord } from '../contract/json';
import type { Product } from '../connectors/fields';
import { placesIn, strayBeside } from '../reading/key-places';
import type { Reader } from '../reading/reader';
import { fieldsOf, variantsOf, withoutNulls, written } from '../reading/schema-shape';
import { isSecretKey, secretsIn } from '../secrets/masking';
import { judgeSecrets, withFabric } from './owner';
import type { Owner, Tenancy } from './owner';
import { streamProblemsIn } from './targets';
import type { Path } from '../contract/problems';

const REFERENCE =
  'carries a secret. Put { secretRef: NAME } in its place, and have the platform operator provide it under that name';
const REMOVE =
  'carries a secret. Remove it: whoever reads the descriptor, or Airbyte, could see it';

/** `specific` of a component. Unknown keys are the reader's to judge. */
const specificOf = (product: Product) =>
  z.strictObject({
    source: sourceOf().describe('Where the data comes from.'),
    destination: destinationOf(product).describe('Where it goes to.'),
    connection: Connection.describe('What is synced, how and when.'),
  });

const createSpecificOf = () => {
  let latest: { key: string; schema: ReturnType<typeof specificOf> } | undefined;
  return (product: Product) => {
    const key = JSON.stringify(product);
    if (latest?.key !== key) latest = { key, schema: specificOf(product) };
    return latest.schema;
  };
};

/** Making the schema takes as long as reading with it, and a product's requests come together. */
const rememberedSpecificOf = createSpecificOf();

/** The destination alone, as the schema of the whole reads it. */
export const destinationFor = (product: Product) => rememberedSpecificOf(product).shape.destination;

/** The same for readers of the schema; what depends on the product is named as such. */
export const Specific = specificOf({ name: 'PRODUCT', domain: 'DOMAIN', major: 'MAJOR' });

/** The parts of a component's pipeline, defaults filled in, no secrets. */
export type Pipeline = z.output<typeof Specific>;

/** Of what every connector has in common, so that one look at the schema is enough. */
const PLACES = placesIn(Specific, undefined);

/** What of a component's pipeline stands beside its `specific`, where nobody reads it. */
export const refuseStray = (reader: Reader, component: Record<string, unknown>, at: Path) => {
  for (const { key, message } of strayBeside(PLACES, component))
    reader.refuse([...at, key], message);
};

/** Of streams that are in each other's way; one descriptor may have thousands. */
const MAX_STREAM_PROBLEMS = 20;
const CRON = ['connection', 'schedule', 'cronExpression'];

/** How often is this Airbyte's to say, so it is no part of the schema. */
const judgePace = (reader: Reader, specific: unknown, given: Given) => {
  const connection = isRecord(specific) ? specific.connection : undefined;
  const schedule = isRecord(connection) ? connection.schedule : undefined;
  const expression = isRecord(schedule) ? schedule.cronExpression : undefined;
  if (typeof expression !== 'string') return;
  const message = tooOften(withoutUtc(expression), given.minSyncInterval);
  if (message !== undefined) reader.refuse([...given.at, ...CRON], message);
};

/** What the streams have against each other, by what is said of them alone. */
const judgeStreams = (reader: Reader, { connection, destination }: Pipeline, at: Path) => {
  const { connector } = destination;
  const problems = streamProblemsIn(connection.streams ?? [], { naming: connection, connector });
  for (const { index, field, message } of problems.slice(0, MAX_STREAM_PROBLEMS))
    reader.refuse([...at, 'connection', 'streams', index, field], message);
};

/** The names of variants of an end. */
const connectorsOf = (variants: z.core.$ZodType[]) =>
  variants.flatMap((variant) => {
    const { connector } = fieldsOf(variant);
    const literal = connector && written(connector);
    return literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
  });

const requiredBy = (variant: z.core.$ZodType | undefined) => {
  const { connectionConfiguration: schema } = variant ? fieldsOf(variant) : {};
  return Object.entries(schema ? fieldsOf(written(schema)) : {})
    .filter(([, field]) => !z.safeParse(field, undefined).success)
    .map(([key]) => key);
};

/** The connector of an end that is meant where none is named, what it needs, and the others. */
const defaultOf = (end: 'source' | 'destination') => {
  const schema = Specific.shape[end];
  const [variant] = variantsOf(schema, {});
  const [meant = ''] = connectorsOf(variant ? [variant] : []);
  const others = connectorsOf(schema.options.map(written)).filter((name) => name !== meant);
  return { end, meant, others, required: requiredBy(variant) };
};

/** The same for every product, so that one look at the schema is enough. */
const DEFAULTS = [defaultOf('source'), defaultOf('destination')];

/** Whether nothing is given of what a connector cannot do without. */
const lacksAll = (required: string[], given: unknown) =>
  required.length > 0 && required.every((key) => !isRecord(given) || !(key in given));

const adviceFor = (
  { isMisnamed, isInside }: { isMisnamed: boolean; isInside: boolean },
  { others, required }: { others: string[]; required: string[] },
) => {
  if (isMisnamed) return '; rename type to connector';
  if (isInside) return '; it stands in connectionConfiguration, and belongs beside it';
  return `, which needs ${required.join(' and ')}; to use another, write one of ${others.join(', ')}`;
};

/**
 * Without `connector` the one is meant that the existing provisioner knew. Told where the field is
 * called otherwise, or where all that this connector needs is missing: then another may be meant.
 */
const noteDefault = (reader: Reader, specific: unknown, at: Path) => {
  for (const { end, meant, others, required } of DEFAULTS) {
    const given = isRecord(specific) ? specific[end] : undefined;
    if (!isRecord(given) || given.connector !== undefined) continue;
    const configuration = given.connectionConfiguration;
    const isMisnamed = typeof given.type === 'string' && others.includes(given.type.toLowerCase());
    const isInside = isRecord(configuration) && 'connector' in configuration;
    if (!isMisnamed && !isInside && !lacksAll(required, configuration)) continue;
    const advice = adviceFor({ isMisnamed, isInside }, { others, required });
    reader.refuse([...at, end, 'connector'], `is missing, so ${meant} is assumed${advice}`);
    reader.doubt([...at, end, 'connectionConfiguration']);
  }
};

/** Also one that a destination names whose connector knows none. */
const fabricIn = (specific: unknown) => {
  const destination = isRecord(specific) ? specific.destination : undefined;
  return isRecord(destination) ? destination.fabric : undefined;
};

interface Given {
  product: Product;
  at: Path;
  /** Where there are owners. */
  tenancy?: Tenancy | undefined;
  /** Whose it is, where that matters and can be read. */
  owner?: Owner | undefined;
  /** Seconds that Airbyte wants between two syncs at least. */
  minSyncInterval: number;
}

/** Every problem goes to the reader; undefined when there is any that keeps it from being read. */
export const readSpecific = (reader: Reader, raw: object, given: Given): Pipeline | undefined => {
  const { product, at, tenancy, owner } = given;
  const schema = rememberedSpecificOf(product);
  const specific = withoutNulls(raw, schema);
  for (const path of secretsIn(specific)) {
    const isField = isSecretKey(String(path.at(-1)));
    reader.refuse([...at, ...path], isField ? REFERENCE : REMOVE);
  }
  judgePace(reader, specific, given);
  noteDefault(reader, specific, at);
  const pipeline = reader.read(schema, specific, at);
  if (owner) judgeSecrets(reader, specific, owner, at);
  if (pipeline) judgeStreams(reader, pipeline, at);
  const schedule = pipeline?.connection.schedule;
  if (schedule?.scheduleType === 'cron' && neverRuns(schedule.cronExpression))
    reader.warn([...at, ...CRON], 'has no time left to run at: it never syncs by itself');
  if (!pipeline) return undefined;
  const named = fabricIn(specific);
  const destination = withFabric(reader, pipeline.destination, { tenancy, owner, at, named });
  return { ...pipeline, destination };
};
