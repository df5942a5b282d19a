import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../child';
import { commandsOf } from '../commands';
import { createDemoClient } from '../demo-client';
import { findFreePorts } from '../ports';
import { bodyOf, createComponents } from './components';
import type { Engine } from './engine';
import { createProject, WORK } from './project';
import { completed } from './rounds';
import { choosePorts, SHORT_RETRIES } from './variables';

/* The profile `fabrics`, by the commands of docs/containers.md: a schema and a role come, and go. */

const UP = commandsOf('containers.md', '### Simulated warehouses');
const NAME = 'simulated-warehouses';
const COMPONENT = 'in-a-fabric';

/** What the commands have before they write: the examples, and nothing of an earlier run. */
const layOut = () => {
  for (const folder of ['config', 'secrets', 'examples'])
    rmSync(path.join(WORK, folder), { recursive: true, force: true });
  cpSync(path.join(ROOT, 'examples'), path.join(WORK, 'examples'), { recursive: true });
};

/** All that the checks say is right. */
const checkProblems = (said: string) =>
  said.includes('passed') && !said.includes('failed') ? [] : [`fabrics check says: ${said}`];

export const tryWarehouses = async (engine: Engine): Promise<string[]> => {
  const { variables: ports, gatewayUrl, airbyteUrl } = await choosePorts();
  const [snowflake = 0, databricks = 0] = await findFreePorts(2);
  const variables = {
    ...ports,
    ...SHORT_RETRIES,
    SNOWFLAKE_SIMULATOR_PORT: String(snowflake),
    DATABRICKS_SIMULATOR_PORT: String(databricks),
    CONFIG_DIR: path.join(WORK, 'config'),
    SECRETS_DIR: path.join(WORK, 'secrets'),
    TEST_NETWORK: '198.18.81',
    // As the commands export them, for what is asked of Compose besides.
    PROVISIONER_CONFIG: '/config/fabrics.yaml',
    FINGERPRINT_KEY: 'any',
    POSTGRES_PASSWORD: 'demo',
  };
  const project = createProject(engine, NAME);
  const urls = {
    gatewayUrl,
    airbyteUrl,
    snowflakeUrl: `http://127.0.0.1:${String(snowflake)}`,
  };
  const components = createComponents(urls);
  const { warehouse } = createDemoClient(urls);
  layOut();
  try {
    const checked = checkProblems(await project.type(variables, UP));
    await completed(components, await components.start('provision', COMPONENT));
    const made = await warehouse();
    const { text } = await components.client.start('unprovision', bodyOf(COMPONENT, true));
    await completed(components, text);
    const kept = await warehouse();
    const lacking = ['schema', 'role', 'grant'].filter(
      (kind) => !made.some((line) => line.startsWith(kind)),
    );
    return [
      ...checked,
      ...lacking.map((kind) => `Provisioned, and Snowflake has no ${kind}.`),
      ...kept
        .filter((line) => !line.startsWith('database'))
        .map((line) => `After the removal Snowflake still has: ${line}`),
      ...(await components.leftovers()),
    ];
  } finally {
    await project
      .compose(variables, '--profile', 'fabrics', 'down', '--volumes', '--timeout', '5')
      .catch(() => undefined);
  }
};
