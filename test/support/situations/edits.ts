import { status } from '@grpc/grpc-js';
import { WorkflowNotFoundError, isGrpcServiceError } from '@temporalio/client';
import { eventually } from '../harness';
import type { Harness } from '../harness';

/* What others do between and during runs: people at Airbyte's user interface, and Temporal itself. */

/** What a person changes: the names say of what, and to what. */
export type Edit = 'schedule' | 'host' | 'name' | 'inactive' | 'deleted' | 'streams';

interface Entities {
  source: { id: string; name: string } | undefined;
  connection: { id: string } | undefined;
}

/** Streams of a bucket, of which the connection may have others. */
const STREAMS = ['invoices', 'items'].map((name) => ({ name, format: { filetype: 'jsonl' } }));

export const edit = async (harness: Harness, what: Edit, { source, connection }: Entities) => {
  const ofSource = `/sources/${source?.id ?? ''}`;
  const patch = (at: string, body: object) => harness.airbyte('PATCH', at, body);
  const edits: Record<Edit, () => Promise<unknown>> = {
    schedule: () =>
      harness.configApi('/connections/update', {
        connectionId: connection?.id,
        scheduleType: 'basic',
        scheduleData: { basicSchedule: { timeUnit: 'hours', units: 6 } },
      }),
    host: () => patch(ofSource, { configuration: { host: 'hand.example.com' } }),
    name: () => patch(ofSource, { name: `Our ${source?.name ?? ''}` }),
    inactive: () => patch(`/connections/${connection?.id ?? ''}`, { status: 'inactive' }),
    deleted: () => harness.airbyte('DELETE', ofSource),
    streams: () => patch(ofSource, { configuration: { streams: STREAMS } }),
  };
  await edits[what]();
};

/** As when the time is over for which Temporal keeps histories. */
export const forgetRuns = async ({ client }: Harness, component: string) => {
  for await (const { workflowId, runId } of client.workflow.list({
    query: `Component = "${component}"`,
  })) {
    const workflowExecution = { workflowId, runId };
    const { namespace } = client.options;
    // A try that was answered late and repeated, or a list that lags: it is gone, as is looked at below.
    await client.workflowService
      .deleteWorkflowExecution({ namespace, workflowExecution })
      .catch((err: unknown) => {
        if (!isGrpcServiceError(err) || err.code !== status.NOT_FOUND) throw err;
      });
    const isGone = async () => {
      try {
        await client.workflow.getHandle(workflowId, runId).describe();
        return undefined;
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return true;
        throw err;
      }
    };
    await eventually(isGone, `Temporal to forget ${workflowId}`);
  }
};
