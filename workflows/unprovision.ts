import { isCancellation } from '@temporalio/workflow';
import type { Found } from '../activities/airbyte';
import type { ProvisioningStatus } from '../src/contract';
import type { KnownIds } from '../src/descriptor';
import type { UnprovisionInput } from './input';
import { existingIn, failRun, reasonOf } from './outcome';
import type { Existing } from './outcome';
import { activitiesFor, startRun } from './run';
import type { Run, Steps } from './run';

interface Removal {
  what: string;
  id: keyof KnownIds;
  remove: () => Promise<unknown>;
}

/** A connection goes before what it connects; nothing is listed that does not exist. */
const removalsOf = (found: Found, key: string, steps: Steps): [Removal[], Removal[]] => {
  const { source, destination, connection } = found;
  const removal = (
    kind: string,
    id: keyof KnownIds,
    entity: { id: string; name: string } | undefined,
    remove: (step: ReturnType<Steps>, which: { key: string; id: string }) => Promise<unknown>,
  ): Removal[] => {
    if (!entity) return [];
    const what = `the ${kind} "${entity.name}"`;
    const step = steps(`Delete ${what}`);
    return [{ what, id, remove: () => remove(step, { key, id: entity.id }) }];
  };
  return [
    removal('connection', 'connectionId', connection, (step, which) =>
      step.deleteConnection(which),
    ),
    [
      ...removal('source', 'sourceId', source, (step, which) => step.deleteSource(which)),
      ...removal('destination', 'destinationId', destination, (step, which) =>
        step.deleteDestination(which),
      ),
    ],
  ];
};

const clearData = async (run: Run, steps: Steps, { connection, destination }: Found) => {
  if (connection) {
    run.phase('Clearing the data in the destination');
    await steps(`Clear the data of ${connection.name}`).clearData({ connectionId: connection.id });
    run.info('Cleared the data in the destination');
  } else if (destination)
    run.warn('The data was not cleared: without a connection Airbyte cannot tell what it wrote.');
};

const throwFirst = (failures: Error[]) => {
  const failure = failures.find(isCancellation) ?? failures[0];
  if (failure) throw failure;
};

/**
 * Removes a component's pipeline; what is absent already is success. A delete that fails does not
 * stop the others: what is left is named, and the same request tries again. If the data cannot be
 * cleared nothing is deleted, as only the connection knows what to clear.
 */
export async function unprovision(input: UnprovisionInput): Promise<ProvisioningStatus> {
  const { key } = input.component;
  const steps = activitiesFor(input.retry);
  const run = startRun();
  const failures: Error[] = [];
  let exists: Existing = input.known;
  const leftBehind = new Set<string>();

  const removeAll = (removals: Removal[]) =>
    Promise.all(
      removals.map(async ({ what, id, remove }) => {
        try {
          await remove();
          run.info(`Deleted ${what}`);
          leftBehind.delete(what);
          exists = { ...exists, [id]: undefined };
        } catch (err) {
          failures.push(err instanceof Error ? err : new Error(String(err)));
          run.error(`Not deleted: ${what}. ${reasonOf(err).problem}`);
        }
      }),
    );

  try {
    run.phase('Looking at what exists in Airbyte');
    const found = await steps(`Look for ${key}`).inspect({ key, known: input.known });
    exists = existingIn(found);
    const [first, then] = removalsOf(found, key, steps);
    for (const { what } of [...first, ...then]) leftBehind.add(what);
    if (leftBehind.size === 0) run.info('There was nothing to remove');
    if (input.removeData) await clearData(run, steps, found);

    run.phase('Deleting');
    await removeAll(first);
    await removeAll(then);
    throwFirst(failures);

    run.phase('Completed');
    return {
      status: 'COMPLETED',
      result: 'Nothing of the component is left in Airbyte.',
      info: { publicInfo: {}, privateInfo: {} },
      logs: run.logs,
    };
  } catch (err) {
    if (!failures.some((failure) => failure === err)) run.error(reasonOf(err).problem);
    return failRun({
      err,
      run,
      what: 'unprovisioned',
      exists,
      undone: [],
      leftBehind: [...leftBehind],
    });
  }
}
