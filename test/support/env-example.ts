import { describedBy, groupOf, PROGRAMS } from './document-tables';

/* .env.example: every variable that the files of Compose hand on or go by. */

/** What Compose itself goes by: its default, and what it is. */
const OF_COMPOSE: Record<string, [fallback: string, description: string]> = {
  POSTGRES_PASSWORD: [
    '',
    'A password of your choice for the database of Temporal: required with AIRBYTE_URL',
  ],
  SECRETS_DIR: [
    './secrets',
    'A folder on this machine with a file for each secret, which user 1001 can read; in the containers it is /secrets',
  ],
  CONFIG_DIR: [
    './config',
    'A folder on this machine with the file of PROVISIONER_CONFIG, which user 1001 can read; in the containers it is /config',
  ],
  PORT: ['8093', 'Where the Coordinator calls; as all ports on 127.0.0.1'],
  TEMPORAL_PORT: ['7233', 'For the command line'],
  TEMPORAL_UI_PORT: ['8233', 'The Temporal UI'],
  SIMULATOR_PORT: ['8000', 'The simulated Airbyte of --profile demo and --profile fabrics'],
  SNOWFLAKE_SIMULATOR_PORT: ['8097', 'The simulated Snowflake of --profile fabrics'],
  DATABRICKS_SIMULATOR_PORT: ['8098', 'The simulated Databricks of --profile fabrics'],
  SNOWFLAKE_SIMULATOR_TOKEN: [
    'simulator-token',
    'What the user of the simulated Snowflake shows, as a fabric’s token',
  ],
  CODEC_PORT: ['8095', 'The codec server of --profile codec, with a configuration file'],
  PROMETHEUS_PORT: ['9090', 'Prometheus of --profile observability'],
  TEMPORAL_RETENTION: [
    '168h',
    'How long Temporal remembers closed runs, and so their tokens; read when its namespace is created',
  ],
  TEMPORAL_SETUP_SECONDS: [
    '90',
    'How long Temporal’s set-up tries; a slow machine may need more at its first start',
  ],
};

/** What ops/compose/temporal-elsewhere.yaml goes by beside that. */
const OF_TEMPORAL: Record<string, string> = {
  COMPOSE_FILE:
    'With docker-compose.yml:ops/compose/temporal-elsewhere.yaml, Temporal is the one that is named here',
  TEMPORAL_ADDRESS: 'Its host and port: required then',
  TEMPORAL_NAMESPACE: 'The namespace, which must be there: required then',
  TEMPORAL_SECRETS_DIR:
    'A folder with the files of this part, which user 1001 can read; in the containers it is /temporal. Without it ./secrets/temporal',
  TEMPORAL_API_KEY: 'An API key',
  TEMPORAL_CONFIG_FILE: 'Instead, a profile with it in a file, such as /temporal/temporal.toml',
  TEMPORAL_PROFILE: 'The profile in that file. Without it default',
  TEMPORAL_TLS: 'true where neither an API key nor a certificate says so',
  TEMPORAL_TLS_SERVER_NAME: 'The name in the server’s certificate, where it is another one',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'An authority of your own, such as /temporal/ca.pem',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'A client certificate, such as /temporal/client.pem',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'Its key, such as /temporal/client.key',
};

/** The gateway sees one folder of the secrets only: what it has to read is in there. */
const folderOf = (name: string) =>
  name in (PROGRAMS.get('gateway') ?? {}) ? '/secrets/gateway' : '/secrets';

/** The same in every container, or told by Compose above. */
const FIXED = [
  ...['HOST', 'WORKER_PORT', ...Object.keys(OF_COMPOSE), ...Object.keys(OF_TEMPORAL)],
  // Instead of it there is the token.
  'SNOWFLAKE_SIMULATOR_PUBLIC_KEY_FILE',
];

const plain = (markdown: string) =>
  markdown.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('`', '');

const entry = (name: string, fallback: string, description: string) =>
  `# ${description}\n# ${name}=${fallback}\n`;

const isSecret = (program: string, name: string) =>
  PROGRAMS.get(program)?.[name]?.meta()?.secret === true;

const entriesOf = (program: string, group: string, written: Set<string>) =>
  Object.entries(PROGRAMS.get(program) ?? {}).flatMap(([name, field]) => {
    if (groupOf(field) !== group || written.has(name) || FIXED.includes(name)) return [];
    written.add(name);
    const { default: fallback = '', description, enum: values } = describedBy(field);
    const choice = values ? `${values.join(', ')}: ` : '';
    const shown = group === 'must' ? '' : String(fallback);
    const own = entry(name, shown, plain(choice + description));
    return isSecret(program, name)
      ? [own, entry(`${name}_FILE`, '', `The same in a file, such as ${folderOf(name)}/${name}`)]
      : [own];
  });

const SIMULATORS = [
  ['The simulated Airbyte', 'simulator'],
  ['The simulated Snowflake', 'snowflake simulator'],
  ['The simulated Databricks', 'databricks simulator'],
] as const;

export const envExample = (): string => {
  const written = new Set<string>();
  const section = (title: string, entries: string[]) =>
    entries.length === 0 ? [] : [`## ${title}\n`, ...entries];
  const ofBoth = (group: string) => [
    ...entriesOf('worker', group, written),
    ...entriesOf('gateway', group, written),
  ];
  return [
    '# The variables of docker-compose.yml, made from the code. Copy this file to .env and set what you\n' +
      '# need: the first two parts for a real Airbyte, nothing for --profile demo. What stays a comment has\n' +
      '# the default shown. More in docs/configuration.md and docs/containers.md.\n',
    ...section(
      'Of Compose',
      Object.entries(OF_COMPOSE).map(([name, [fallback, description]]) =>
        entry(name, fallback, description),
      ),
    ),
    ...section('Must, with a real Airbyte', ofBoth('must')),
    ...section('Usual', ofBoth('usual')),
    ...section('Rare: the default is right unless you know why not', ofBoth('rare')),
    ...section(
      'A Temporal that is somewhere else, such as Temporal Cloud: docs/install.md',
      Object.entries(OF_TEMPORAL).map(([name, description]) => entry(name, '', description)),
    ),
    ...SIMULATORS.flatMap(([title, program]) =>
      section(title, [
        ...entriesOf(program, 'usual', written),
        ...entriesOf(program, 'rare', written),
      ]),
    ),
  ].join('\n');
};

/** The names of an .env file, those that are commented out too. */
export const namesIn = (text: string): string[] =>
  [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
