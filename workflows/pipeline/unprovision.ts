import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { Found } from '../../activities/pipeline/step-answers';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import type { KnownPlaces } from '../../src/descriptor/descriptor';
import type { Place } from '../../src/descriptor/places';
import type { Left } from '../../src/fabrics/fabric';
import type { Retry, UnprovisionInput } from '../input';
import { settlesAt, wroteNothing } from '../run/failure';
import { endedBy, existingIn, failRun, reasonOf, section } from '../run/ending';
import type { Existing } from '../run/ending';
import { holdComponent } from '../run/lease';
import { startRun } from '../run/report';
import { COMPENSATION, activitiesFor, inPatience } from '../run/steps';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';
import { describeCompensation, compensate, PUT_BACK } from '../run/saga';
import type { Undo } from '../run/saga';
import { startPart } from '../run/product-part';
import type { FailureDetails } from '../protocol/failure-details';
import { asFormer, fabricRemoval, forgottenWords, lookByNewer, placesInfo } from './fabric';
import type { FabricRemoval } from './fabric';
import { endsOf, removalsOf } from './removals';
import type { FailedRemoval, Removal } from './removals';
import { accessLease } from '../access/recall';
import { startWithdrawal } from '../access/withdraw';

/** How long a clearing may take, as a first sync may; waiting for it takes no slot. */
const CLEARING = { scheduleToCloseTimeout: '24h' } as const;

/** Airbyte clears only active connections: what that changes for its own sake is put back. */
const undoOfClear = (
  { connection }: Found,
  { steps, settleTime }: { steps: Steps; settleTime: number },
): Undo[] => {
  if (!connection || connection.status === 'active') return [];
  if (!patched('put-back-what-a-clear-changed')) return [];
  const what = `status and schedule of the connection "${connection.name}"`;
  const step = steps(`Put back ${what}`, COMPENSATION);
  const { id, name, status, schedule } = connection;
  const former = { id, name, status, schedule };
  const undo = () => step.restoreConnection({ former, settleTime });
  return [{ kind: 'connection', what, effect: PUT_BACK, undo }];
};

interface Clearing {
  steps: Steps;
  retry: Retry;
  /** Nothing of the connection was changed for it. */
  unprepared: () => void;
}

/** Started once and then followed by its id: a job that ends between two looks is not made again. */
const clear = async (
  connection: NonNullable<Found['connection']>,
  { steps, retry, unprepared }: Clearing,
) => {
  const { id: connectionId, name, status } = connection;
  const { settleTime, giveUpAfter } = retry;
  const what = `Clear the data of ${name}`;
  const step = steps(what);
  if (!patched('follow-a-clear-by-its-job')) return step.clearData({ connection });
  const isPaused = status !== 'active';
  const prepared = step.prepareClear({ connectionId, isPaused, settleTime });
  const { after } = await prepared.catch((err: unknown) => {
    if (wroteNothing(err)) unprepared();
    throw err;
  });
  const { jobId } = await step.startClear({ connectionId, after, settleTime });
  await steps(what, CLEARING).followClear({ jobId, silence: giveUpAfter });
};

const clearData = async (run: Run, { connection, destination }: Found, by: Clearing) => {
  if (connection) {
    run.phase('Clearing the data in the destination');
    await clear(connection, by);
    run.info('Cleared the data in the destination');
  } else if (destination)
    run.warn('The data was not cleared: without a connection Airbyte cannot tell what it wrote.');
};

/** Those that a run has told come first; the one that the descriptor names may be none of them: a default is not known by its name. */
const placesToLookAt = ({ former, named }: KnownPlaces) => {
  const isKnown = (named: Place) =>
    former.some(
      ({ connector, configuration, fabric }) =>
        connector === named.connector &&
        fabric === named.fabric &&
        Object.entries(configuration).every(([key, value]) => named.configuration[key] === value),
    );
  return [
    // The first is where it writes to, unless it was moved away from there, or unprovisioned.
    ...former.map((place, index) => ({
      ...place,
      isKnown: true as const,
      ...(index > 0 && { isFormer: true as const }),
    })),
    ...(named && !isKnown(named) ? [named] : []),
  ];
};

/** What is told when nothing is left, or nothing but what was not to be removed, or could not be. */
const resultOf = (
  inFabrics: FabricRemoval[],
  { left, remedies }: { left: string[]; remedies: string[] },
) => {
  const kept = inFabrics.flatMap(({ stays }) => (stays === undefined ? [] : [stays]));
  const data =
    kept.length > 0
      ? ` Kept with its data, as removeData was not asked for: ${kept.join(', ')}.`
      : '';
  const isAll = inFabrics.length > 0 && kept.length + left.length === 0;
  return [
    `Nothing of the component is left in ${isAll ? 'Airbyte and its fabric' : 'Airbyte'}.${data}`,
    ...section('Left behind in the fabric', left),
    ...(left.length > 0 ? [`What to do: ${[...new Set(remedies)].join(' ')}`] : []),
  ].join('\n');
};

