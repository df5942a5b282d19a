import type { Harness } from './harness';

/* What the runs of large components write to Temporal. */

interface Written {
  /** `run input`, `inspect result`, `restoreConnection input`; of any other payload, its event and place. */
  what: string;
  /** Of all its payloads, as Temporal has them: compressed. */
  bytes: number;
}

interface Found {
  /** Names of fields, from the event's attributes on. */
  at: string[];
  bytes: number;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Every payload in a message, however deep: inputs, results, details, causes of failures, memos, summaries. */
const payloadsIn = (value: unknown, at: string[] = []): Found[] => {
  if (!isObject(value) || value instanceof Uint8Array) return [];
  const data: unknown = Reflect.get(value, 'data');
  if ('metadata' in value && data instanceof Uint8Array) return [{ at, bytes: data.length }];
  return Object.entries(value).flatMap(([field, inner]) =>
    // Items of a list are added up.
    payloadsIn(inner, Array.isArray(value) || field === 'payloads' ? at : [...at, field]),
  );
};

const ATTRIBUTES = 'EventAttributes';
const RUN = {
  'workflowExecutionStarted input': 'run input',
  'workflowExecutionCompleted result': 'run result',
  'workflowExecutionFailed failure': 'run failure',
};
const nameOf = (place: string): string =>
  Object.entries(RUN).find(([name]) => name === place)?.[1] ?? place;

/** What a run was given and has told, and its activities and children: each place of each event. */
export const writtenBy = async ({ client }: Harness, token: string): Promise<Written[]> => {
  const { events } = await client.workflow.getHandle(token).fetchHistory();
  const activities = new Map<string, string>();
  return (events ?? []).flatMap((event): Written[] => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const own = scheduled?.activityType?.name ?? '';
    if (scheduled) activities.set(String(event.eventId), own);
    const ended =
      event.activityTaskCompletedEventAttributes ?? event.activityTaskFailedEventAttributes;
    const activity = scheduled ? own : activities.get(String(ended?.scheduledEventId));
    const sizes = new Map<string, number>();
    for (const { at, bytes } of payloadsIn(event)) {
      const [attributes = '', field = ''] = at;
      const kind = attributes.replace(ATTRIBUTES, '');
      const of = activity !== undefined && attributes.endsWith(ATTRIBUTES) ? activity : kind;
      const what = nameOf(`${of} ${field}`);
      sizes.set(what, (sizes.get(what) ?? 0) + bytes);
    }
    return [...sizes].map(([what, bytes]) => ({ what, bytes }));
  });
};

/** The largest of them, to be named. */
export const largestOf = (written: Written[]): Written | undefined =>
  written.toSorted((one, other) => other.bytes - one.bytes)[0];
