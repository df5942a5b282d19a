import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import { describeShared, describeTaken, findFreePorts, sharing, takenPorts } from './ports';
import type { Port } from './ports';
import { localPort } from './temporal';

export type Environment = Record<string, string | undefined>;
type PortName =
  | 'gateway'
  | 'worker'
  | 'simulator'
  | 'temporal'
  | 'temporalUi'
  | 'codec'
  | 'snowflake'
  | 'databricks';
export type StackPorts = Record<PortName, Port>;

/** Only the gateway is for others: it alone follows HOST. */
export const LOCAL = '127.0.0.1';

export interface Settings {
  /** Wins over the user's variables. */
  ports?: Partial<Record<PortName, number>>;
  /**
   * never: a taken port is an error; when-taken: a default port may be replaced;
   * always: any port, and the user's variables are left out, so that a test is the same everywhere.
   */
  freePorts?: 'never' | 'when-taken' | 'always';
  /** Wins over the user's variables. */
  env?: Environment;
  /** Whether stand-ins of Snowflake and Databricks are part of it. */
  fabrics?: boolean;
  /** Whether payloads are encrypted, so that Temporal's UI needs a codec server. */
  encrypts?: boolean;
  say?: (line: string) => void;
}

const OWN =
  /^(AIRBYTE|SNOWFLAKE|DATABRICKS|TEMPORAL|SIMULATOR|SECRETS)_|^(HOST|PORT|WORKER_(PORT|ACTIVITY_SLOTS|DEPLOYMENT_NAME|BUILD_ID|VERSIONING)|BASE_PATH|FINGERPRINT_KEY(_FILE)?|LOG_LEVEL|OPERATIONS|PROVISIONER_CONFIG|CODEC_PORT|DRAIN_FOR|RECONCILE_EVERY|ACCESS_PERMISSION|ADOPT_EXISTING|MAPPERS_BY_HAND|REVERSE_PROVISIONING_UPDATES|INFRASTRUCTURE_TEMPLATES)$/;
/** The dev server speaks plain gRPC, whatever a profile of the user says of another server. */
const REMOTE = /^TEMPORAL_(API_KEY|TLS|PROFILE|CONFIG_FILE|GRPC)/;

const without = (env: Environment, names: RegExp): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name, value]) => value && !names.test(name)));

/** What the user said, without empty variables. */
export const givenEnvironment = ({ freePorts, env = {} }: Settings): Environment =>
  without({ ...without(process.env, freePorts === 'always' ? OWN : REMOTE), ...env }, REMOTE);

const simulatedAirbyte: Environment = {
  AIRBYTE_WORKSPACE_ID: DEFAULT_WORKSPACE_ID,
  AIRBYTE_CLIENT_ID: 'simulator',
  AIRBYTE_CLIENT_SECRET: 'simulator-secret',
};

const demoFabric: Environment = {
  SNOWFLAKE_HOST: 'demo.snowflakecomputing.com',
  SNOWFLAKE_ROLE: 'AIRBYTE_ROLE',
  SNOWFLAKE_WAREHOUSE: 'AIRBYTE_WAREHOUSE',
  SNOWFLAKE_USER: 'AIRBYTE_USER',
};

/** A key file is the other way to log in, and the worker takes only one. */
const demoSecret = (given: Environment): Environment =>
  given.SNOWFLAKE_PRIVATE_KEY_FILE ? {} : { SNOWFLAKE_PASSWORD: 'not-a-real-password' };

