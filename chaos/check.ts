import { z } from 'zod';
import type { ProvisioningStatus } from '../src/contract/coordinator';
import { KINDS } from './model';
import type { Choice, Expected, Kind } from './model';
import type { Variant } from './requests';
import { FABRIC_HOST, hostOf, LAKEHOUSE_HOST } from './secrets';

/** What exists in Airbyte, secrets included, as the simulator tells it past its API. */
export const World = z.object({
  sources: z.array(
    z.object({
      sourceId: z.string(),
      name: z.string(),
      configuration: z.object({
        url: z.string(),
        provider: z.object({ host: z.string(), password: z.string() }),
      }),
    }),
  ),
  destinations: z.array(
    z.object({
      destinationId: z.string(),
      name: z.string(),
      configuration: z.union([
        z.object({ database: z.string(), host: z.string(), password: z.string() }),
        z.object({
          schema: z.string(),
          host: z.string(),
          credentials: z.object({ password: z.string() }),
        }),
        z.object({
          schema: z.string(),
          hostname: z.string(),
          authentication: z.object({ secret: z.string() }),
        }),
      ]),
    }),
  ),
  connections: z.array(
    z.object({
      connectionId: z.string(),
      name: z.string(),
      sourceId: z.string(),
      destinationId: z.string(),
      prefix: z.string(),
    }),
  ),
});
export type World = z.infer<typeof World>;

/** `<name> [<component key> …]`: whose it is. */
const ownerIn = (name: string) => /\[([^\s[\]]+)[^[\]]*\]$/.exec(name)?.[1];

/** By what its variant sets; a connection has no secret. */
interface Entity {
  setting: string;
  secret?: string;
}

/** One component's part of the world. */
const partOf = (
  key: string,
  { sources, destinations, connections }: World,
): Record<Kind, Entity[]> => {
  const source = sources.filter(({ name }) => ownerIn(name) === key);
  const destination = destinations.filter(({ name }) => ownerIn(name) === key);
  const sourceIds = source.map(({ sourceId }) => sourceId);
  return {
    source: source.map(({ configuration: { url, provider } }) => ({
      setting: `${url} on ${provider.host}`,
      secret: provider.password,
    })),
    destination: destination.map(({ configuration }) => {
      if ('hostname' in configuration)
        return {
          setting: `${configuration.schema} on ${configuration.hostname}`,
          secret: configuration.authentication.secret,
        };
      return 'schema' in configuration
        ? {
            setting: `${configuration.schema} on ${configuration.host}`,
            secret: configuration.credentials.password,
          }
        : {
            setting: `${configuration.database} on ${configuration.host}`,
            secret: configuration.password,
          };
    }),
    connection: connections
      .filter(({ sourceId }) => sourceIds.includes(sourceId))
      .map(({ prefix }) => ({ setting: prefix })),
  };
};

const SETTING = {
  source: ({ url, fileServer }: Variant) => `${url} on ${hostOf('source', fileServer)}`,
  destination: (variant: Variant) =>
    'schema' in variant
      ? `${variant.schema} on ${variant.lakehouse ? LAKEHOUSE_HOST : FABRIC_HOST}`
      : `${variant.database} on ${hostOf('destination', variant.databaseServer)}`,
  connection: ({ prefix }: Variant) => prefix,
} satisfies Record<Kind, (variant: Variant) => string>;

/** These secrets are made up, so that they may be told. */
const withSecrets = (setting: string, secrets: string[]) =>
  secrets.length === 0 ? `one with "${setting}"` : `one with "${setting}" and ${secrets.join('/')}`;

const describe = (kind: Kind, choice: Choice | undefined) =>
  choice ? withSecrets(SETTING[kind](choice.variant), choice.secrets) : 'nothing';

const describeEntity = (entity: Entity | undefined) =>
  entity
    ? withSecrets(entity.setting, entity.secret === undefined ? [] : [entity.secret])
    : 'nothing';

const fits =
  (kind: Kind, entity: Entity | undefined) =>
  (choice: Choice | undefined): boolean => {
    if (!choice || !entity) return !choice && !entity;
    const isSecret = entity.secret === undefined || choice.secrets.includes(entity.secret);
    return SETTING[kind](choice.variant) === entity.setting && isSecret;
  };

/** How one component differs from what the statuses of its runs say. */
export const differencesOf = (key: string, expected: Expected, world: World): string[] => {
  const part = partOf(key, world);
  return KINDS.flatMap((kind) => {
    const found = part[kind];
    if (found.length > 1) return [`${key} has ${String(found.length)} ${kind}s`];
    if (expected[kind].some(fits(kind, found[0]))) return [];
    const choices = [...new Set(expected[kind].map((choice) => describe(kind, choice)))].join(
      ' or ',
    );
    return [`${key} should have as its ${kind} ${choices}, and has ${describeEntity(found[0])}`];
  });
};

/** Once the world is seen it is known which secret an entity has, and so which is the former one. */
export const narrowed = (key: string, expected: Expected, world: World): Expected => {
  const part = partOf(key, world);
  const seen = (kind: Kind) => {
    const [entity] = part[kind];
    const isSeen = fits(kind, entity);
    return expected[kind].map((choice) =>
      choice && entity?.secret !== undefined && isSeen(choice)
        ? { ...choice, secrets: [entity.secret] }
        : choice,
    );
  };
  return {
    source: seen('source'),
    destination: seen('destination'),
    connection: seen('connection'),
  };
};

/** What belongs to no component of ours, or hangs in the air. */
export const orphansIn = ({ sources, destinations, connections }: World, keys: string[]) => {
  const isOwned = ({ name }: { name: string }) => keys.includes(ownerIn(name) ?? '');
  const strangers = [...sources, ...destinations].filter((actor) => !isOwned(actor));
  const loose = connections.filter(
    (connection) =>
      !sources.some(({ sourceId }) => sourceId === connection.sourceId) ||
      !destinations.some(({ destinationId }) => destinationId === connection.destinationId),
  );
  return [
    ...strangers.map(({ name }) => `"${name}" belongs to no component`),
    ...loose.map(
      ({ name, connectionId }) =>
        `the connection "${name}" (${connectionId}) lacks its source or destination`,
    ),
  ];
};

/** What is wrong with the status a token has at the end. */
export const flawsOf = (token: string, status: ProvisioningStatus | undefined): string[] => {
  if (status?.status === 'COMPLETED') return [];
  if (status?.status !== 'FAILED') return [`${token} has no terminal status`];
  const { result } = status;
  if (result.trim() === '') return [`${token} failed without a word`];
  if (/\n\s+at /.test(result)) return [`${token} tells a stack trace`];
  return /mistake of its own|without saying why/.test(result)
    ? [`${token} failed for no stated reason: ${result}`]
    : [];
};
