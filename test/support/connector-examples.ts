/** Pieces of `specific` that people write: the least of each connector, and nearly all of it. */
export interface Example {
  kind: 'source' | 'destination';
  connector: string;
  minimal: Record<string, unknown>;
  full: Record<string, unknown>;
}

const ref = (secretRef: string) => ({ secretRef });
const fileAt = (url: string, provider: Record<string, unknown>) => ({
  dataset_name: 'orders',
  url,
  provider,
});
const ssh = { host: 'files.example.com', user: 'loader', password: ref('PASSWORD') };

const jumpHost = { tunnel_host: 'jump.example.com', tunnel_port: 2222, tunnel_user: 'hop' };
const database = { host: 'db.example.com', database: 'erp', username: 'reader' };
const certificates = {
  ca_certificate: ref('CERTIFICATE'),
  client_certificate: ref('CERTIFICATE'),
  client_key: ref('KEY'),
  client_key_password: ref('PASSWORD'),
};

const stored = (storage: string, url: string, least: object, more: object): Example => ({
  kind: 'source',
  connector: `file on ${storage}`,
  minimal: fileAt(url, { storage, ...least }),
  full: {
    ...fileAt(url, { storage, ...more }),
    format: 'csv',
    reader_options: '{"sep": ";"}',
  },
});

const files = [
  stored('GCS', 'gs://bucket/orders.csv', {}, { service_account_json: ref('KEY') }),
  stored(
    'S3',
    's3://bucket/orders.csv',
    {},
    { aws_access_key_id: 'AKIA1', aws_secret_access_key: ref('KEY') },
  ),
  stored(
    'AzBlob',
    'azure://container/orders.csv',
    { storage_account: 'acme' },
    { storage_account: 'acme', sas_token: ref('KEY') },
  ),
  stored('SSH', '/data/orders.csv', ssh, { ...ssh, port: 2222 }),
  stored('SCP', '/data/orders.csv', ssh, { ...ssh, port: '2222' }),
  stored('SFTP', 'data/orders.csv', ssh, { ...ssh, port: 22 }),
];

export const EXAMPLES: Example[] = [
  {
    kind: 'source',
    connector: 'file',
    minimal: { dataset_name: 'orders', url: 'https://files.example.invalid/orders.csv' },
    full: {
      ...fileAt('https://files.example.invalid/orders.csv', { storage: 'HTTPS', user_agent: true }),
      format: 'fwf',
      reader_options: '{"header": 0}',
    },
  },
  ...files,
  {
    kind: 'source',
    connector: 'postgres',
    minimal: database,
    full: {
      ...database,
      port: '6432',
      schemas: ['public', 'sales'],
      password: ref('PASSWORD'),
      jdbc_url_params: 'connectTimeout=10',
      ssl_mode: { mode: 'verify-full', ...certificates },
      replication_method: {
        method: 'CDC',
        replication_slot: 'airbyte_slot',
        publication: 'airbyte_publication',
        initial_waiting_seconds: 300,
      },
      tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', ...jumpHost, ssh_key: ref('KEY') },
    },
  },
  {
    kind: 'source',
    connector: 's3',
    minimal: { bucket: 'landing', streams: [{ name: 'orders', format: { filetype: 'csv' } }] },
    full: {
      bucket: 'landing',
      start_date: '2026-01-01T00:00:00.000000Z',
      aws_access_key_id: ref('KEY_ID'),
      aws_secret_access_key: ref('KEY'),
      endpoint: 'https://s3.example.com',
      region_name: 'eu-south-1',
      delivery_method: { delivery_type: 'use_records_transfer' },
      streams: [
        {
          name: 'orders',
          globs: ['orders/**/*.csv'],
          format: {
            filetype: 'csv',
            delimiter: ';',
            header_definition: {
              header_definition_type: 'User Provided',
              column_names: ['id', 'at'],
            },
          },
          validation_policy: 'Skip Record',
        },
        { name: 'events', format: { filetype: 'parquet', decimal_as_float: true } },
      ],
    },
  },
  {
    kind: 'destination',
    connector: 'snowflake',
    minimal: {},
    full: {
      host: 'other.snowflakecomputing.com',
      role: 'LOADER',
      warehouse: 'LOADING',
      username: 'airbyte',
      database: 'sales',
      schema: 'raw',
      credentials: {
        auth_type: 'Key Pair Authentication',
        private_key: ref('KEY'),
        private_key_password: ref('PASSWORD'),
      },
      retention_period_days: 3,
    },
  },
  {
    kind: 'destination',
    connector: 'postgres',
    minimal: database,
    full: {
      ...database,
      port: 6432,
      schema: 'landing',
      password: ref('PASSWORD'),
      ssl_mode: { mode: 'require' },
      tunnel_method: {
        tunnel_method: 'SSH_PASSWORD_AUTH',
        ...jumpHost,
        tunnel_user_password: ref('PASSWORD'),
      },
      drop_cascade: true,
    },
  },
  {
    kind: 'destination',
    connector: 's3',
    minimal: { s3_bucket_name: 'lake' },
    full: {
      s3_bucket_name: 'lake',
      s3_bucket_path: 'landing/erp',
      s3_bucket_region: 'eu-south-1',
      access_key_id: ref('KEY_ID'),
      secret_access_key: ref('KEY'),
      format: {
        format_type: 'Avro',
        compression_codec: { codec: 'zstandard', compression_level: 3 },
      },
    },
  },
  {
    kind: 'destination',
    connector: 'bigquery',
    minimal: { project_id: 'acme', dataset_location: 'EU' },
    full: {
      project_id: 'acme',
      dataset_location: 'EU',
      dataset_id: 'landing',
      credentials_json: ref('KEY'),
      loading_method: {
        method: 'GCS Staging',
        gcs_bucket_name: 'staging',
        gcs_bucket_path: 'airbyte',
        credential: { hmac_key_access_id: ref('KEY_ID'), hmac_key_secret: ref('KEY') },
      },
    },
  },
  {
    kind: 'destination',
    connector: 'databricks',
    minimal: {},
    full: {
      schema: 'landing',
      cdc_deletion_mode: 'Soft delete',
      purge_staging_data: false,
      raw_schema_override: 'landing_raw',
    },
  },
];

/** A source or destination as `specific` has it. */
export const partOf = ({ connector }: Example, connectionConfiguration: object) => ({
  ...(!connector.startsWith('file') && { connector }),
  name: connector,
  connectionConfiguration,
});
