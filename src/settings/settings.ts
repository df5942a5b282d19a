import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { EnvironmentSettings } from './environments';
import { FabricSettings } from '../fabrics/types';
import { GatewaySettings } from './gateway';
import { TeamSettings } from './teams';
import { file, name, text } from '../reading/values';

/** Environments, teams or fabrics of one file. */
const MAX_ENTRIES = 1000;

/** Without a prototype: a name such as `constructor` that somebody asks for is not among them by itself. */
const bare = <Value>(given: Record<string, Value>): Record<string, Value> => {
  const all: Record<string, Value> = { ...given };
  Object.setPrototypeOf(all, null);
  return all;
};

const some = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .record(name, schema)
    .refine((given) => Object.keys(given).length <= MAX_ENTRIES, {
      message: `must have at most ${String(MAX_ENTRIES)} entries`,
    })
    .transform(bare);

/** A key for each file in a directory; the file's name is the key's id. */
const Encryption = closed(
  z.strictObject({
    keysDir: file.meta({ description: 'Each file is a key; its name is the id' }),
    current: name.meta({ description: 'The key that encrypts; the others only decrypt' }),
  }),
);
export type EncryptionSettings = z.output<typeof Encryption>;

/** What PROVISIONER_CONFIG names, as it is written; the rules between its parts are in rules.ts. */
export const Settings = closed(
  z.strictObject({
    environments: some(EnvironmentSettings).refine((given) => Object.keys(given).length > 0, {
      message: 'must have at least one',
    }),
    teams: some(TeamSettings).prefault({}),
    fabrics: some(FabricSettings).prefault({}),
    gateway: GatewaySettings,
    encryption: Encryption.optional(),
    audit: closed(
      z.strictObject({
        log: text
          .regex(/^(stdout$|\/)/, 'must be stdout or an absolute path')
          .meta({ description: '`stdout`, or a file' }),
      }),
    ).optional(),
  }),
);
export type Settings = z.output<typeof Settings>;
