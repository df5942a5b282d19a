import { choice, type Schema, secret, text, texts, variant, whole, yesNo } from './specs';

const portNumber: Schema = { type: 'integer', minimum: 0, maximum: 65536, default: 5432 };

const jumpHost = { tunnel_host: text, tunnel_port: portNumber, tunnel_user: text };
const needed = Object.keys(jumpHost);

const tunnel: Schema = {
  type: 'object',
  oneOf: [
    variant(['tunnel_method', 'NO_TUNNEL']),
    variant(['tunnel_method', 'SSH_KEY_AUTH'], { ...jumpHost, ssh_key: secret }, [
      ...needed,
      'ssh_key',
    ]),
    variant(['tunnel_method', 'SSH_PASSWORD_AUTH'], { ...jumpHost, tunnel_user_password: secret }, [
      ...needed,
      'tunnel_user_password',
    ]),
  ],
};

const database = {
  host: text,
  port: portNumber,
  database: text,
  username: text,
  password: secret,
  jdbc_url_params: text,
  tunnel_method: tunnel,
};

const certificates = {
  ca_certificate: secret,
  client_certificate: secret,
  client_key: secret,
  client_key_password: secret,
};

const cdc = {
  plugin: choice('pgoutput'),
  replication_slot: text,
  publication: text,
  initial_waiting_seconds: whole,
  queue_size: whole,
  lsn_commit_behaviour: choice('While reading Data', 'After loading Data in the destination'),
  heartbeat_action_query: text,
  invalid_cdc_cursor_position_behavior: choice('Fail sync', 'Re-sync data'),
  initial_load_timeout_hours: whole,
};

/** source-postgres 3.7, whose spec takes any further property. */
export const postgresSourceSpec: Schema = {
  type: 'object',
  additionalProperties: true,
  required: ['host', 'port', 'database', 'username'],
  properties: {
    ...database,
    schemas: { ...texts, default: ['public'] },
    ssl_mode: {
      type: 'object',
      oneOf: [
        ...['disable', 'allow', 'prefer', 'require'].map((mode) => variant(['mode', mode])),
        ...['verify-ca', 'verify-full'].map((mode) =>
          variant(['mode', mode], certificates, ['ca_certificate']),
        ),
      ],
    },
    replication_method: {
      type: 'object',
      oneOf: [
        variant(['method', 'CDC'], cdc, ['replication_slot', 'publication']),
        variant(['method', 'Xmin']),
        variant(['method', 'Standard']),
      ],
    },
  },
};

/** destination-postgres 3.0. */
export const postgresDestinationSpec: Schema = {
  type: 'object',
  additionalProperties: true,
  required: ['host', 'port', 'database', 'schema', 'username'],
  properties: {
    ...database,
    schema: { type: 'string', default: 'public' },
    ssl: yesNo,
    ssl_mode: {
      type: 'object',
      oneOf: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'].map((mode) =>
        variant(['mode', mode]),
      ),
    },
    cdc_deletion_mode: choice('Hard delete', 'Soft delete'),
    raw_data_schema: text,
    disable_type_dedupe: yesNo,
    drop_cascade: yesNo,
    unconstrained_number: yesNo,
  },
};
