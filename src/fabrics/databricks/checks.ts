import { isRefused } from '../../contract/call-error';
import type { Check, Seen, Step } from '../fabric';
import { NO_AIRBYTE_AUTH } from './destination';
import { failed, found, impossible, passed } from './findings';
import type { Identity } from './identity';
import {
  checkAirbyte,
  checkCluster,
  checkPeople,
  checkPrivileges,
  checkWarehouse,
  nameOf,
} from './workspace';
import type { CheckDeps } from './workspace';

/* Whether a fabric can do what it would have to; each is told by itself, and none of them changes anything. */

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
