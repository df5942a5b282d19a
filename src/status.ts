import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ProvisioningStatus } from './contract';
import { RequestError, SystemProblem } from './errors';
import { isToken } from './token';

/** Milliseconds Temporal has to describe a run, or to hand out its result. */
const DESCRIBE_DEADLINE = 3000;
/** Milliseconds a worker has to tell the log of a run; without one the phase is told. */
const QUERY_DEADLINE = 1000;

/** How far back the signal of a termination is looked for, which no worker has seen yet. */
const NEWEST_EVENTS = 20;

const unknownToken = (token: string) =>
  new RequestError([{ path: 'token', message: `there is no run with the token ${token}` }], {
    solutions: [
      'Check the token: it is the bare text of the 202 answer.',
      'Runs are kept for as long as the retention of the Temporal namespace says.',
    ],
  });

const failed = (result: string): ProvisioningStatus => ({ status: 'FAILED', result });

const withoutStatus =
  'See the run in the Temporal UI. What it made may still be there: deploy again to put it in order, or undeploy.';

/** What the server did to a run that had no chance to say anything itself. */
const ENDED: Record<string, string> = {
  CANCELLED: 'An operator cancelled the run.',
  TERMINATED: 'An operator terminated the run; nothing was undone.',
  TIMED_OUT: 'The run timed out; nothing was undone.',
};

export interface StatusDeps {
  client: Client;
  /** Root of the Temporal UI, for links to runs. */
  temporalUiUrl?: string | undefined;
}

/** The address of a run in the Temporal UI, if there is one. */
export const runHref = (
  { workflowId, runId }: { workflowId: string; runId: string },
  { temporalUiUrl, namespace }: { temporalUiUrl?: string | undefined; namespace: string },
) => temporalUiUrl && `${temporalUiUrl}/namespaces/${namespace}/workflows/${workflowId}/${runId}`;

/**
 * The status of a token. Needs no worker: a closed run's is in its result or failure, and a
 * running one that no worker tells about is RUNNING in the phase its memo names.
 */
export const createStatus = ({ client, temporalUiUrl }: StatusDeps) => {
  const within = <Result>(ms: number, call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + ms, call);

  const describe = async (token: string) => {
    try {
      const run = await within(DESCRIBE_DEADLINE, () =>
        client.workflow.getHandle(token).describe(),
      );
      return run;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) throw unknownToken(token);
      throw unreadable(err);
    }
  };

  const running = async (run: WorkflowExecutionDescription): Promise<ProvisioningStatus> => {
    const handle = client.workflow.getHandle(run.workflowId, run.runId);
    const phase = run.memo?.phase;
    try {
      const told = await within(QUERY_DEADLINE, () => handle.query('status'));
      return ProvisioningStatus.parse(told);
    } catch {
      const status = (await isTerminating(run)) ? 'TERMINATING' : 'RUNNING';
      return { status, result: typeof phase === 'string' ? phase : '', logs: [] };
    }
  };

  /**
   * Whether the Coordinator ended a run: the run itself says so in its memo, or, as long as no
   * worker has told it, the signal among its newest events. An operator's cancel sends none.
   */
  const isTerminating = async (run: WorkflowExecutionDescription): Promise<boolean> => {
    if (run.memo?.terminating === true) return true;
    if (!run.raw.workflowExtendedInfo?.cancelRequested) return false;
    const { workflowId, runId } = run;
    const newest = await within(DESCRIBE_DEADLINE, () =>
      client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: NEWEST_EVENTS,
      }),
    ).catch((err: unknown) => {
      throw unreadable(err);
    });
    return (newest.history?.events ?? []).some(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'terminate',
    );
  };

  const closed = async (run: WorkflowExecutionDescription): Promise<ProvisioningStatus> => {
    const handle = client.workflow.getHandle(run.workflowId, run.runId, { followRuns: false });
    try {
      const result: unknown = await within(DESCRIBE_DEADLINE, () => handle.result());
      return ProvisioningStatus.parse(result);
    } catch (err) {
      if (!(err instanceof WorkflowFailedError)) throw unreadable(err);
      const details = err.cause instanceof ApplicationFailure ? err.cause.details?.[0] : undefined;
      const told = ProvisioningStatus.safeParse(details ?? run.memo?.status);
      if (told.success) return told.data;
      const why = ENDED[run.status.name] ?? 'The run failed without saying why.';
      return failed(`${why}\n${withoutStatus}`);
    }
  };

  const withLink = (status: ProvisioningStatus, run: WorkflowExecutionDescription) => {
    const href = runHref(run, { temporalUiUrl, namespace: client.options.namespace });
    if (!href || !status.info) return status;
    const entry = { type: 'string' as const, label: 'Run', value: run.workflowId, href };
    const publicInfo = { ...status.info.publicInfo, run: entry };
    return { ...status, info: { ...status.info, publicInfo } };
  };

  return async (token: string): Promise<ProvisioningStatus> => {
    if (!isToken(token)) throw unknownToken(token);
    const run = await describe(token);
    const isOpen = run.status.name === 'RUNNING' || run.status.name === 'PAUSED';
    return withLink(await (isOpen ? running(run) : closed(run)), run);
  };
};

const unreadable = (cause: unknown) =>
  new SystemProblem('The provisioner could not read the status from Temporal.', {
    solutions: ['Ask again in a moment; the run itself goes on.'],
    cause,
  });
