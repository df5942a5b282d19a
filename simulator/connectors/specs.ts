/** The part of JSON schema (draft 7) that connectors use, with Airbyte's mark for secrets. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  additionalProperties?: boolean;
  const?: string;
  minItems?: number;
  pattern_descriptor?: string;
  enum?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  airbyte_secret?: boolean;
}

export const text: Schema = { type: 'string' };
export const secret: Schema = { type: 'string', airbyte_secret: true };

export const whole: Schema = { type: 'integer' };
export const yesNo: Schema = { type: 'boolean' };
export const texts: Schema = { type: 'array', items: text };
export const choice = (...values: string[]): Schema => ({ type: 'string', enum: values });

/** One of several forms of an object, told apart by one property. */
export const variant = (
  [property, value]: [string, string],
  properties: Record<string, Schema> = {},
  required: string[] = [],
): Schema => ({
  type: 'object',
  required: [property, ...required],
  properties: { [property]: { type: 'string', const: value }, ...properties },
});

const storage = (
  name: string,
  properties: Record<string, Schema> = {},
  required: string[] = [],
) => ({
  required: ['storage', ...required],
  properties: { storage: { type: 'string', const: name }, ...properties },
});

const remote = (name: string) =>
  storage(
    name,
    { user: text, password: secret, host: text, port: { type: 'string', default: '22' } },
    ['user', 'host'],
  );

/** source-file 0.6.0, `spec`. */
export const fileSpec: Schema = {
  type: 'object',
  additionalProperties: true,
  required: ['dataset_name', 'format', 'url', 'provider'],
  properties: {
    dataset_name: text,
    format: {
      type: 'string',
      enum: ['csv', 'json', 'jsonl', 'excel', 'excel_binary', 'fwf', 'feather', 'parquet', 'yaml'],
      default: 'csv',
    },
    reader_options: text,
    url: text,
    provider: {
      type: 'object',
      oneOf: [
        storage('HTTPS', { user_agent: { type: 'boolean', default: false } }),
        storage('GCS', { service_account_json: secret }),
        // The access key's id is not marked as a secret there.
        storage('S3', { aws_access_key_id: text, aws_secret_access_key: secret }),
        storage('AzBlob', { storage_account: text, sas_token: secret, shared_key: secret }, [
          'storage_account',
        ]),
        remote('SSH'),
        remote('SCP'),
        remote('SFTP'),
        storage('local'),
      ],
    },
  },
};

const authType = (name: string, properties: Record<string, Schema>, required: string[]) => ({
  required: ['auth_type', ...required],
  properties: { auth_type: { type: 'string', const: name }, ...properties },
});

/** destination-snowflake 4.x. */
export const snowflakeSpec: Schema = {
  type: 'object',
  additionalProperties: true,
  required: ['host', 'role', 'warehouse', 'database', 'schema', 'username'],
  properties: {
    host: {
      type: 'string',
      pattern: '^(https?://)?([A-Za-z0-9_-]+\\.)+(snowflakecomputing\\.com|localstack\\.cloud)$',
    },
    role: text,
    warehouse: text,
    database: text,
    schema: text,
    username: text,
    credentials: {
      type: 'object',
      oneOf: [
        authType('Key Pair Authentication', { private_key: secret, private_key_password: secret }, [
          'private_key',
        ]),
        authType('Username and Password', { password: secret }, ['password']),
      ],
    },
    cdc_deletion_mode: { type: 'string', enum: ['Hard delete', 'Soft delete'] },
    jdbc_url_params: text,
    raw_data_schema: text,
    disable_type_dedupe: { type: 'boolean', default: false },
    retention_period_days: { type: 'integer', default: 1 },
  },
};

export const fakerSpec: Schema = {
  type: 'object',
  additionalProperties: true,
  properties: {
    count: { type: 'integer', minimum: 1, default: 1000 },
    seed: { type: 'integer', default: -1 },
    records_per_slice: { type: 'integer', minimum: 1, default: 1000 },
    always_updated: { type: 'boolean', default: true },
    parallelism: { type: 'integer', minimum: 1, default: 4 },
  },
};
