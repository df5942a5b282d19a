import { z } from 'zod';
import { CallError, isRefused } from '../../contract/call-error';
import { checkEach, checkInOrder, failed, impossible } from '../checks';
import { inTheWay, isLetIn, passed, verdictOn } from '../checks';
import type { Look, Verdict } from '../checks';
import type { Check, Seen, Step } from '../fabric';
import { conveys } from './catalog';
import type { Catalog } from './catalog';
import type { Client } from './client';
import { clusterState } from './commands';
import { NO_AIRBYTE_AUTH } from './destination';
import type { Identity } from './identity';
import { SCIM } from './identity';
import { hiddenKinds } from './people';
import type { DatabricksSettings } from './settings';
import { grantStatement } from './sql';

interface CheckDeps {
  settings: DatabricksSettings;
  client: Client;
  catalog: Catalog;
  manager: Identity;
  /** Whom Airbyte writes as; undefined: the fabric has nothing that it takes. */
  airbyte: { client: Client; identity: Identity; isManager: boolean } | undefined;
}

const noWayIn = () => impossible('It cannot be told, as there is no way in.');

const nameOf = async ({ demand }: Client, interest: Step['interest']) => {
  const { userName } = await demand({
    method: 'GET',
    path: `${SCIM}/Me`,
    operation: `${SCIM}/Me`,
    answer: z.object({ userName: z.string() }),
    interest,
  });
  return userName;
};

const Warehouse = z.object({ state: z.string(), name: z.string().optional() });

const checkWarehouse = async (
  { settings: { warehouseId } }: CheckDeps,
  client: Client,
  { interest }: Step,
) => {
  const { state, name = warehouseId } = await client.demand({
    method: 'GET',
    path: `/api/2.0/sql/warehouses/${encodeURIComponent(warehouseId)}`,
    operation: '/api/2.0/sql/warehouses/{warehouse}',
    answer: Warehouse,
    about: `the SQL warehouse ${warehouseId}`,
    interest,
  });
  if (!['DELETED', 'DELETING'].includes(state))
    return passed(
      `The SQL warehouse ${name} is ${state}${state === 'STOPPED' ? ', and starts with the first statement' : ''}.`,
    );
  return failed(
    `The SQL warehouse ${name} is ${state}.`,
    'Ask the platform operator to name another one (warehouseId of the fabric).',
  );
};

/** What an identity may on the catalog: owners may all, and what comes by groups is not shown. */
const checkPrivileges = async (
  { catalog, settings }: CheckDeps,
  { interest }: Step,
  { principal, privileges }: { principal: string; privileges: string[] },
) => {
  const has = await catalog
    .effective(undefined, { principal, interest })
    // Who may not see what others have may have it all the same.
    .catch((err: unknown) => {
      if (err instanceof CallError && err.status === 403) return new Set<string>();
      throw err;
    });
  const lacking = privileges.filter((each) => !conveys(has, each));
  if (lacking.length === 0)
    return passed(`${principal} has ${privileges.join(', ').replaceAll('_', ' ')} on the catalog.`);
  if ((await catalog.owner(interest)) === principal)
    return passed(`${principal} owns the catalog.`);
  return impossible(
    `Databricks shows no ${lacking.join(', ').replaceAll('_', ' ')} of ${principal} on the catalog ${settings.catalog}; what comes by a group is not shown.`,
    `Where it has none, have an owner run: ${grantStatement({ catalog: settings.catalog, privileges: lacking, principal })}`,
  );
};

const LET_LOOK_UP =
  'Have an administrator of the workspace let the fabric’s service principal look up users and groups (SCIM).';

/** Whether those whom requests name can be looked up. */
const checkPeople = async ({ client }: CheckDeps, { interest }: Step) => {
  try {
    const hidden = await hiddenKinds(client, interest);
    if (hidden.length === 0) return passed('Users and groups of the workspace can be looked up.');
    return impossible(
      `Databricks shows no ${hidden.join(' and no ')} of the workspace: there are none, or they may not be looked up.`,
      LET_LOOK_UP,
    );
  } catch (err) {
    if (!(err instanceof CallError) || err.status !== 403) throw err;
    return failed(err.message, LET_LOOK_UP);
  }
};

/** Whether Airbyte's own credentials are taken. */
const checkAirbyte = async (client: Client, { interest }: Step) =>
  passed(`Databricks lets ${await nameOf(client, interest)} in.`);

