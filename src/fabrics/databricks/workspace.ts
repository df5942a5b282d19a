import { z } from 'zod';
import { CallError } from '../../contract/call-error';
import { failed, impossible, passed } from '../checks';
import type { Step } from '../fabric';
import type { Client } from './client';
import { SCIM } from './identity';
import type { Identity } from './identity';
import { hiddenKinds } from './people';
import { clusterState, toHaveItRun } from './run/clusters';
import type { DatabricksSettings } from './settings';
import { grantStatement } from './sql';
import type { Catalog } from './unity/catalog';
import { conveys } from './unity/permissions';

/* What of a workspace is looked at, each by itself. Nothing is written, and nothing is started. */

export interface CheckDeps {
  settings: DatabricksSettings;
  client: Client;
  catalog: Catalog;
  manager: Identity;
  /** Whom Airbyte writes as; undefined: the fabric has nothing that it takes. */
  airbyte: { client: Client; identity: Identity; isManager: boolean } | undefined;
}

export const nameOf = async ({ demand }: Client, interest: Step['interest']) => {
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

export const checkWarehouse = async (
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
export const checkPrivileges = async (
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
export const checkPeople = async ({ client }: CheckDeps, { interest }: Step) => {
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
export const checkAirbyte = async (client: Client, { interest }: Step) =>
  passed(`Databricks lets ${await nameOf(client, interest)} in.`);

export const checkCluster = async (
  { settings, client }: CheckDeps,
  cluster: string,
  { interest }: Step,
) => {
  const state = await clusterState(client, cluster, interest);
  const mayStart = settings.startCluster;
  const runs = ['RUNNING', 'RESIZING', 'PENDING', 'RESTARTING'].includes(state);
  if (runs || (mayStart && state === 'TERMINATED'))
    return passed(`The cluster ${cluster} is ${state}.`);
  return failed(
    `The cluster ${cluster} is ${state}, and is not started for a command.`,
    toHaveItRun(mayStart),
  );
};
