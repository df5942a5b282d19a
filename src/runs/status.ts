import type { WorkflowExecutionDescription } from '@temporalio/client';
import {
  ProvisioningStatus,
  ReverseProvisioningStatus,
  ValidationStatus,
} from '../contract/coordinator';
import { PlanStatus } from '../contract/plan';
import { ENDS } from '../../workflows/phases';
import { createStatusReader } from './status-reader';
import type { Form, MaySee, ReaderDeps } from './status-reader';
import { runHref } from '../temporal/client';

const withoutStatus =
  'See the run in the Temporal UI. What it made may still be there: deploy again to put it in order, or undeploy.';

/** What the server did to a run that had no chance to say anything itself. */
const ENDED: Record<string, string> = {
  CANCELLED: 'An operator cancelled the run.',
  TERMINATED: 'An operator terminated the run; nothing was undone.',
  TIMED_OUT: 'The run timed out; nothing was undone.',
};
const endOf = (how: string) => ENDED[how] ?? 'The run failed without saying why.';

const SEND_AGAIN = 'Send the request again; the run changes nothing in Airbyte.';

const provisioning: Form<ProvisioningStatus> = {
  family: 'provisioning',
  schema: ProvisioningStatus,
  silent: async (result, isTerminating) => {
    const status = (await isTerminating()) ? 'TERMINATING' : 'RUNNING';
    return { status, result, logs: [] };
  },
  isOver: ({ result }) => ENDS.includes(result.split('\n')[0] ?? ''),
  ended: (how) => ({ status: 'FAILED', result: `${endOf(how)}\n${withoutStatus}` }),
};

const validation: Form<ValidationStatus> = {
  family: 'validation',
  schema: ValidationStatus,
  silent: () => ({ status: 'RUNNING' }),
  ended: (how) => {
    const errors = [`${endOf(how)} ${SEND_AGAIN}`];
    return { status: 'FAILED', info: { publicInfo: { valid: false, error: { errors } } } };
  },
};

const reverseProvisioning: Form<ReverseProvisioningStatus> = {
  family: 'reverse-provisioning',
  // What a run tells while it goes on has no updates.
  schema: ReverseProvisioningStatus.extend({
    updates: ReverseProvisioningStatus.shape.updates.default({}),
  }),
  silent: () => ({ status: 'RUNNING', updates: {}, logs: [] }),
  ended: (how) => {
    const timestamp = new Date().toISOString();
    const message = `${endOf(how)} ${SEND_AGAIN}`;
    return { status: 'FAILED', updates: {}, logs: [{ timestamp, level: 'ERROR', message }] };
  },
};

const planning: Form<PlanStatus> = {
  family: 'planning',
  schema: PlanStatus,
  silent: (result) => ({ status: 'RUNNING', result }),
  ended: (how) => ({ status: 'FAILED', result: `${endOf(how)} ${SEND_AGAIN}` }),
};

interface StatusDeps extends ReaderDeps {
  /** Root of the Temporal UI, for links to runs. */
  temporalUiUrl?: string | undefined;
}

/** The status of a provisioning token, with a link to its run. */
export const createStatus = ({ client, queues, temporalUiUrl }: StatusDeps) => {
  const { ofToken } = createStatusReader({ client, queues }, provisioning);

  const withLink = (status: ProvisioningStatus, run: WorkflowExecutionDescription) => {
    const href = runHref(run, { temporalUiUrl, namespace: client.options.namespace });
    if (!href || !status.info) return status;
    const entry = { type: 'string' as const, label: 'Run', value: run.workflowId, href };
    const publicInfo = { ...status.info.publicInfo, run: entry };
    return { ...status, info: { ...status.info, publicInfo } };
  };

  return async (token: string): Promise<ProvisioningStatus> => {
    const { run, status } = await ofToken(token);
    return withLink(status, run);
  };
};

/** How a provisioning run ended, of one that was listed: its token may have a newer run. */
export const createEndOf = (deps: ReaderDeps) => createStatusReader(deps, provisioning).closed;

export type Statuses = ReturnType<typeof createStatuses>;

/** The status of a token, by the family that each status route serves. */
export const createStatuses = (deps: StatusDeps) => {
  const ofValidation = createStatusReader(deps, validation);
  const ofReverse = createStatusReader(deps, reverseProvisioning);
  const ofPlan = createStatusReader(deps, planning);
  return {
    statusOf: createStatus(deps),
    validationStatusOf: async (token: string, maySee?: MaySee) =>
      (await ofValidation.ofToken(token, maySee)).status,
    planStatusOf: async (token: string) => (await ofPlan.ofToken(token)).status,
    reverseStatusOf: async (token: string, maySee?: MaySee) =>
      (await ofReverse.ofToken(token, maySee)).status,
  };
};
