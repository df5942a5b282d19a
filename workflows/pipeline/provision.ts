import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { Put } from '../../activities/pipeline/found';
import type { Kind } from '../../src/airbyte/workspace';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { claimed, retirementOf, sealing, takenOver } from './taking-over';
import type { ProvisionInput } from '../input';
import { endedBy, existingIn, failRun, reasonOf } from '../run/ending';
import type { Existing } from '../run/ending';
import { settlesAt, wroteNothing } from '../run/failure';
import { holdComponent } from '../run/lease';
import { ignoredSentence } from './ignored';
import { infoOf } from './info';
import { startRun } from '../run/report';
import { activitiesFor } from '../run/steps';
import type { Run } from '../run/report';
import { describeCompensation, bothOf, compensate } from '../run/saga';
import { firstSync } from './first-sync';
import type { Undo } from '../run/saga';
import { streamNames } from './streams';
import { withTagsRemoved } from './tags';
import { asItIs, seenActor, seenConnection } from './found';
import { undosFor } from './undos';
import type { EntityKind, Undoing } from './undos';
import { startPart } from '../run/part';

const DID = { created: 'Created', updated: 'Updated', unchanged: 'Already as wanted:' };

/** Of what was made, the ids of what is still there. */
const idsOf = (made: Existing, leftBehind: Undo[]): Existing =>
  Object.fromEntries(
    leftBehind.flatMap(({ kind }) => {
      const id = kind === 'retired' ? undefined : made[`${kind}Id`];
      return id === undefined ? [] : [[`${kind}Id`, id]];
    }),
  );

