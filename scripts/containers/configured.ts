import { ProvisioningStatus } from '../../src/contract/coordinator';
import { findFreePorts } from '../ports';
import { createCaller, until } from './callers';
import type { Engine } from './engine';
import { createProject } from './project';
import {
  airbyteProblems,
  encryptionProblems,
  foreigners,
  logProblems,
  PROGRAMS,
  requestOf,
  strangers,
} from './tenant-checks';
import type { Deployment } from './tenant-checks';
import {
  CONFIG,
  CONFIG_FOLDER,
  createTokens,
  fileFor,
  SECRETS_FOLDER,
  writeCertificate,
  writeFile,
  writeTenants,
} from './tenants';
import type { Team } from './tenants';
import { choosePorts, SHORT_RETRIES } from './variables';

/* One deployment with a configuration file: two teams, tokens, TLS, keys, the audit and the codec server. */

/** Has a component provisioned; its token. */
const provision = async ({ call, gateway }: Deployment, team: Team, name: string) => {
  const { status, said: token } = await call({
    url: `${gateway}/v1/provision`,
    client: team,
    body: requestOf(team, name),
  });
  if (status !== 202) throw new Error(`${team} was answered ${String(status)}: ${token}`);
  const { said } = await until(
    `${token} has ended`,
    () => call({ url: `${gateway}/v1/provision/${token}/status`, client: team }),
    (answer) => answer.status === 200 && !answer.said.includes('"RUNNING"'),
  );
  const { status: ended, result } = ProvisioningStatus.parse(JSON.parse(said));
  if (ended !== 'COMPLETED') throw new Error(`${token}: ${ended} ${result}`);
  return token;
};

/** The second team comes into the file, and the certificate is another one, while all of it runs. */
const changeFile = async (deployment: Deployment) => {
  const { call, gateway, tokens, trust } = deployment;
  const url = `${gateway}/v1/validate`;
  const body = requestOf('marketing', 'of-marketing');
  const both = fileFor(['finance', 'marketing'], tokens);
  writeFile(both);
  await until(
    'marketing is known',
    () => call({ url, body, client: 'marketing' }),
    ({ status }) => status === 200,
  );
  writeFile('environments: none\n');
  const { status } = await until(
    'the broken file is told',
    () => call({ url: `${gateway}/readyz` }),
    ({ said }) => said.includes('warning'),
  );
  writeFile(both);
  await until(
    'the mended file is taken',
    () => call({ url: `${gateway}/readyz` }),
    ({ said }) => !said.includes('warning'),
  );
  trust(await writeCertificate());
  await until(
    'the new certificate is shown',
    () => call({ url: `${gateway}/livez` }),
    (answer) => answer.status === 200,
  );
  return status === 200 ? [] : ['With a broken file the gateway is not ready.'];
};

/** All that is found wrong, with the runs of both teams. */
const problemsOf = async (deployment: Deployment, certificate: string): Promise<string[]> => {
  const { project } = deployment;
  const startedAt = () =>
    Promise.all(PROGRAMS.map(async (service) => (await project.stateOf(service)).StartedAt));
  const before = await startedAt();
  const strange = await strangers(deployment);
  const ofFinance = await provision(deployment, 'finance', 'of-finance');
  const changed = await changeFile(deployment);
  await provision(deployment, 'marketing', 'of-marketing');
  const after = await startedAt();
  return [
    ...strange,
    ...changed,
    ...(after.join() === before.join() ? [] : ['The changed file has restarted a program.']),
    ...(await foreigners(deployment, ofFinance)),
    ...(await airbyteProblems(deployment)),
    ...(await encryptionProblems(deployment, ofFinance, certificate)),
    ...(await logProblems(deployment, ofFinance)),
  ];
};

const NAME = 'one-for-both';

export const tryConfigured = async (engine: Engine): Promise<string[]> => {
  const tokens = createTokens();
  const certificate = await writeTenants(fileFor(['finance'], tokens));
  const { variables: ports, gatewayUrl, airbyteUrl } = await choosePorts();
  const [codec = 0] = await findFreePorts(1);
  const variables = {
    ...ports,
    ...SHORT_RETRIES,
    CODEC_PORT: String(codec),
    COMPOSE_PROFILES: 'codec',
    PROVISIONER_CONFIG: `${CONFIG}/provisioner.yaml`,
    CONFIG_DIR: CONFIG_FOLDER,
    POSTGRES_PASSWORD: 'of-the-test',
    FINGERPRINT_KEY: 'of-the-test',
    SECRETS_DIR: SECRETS_FOLDER,
    TEST_NETWORK: '198.18.80',
  };
  const caller = createCaller(tokens);
  caller.trust(certificate);
  const project = createProject(engine, NAME);
  const gateway = gatewayUrl.replace('http:', 'https:');
  const codecUrl = `https://127.0.0.1:${String(codec)}`;
  const deployment = {
    project,
    variables,
    tokens,
    airbyteUrl,
    gateway,
    codec: codecUrl,
    ...caller,
  };
  try {
    await project.compose(variables, 'up', '--detach', '--no-build', 'simulator');
    await project.compose(variables, 'up', '--detach', '--no-build');
    for (const service of PROGRAMS) await project.untilUp(service, '');
    return await problemsOf(deployment, certificate);
  } finally {
    await project
      .compose(variables, '--profile', 'demo', 'down', '--volumes', '--timeout', '5')
      .catch(() => undefined);
  }
};