/** An address to listen on is not always one to connect to. */
const reachable = (host: string) => (['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host);

export const urlOf = ({ host, port }: Port): string => `http://${reachable(host)}:${String(port)}`;

/** The one environment that there is without a configuration file. */
const oneEnvironment = (given: Environment, ports: StackPorts): Environment => ({
  AIRBYTE_URL: urlOf(ports.simulator),
  // A real Airbyte needs its own workspace and credentials.
  ...(given.AIRBYTE_URL ? {} : simulatedAirbyte),
  ...demoFabric,
  ...demoSecret(given),
});

/** What the programs are told: our defaults, then what the user said, then where things are. */
export const programEnvironment = (given: Environment, ports: StackPorts): Environment => ({
  AIRBYTE_RETRY_INITIAL: '200ms',
  AIRBYTE_RETRY_MAX_INTERVAL: '5s',
  ...(given.PROVISIONER_CONFIG ? {} : oneEnvironment(given, ports)),
  ...given,
  TEMPORAL_ADDRESS: `${ports.temporal.host}:${String(ports.temporal.port)}`,
  TEMPORAL_UI_URL: `http://localhost:${String(ports.temporalUi.port)}`,
  // No file of this name: the one in the user's home may point at another server.
  TEMPORAL_CONFIG_FILE: 'none',
  PORT: String(ports.gateway.port),
  WORKER_PORT: String(ports.worker.port),
  SIMULATOR_PORT: String(ports.simulator.port),
  CODEC_PORT: String(ports.codec.port),
  SNOWFLAKE_SIMULATOR_PORT: String(ports.snowflake.port),
  DATABRICKS_SIMULATOR_PORT: String(ports.databricks.port),
});

/** What the command line has to be told of a stack. */
const FOR_CLI = [
  'PROVISIONER_CONFIG',
  'SECRETS_DIR',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_TASK_QUEUE',
];
/** Where the command line looks for the gateway by itself. */
const USUAL_GATEWAY = 'http://127.0.0.1:8093';

/** How the command line finds the gateway and the runs of a stack, as it is typed. */
export const cliCommand = (env: Environment, gatewayUrl = USUAL_GATEWAY): string =>
  [
    ...(gatewayUrl === USUAL_GATEWAY ? [] : [`PROVISIONER_URL=${gatewayUrl}`]),
    ...FOR_CLI.flatMap((name) => (env[name] ? [`${name}=${env[name]}`] : [])),
    'npx provisioner runs list',
  ].join(' ');

const parsePort = (variable: string, text: string): number => {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Error(`${variable} is ${text}: set it to a port number.`);
};

const wantedPorts = (given: Environment, { ports = {} }: Settings): StackPorts => {
  const port = (
    name: PortName,
    { variable, fallback, what }: { variable: string; fallback: number; what: string },
    parse = parsePort,
  ): Port => {
    const text = given[variable];
    const chosen = ports[name] ?? (text ? parse(variable, text) : undefined);
    const number = chosen ?? fallback;
    return { what, variable, port: number, chosen: chosen !== undefined, host: LOCAL };
  };
  const gateway = port('gateway', { variable: 'PORT', fallback: 8093, what: 'the gateway' });
  return {
    gateway: { ...gateway, host: given.HOST ?? LOCAL },
    worker: port('worker', { variable: 'WORKER_PORT', fallback: 8094, what: 'worker health' }),
    simulator: port('simulator', {
      variable: 'SIMULATOR_PORT',
      fallback: 8000,
      what: 'the Airbyte simulator',
    }),
    temporal: port(
      'temporal',
      { variable: 'TEMPORAL_ADDRESS', fallback: 7233, what: 'Temporal' },
      localPort,
    ),
    codec: port('codec', { variable: 'CODEC_PORT', fallback: 8095, what: 'the codec server' }),
    snowflake: port('snowflake', {
      variable: 'SNOWFLAKE_SIMULATOR_PORT',
      fallback: 8097,
      what: 'the Snowflake simulator',
    }),
    databricks: port('databricks', {
      variable: 'DATABRICKS_SIMULATOR_PORT',
      fallback: 8098,
      what: 'the Databricks simulator',
    }),
    temporalUi: port(
      'temporalUi',
      { variable: 'TEMPORAL_UI_URL', fallback: 8233, what: 'the Temporal UI' },
      localPort,
    ),
  };
};

/** The ports to use, each of them free; throws with all that are taken and may not be replaced. */
export const choosePorts = async (given: Environment, settings: Settings): Promise<StackPorts> => {
  const { freePorts = 'never', encrypts = false, fabrics = false, say } = settings;
  const wanted = wantedPorts(given, settings);
  const unused = [
    ...(given.AIRBYTE_URL ? [wanted.simulator] : []),
    ...(encrypts ? [] : [wanted.codec]),
    ...(fabrics ? [] : [wanted.snowflake, wanted.databricks]),
  ];
  const used = Object.values(wanted).filter((port) => !unused.includes(port));
  const isFixed = ({ chosen }: Port) => freePorts === 'never' || chosen;
  const settled = used.filter(isFixed);
  const [shared] = settled.map((port) => sharing(port, settled)).filter(({ length }) => length > 1);
  if (shared) throw new Error(describeShared(shared));
  const others = used.filter((port) => !isFixed(port));
  const anyPort = others.filter(() => freePorts === 'always');
  const displaced = others.filter(
    (port) => !anyPort.includes(port) && sharing(port, settled).length > 0,
  );
  const unknown = used.filter((port) => !anyPort.includes(port) && !displaced.includes(port));
  const taken = [...displaced, ...(await takenPorts(unknown))];
  const fixed = taken.filter(isFixed);
  if (fixed.length > 0) throw new Error(describeTaken(fixed));
  const free = await findFreePorts(anyPort.length + taken.length);
  for (const entry of [...anyPort, ...taken]) {
    const port = free.pop() ?? 0;
    if (taken.includes(entry))
      say?.(`Port ${String(entry.port)} (${entry.what}) is taken: using ${String(port)}.`);
    entry.port = port;
  }
  return wanted;
};