const noteFor = (run: Run, kind: EntityKind, put: Put) => {
  run.info(`${DID[put.action]} ${kind} "${put.name}"`, put.href);
};

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
  let undos: Undo[] = [];
  // Until the run has looked, the ids it was told are the best it can tell.
  let exists: Existing = input.known;
  const made: Existing = {};
  const written: Undoing['written'] = {};

  const forget = (undo: Undo | undefined) => {
    undos = undos.filter((each) => each !== undo);
  };

  /** Registered before acting, so that a half-done step is undone; nothing done, nothing undone. */
  const undoable = async (
    kind: EntityKind,
    undo: Undo<EntityKind> | undefined,
    step: () => Promise<Put>,
  ) => {
    // One that is there is of a former step, which has written.
    const isFirst = undo && !undos.includes(undo);
    if (isFirst) undos.push(undo);
    const put = await step().catch((err: unknown) => {
      if (undo) undo.settlesAt = settlesAt(err, settleTime);
      if (isFirst && wroteNothing(err)) forget(undo);
      throw err;
    });
    noteFor(run, kind, put);
    made[`${kind}Id`] = put.id;
    if (put.kept) written[kind] = { name: put.name, kept: put.kept };
    if (put.action === 'unchanged') forget(undo);
    return put;
  };

  const pipeline = async (): Promise<ProvisioningStatus> => {
    await holdComponent({ key, deployment: input.deployment }, run, input.retry.firstWait);
    run.step('inspect', true);
    for (const note of input.notes ?? []) run.info(note);
    for (const warning of warnings) run.warn(warning);
    const look = () =>
      steps(`Look for ${key}`).inspect({
        key,
        known: input.known,
        plan,
        inShort: true,
        lean: true,
      });
    const { streams: offered, ...before } = await claimed(await look(), look);
    exists = existingIn(before.isForeign ? { workspaceId: before.workspaceId } : before);
    for (const warning of before.warnings ?? []) run.warn(warning);
    const undo = undosFor(plan, before, { steps, settleTime, written });
    if (undo.connection)
      undo.connection = withTagsRemoved(undo.connection, before.lackingTags, { steps, run });
    const taking = takenOver(before, run);
    const isLean = before.lean === true;

    run.step('putSource', isLean);
    const [source, destination] = await bothOf(
      () =>
        undoable(
          'source',
          undo.source,
          () =>
            asItIs(before.source) ??
            steps(`Source ${plan.source.name}`).putSource({
              key,
              wanted: plan.source,
              settleTime,
              seen: seenActor(before.source),
            }),
        ),
      () =>
        undoable(
          'destination',
          undo.destination,
          () =>
            asItIs(before.destination) ??
            steps(`Destination ${plan.destination.name}`).putDestination({
              key,
              wanted: plan.destination,
              settleTime,
              seen: seenActor(before.destination),
            }),
        ),
    );

    const { connector } = plan.destination;
    const pair = { sourceId: source.id, destinationId: destination.id, connector };
    const seals = sealing({ source, destination }, plan, { steps, settleTime });
    const sealed = { source, destination };
    const sealOne = async (kind: Kind) => {
      sealed[kind] = await undoable(kind, undo[kind], () => seals.seal(kind));
    };
    const discover = () => {
      run.step('discover', isLean);
      const step = steps(`Streams of ${plan.source.name}`);
      return step.discover({ ...pair, plan: plan.connection, inShort: true });
    };
    const discoverAtLast = async (err: unknown) => {
      if (!seals.mayHelp(err)) throw err;
      await sealOne('source');
      return discover();
    };
    let streams = '';
    const logStreams = (discovered: Parameters<typeof streamNames>[1]) => {
      streams = streamNames(plan, discovered);
      run.info(`Streams to sync: ${streams}`);
    };
    const { replaces } = before;
    const wanted = {
      ...pair,
      wanted: plan.connection,
      settleTime,
      seen: seenConnection(before.connection),
    };
    const putConnection = (put: () => Promise<Put>) => {
      run.step('putConnection', isLean);
      return undoable('connection', undo.connection, put);
    };
    const discoverThenPut = async () => {
      // The look has discovered them where the source was as wanted already.
      const discovered = offered ?? (await discover().catch(discoverAtLast));
      logStreams(discovered);
      if (replaces) {
        const retirement = retirementOf(replaces, key, { steps, settleTime });
        undos.push(retirement.undo);
        await retirement.retire().catch((err: unknown) => {
          if (wroteNothing(err)) forget(retirement.undo);
          throw err;
        });
      }
      const few = 'few' in discovered ? discovered.few : undefined;
      return putConnection(
        () =>
          asItIs(before.connection) ??
          steps(`Connection ${plan.connection.name}`).putConnection({
            ...wanted,
            few,
            ...(replaces && { replaces: { id: replaces.id } }),
          }),
      );
    };
    const connect = () =>
      putConnection(async () => {
        const { streams: summary, ...put } = await steps(
          `Streams and connection ${plan.connection.name}`,
        ).connect(wanted);
        logStreams(summary);
        return put;
      });
    // Nothing comes between the two where neither another's connection nor secrets are in the way.
    const isFree = !replaces && !asItIs(before.connection) && seals.open().length === 0;
    const connection = await (isLean && !offered && isFree ? connect() : discoverThenPut());

    const { syncOnProvision, waitForSync } = plan.connection;
    // A sync works with the secrets that are written, so they cannot wait for its end.
    if (syncOnProvision) for (const kind of seals.open()) await sealOne(kind);
    const sync = syncOnProvision
      ? await firstSync({ connection, wait: waitForSync === true }, { steps, run })
      : undefined;

    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');
    await part.verdict();
    if (seals.open().length > 0) run.step('sealSource', isLean);
    for (const kind of seals.open()) await sealOne(kind);
    run.completed(isLean);
    return {
      status: 'COMPLETED',
      result: `The connection "${connection.name}" is in place.${taking}${ignoredSentence(input.ignored)}`,
      info: infoOf(
        plan,
        { workspaceId: before.workspaceId, streams, sync, ignored: input.ignored },
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
    const outcome = await compensate(undos, run);
    exists = { ...exists, ...idsOf(made, outcome.leftBehind) };
    return failRun({
      err,
      run,
      what: 'provisioned',
      exists,
      ...describeCompensation(outcome),
    });
  }
}
