import type { Harness } from './harness';

/* What the runs of large components write to Temporal. */

interface Written {
  /** `run input`, `inspect result`, `restoreConnection input`. */
  what: string;
  /** Of all its payloads, as Temporal has them: compressed. */
  bytes: number;
}

type Payloads = { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined;

const bytesOf = (given: Payloads) =>
  (given?.payloads ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0);

/** What a run was given, and what its activities were given and have told. */
export const writtenBy = async ({ client }: Harness, token: string): Promise<Written[]> => {
  const { events } = await client.workflow.getHandle(token).fetchHistory();
  const activities = new Map<string, string>();
  return (events ?? []).flatMap((event): Written[] => {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) return [{ what: 'run input', bytes: bytesOf(started.input) }];
    const ended = event.workflowExecutionCompletedEventAttributes;
    if (ended) return [{ what: 'run result', bytes: bytesOf(ended.result) }];
    const scheduled = event.activityTaskScheduledEventAttributes;
    const name = scheduled?.activityType?.name ?? '';
    if (scheduled) {
      activities.set(String(event.eventId), name);
      return [{ what: `${name} input`, bytes: bytesOf(scheduled.input) }];
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const of = activities.get(String(completed?.scheduledEventId)) ?? '';
    return completed ? [{ what: `${of} result`, bytes: bytesOf(completed.result) }] : [];
  });
};
