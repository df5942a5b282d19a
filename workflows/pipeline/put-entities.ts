import type { Found, Put } from '../../activities/pipeline/step-answers';
import type { Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import type { Run } from '../run/report';
import { bothOf } from '../run/saga';
import type { Steps } from '../run/steps';
import { asItIs, seenActor, seenConnection } from './found';
import { streamNames } from './streams';
import { retirementOf } from './adoption';
import type { sealing } from './adoption';
import type { UndoLog } from './undo-log';
import type { undosFor } from './undos';

/* What a provision puts in place: source and destination, then the connection between them. */

/** What a provision has found, and what it acts with. */
export interface Provisioning {
  plan: Plan;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
  /** Whether the run leaves its phase to its pending steps. */
  isLean: boolean;
  before: Omit<Found, 'streams'>;
  undo: ReturnType<typeof undosFor>;
  undoLog: UndoLog;
  run: Run;
  steps: Steps;
}

export const putActors = (given: Provisioning): Promise<[source: Put, destination: Put]> => {
  const { plan, settleTime, before, undo, undoLog, run, steps, isLean } = given;
  const { key } = plan.component;
  run.step('putSource', isLean);
  const source = () =>
    asItIs(before.source) ??
    steps(`Source ${plan.source.name}`).putSource({
      key,
      wanted: plan.source,
      settleTime,
      seen: seenActor(before.source),
    });
  const destination = () =>
    asItIs(before.destination) ??
    steps(`Destination ${plan.destination.name}`).putDestination({
      key,
      wanted: plan.destination,
      settleTime,
      seen: seenActor(before.destination),
    });
  return bothOf(
    () => undoLog.put('source', undo.source, source),
    () => undoLog.put('destination', undo.destination, destination),
  );
};

interface Between extends Provisioning {
  source: Put;
  destination: Put;
  /** What the look has discovered, where the source was as wanted already. */
  offered: Found['streams'];
  seals: ReturnType<typeof sealing>;
  sealOne: (kind: Kind) => Promise<void>;
}

/** With the names of its streams, in words. */
export const putConnection = async (
  given: Between,
): Promise<{ connection: Put; streams: string }> => {
  const { plan, settleTime, before, undo, undoLog, run, steps, isLean } = given;
  const { source, destination, offered, seals, sealOne } = given;
  const { replaces } = before;
  const pair = {
    sourceId: source.id,
    destinationId: destination.id,
    connector: plan.destination.connector,
  };
  const wanted = {
    ...pair,
    wanted: plan.connection,
    settleTime,
    seen: seenConnection(before.connection),
  };
  let streams = '';
  const logStreams = (discovered: Parameters<typeof streamNames>[1]) => {
    streams = streamNames(plan, discovered);
    run.info(`Streams to sync: ${streams}`);
  };
  const put = (step: () => Promise<Put>) => {
    run.step('putConnection', isLean);
    return undoLog.put('connection', undo.connection, step);
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
  const discoverThenPut = async () => {
    const discovered = offered ?? (await discover().catch(discoverAtLast));
    logStreams(discovered);
    if (replaces) {
      const retirement = retirementOf(replaces, plan.component.key, { steps, settleTime });
      await undoLog.did(retirement.undo, retirement.retire);
    }
    const few = 'few' in discovered ? discovered.few : undefined;
    return put(
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
    put(async () => {
      const step = steps(`Streams and connection ${plan.connection.name}`);
      const { streams: summary, ...connected } = await step.connect(wanted);
      logStreams(summary);
      return connected;
    });

  // Nothing comes between the two where neither another's connection nor secrets are in the way.
  const isFree = !replaces && !asItIs(before.connection) && seals.open().length === 0;
  const connection = await (isLean && !offered && isFree ? connect() : discoverThenPut());
  return { connection, streams };
};
