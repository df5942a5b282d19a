import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findCli } from '../scripts/temporal';

const named = z.object({ name: z.string() });
const failure = z.object({ message: z.string() });
const History = z.object({
  events: z.array(
    z.object({
      eventTime: z.string(),
      eventType: z.string(),
      activityTaskScheduledEventAttributes: z.object({ activityType: named }).optional(),
      activityTaskStartedEventAttributes: z
        .object({ attempt: z.number(), lastFailure: failure.optional() })
        .optional(),
      activityTaskFailedEventAttributes: z.object({ failure }).optional(),
    }),
  ),
});
type Event = z.infer<typeof History>['events'][number];

/** The steps; workflow tasks tell nothing but that a worker was there. */
const isTelling = ({ eventType }: Event) =>
  !/WORKFLOW_TASK_(SCHEDULED|STARTED|COMPLETED)|PROPERTIES_MODIFIED/.test(eventType);

const lineOf = (event: Event) => {
  const started = event.activityTaskStartedEventAttributes;
  return [
    event.eventTime.slice(11, 23),
    event.eventType.replace('EVENT_TYPE_', '').toLowerCase(),
    event.activityTaskScheduledEventAttributes?.activityType.name,
    started && started.attempt > 1 ? `attempt ${String(started.attempt)}` : undefined,
    started?.lastFailure && `after: ${started.lastFailure.message}`,
    event.activityTaskFailedEventAttributes?.failure.message,
  ]
    .filter(Boolean)
    .join(' ');
};

const run = promisify(execFile);

/**
 * Saves the history of a run, without an id the token's latest, in the form that `scripts/replay.ts`
 * takes. Tells where, and a line for each event.
 */
export const saveHistory = async (
  token: string,
  runId: string | undefined,
  { address, folder }: { address: string; folder: string },
): Promise<string> => {
  const which = [
    '--address',
    address,
    '--workflow-id',
    token,
    ...(runId ? ['--run-id', runId] : []),
  ];
  const { stdout } = await run(findCli(), ['workflow', 'show', ...which, '--output', 'json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const file = path.join(folder, `${[token, runId ?? 'latest'].join('.')}.json`);
  writeFileSync(file, stdout);
  const { events } = History.parse(JSON.parse(stdout));
  return [file, ...events.filter(isTelling).map(lineOf)].join('\n  ');
};
