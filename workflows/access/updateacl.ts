import { CancellationScope, CancelledFailure, patched } from '@temporalio/workflow';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { holdAccessOf, recallPeople } from './recall';
import { accessSteps } from './steps';
import { infoOf, peopleIn, refuseUnknown, resultOf, unmanaged } from './result';
import { updateaclAsBefore } from './earlier/updateacl';
import { explain } from '../run/failure';
import type { UpdateAclInput } from '../input';
import { endedBy, failRun, reasonOf } from '../run/ending';
import { startRun } from '../run/report';
import { activitiesFor } from '../run/steps';
import { describeCompensation, compensate } from '../run/saga';
import type { Undo } from '../run/saga';
import { startFormerReaders } from './former-readers';
import { startReaders } from './readers';

/** Milliseconds that are added to the time of the look for each of the people. */
const FOR_EACH = 100;

const changeAccess = async (input: UpdateAclInput): Promise<ProvisioningStatus> => {
  const { people, retry } = input;
  const run = startRun();
  const steps = activitiesFor(retry);
  const access = accessSteps({ ...input, run, steps });
  const undos: Undo[] = [];

  try {
    await holdAccessOf(input, run);
    run.phase('Looking at who has access');
    const former = new Set(await recallPeople(input, run, steps));
    const readers = await startReaders(input, { run, steps });
    const formerReaders = await startFormerReaders(input, {
      run,
      steps,
      isManaged: readers !== undefined,
      isElsewhere: readers?.found.isElsewhere ?? false,
    });
    // Who is given nothing in Airbyte loses what was granted there before.
    const wantedThere = readers?.found.isInAirbyte === false ? [] : people;
    const found = await steps(`Look for ${peopleIn(wantedThere)}`, {
      scheduleToCloseTimeout: retry.giveUpAfter + people.length * FOR_EACH,
    }).findPeople({ wanted: wantedThere });
    refuseUnknown(found.unknown, readers?.found);
    const without = unmanaged(wantedThere, found, run);

    run.phase('Granting');
    await access.give(found.people, former);
    run.phase('Revoking');
    const wanted = new Set(wantedThere.map(({ key }) => key));
    const leaving = [...former].filter((key) => !wanted.has(key));
    await access.take(leaving);
    const reading = await readers?.grant(undos);
    const leftFormer = await formerReaders?.revoke(undos);
    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');
    access.sum();

    // Without it all is as asked: a later run takes from those who have left nothing once more.
    await CancellationScope.nonCancellable(() => access.forget(leaving)).catch((err: unknown) => {
      run.warn(explain(err).problem);
    });
    run.phase('Completed');
    // Whom Airbyte has no permissions for may read the data all the same.
    const left = readers ? [] : without;
    const info = infoOf(input, left);
    const result = resultOf(access.counts(), without, {
      reading: readers && reading && { ...reading, system: readers.found.system },
      former: leftFormer,
    });
    return { status: 'COMPLETED', result, info, logs: run.logs };
  } catch (failure) {
    const err = endedBy(failure, run);
    run.error(reasonOf(err, run).problem);
    const undone = describeCompensation(await compensate([...access.undos, ...undos], run));
    return failRun({ err, run, what: 'access', exists: input.info.privateInfo, ...undone });
  }
};

/**
 * Gives access to exactly those who are named, as far as it is ours to give and take: new ones are
 * granted, then those who are no more wanted by any component are revoked. What others have given is
 * left alone. On failure takes back what it did, so that access is as it was.
 */
export const updateacl = (input: UpdateAclInput): Promise<ProvisioningStatus> =>
  patched('access-per-component') ? changeAccess(input) : updateaclAsBefore(input);
