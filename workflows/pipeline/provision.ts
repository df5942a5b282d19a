import { CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import type { Kind } from '../../src/airbyte/workspace';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { accessLease } from '../access/recall';
import { claimed, sealing, adoptionSentence } from './adoption';
import type { ProvisionInput } from '../input';
import { endedBy, existingIn, failRun, reasonOf } from '../run/ending';
import type { Existing } from '../run/ending';
import { holdComponent } from '../run/lease';
import { ignoredSentence } from './ignored-keys';
import {
  asFormer,
  forgottenWords,
  lookByNewer,
  placesInfo,
  prepareFabric,
  unmovedInfo,
} from './fabric';
import { infoOf } from './info';
import { startRun } from '../run/report';
import { activitiesFor } from '../run/steps';
import { describeCompensation, compensate } from '../run/saga';
import { firstSync } from './first-sync';
import { putActors, putConnection } from './put-entities';
import { withTagsRemoved } from './tags';
import { startUndoLog } from './undo-log';
import { undosFor } from './undos';
import { startPart } from '../run/product-part';

/**
 * Makes a component's pipeline exist as its descriptor says. Looks first and acts on the
 * difference; on failure takes back what it did, so that nothing, or the former pipeline, is left.
 * As part of a data product's run it keeps what it did only if all the other components are in place.
 */
export async function provision(input: ProvisionInput): Promise<ProvisioningStatus> {
  const { plan, warnings } = input;
  const { key } = plan.component;
  const { settleTime } = input.retry;
  const steps = activitiesFor(input.retry);
  const run = startRun();
  const part = startPart(run);
  const undoLog = startUndoLog(run, settleTime);
  // Until the run has looked, the ids it was told are the best it can tell.
  let exists: Existing = { ...input.known, ...placesInfo(undefined, input.places) };

  const look = () =>
    steps(`Look for ${key}`).inspect({
      key,
      known: input.known,
      plan,
      inShort: true,
      lean: true,
      prepares: true,
      ...(input.places && input.places.length > 0 && { places: input.places }),
    });

  const unprepared = () => {
    run.warn(
      'Only workers of an earlier version have looked, and these prepare no fabric: deploy again when they are replaced.',
    );
  };

  const pipeline = async (): Promise<ProvisioningStatus> => {
    await holdComponent({ key, deployment: input.deployment }, run, input.retry.firstWait);
    run.step('inspect', true);
    for (const note of input.notes ?? []) run.info(note);
    for (const warning of warnings) run.warn(warning);
    const { streams: offered, ...before } = await claimed(
      await (!('fabric' in plan.destination) ? look() : lookByNewer(look, unprepared)),
      look,
    );
    exists = {
      ...existingIn(before.isForeign ? { workspaceId: before.workspaceId } : before),
      ...unmovedInfo(before.fabric, input.places),
    };
    for (const warning of before.warnings ?? []) run.warn(warning);
    const undo = undosFor(plan, before, { steps, settleTime, written: undoLog.written });
    if (undo.connection)
      undo.connection = withTagsRemoved(undo.connection, before.lackingTags, { steps, run });
    const adopted = adoptionSentence(before, run);
    const isLean = before.lean === true;

    const { taskQueue = workflowInfo().taskQueue } = input;
    const access = accessLease({ component: plan.component, taskQueue }, run);
    if (before.fabric)
      await prepareFabric(before.fabric, { key, run, access, steps, settleTime, undoLog, isLean });

    const given = { plan, settleTime, isLean, before, undo, undoLog, run, steps };
    const [source, destination] = await putActors(given);
    const seals = sealing({ source, destination }, plan, { steps, settleTime });
    const sealed = { source, destination };
    const sealOne = async (kind: Kind) => {
      sealed[kind] = await undoLog.put(kind, undo[kind], () => seals.seal(kind));
    };
    const { connection, streams } = await putConnection({
      ...given,
      source,
      destination,
      offered,
      seals,
      sealOne,
    });

    const { syncOnProvision, waitForSync } = plan.connection;
    // A sync works with the secrets that are written, so they cannot wait for its end.
    if (syncOnProvision) for (const kind of seals.open()) await sealOne(kind);
    const sync = syncOnProvision
      ? await firstSync({ connection, wait: waitForSync === true }, { steps, run })
      : undefined;

    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');
    await part.untilKept();
    if (seals.open().length > 0) run.step('sealSource', isLean);
    for (const kind of seals.open()) await sealOne(kind);
    const { fabric, unmanaged } = before;
    const forgotten = forgottenWords(key, fabric ?? unmanaged, asFormer(input.places));
    if (forgotten) run.warn(forgotten);
    run.completed(isLean);
    const more = [adopted, ignoredSentence(input.ignored), forgotten && ` ${forgotten}`].join('');
    return {
      status: 'COMPLETED',
      result: `The connection "${connection.name}" is in place.${more}`,
      info: infoOf(
        plan,
        {
          workspaceId: before.workspaceId,
          streams,
          sync,
          ignored: input.ignored,
          fabric,
          unmanaged,
          places: asFormer(input.places),
        },
        { ...sealed, connection },
      ),
      logs: run.logs,
    };
  };

  try {
    return await part.within(pipeline);
  } catch (failure) {
    const err = endedBy(failure, run);
    run.error(reasonOf(err, run).problem);
    const outcome = await compensate(undoLog.undos(), run);
    exists = { ...exists, ...undoLog.idsOf(outcome.leftBehind) };
    return failRun({
      err,
      run,
      what: 'provisioned',
      exists,
      ...describeCompensation(outcome),
    });
  }
}
