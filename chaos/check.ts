import { z } from 'zod';
import type { ProvisioningStatus } from '../src/contract';
import { KINDS } from './model';
import type { Expected, Kind } from './model';
import type { Variant } from './requests';

/** What exists in Airbyte, as the simulator tells it past its API. */
export const World = z.object({
  sources: z.array(
    z.object({
      sourceId: z.string(),
      name: z.string(),
      configuration: z.object({ url: z.string() }),
    }),
  ),
  destinations: z.array(
    z.object({
      destinationId: z.string(),
      name: z.string(),
      configuration: z.object({ database: z.string() }),
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

/** One component's part of the world, each entity by what its variant sets. */
const partOf = (key: string, { sources, destinations, connections }: World) => {
  const source = sources.filter(({ name }) => ownerIn(name) === key);
  const destination = destinations.filter(({ name }) => ownerIn(name) === key);
  const sourceIds = source.map(({ sourceId }) => sourceId);
  return {
    source: source.map(({ configuration }) => configuration.url),
    destination: destination.map(({ configuration }) => configuration.database),
    connection: connections
      .filter(({ sourceId }) => sourceIds.includes(sourceId))
      .map(({ prefix }) => prefix),
  };
};

const SETTING = {
  source: ({ url }: Variant) => url,
  destination: ({ database }: Variant) => database,
  connection: ({ prefix }: Variant) => prefix,
} satisfies Record<Kind, (variant: Variant) => string>;

const tell = (setting: string | undefined) =>
  setting === undefined ? 'nothing' : `one with "${setting}"`;

/** How one component differs from what the statuses of its runs say. */
export const differencesOf = (key: string, expected: Expected, world: World): string[] => {
  const part = partOf(key, world);
  return KINDS.flatMap((kind) => {
    const found = part[kind];
    if (found.length > 1) return [`${key} has ${String(found.length)} ${kind}s`];
    const wanted = expected[kind].map((variant) => variant && SETTING[kind](variant));
    if (wanted.includes(found[0])) return [];
    const choices = [...new Set(wanted)].map(tell).join(' or ');
    return [`${key} should have as its ${kind} ${choices}, and has ${tell(found[0])}`];
  });
};

/** What belongs to no component of ours, or hangs in the air. */
export const orphansIn = ({ sources, destinations, connections }: World, keys: string[]) => {
  const isOurs = ({ name }: { name: string }) => keys.includes(ownerIn(name) ?? '');
  const strangers = [...sources, ...destinations].filter((actor) => !isOurs(actor));
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
