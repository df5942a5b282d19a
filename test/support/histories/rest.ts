import { accessOf } from '../access';
import { descriptor } from '../fixtures';
import { eventually } from '../harness';
import type { Harness } from '../harness';
import { productsOf } from '../product-harness';
import { until } from './recordings';
import type { Recordings } from './recordings';

/* Of data products, of access, and of the runs that only read. */

const NAME = 'user:name.surname_agilelab.it';
const DEVS = 'group:devs';

const PAIR = [{ component: 'ledger' }, { component: 'payouts' }];
const THIRD = { component: 'refunds', connection: { prefix: 'refunds_' } };

const childOf = async (harness: Harness, token: string, component: string) => {
  const children = await productsOf(harness).children(token);
  return children.find((id) => id.includes(`.${component}.`)) ?? '';
};

/** The first connection to be made is refused: one component fails, the other is told to undo. */
const failing = async (harness: Harness) => {
  await harness.fault({ operation: 'createConnection', status: 422 });
  const products = productsOf(harness);
  const token = await products.start('provision', PAIR);
  await products.finished(token);
  return token;
};

export const RECORDINGS: Recordings = {
  'product-compensated': failing,
  'product-part-undone': async (harness) => {
    const token = await failing(harness);
    const children = await productsOf(harness).children(token);
    const statuses = await Promise.all(children.map((child) => harness.status(child)));
    const undone = statuses.findIndex(({ result }) => !result.includes('answered 422'));
    return children[undone] ?? '';
  },
  /* Recorded since the ids of leases have the deployment in them; the others were before. */
  'apart-product-completed': (harness) =>
    productsOf(harness).start('provision', [{ component: 'apart' }]),
  'apart-provision-completed': (harness) =>
    harness.start('provision', { component: 'apart', connection: { prefix: 'apart_' } }),
  'apart-unprovision-completed': (harness) => harness.start('unprovision', { component: 'apart' }),
  'product-completed': (harness) => productsOf(harness).start('provision', PAIR),
  'product-part-kept': async (harness) => {
    const wishes = [...PAIR, THIRD];
    const products = productsOf(harness);
    const token = await products.start('provision', wishes);
    await products.finished(token);
    return childOf(harness, token, 'refunds');
  },
  'product-terminated': async (harness) => {
    await harness.fault({ operation: 'patchConnection', status: 503, times: 0 });
    const wishes = PAIR.map((wish) => ({ ...wish, connection: { prefix: 'ended_' } }));
    const token = await productsOf(harness).start('provision', wishes);
    const [child = ''] = await eventually(async () => {
      const children = await productsOf(harness).children(token);
      return children.length > 0 ? children : undefined;
    }, `the first run of ${token}`);
    await until(harness, child, 'Putting the connection in place');
    await harness.call('DELETE', `/v1/provision/${token}`);
    await harness.clearFaults();
    return token;
  },
  'product-followed-a-run': async (harness) => {
    await harness.fault({ operation: 'createSource', status: 503, times: 0 });
    const alone = await harness.start('provision', { component: 'followed' });
    await until(harness, alone, 'Putting source and destination in place');
    const token = await productsOf(harness).start('provision', [{ component: 'followed' }]);
    await until(harness, token, 'waits for the run that it has already');
    await harness.clearFaults();
    return token;
  },
  'product-unprovision-failed': async (harness) => {
    await harness.fault({ operation: 'deleteDestination', status: 403 });
    return productsOf(harness).start('unprovision', PAIR);
  },
  'provision-first-sync': (harness) =>
    harness.start('provision', {
      component: 'synced',
      connection: { syncOnProvision: true, waitForSync: true },
    }),
  'updateacl-granted': (harness) =>
    accessOf(harness).ask(['user:name.surname_agilelab.it', 'group:devs'], 'synced'),
  'updateacl-compensated': async (harness) => {
    await harness.fault({ operation: 'createGroupPermission', status: 422 });
    return accessOf(harness).ask(['user:alice@foo.bar', 'group:groupA'], 'synced');
  },
  'unprovision-access-withdrawn': (harness) =>
    harness.start('unprovision', { component: 'synced' }),
  'access-granted': (harness) => accessOf(harness).ask([NAME, DEVS], 'opened'),
  'access-put-back': async (harness) => {
    await harness.fault({ operation: 'createGroupPermission', status: 422 });
    return accessOf(harness).ask(['user:alice@foo.bar', 'group:groupA'], 'opened');
  },
  'access-revoked': (harness) => accessOf(harness).ask([DEVS], 'opened'),
  'access-withdrawn': (harness) => harness.start('unprovision', { component: 'opened' }),
  'access-of-component': (harness) => accessOf(harness).memoryOf('opened').describe(),
  'access-of-people': (harness) => accessOf(harness).granteesOf(DEVS).describe(),
  'access-moved': async (harness) => {
    const { environment: taskQueue } = harness;
    const workflowId = `grants.${taskQueue}`;
    const args = [{ wanted: {}, grants: {} }];
    await harness.client.workflow.start('grants', { workflowId, taskQueue, args });
    return accessOf(harness).ask([], 'moved');
  },
  'access-moved-in-bounds': async (harness) => {
    const { environment: taskQueue, client } = harness;
    const workflowId = `grants.${taskQueue}`;
    const args = [{ wanted: {}, grants: {} }];
    await client.workflow.start('grants', { workflowId, taskQueue, args });
    const held = await client.workflow.start('lease', {
      workflowId: `access.${taskQueue}`,
      taskQueue,
      args: [{ holder: 'a run of before', waiting: [] }],
    });
    const token = await accessOf(harness).ask([], 'moved-in-bounds');
    await eventually(async () => {
      const { result } = await harness.status(token);
      return result === 'Waiting until what was granted before is moved' || undefined;
    }, 'the run to wait');
    await held.cancel();
    return token;
  },
  'access-withdrawn-promptly': async (harness) => {
    const component = 'withdrawn-promptly';
    await accessOf(harness).update([DEVS], component);
    return harness.start('unprovision', { component });
  },
  'access-mover': (harness) => Promise.resolve(`moveGrants.${harness.environment}`),
  'validate-valid': async (harness) => {
    const text = descriptor({ environment: harness.environment });
    return (await harness.post('/v2/validate', { descriptor: text })).text;
  },
  'validate-in-lanes': async (harness) => {
    const component = 'in-lanes';
    await harness.run('provision', { component });
    const text = descriptor({ environment: harness.environment, component });
    return (await harness.post('/v2/validate', { descriptor: text })).text;
  },
  'validate-unreachable': async (harness) => {
    await harness.fault({ operation: 'getWorkspace', status: 401, times: 0 });
    const text = descriptor({ environment: harness.environment, datasetName: 'unreachable' });
    return (await harness.post('/v2/validate', { descriptor: text })).text;
  },
  'reverse-provisioned': async (harness) => {
    const { environment } = harness;
    await harness.run('provision', { component: 'reversed', connection: { name: 'Reversed' } });
    const params = { connectionName: 'Reversed' };
    const body = { useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0', environment, params };
    return (await harness.post('/v1/reverse-provisioning', body)).text;
  },
  'reverse-not-found': async (harness) => {
    const { environment } = harness;
    const params = { connectionName: 'nowhere' };
    const body = { useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0', environment, params };
    return (await harness.post('/v1/reverse-provisioning', body)).text;
  },
};
