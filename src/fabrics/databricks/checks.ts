import { z } from 'zod';
import { CallError, isRefused } from '../../contract/call-error';
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

const solutionOf = (err: unknown) =>
  isRefused(err) || (err instanceof Error && 'solution' in err && typeof err.solution === 'string')
    ? String(Reflect.get(err, 'solution'))
    : 'Ask the platform operator to look at the log.';

const failed = (name: string, err: unknown): Check => ({
  name,
  outcome: 'failed',
  message: err instanceof Error ? err.message : String(err),
  solution: solutionOf(err),
  ...(err instanceof CallError && err.kind === 'again' && { mayPass: true }),
});

/** What is found, or what it fails with; the end of the step ends all. */
const found = async (
  name: string,
  { interest }: Step,
  look: () => Promise<Omit<Check, 'name'>>,
): Promise<Check> => {
  try {
    return { name, ...(await look()) };
  } catch (err) {
    interest.cancelled.throwIfAborted();
    interest.timeUp.throwIfAborted();
    return failed(name, err);
  }
};

const passed = (message: string) => ({ outcome: 'passed' as const, message });
const impossible = (name: string): Check => ({
  name,
  outcome: 'impossible',
  message: 'It cannot be told, as there is no way in.',
});

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
  return {
    outcome: 'failed' as const,
    message: `The SQL warehouse ${name} is ${state}.`,
    solution: 'Ask the platform operator to name another one (warehouseId of the fabric).',
  };
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
  return {
    outcome: 'impossible' as const,
    message: `Databricks shows no ${lacking.join(', ').replaceAll('_', ' ')} of ${principal} on the catalog ${settings.catalog}; what comes by a group is not shown.`,
    solution: `Where it has none, have an owner run: ${grantStatement({ catalog: settings.catalog, privileges: lacking, principal })}`,
  };
};

const LET_LOOK_UP =
  'Have an administrator of the workspace let the fabric’s service principal look up users and groups (SCIM).';

/** Whether those whom requests name can be looked up. */
const checkPeople = async ({ client }: CheckDeps, { interest }: Step) => {
  try {
    const hidden = await hiddenKinds(client, interest);
    if (hidden.length === 0) return passed('Users and groups of the workspace can be looked up.');
    return {
      outcome: 'impossible' as const,
      message: `Databricks shows no ${hidden.join(' and no ')} of the workspace: there are none, or they may not be looked up.`,
      solution: LET_LOOK_UP,
    };
  } catch (err) {
    if (!(err instanceof CallError) || err.status !== 403) throw err;
    return { outcome: 'failed' as const, message: err.message, solution: LET_LOOK_UP };
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
  return {
    outcome: 'failed' as const,
    message: `The cluster ${cluster} is ${state}, and is not started for a command.`,
    solution:
      'Start it in Databricks, or let the fabric do so (startCluster in the configuration file).',
  };
};

/** Who is called, and whether he is let in: everything else needs both. */
const checkEntry = async ({ client, settings }: CheckDeps, step: Step): Promise<Check[]> => {
  try {
    const userName = await nameOf(client, step.interest);
    return [
      { name: 'connection', ...passed(`${settings.host} answers.`) },
      { name: 'credentials', ...passed(`They are those of ${userName}.`) },
    ];
  } catch (err) {
    step.interest.cancelled.throwIfAborted();
    step.interest.timeUp.throwIfAborted();
    if (!isRefused(err)) return [failed('connection', err), impossible('credentials')];
    return [
      { name: 'connection', ...passed(`${settings.host} answers.`) },
      failed('credentials', err),
    ];
  }
};

type Looks = [name: string, look: () => Promise<Omit<Check, 'name'>>][];

/** What is looked at as who manages, once he is in. */
const looksOf = (deps: CheckDeps, step: Step): Looks => {
  const { settings, client, catalog, manager, airbyte } = deps;
  const { manage, cluster } = settings;
  const privileged = (name: string, of: Identity, privileges: string[]): Looks[number] => [
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
    ...(manage.access ? ([['principals', () => checkPeople(deps, step)]] satisfies Looks) : []),
    ...(manage.catalogUse ? [privileged('grant catalog use', manager, ['MANAGE'])] : []),
    ...(airbyte && !airbyte.isManager && !manage.catalogUse
      ? [privileged('airbyte', airbyte.identity, ['USE_CATALOG'])]
      : []),
    ...(cluster === undefined
      ? []
      : ([['cluster', () => checkCluster(deps, cluster, step)]] satisfies Looks)),
  ];
};

const lookAll = (looks: Looks, isIn: boolean, step: Step): Promise<Check[]> =>
  Promise.all(
    looks.map(([name, look]) =>
      isIn ? found(name, step, look) : Promise.resolve(impossible(name)),
    ),
  );

/** What is looked at with Airbyte's own credentials, where they are others. */
const checkOfAirbyte = async (deps: CheckDeps, step: Step): Promise<Check[]> => {
  const { airbyte } = deps;
  if (!airbyte) {
    const { problem, solution } = NO_AIRBYTE_AUTH;
    return [{ name: 'airbyte', outcome: 'failed', message: `${problem}.`, solution }];
  }
  if (airbyte.isManager) return [];
  const { client } = airbyte;
  const entry = await found('connection of Airbyte', step, () => checkAirbyte(client, step));
  const looks: Looks = [['warehouse of Airbyte', () => checkWarehouse(deps, client, step)]];
  return [entry, ...(await lookAll(looks, entry.outcome === 'passed', step))];
};

/** Whether a fabric can do what it would have to. Nothing is written, and no warehouse is started. */
export const checkFabric = async (deps: CheckDeps, step: Step): Promise<Check[]> => {
  const [entry, ofAirbyte] = await Promise.all([
    checkEntry(deps, step),
    checkOfAirbyte(deps, step),
  ]);
  const isIn = entry.every(({ outcome }) => outcome === 'passed');
  return [...entry, ...(await lookAll(looksOf(deps, step), isIn, step)), ...ofAirbyte];
};

/** The place that a component's schema is to have. */
export const checkPlace = async (look: () => Promise<Seen>, step: Step): Promise<Check> =>
  found('schema', step, async () => {
    const { foreign, missing, shown } = await look();
    const [other] = foreign;
    if (other)
      return {
        outcome: 'failed',
        message: other.problem,
        solution: other.solution,
        at: 'specific.destination.connectionConfiguration.schema',
      };
    const name = shown.schema?.value ?? '';
    const isMissing = missing.some(({ kind }) => kind === 'schema');
    return passed(
      isMissing
        ? `The schema ${name} is to be made.`
        : `The schema ${name} is as wanted, or can be made so.`,
    );
  });
