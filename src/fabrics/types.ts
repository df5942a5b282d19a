import { z } from 'zod';
import { databricks } from './databricks';
import type { FabricVerbs } from './fabric';
import { snowflake } from './snowflake';

/** All types there are. A new one is its folder, and its name here. */
const TYPES = [snowflake, databricks] as const;

const [first, ...others] = TYPES;

/** What the configuration file says of a fabric. */
export const FabricSettings = z.discriminatedUnion('type', [
  first.settings,
  ...others.map(({ settings }) => settings),
]);
export type FabricSettings = z.output<typeof FabricSettings>;

/** The type whose settings these are: it takes them, whichever they are. */
export const typeOf = ({ type }: Pick<FabricSettings, 'type'>): FabricVerbs<FabricSettings> => {
  const found = TYPES.find(({ name }) => name === type);
  if (!found) throw new Error(`There is no type ${type} of fabrics.`);
  return found;
};

/** The type whose fabrics a connector of Airbyte's writes to; undefined: it knows none. */
export const typeFor = (connector: string) =>
  TYPES.find(({ connectors }) => connectors.includes(connector));

/** Airbyte's connectors that write to a fabric of any type. */
export const CONNECTORS = TYPES.flatMap(({ connectors }) => connectors);

/** The type whose fabric a destination in Airbyte writes to, by its configuration, and where that is; undefined: none. */
export const writtenTo = (configuration: Record<string, unknown>) => {
  for (const type of TYPES) {
    const where = type.whereIn(configuration);
    const { name, system, placedBy } = type;
    const [connector] = type.connectors;
    if (where && connector !== undefined) return { name, system, connector, placedBy, where };
  }
  return undefined;
};
