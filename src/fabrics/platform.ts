import { Refusal } from '../contract/problems';
import type { Fabrics } from './fabrics';
import { typeFor } from './types';

/** The one fabric of a type that the variables of a worker describe, for everybody. */
export interface PlatformFabric {
  /** The name of its type. */
  type: string;
  /** What of Airbyte's configuration is not the descriptor's. Throws a Refusal, too where the variables are not set. */
  destination: (configuration: Record<string, unknown>) => Promise<Record<string, unknown>>;
}

const noVariables = (system: string) =>
  new Refusal(
    `specific.destination.connector: a ${system} is described in a configuration file, and this provisioner has none.`,
    'Ask the platform operator to describe one (PROVISIONER_CONFIG), or write to another destination.',
  );

const noNames = (name: string) =>
  new Refusal(
    `The descriptor names the fabric "${name}", and this provisioner knows none by name.`,
    'Leave specific.destination.fabric out, or ask the platform operator to describe fabrics in a configuration file (PROVISIONER_CONFIG).',
  );

/** Without a configuration file there is at most one fabric of a type, and of most types none. */
export const createPlatformFabrics =
  (described: readonly PlatformFabric[]): Fabrics =>
  async ({ connector, configuration, fabric }) => {
    if (fabric !== undefined) throw noNames(fabric);
    const type = typeFor(connector);
    if (!type || type.bringsAccount(configuration)) return {};
    const platform = described.find((each) => each.type === type.name);
    if (!platform) throw noVariables(type.system);
    return platform.destination(configuration);
  };
