import { z } from 'zod';
import { codecVariables } from '../src/config/codec';
import { gatewayVariables } from '../src/config/gateway';
import { secretsIn } from '../src/config/values';
import { workerVariables } from '../src/config/worker';

/* The part of chart/values.schema.json that is made from what the programs read. */

/** What Temporal's SDK reads of both programs (docs/configuration.md). */
const TEMPORAL = {
  TEMPORAL_ADDRESS: 'Host and port of Temporal’s frontend, such as temporal-frontend.temporal:7233',
  TEMPORAL_NAMESPACE: 'The namespace, which must be there',
  TEMPORAL_API_KEY: 'For Temporal Cloud. Turns TLS on',
  TEMPORAL_TLS: 'true or false',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'The authority of the server’s certificate, as a file',
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'The authority of the server’s certificate, as text',
  TEMPORAL_TLS_SERVER_NAME: 'The name in the server’s certificate',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'A client certificate, as a file',
  TEMPORAL_TLS_CLIENT_CERT_DATA: 'A client certificate, as text',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'The key of the client certificate, as a file',
  TEMPORAL_TLS_CLIENT_KEY_DATA: 'The key of the client certificate, as text',
  TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true or false. Not for production',
  TEMPORAL_PROFILE: 'A profile of TEMPORAL_CONFIG_FILE',
  TEMPORAL_CONFIG_FILE: 'A file with profiles instead of variables',
  TEMPORAL_CODEC_ENDPOINT: 'Read by the SDK, and of no effect here',
  TEMPORAL_CODEC_AUTH: 'Read by the SDK, and of no effect here',
};

const TEMPORAL_SWITCHES = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];
const TEMPORAL_SECRETS = [
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_CODEC_AUTH',
];

/** The programs' own; each may be in a file instead, which `NAME_FILE` names. */
const FILED = new Set([...secretsIn(gatewayVariables.shape), ...secretsIn(workerVariables.shape)]);
/** Variables whose value must not stand in a file of values: a Secret of the cluster has it. */
const SECRET = new Set([...TEMPORAL_SECRETS, ...FILED]);

/** What other values of the chart set. */
const DERIVED = new Set([
  'SECRETS_ALLOWED',
  'SECRETS_DIR',
  'PROVISIONER_CONFIG',
  'WORKER_DEPLOYMENT_NAME',
  'WORKER_BUILD_ID',
]);

/** How durations are written: the same as `durationText`, which JSON Schema cannot be told by zod. */
const DURATION = { type: 'string', pattern: '^[0-9]*[.]?[0-9]+ *(ms|s|m|h|d)$' };
/** No user and password in it. */
const URL = { type: 'string', pattern: '^https?://[^/@]+(/[^@]*)?$' };

/** In quotes where YAML reads something else: of 007, 1.10 and 1e3 it makes other numbers. */
const TEXT = { type: 'string', minLength: 1 };
const SWITCH = { enum: ['true', 'false', true, false] };
const CREDENTIAL = {
  description: 'A secret, as a file of secretFiles',
  type: 'string',
  pattern: '^/credentials/[A-Za-z0-9_-][A-Za-z0-9._-]*$',
};

type Schema = Record<string, unknown>;

const Told = z.object({
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.string()).optional(),
  pattern: z.string().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.union([z.string(), z.number()]).optional(),
  description: z.string(),
});

const plain = (text: string) => text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');

/** YAML reads `on` and `off` as booleans. */
const withBooleans = (values: string[]) =>
  values.includes('on') ? [...values, true, false] : values;

const ofField = (field: z.ZodType): Schema => {
  const told = Told.parse(z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }));
  const { type, format, enum: values, default: fallback, description, ...rest } = told;
  const about = {
    description: `${plain(description)}${fallback === undefined || fallback === '' ? '' : `. Default: ${String(fallback)}`}`,
  };
  if (values) return { ...about, enum: withBooleans(values) };
  if (format === 'uri') return { ...about, ...URL };
  if (type === undefined) return { ...about, ...DURATION };
  return { ...about, ...rest, ...(type === 'string' ? TEXT : { type }) };
};

const temporal = Object.fromEntries(
  Object.entries(TEMPORAL).map(([name, description]) => [
    name,
    { description, ...(TEMPORAL_SWITCHES.includes(name) ? SWITCH : TEXT) },
  ]),
);
/** What zod does not tell of them; port 0 is any that is free, which no probe and no Service finds. */
const NARROWER: Schema = {
  PORT: { minimum: 1 },
  WORKER_PORT: { minimum: 1 },
  CODEC_PORT: { minimum: 1 },
  OTEL_RESOURCE_ATTRIBUTES: { pattern: '^[^=,\\s]+=[^,]*(,[^=,\\s]+=[^,]*)*$' },
};
const fieldsOf = (shape: Readonly<Record<string, z.ZodType>>) =>
  Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [
      name,
      Object.assign(ofField(field), NARROWER[name]),
    ]),
  );

const gateway = fieldsOf(gatewayVariables.shape);
const worker = fieldsOf(workerVariables.shape);
const pick = (from: Schema, isWanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => isWanted(name)));

/** Each may log at a level of its own; all else that both read is given once, and is the same. */
const OWN = 'LOG_LEVEL';
const isShared = (name: string) => name in gateway && name in worker;
const isOwn = (name: string) => !isShared(name) || name === OWN;

/** The error names what stands here, never what was given. */
const refused = (where: string): Schema => ({
  description: 'A secret',
  const: `nothing here: name a Secret in ${where}, as {name: …, key: …}`,
});

const configOf = (variables: Schema, where: string): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(variables)
      .filter(([name]) => !DERIVED.has(name))
      .flatMap(([name, schema]) => [
        [name, SECRET.has(name) ? refused(where) : schema],
        ...(FILED.has(name) ? [[`${name}_FILE`, CREDENTIAL]] : []),
      ]),
  ),
});

const REFERENCE = { $ref: '#/definitions/secretKey' };
const secretsOf = (variables: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.keys(variables)
      .filter((name) => !DERIVED.has(name))
      .map((name) => [name, REFERENCE]),
  ),
});

const shared = { ...temporal, ...pick(gateway, isShared) };
const ofWorker = pick(worker, isOwn);
/** The rest it is given as the others are. */
const ofCodec = pick(fieldsOf(codecVariables.shape), (name) => ['CODEC_PORT', OWN].includes(name));

/** Definitions of JSON Schema draft 7, which every Helm reads. */
export const variableDefinitions = (): Record<string, Schema> => ({
  sharedConfig: configOf(shared, 'secretEnv'),
  gatewayConfig: configOf(pick(gateway, isOwn), 'secretEnv'),
  workerConfig: configOf(ofWorker, 'worker.secretEnv'),
  codecConfig: configOf(ofCodec, 'secretEnv'),
  sharedSecretEnv: {
    ...secretsOf(shared),
    patternProperties: { '^TEMPORAL_GRPC_META_[A-Z0-9_]+$': REFERENCE },
  },
  workerSecretEnv: secretsOf(ofWorker),
});
