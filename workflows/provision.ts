import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { Found, Put, Written } from '../activities/airbyte';
import type { Restored } from '../activities/restored';
import type { Kind } from '../src/airbyte';
import type { Info, ProvisioningStatus } from '../src/contract';
import type { Plan } from '../src/descriptor';
import { claimed, retirementOf, sealing, takenOver } from './adoption';
import type { ProvisionInput } from './input';
import { endedBy, existingIn, failRun, reasonOf } from './outcome';
import type { Existing } from './outcome';
import { settlesAt } from './failure';
import { holdComponent } from './lease';
import { ignoredInfo, ignoredSentence } from './ignored';
import { activitiesFor, startRun } from './run';
import type { Run, Steps } from './run';
import { asTold, bothOf, compensate, DELETED, PUT_BACK } from './saga';
import { firstSync } from './first-sync';
import type { Undo } from './saga';
import { withTagsRemoved } from './tags';
import { startPart } from './verdict';

const COMPENSATION = { scheduleToCloseTimeout: '24h' } as const;

const DID = { created: 'Created', updated: 'Updated', unchanged: 'Already as wanted:' };

interface Undoing {
  steps: Steps;
  settleTime: number;
  /** What the run's steps have written so far, as far as they could tell. */
  written: Partial<Record<EntityKind, Written>>;
}

type EntityKind = Kind | 'connection';

/** The undo of each entity: away with what was not there before, back with what was. */
const undosFor = (
  plan: Plan,
  { source, destination, connection, isForeign }: Found,
  { steps, settleTime, written }: Undoing,
) => {
  const { key } = plan.component;
  // What is given back has the name that its owners know it by.
  const nameOf = (kind: EntityKind, before: { name: string } | undefined) =>
    (isForeign ? before?.name : undefined) ?? plan[kind].name;
  const undoOf = (
    kind: EntityKind,
    name: string,
    restore: ((step: ReturnType<Steps>) => Promise<Restored>) | undefined,
    remove: (step: ReturnType<Steps>) => Promise<boolean>,
  ): Undo<EntityKind> => {
    const what = `the ${kind} "${name}"`;
    return {
      kind,
      what,
      effect: restore ? PUT_BACK : DELETED,
      undo: () => {
        const step = steps(`${restore ? 'Put back' : 'Delete'} ${what}`, COMPENSATION);
        return restore ? restore(step) : remove(step);
      },
    };
  };
  const common = (kind: 'source' | 'destination') => ({ key, settleTime, written: written[kind] });
  return {
    source: undoOf(
      'source',
      nameOf('source', source),
      source &&
        ((step) => step.restoreSource({ plan: plan.source, before: source, ...common('source') })),
      (step) => step.deleteSource({ key }),
    ),
    destination: undoOf(
      'destination',
      nameOf('destination', destination),
      destination &&
        ((step) =>
          step.restoreDestination({
            plan: plan.destination,
            before: destination,
            ...common('destination'),
          })),
      (step) => step.deleteDestination({ key }),
    ),
    connection: undoOf(
      'connection',
      nameOf('connection', connection),
      connection && ((step) => step.restoreConnection({ before: connection, settleTime })),
      (step) => step.deleteConnection({ key }),
    ),
  };
};

const infoOf = (
  plan: Plan,
  {
    workspaceId,
    streams,
    sync,
    ignored,
  }: {
    workspaceId: string;
    streams: string[];
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
      streams: { type: 'string', label: 'Streams', value: streams.join(', ') },
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

const noteFor = (run: Run, kind: string, put: Put) => {
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
  const undos: Undo[] = [];
  // Until the run has looked, the ids it was told are the best it can tell.
  let exists: Existing = input.known;
  const made: Existing = {};
  const written: Undoing['written'] = {};

  /** Registered before acting, so that a half-done step is undone; nothing done, nothing undone. */
  const undoable = async (undo: Undo<EntityKind>, step: () => Promise<Put>) => {
    if (!undos.includes(undo)) undos.push(undo);
    const put = await step().catch((err: unknown) => {
      undo.settlesAt = settlesAt(err, settleTime);
      throw err;
    });
    noteFor(run, undo.kind, put);
    made[`${undo.kind}Id`] = put.id;
    if (put.kept) written[undo.kind] = { name: put.name, kept: put.kept };
    if (put.action === 'unchanged') undos.splice(undos.indexOf(undo), 1);
    return put;
  };

  const pipeline = async (): Promise<ProvisioningStatus> => {
    await holdComponent({ key, deployment: input.deployment }, run, input.retry.firstWait);
    run.phase('Looking at what exists in Airbyte');
    for (const note of input.notes ?? []) run.info(note);
    for (const warning of warnings) run.warn(warning);
    const look = () => steps(`Look for ${key}`).inspect({ key, known: input.known, plan });
    const { streams: offered, ...before } = await claimed(await look(), look);
    exists = existingIn(before.isForeign ? { workspaceId: before.workspaceId } : before);
    for (const warning of before.warnings ?? []) run.warn(warning);
    const undo = undosFor(plan, before, { steps, settleTime, written });
    undo.connection = withTagsRemoved(undo.connection, before.lackingTags, { steps, run });
    const taking = takenOver(before, run);

    run.phase('Putting source and destination in place');
    const [source, destination] = await bothOf(
      () =>
        undoable(undo.source, () =>
          steps(`Source ${plan.source.name}`).putSource({
            key,
            plan: plan.source,
            before: before.source,
            settleTime,
          }),
        ),
      () =>
        undoable(undo.destination, () =>
          steps(`Destination ${plan.destination.name}`).putDestination({
            key,
            plan: plan.destination,
            before: before.destination,
            settleTime,
          }),
        ),
    );

    const pair = { plan: plan.connection, sourceId: source.id, destinationId: destination.id };
    const seals = sealing({ source, destination }, plan, { steps, settleTime });
    const sealed = { source, destination };
    const sealOne = async (kind: Kind) => {
      sealed[kind] = await undoable(undo[kind], () => seals.seal(kind));
    };
    const discover = () => {
      run.phase('Discovering the streams of the source');
      const { connector } = plan.destination;
      return steps(`Streams of ${plan.source.name}`).discover({ ...pair, connector });
    };
    const discoverAtLast = async (err: unknown) => {
      if (!seals.mayHelp(err)) throw err;
      await sealOne('source');
      return discover();
    };
    // The look has discovered them where the source was as wanted already.
    const discovered = offered ?? (await discover().catch(discoverAtLast));
    const streams = (plan.connection.streams ?? discovered).map(({ name }) => name);
    run.info(`Streams to sync: ${streams.slice(0, 20).join(', ')}`);

    if (before.replaces) {
      const retirement = retirementOf(before.replaces, key, { steps, settleTime });
      undos.push(retirement.undo);
      await retirement.retire();
    }
    run.phase('Putting the connection in place');
    const connection = await undoable(undo.connection, () =>
      steps(`Connection ${plan.connection.name}`).putConnection({
        ...pair,
        streams: discovered,
        before: before.connection,
        ...(before.replaces && { replaces: before.replaces }),
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
