import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { Put } from '../../activities/pipeline/found';
import type { Kind } from '../../src/airbyte/workspace';
import type { Info, ProvisioningStatus } from '../../src/contract/coordinator';
import type { Plan } from '../../src/descriptor/descriptor';
import { claimed, retirementOf, sealing, takenOver } from './taking-over';
import type { ProvisionInput } from '../input';
import { endedBy, existingIn, failRun, reasonOf } from '../run/ending';
import type { Existing } from '../run/ending';
import { settlesAt, wroteNothing } from '../run/failure';
import { holdComponent } from '../run/lease';
import { ignoredInfo, ignoredSentence } from './ignored';
import { activitiesFor, startRun } from '../run/steps';
import type { Run } from '../run/steps';
import { asTold, bothOf, compensate } from '../run/saga';
import { firstSync } from './first-sync';
import type { Undo } from '../run/saga';
import { streamNames } from './streams';
import { withTagsRemoved } from './tags';
import { sightOfActor, sightOfConnection } from './sight';
import { undosFor } from './undos';
import type { EntityKind, Undoing } from './undos';
import { startPart } from '../run/part';

const DID = { created: 'Created', updated: 'Updated', unchanged: 'Already as wanted:' };

const infoOf = (
  plan: Plan,
  {
    workspaceId,
    streams,
    sync,
    ignored,
  }: {
    workspaceId: string;
    streams: string;
    sync?: string | undefined;
    ignored?: ProvisionInput['ignored'];
  },
  puts: Record<'source' | 'destination' | 'connection', Put>,
): Info => {
  const link = (label: string, { name, href }: Put) => ({
    type: 'string' as const,
    label,
    value: name,
    href,
  });
  const { schedule } = plan.connection;
  const when = schedule.scheduleType === 'cron' ? `${schedule.cronExpression} (UTC)` : 'manual';
  return {
    publicInfo: {
      connection: link('Airbyte connection', puts.connection),
      source: link('Airbyte source', puts.source),
      destination: link('Airbyte destination', puts.destination),
      schedule: { type: 'string', label: 'Schedule', value: when },
      streams: { type: 'string', label: 'Streams', value: streams },
      ...(sync !== undefined && {
        sync: { type: 'string', label: 'First sync', value: sync, href: puts.connection.href },
      }),
      ...ignoredInfo(ignored),
    },
    privateInfo: {
      workspaceId,
      sourceId: puts.source.id,
      destinationId: puts.destination.id,
      connectionId: puts.connection.id,
    },
  };
};

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
    run.phase('Looking at what exists in Airbyte');
    for (const note of input.notes ?? []) run.info(note);
    for (const warning of warnings) run.warn(warning);
    const look = () =>
      steps(`Look for ${key}`).inspect({ key, known: input.known, plan, inShort: true });
    const { streams: offered, ...before } = await claimed(await look(), look);
    exists = existingIn(before.isForeign ? { workspaceId: before.workspaceId } : before);
    for (const warning of before.warnings ?? []) run.warn(warning);
    const undo = undosFor(plan, before, { steps, settleTime, written });
    if (undo.connection)
      undo.connection = withTagsRemoved(undo.connection, before.lackingTags, { steps, run });
    const taking = takenOver(before, run);

    run.phase('Putting source and destination in place');
    const [source, destination] = await bothOf(
      () =>
        undoable('source', undo.source, () =>
          steps(`Source ${plan.source.name}`).putSource({
            key,
            wanted: plan.source,
            seen: sightOfActor(before.source),
            settleTime,
          }),
        ),
      () =>
        undoable('destination', undo.destination, () =>
          steps(`Destination ${plan.destination.name}`).putDestination({
            key,
            wanted: plan.destination,
            seen: sightOfActor(before.destination),
            settleTime,
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
      run.phase('Discovering the streams of the source');
      const step = steps(`Streams of ${plan.source.name}`);
      return step.discover({ ...pair, plan: plan.connection, inShort: true });
    };
    const discoverAtLast = async (err: unknown) => {
      if (!seals.mayHelp(err)) throw err;
      await sealOne('source');
      return discover();
    };
    // The look has discovered them where the source was as wanted already.
    const discovered = offered ?? (await discover().catch(discoverAtLast));
    const streams = streamNames(plan, discovered);
    run.info(`Streams to sync: ${streams}`);

    if (before.replaces) {
      const retirement = retirementOf(before.replaces, key, { steps, settleTime });
      undos.push(retirement.undo);
      await retirement.retire().catch((err: unknown) => {
        if (wroteNothing(err)) forget(retirement.undo);
        throw err;
      });
    }
    run.phase('Putting the connection in place');
    const { replaces } = before;
    const connection = await undoable('connection', undo.connection, () =>
      steps(`Connection ${plan.connection.name}`).putConnection({
        ...pair,
        wanted: plan.connection,
        few: 'few' in discovered ? discovered.few : undefined,
        seen: sightOfConnection(before.connection),
        ...(replaces && { replaces: { id: replaces.id } }),
        settleTime,
      }),
    );

    const { syncOnProvision, waitForSync } = plan.connection;
    // A sync works with the secrets that are written, so they cannot wait for its end.
    if (syncOnProvision) for (const kind of seals.open()) await sealOne(kind);
    const sync = syncOnProvision
      ? await firstSync({ connection, wait: waitForSync === true }, { steps, run })
      : undefined;

    // A cancellation that the last step did not notice is heard all the same.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('Cancelled');
    await part.verdict();
    if (seals.open().length > 0) run.phase('Writing the secrets of the descriptor');
    for (const kind of seals.open()) await sealOne(kind);
    run.phase('Completed');
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
      ...asTold(outcome),
    });
  }
}
