import { OURS } from './images';

/* All that docker-compose.yml is given beside its variables where it is tested. */

/** Set aside for tests of networks (RFC 2544), so that it is no network of this machine. */
const NETWORK = '${TEST_NETWORK:-198.18.77}';
const RESOLVER = `${NETWORK}.53`;

/** Knows no name: the engine has nobody to ask for those that are no container's, and would wait. */
const ANSWER_NOTHING = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (message, { port, address }) => {
  message[2] |= 0x80;
  message[3] = (message[3] & 0xf0) | 3;
  socket.send(message, port, address);
});
socket.bind(53);
process.once('SIGTERM', () => process.exit());
`;

/** They ask for names that nobody knows. */
const DNS_CLIENTS = [
  'settings',
  'gateway',
  'worker',
  'demo',
  'temporal-setup',
  'temporal-ui',
  'temporal',
];

/** Those of our image. It is there, and where Compose is to build it the engine has no network of its own. */
const BUILT = [
  'settings',
  'gateway',
  'worker',
  'codec',
  'simulator',
  'snowflake-simulator',
  'databricks-simulator',
  'demo',
];
const ofOurs = { pull_policy: 'never', build: { network: 'host' } };

const servicesOf = (names: string[], values: object) =>
  Object.fromEntries(names.map((name) => [name, values]));

const resolved = {
  dns: [RESOLVER],
  depends_on: { resolver: { condition: 'service_started' } },
};

export const OVERRIDE = {
  services: {
    resolver: {
      image: OURS,
      user: '0:0',
      command: ['node', '-e', ANSWER_NOTHING],
      // `up --wait` wants one of it.
      healthcheck: { test: ['CMD', 'true'], interval: '2s' },
      networks: { default: { ipv4_address: RESOLVER } },
    },
    ...servicesOf(BUILT, ofOurs),
    ...servicesOf(
      DNS_CLIENTS.filter((name) => !BUILT.includes(name)),
      resolved,
    ),
    ...servicesOf(
      DNS_CLIENTS.filter((name) => BUILT.includes(name)),
      { ...ofOurs, ...resolved },
    ),
  },
  networks: { default: { ipam: { config: [{ subnet: `${NETWORK}.0/24` }] } } },
};
