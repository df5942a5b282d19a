import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { google } from '@temporalio/proto';
import pLimit from 'p-limit';
import { keyIdsIn } from '../encryption/codec';
import type { KeyUse, KeyUses } from '../contract/operator';
import { TO_READ, repeatedly } from '../temporal/calls';
import { isNotFound } from '../temporal/errors';
import { notAnswered } from './unanswered';

/*
 * Which keys Temporal's records still need. All of a record is looked at as it is stored, since a key that
 * is asked about may be one that nobody has.
 */

/** Histories read at once. */
const AT_ONCE = 5;
/** Milliseconds for a whole history. */
const HISTORY_DEADLINE = 60_000;
const PAGE = 500;

const { WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING } =
  temporal.api.enums.v1.WorkflowExecutionStatus;

type Timestamp = google.protobuf.ITimestamp | google.protobuf.IDuration;
const inMs = ({ seconds, nanos }: Timestamp) => Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6;

interface Record {
  kind: 'open' | 'kept' | 'schedule';
  /** Its token, or its id. */
  id: string;
  keys: Set<string>;
  /** Milliseconds since 1970 when Temporal forgets it; undefined as long as it goes on. */
  until?: number | undefined;
}

interface KeysDeps {
  client: Client;
  /** The keys that are here; undefined where nothing is encrypted. */
  ring: { ids: readonly string[]; current: string } | undefined;
  /** Hears how many histories have been read. */
  observe?: (read: number) => void;
}

/** By its last record. */
const untilOf = (records: Record[]): string | undefined => {
  const times = records.map(({ until }) => until);
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return new Date(Math.max(...times.filter((time) => time !== undefined))).toISOString();
};

/**
 * Reads the records of all runs and schedules of the namespace: an environment that has left the file, or
 * another deployment with the same keys, may need one still.
 */
export const createKeys = ({ client, ring, observe }: KeysDeps) => {
  const { namespace } = client.options;
  const service = client.workflowService;
  const asked = <Result>(call: () => Promise<Result>) =>
    repeatedly(client, TO_READ, call).catch((err: unknown) => {
      throw notAnswered(err);
    });

  const retention = async () => {
    const { config } = await asked(() => service.describeNamespace({ namespace }));
    return inMs(config?.workflowExecutionRetentionTtl ?? {});
  };

  /** All pages of a list. */
  const whole = async <Page extends { nextPageToken: Uint8Array }>(
    list: (from: { nextPageToken?: Uint8Array }) => Promise<Page>,
  ): Promise<Page[]> => {
    const pages: Page[] = [];
    let nextPageToken: Uint8Array | undefined;
    do {
      const from = nextPageToken && { nextPageToken };
      const page = await asked(() => list({ ...from }));
      pages.push(page);
      nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
    } while (nextPageToken);
    return pages;
  };

  const runs = async () => {
    const pages = await whole((from) =>
      service.listWorkflowExecutions({ namespace, pageSize: PAGE, ...from }),
    );
    return pages.flatMap(({ executions }) => executions);
  };

  const storedOf = async (workflowId: string, runId: string) => {
    const handle = client.workflow.getHandle(workflowId, runId);
    const execution = { workflowId, runId };
    return client.withDeadline(Date.now() + HISTORY_DEADLINE, async () => [
      await handle.fetchHistory(),
      await service.describeWorkflowExecution({ namespace, execution }),
    ]);
  };

  type Run = Awaited<ReturnType<typeof runs>>[number];

  const recordOf = async (run: Run, keptFor: number): Promise<Record> => {
    const id = run.execution?.workflowId ?? '';
    // Forgotten since it was listed, it needs nothing.
    const stored = await storedOf(id, run.execution?.runId ?? '').catch((err: unknown) => {
      if (isNotFound(err)) return [];
      throw notAnswered(err);
    });
    const keys = keyIdsIn([run, stored]);
    if (run.status === RUNNING) return { kind: 'open', id, keys };
    return { kind: 'kept', id, keys, until: inMs(run.closeTime ?? {}) + keptFor };
  };

  /** Not by the SDK's list, which reads the memo of each. */
  const scheduleIds = async () => {
    const pages = await whole((from) =>
      service.listSchedules({ namespace, maximumPageSize: PAGE, ...from }),
    );
    return pages.flatMap(({ schedules: found }) => found.map(({ scheduleId }) => scheduleId ?? ''));
  };

  const schedules = async (): Promise<Record[]> => {
    const records: Record[] = [];
    for (const scheduleId of await scheduleIds()) {
      const stored = await asked(() => service.describeSchedule({ namespace, scheduleId }));
      records.push({ kind: 'schedule', id: scheduleId, keys: keyIdsIn(stored) });
    }
    return records;
  };

  const useOf = (id: string, all: Record[]): KeyUse => {
    const records = all.filter(({ keys }) => keys.has(id));
    const count = (wanted: Record['kind']) => records.filter(({ kind }) => kind === wanted).length;
    return {
      id,
      isHere: ring?.ids.includes(id) ?? false,
      isCurrent: ring?.current === id,
      openRuns: count('open'),
      keptHistories: count('kept'),
      schedules: count('schedule'),
      example: records[0]?.id,
      neededUntil: untilOf(records),
    };
  };

  return async (): Promise<KeyUses> => {
    const [keptFor, found] = await Promise.all([retention(), runs()]);
    const atOnce = pLimit(AT_ONCE);
    let read = 0;
    const records = await Promise.all(
      found.map((run) =>
        atOnce(async () => {
          const record = await recordOf(run, keptFor);
          observe?.((read += 1));
          return record;
        }),
      ),
    );
    records.push(...(await schedules()));
    const used = records.flatMap(({ keys }) => [...keys]);
    const ids = [...new Set([...(ring ? [ring.current, ...ring.ids] : []), ...used])].sort();
    return {
      keys: ids.map((id) => useOf(id, records)),
      records: records.length,
      inClear: records.filter(({ keys }) => keys.size === 0).length,
    };
  };
};