const checkCluster = async (
  { settings, client }: CheckDeps,
  cluster: string,
  { interest }: Step,
) => {
  const state = await clusterState(client, cluster, interest);
  if (['RUNNING', 'RESIZING', 'PENDING', 'RESTARTING'].includes(state) || settings.startCluster)
    return passed(`The cluster ${cluster} is ${state}.`);
  return failed(
    `The cluster ${cluster} is ${state}, and is not started for a command.`,
    'Start it in Databricks, or let the fabric do so (startCluster in the configuration file).',
  );
};

/** Who is called, and whether he is let in: everything else needs both. */
const checkEntry = async ({ client, settings }: CheckDeps, step: Step): Promise<Check[]> => {
  const answers = { name: 'connection', ...passed(`${settings.host} answers.`) };
  try {
    const userName = await nameOf(client, step.interest);
    return [answers, { name: 'credentials', ...passed(`They are those of ${userName}.`) }];
  } catch (err) {
    const verdict = verdictOn(err, step);
    return isRefused(err)
      ? [answers, { name: 'credentials', ...verdict }]
      : [
          { name: 'connection', ...verdict },
          { name: 'credentials', ...noWayIn() },
        ];
  }
};

/** Whether Airbyte's own credentials are taken, where they are others. */
const checkEntryOfAirbyte = ({ airbyte }: CheckDeps, step: Step): Promise<Check[]> => {
  const { problem, solution } = NO_AIRBYTE_AUTH;
  if (!airbyte) return checkEach([['airbyte', () => failed(`${problem}.`, solution)]], step);
  if (airbyte.isManager) return Promise.resolve([]);
  return checkEach([['connection of Airbyte', () => checkAirbyte(airbyte.client, step)]], step);
};

/** What is looked at as who manages. */
const looksOf = (deps: CheckDeps, step: Step): Look[] => {
  const { settings, client, catalog, manager, airbyte } = deps;
  const { manage, cluster } = settings;
  const privileged = (name: string, of: Identity, privileges: string[]): Look => [
    name,
    async () => checkPrivileges(deps, step, { principal: await of(step.interest), privileges }),
  ];
  const exists = async () => {
    await catalog.owner(step.interest);
    return passed(`There is the catalog ${settings.catalog}.`);
  };
  return [
    ['warehouse', () => checkWarehouse(deps, client, step)],
    ['catalog', exists],
    ...(manage.schema
      ? [privileged('create schema', manager, ['USE_CATALOG', 'CREATE_SCHEMA'])]
      : []),
    ...(manage.access ? [['principals', () => checkPeople(deps, step)] satisfies Look] : []),
    ...(manage.catalogUse ? [privileged('grant catalog use', manager, ['MANAGE'])] : []),
    ...(airbyte && !airbyte.isManager && !manage.catalogUse
      ? [privileged('airbyte', airbyte.identity, ['USE_CATALOG'])]
      : []),
    ...(cluster === undefined
      ? []
      : [['cluster', () => checkCluster(deps, cluster, step)] satisfies Look]),
  ];
};

/** What is looked at with Airbyte's own credentials, where they are others. */
const looksOfAirbyte = (deps: CheckDeps, step: Step): Look[] => {
  const { airbyte } = deps;
  if (!airbyte || airbyte.isManager) return [];
  return [['warehouse of Airbyte', () => checkWarehouse(deps, airbyte.client, step)]];
};

const lookedAt = (looks: Look[], entry: readonly Check[]): Look[] =>
  isLetIn(entry) ? looks : looks.map(([name]) => [name, noWayIn]);

/** Whether a fabric can do what it would have to. No warehouse is started. */
export const checkFabric = (deps: CheckDeps, step: Step): Promise<Check[]> =>
  checkInOrder(
    {
      manager: () => checkEntry(deps, step),
      airbyte: () => checkEntryOfAirbyte(deps, step),
      behind: ({ manager, airbyte }) => [
        ...lookedAt(looksOf(deps, step), manager),
        ...lookedAt(looksOfAirbyte(deps, step), airbyte),
      ],
    },
    step,
  );

const checkSchema = async (look: () => Promise<Seen>): Promise<Verdict> => {
  const { foreign, missing, shown } = await look();
  const [other] = foreign;
  if (other) return inTheWay(other);
  const name = shown.schema?.value ?? '';
  const isMissing = missing.some(({ kind }) => kind === 'schema');
  return passed(
    isMissing
      ? `The schema ${name} is to be made.`
      : `The schema ${name} is as wanted, or can be made so.`,
  );
};

/** The place that a component's schema is to have. */
export const checkPlace = (look: () => Promise<Seen>, step: Step): Promise<Check[]> =>
  checkEach([['schema', () => checkSchema(look)]], step);