const toTake = (inFabrics: FabricRemoval[]) =>
  inFabrics.flatMap(({ what }) => (what ? [what] : []));

/** One after the other, and all before the first is taken away: they may share a role. */
const allAgain = async (inFabrics: FabricRemoval[]) => {
  const now: FabricRemoval[] = [];
  for (const { again } of inFabrics) now.push(await again(now));
  return now;
};

/** Of what the component has in fabrics nothing would be taken away, unsaid. */
const notLookedAt = () => {
  const details: FailureDetails = {
    problem:
      'Only workers of an earlier version have looked, and these know nothing of what a component has in fabrics.',
    solution: 'Unprovision again when the workers are replaced.',
  };
  throw ApplicationFailure.create({
    message: details.problem,
    type: 'AirbyteUnavailable',
    nonRetryable: true,
    details: [details],
  });
};

/** What is told when the run cannot even look. */
const UNSEEN = 'whatever was there, as nothing was deleted';

const asError = (err: unknown) => (err instanceof Error ? err : new Error(String(err)));

/**
 * Removes a component's pipeline; what is absent already is success. A delete that fails does not
 * stop the others: what is left is named, and the same request tries again. If the data cannot be
 * cleared nothing is deleted, as only the connection knows what to clear.
 */
export async function unprovision(input: UnprovisionInput): Promise<ProvisioningStatus> {
  const { key } = input.component;
  const steps = activitiesFor(input.retry);
  const run = startRun();
  const part = startPart(run);
  // Until the run has looked, the ids it was told are the best it can tell.
  const places = placesInfo(undefined, input.places?.former);
  let exists: Existing = { ...input.known, ...places };
  let leftBehind = [UNSEEN];
  let undos: Undo[] = [];
  /** Of a fabric that is being cleaned up. */
  let cleaning: Undo | undefined;
  let leftInFabrics: string[] = [];
  let remedies: string[] = [];
  /** Where something stays: a later request that asks for its removal is to find it. */
  const keeping: Place[] = [];
  const failures = new Map<string, Error>();
  let failed: FailedRemoval[] = [];

  const settle = ({ what, id }: Removal) => {
    exists = { ...exists, [id]: undefined };
    leftBehind = leftBehind.filter((left) => left !== what);
    failures.delete(what);
  };
  const deleted = (removal: Removal) => {
    run.info(`Deleted ${removal.what}`);
    settle(removal);
  };
  const removeOne = async (removal: Removal) => {
    try {
      await removal.remove();
      deleted(removal);
    } catch (err) {
      failures.set(removal.what, asError(err));
      failed = [...failed, { ...removal, err }];
    }
  };
  /** Tells of those that failed what was seen of them since. */
  const clearUp = async (look: () => Promise<Found>) => {
    const { settleTime } = input.retry;
    const ends = await endsOf(failed, { look, settleTime, run });
    ends.deleted.forEach(deleted);
    for (const { what, err } of ends.kept)
      run.error(`Not deleted: ${what}. ${reasonOf(err, run).problem}`);
    for (const { what, err } of ends.unseen) {
      leftBehind = leftBehind.map((left) => (left === what ? `${what} (may be deleted)` : left));
      run.error(`May be deleted: ${what}. ${reasonOf(err, run).problem} ${ends.why}`);
    }
  };

  const leaveInFabric = (all: Left[], places: Place[]) => {
    if (all.length > 0) keeping.push(...places);
    // Of two places in one fabric it may be the same.
    const left = all.filter(({ what }) => !leftInFabrics.includes(what));
    leftInFabrics = [...leftInFabrics, ...left.map(({ what }) => what)];
    remedies = [...remedies, ...left.map(({ remedy }) => remedy)];
    for (const { what, remedy } of left) run.warn(`Left behind: ${what}. ${remedy}`);
  };
  /** Tells, should the run fail now, of what is still to be taken away. */
  const toTakeNow = (before: FabricRemoval[], now: FabricRemoval[]) => {
    const seen = toTake(before);
    leftInFabrics = [...leftInFabrics.filter((each) => !seen.includes(each)), ...toTake(now)];
  };
  const cleanUp = async ({ what, remove, undo, staying, stays, places }: FabricRemoval) => {
    if (stays !== undefined) keeping.push(...places);
    if (!what) {
      leaveInFabric(staying, places);
      return [];
    }
    cleaning = undo;
    const { took, removed, left } = await remove().catch((err: unknown) => {
      // An undo of nothing would wait for the fabric, and others for this run.
      if (wroteNothing(err)) cleaning = undefined;
      throw err;
    });
    cleaning = undefined;
    leftInFabrics = leftInFabrics.filter((each) => each !== what);
    if (took !== undefined) run.info(`Took away ${took}`);
    leaveInFabric([...left, ...staying], places);
    return removed;
  };
  const cleanUpAll = async ([first, ...others]: FabricRemoval[]): Promise<void> => {
    if (!first) return;
    const removed = await cleanUp(first);
    const rest = others.map((each) => each.after(first, removed));
    toTakeNow(others, rest);
    await cleanUpAll(rest);
  };

  const removeAll = async (): Promise<ProvisioningStatus> => {
    await holdComponent({ key, deployment: input.deployment }, run, input.retry.firstWait);
    run.step('inspect', true);
    const lease = accessLease(input, run);
    const access = await startWithdrawal(input, { run, steps, lease });
    const look = () =>
      steps(`Look for ${key}`).inspect({
        key,
        known: input.known,
        inShort: true,
        lean: true,
        ...(input.places && { places: placesToLookAt(input.places) }),
      });
    const found = await (input.places ? lookByNewer(look, notLookedAt) : look());
    for (const warning of found.warnings ?? []) run.warn(warning);
    const isLean = found.lean === true;
    // Where it has something is known from here on, whoever asks for what a failure has left.
    const holding = (found.fabrics ?? []).filter(({ present }) => present.length > 0);
    const known = [...(input.places?.former ?? []), ...holding.map(({ place }) => place)];
    exists = { ...existingIn(found), ...placesInfo(undefined, known) };
    const { settleTime } = input.retry;
    const { connection, source, destination } = removalsOf(found, { key, steps, settleTime });
    const removals = [connection, source, destination].filter((removal) => removal !== undefined);
    leftBehind = [...removals.map(({ what }) => what), ...access.left];
    const { removeData } = input;
    let inFabrics = (found.fabrics ?? []).map((each) =>
      fabricRemoval(each, { removeData, key, steps, settleTime }),
    );
    leftInFabrics = toTake(inFabrics);
    if (removals.length + leftInFabrics.length === 0) run.info('There was nothing to remove');
    for (const { place, left } of found.unreached ?? [])
      leaveInFabric([left], place ? [place] : []);
    // Of no place of its own any more: whose it is by now says who reads there.
    leaveInFabric(found.inAnothers?.readers ?? [], []);
    const kept = found.connection && found.inAnothers?.data;
    if (removeData && kept) leaveInFabric([kept], []);
    if (removeData && !kept) {
      undos = undoOfClear(found, { steps, settleTime });
      const unprepared = () => {
        undos = [];
      };
      await clearData(run, found, { steps, retry: input.retry, unprepared }).catch(
        (err: unknown) => {
          for (const undo of undos) undo.settlesAt = settlesAt(err, settleTime);
          throw err;
        },
      );
    }

    run.step('deleteConnection', isLean);
    if (connection) await removeOne(connection);
    await Promise.all([source && removeOne(source), destination && removeOne(destination)]);
    const looking = activitiesFor(inPatience(input.retry));
    await clearUp(() =>
      looking(`Look what is left of ${key}`).inspect({
        key,
        known: exists,
        inShort: true,
        lean: true,
      }),
    );
    // Airbyte deletes the connections of a source with it.
    if (connection && source && !leftBehind.includes(source.what)) settle(connection);
    const withheld = await access.withdraw();
    leftBehind = leftBehind.filter((left) => !access.left.includes(left));
    for (const [what, err] of withheld) {
      failures.set(what, asError(err));
      leftBehind = [...leftBehind, what];
    }
    const [failure] = failures.values();
    if (failure) throw failure;
    if (inFabrics.length > 0) {
      await lease.hold();
      run.step('cleanupFabric', isLean);
      const seen = inFabrics;
      inFabrics = await allAgain(seen);
      toTakeNow(seen, inFabrics);
    }
    await cleanUpAll(inFabrics);

    const forgotten = forgottenWords(key, undefined, keeping);
    if (forgotten) run.warn(forgotten);
    run.completed(isLean);
    const result = resultOf(inFabrics, { left: leftInFabrics, remedies });
    return {
      status: 'COMPLETED',
      result: forgotten ? `${result}\n${forgotten}` : result,
      info: {
        publicInfo: {},
        privateInfo: {
          ...placesInfo(undefined, asFormer(keeping)),
          ...(leftInFabrics.length > 0 && { leftBehind: leftInFabrics, solutions: remedies }),
        },
      },
      logs: run.logs,
    };
  };

  try {
    return await part.within(removeAll);
  } catch (failure) {
    const err = endedBy(failure, run);
    if (failures.size === 0) run.error(reasonOf(err, run).problem);
    const isConnectionLeft = exists.connectionId !== undefined;
    const undone = describeCompensation(
      await compensate([...(isConnectionLeft ? undos : []), ...(cleaning ? [cleaning] : [])], run),
    );
    return failRun({
      err,
      run,
      what: 'unprovisioned',
      exists,
      ...undone,
      leftBehind: [...leftBehind, ...undone.leftBehind],
      leftInFabrics: [...leftInFabrics, ...undone.leftInFabrics],
      remedies: [...remedies, ...undone.remedies],
    });
  }
}
