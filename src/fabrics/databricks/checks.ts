import { z } from 'zod';
import { CallError, isRefused } from '../../contract/call-error';
import type { Check, Seen, Step } from '../fabric';
import type { Catalog } from './catalog';
import type { Client } from './client';
import { clusterState } from './commands';
import { NO_AIRBYTE_AUTH, airbyteAuthOf } from './destination';
import type { Identity } from './identity';
import { SCIM } from './identity';
import type { DatabricksSettings } from './settings';
import { grantStatement } from './sql';

interface CheckDeps {
  settings: DatabricksSettings;
  client: Client;
  catalog: Catalog;
  manager: Identity;
  loader: Identity | undefined;
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

const Warehouse = z.object({ state: z.string(), name: z.string().optional() });

const checkWarehouse = async (
  { settings: { warehouseId }, client }: CheckDeps,
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

/** What an identity may on the catalog: owners may all, and what comes by groups is not always shown. */
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
  const lacking = has.has('ALL_PRIVILEGES') ? [] : privileges.filter((each) => !has.has(each));
  if (lacking.length === 0)
    return passed(`${principal} has ${privileges.join(', ').replaceAll('_', ' ')} on the catalog.`);
  return {
    outcome: 'impossible' as const,
    message: `Databricks shows no ${lacking.join(', ').replaceAll('_', ' ')} of ${principal} on the catalog ${settings.catalog}; what comes by a group is not shown.`,
    solution: `Where it has none, have an owner run: ${grantStatement({ catalog: settings.catalog, privileges: lacking, principal })}`,
  };
};

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
    const { userName } = await client.demand({
      method: 'GET',
      path: `${SCIM}/Me`,
      operation: `${SCIM}/Me`,
      answer: z.object({ userName: z.string() }),
      interest: step.interest,
    });
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

/** Whether a fabric can do what it would have to. Nothing is written, and no warehouse is started. */
export const checkFabric = async (deps: CheckDeps, step: Step): Promise<Check[]> => {
  const { settings, catalog, manager, loader } = deps;
  const { manage, cluster } = settings;
  const entry = await checkEntry(deps, step);
  const isIn = entry.every(({ outcome }) => outcome === 'passed');
  const looks: [string, () => Promise<Omit<Check, 'name'>>][] = [
    ['warehouse', () => checkWarehouse(deps, step)],
    [
      'catalog',
      async () => {
        await catalog.exists(step.interest);
        return passed(`There is the catalog ${settings.catalog}.`);
      },
    ],
  ];
  const privileged = (name: string, of: Identity, privileges: string[]) =>
    looks.push([
      name,
      async () => checkPrivileges(deps, step, { principal: await of(step.interest), privileges }),
    ]);
  if (manage.schema) privileged('create schema', manager, ['USE_CATALOG', 'CREATE_SCHEMA']);
  if (manage.catalogUse) privileged('grant catalog use', manager, ['MANAGE']);
  if (loader && (airbyteAuthOf(settings) !== settings.auth || manage.by))
    privileged('airbyte', loader, ['USE_CATALOG']);
  if (cluster !== undefined) looks.push(['cluster', () => checkCluster(deps, cluster, step)]);
  const rest = isIn
    ? await Promise.all(looks.map(([name, look]) => found(name, step, look)))
    : looks.map(([name]) => impossible(name));
  const noAuth: Check[] = loader
    ? []
    : [
        {
          name: 'airbyte',
          outcome: 'failed',
          message: `${NO_AIRBYTE_AUTH.problem}.`,
          solution: NO_AIRBYTE_AUTH.solution,
        },
      ];
  return [...entry, ...rest, ...noAuth];
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
