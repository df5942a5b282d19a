import { isRefused } from '../../contract/call-error';
import {
  checkEach,
  checkInOrder,
  failed,
  impossible,
  inTheWay,
  isLetIn,
  passed,
  verdictOn,
} from '../checks';
import type { Look, Verdict } from '../checks';
import type { Check, Seen, Step } from '../fabric';
import { NO_AIRBYTE_AUTH } from './destination';
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

const noWayIn = () => impossible('It cannot be told, as there is no way in.');

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
