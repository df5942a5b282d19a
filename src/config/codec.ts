import { z } from 'zod';
import { host, logLevel, temporalUiUrl } from './shared';
import { port, read } from './values';
import type { Environment } from './values';

/** What the codec server reads. `group` says who sets a variable; docs/configuration.md is made of these. */
export const codecVariables = z.object({
  HOST: host,
  CODEC_PORT: port(8095).meta({
    group: 'usual',
    description: 'Where Temporal’s UI and CLI have [payloads decoded](encryption.md)',
  }),
  PROVISIONER_CONFIG: z
    .string({ error: () => 'is required: the file says which keys there are, and who may call' })
    .meta({ group: 'must', description: 'The [configuration file](tenancy.md)' }),
  TEMPORAL_UI_URL: temporalUiUrl,
  LOG_LEVEL: logLevel,
});

export const codecConfig = (env: Environment = process.env) => {
  const given = read(codecVariables, env);
  return {
    host: given.HOST,
    port: given.CODEC_PORT,
    file: given.PROVISIONER_CONFIG,
    /** Pages of this origin may call; undefined: no page. */
    uiOrigin: given.TEMPORAL_UI_URL && new URL(given.TEMPORAL_UI_URL).origin,
    logLevel: given.LOG_LEVEL,
  };
};
