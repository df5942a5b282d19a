import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ProvisioningStatus } from '../contract/coordinator';
import { SystemProblem } from '../contract/problems';
import { createLook } from './look';
import type { Looked } from './look';
import type { Cancellation, InAirbyte, Run, RunDetails, RunList } from '../contract/operator';
import type { RunFilter } from '../contract/commands';
import { createReplay } from './replay';
import { createRunHistory } from '../runs/history';
import { createInterrupt } from '../runs/interrupt';
import { createEndOf } from '../runs/status';
import { createRunList, executionOf } from './list';
import type { IsMeant } from './list';
import { notAnswered } from './unanswered';
import type { StartRun } from '../runs/start';
import { TO_CHANGE, repeatedly } from '../temporal/calls';
import type { Queues } from '../temporal/queues';

/** A run that has looked knows the workspace, which is nothing of a component's. */
const isWorkspace = (name: string) => /(^|\.)workspaceId$/.test(name);

/** Where its data is, which is no id. */
const isPlaces = (name: string) => /(^|\.)places$/.test(name);

/** Of a status that names nothing that is there. */
const nothingTold = ({ operation }: Run, status: string, told: object) => {
  if (status === 'COMPLETED' && operation.startsWith('unprovision'))
    return 'Nothing of it was there when the run ended.';
  return Object.keys(told).some(isWorkspace)
    ? 'Nothing of it was there when the run ended, as far as the run has looked.'
    : 'The run does not tell what is there.';
};

/** What to make of what the run's status tells, where nobody can look at Airbyte itself. */
const fromStatus = (run: Run, { status, info }: ProvisioningStatus, isEmpty: boolean) => {
  if (run.execution === 'Running')
    return 'The run goes on: see its steps for what it has done so far.';
  if (info && isEmpty) return nothingTold(run, status, info.privateInfo);
  if (status === 'COMPLETED') return 'So it was when the run ended.';
  if (info)
    return 'So it was when the run ended. What is left behind could not be undone or deleted.';
  return `Unknown: the run had no chance to say. In Airbyte, names of the component's source and destination end in [${run.environment}/${run.component}]; replay the run, or send an unprovision, to put them in order.`;
};

const ofComponents = 'Each component has a run of its own, which tells what is in Airbyte now.';

/** Without a look: the run concerns more than one component. */
const inAirbyte = (run: Run, status: ProvisioningStatus, looked: Looked | undefined): InAirbyte => {
  const { leftBehind = [], ...others } = status.info?.privateInfo ?? {};
  const ids = Object.fromEntries(
    Object.entries(others).flatMap(([name, id]) =>
      typeof id === 'string' && !isWorkspace(name) && !isPlaces(name) ? [[name, id]] : [],
    ),
  );
  const reported = { ids, leftBehind: [leftBehind].flat() };
  const isEmpty = Object.keys(ids).length + reported.leftBehind.length === 0;
  const told = fromStatus(run, status, isEmpty);
  if (!looked) return { ...reported, note: `${told} ${ofComponents}` };
  if ('entities' in looked) return { ...reported, now: looked.entities, note: 'So it is now.' };
  return {
    ...reported,
    note: `Nobody could look at Airbyte now. ${looked.problem} ${told}`,
  };
};

interface OperationsDeps {
  client: Client;
  queues: Queues;
  temporalUiUrl?: string | undefined;
  startRun: StartRun;
  statusOf: (token: string) => Promise<ProvisioningStatus>;
  log: Logger;
}

export type Operations = ReturnType<typeof createOperations>;

/** What an operator does with runs, from the command line or through the gateway. */
export const createOperations = ({ client, startRun, statusOf, log, ...where }: OperationsDeps) => {
  const history = createRunHistory({ client });
  const endOf = createEndOf({ client, queues: where.queues });
  const runs = createRunList({ client, history, endOf, log, ...where });
  const interrupt = createInterrupt({ history });
  const look = createLook({ client, queues: where.queues });

  const alreadyEnded = async (token: string): Promise<Cancellation> => {
    const { status } = await statusOf(token);
    const isAnother = status === 'RUNNING' || status === 'TERMINATING';
    const message = isAnother
      ? 'The run had ended already; another of its token has begun since, and goes on.'
      : `The run had ended already, with ${status}.`;
    return { token, outcome: 'had ended', status, message };
  };

  return {
    ...createReplay({ runs, history, startRun, queues: where.queues, log }),
    list: (filter: RunFilter, isMeant?: IsMeant): Promise<RunList> => runs.list(filter, isMeant),

    async show(token: string): Promise<RunDetails> {
      const described = await runs.describe(token);
      const status = await statusOf(token);
      const steps = await history.stepsOf(described).catch((err: unknown) => {
        throw notAnswered(err);
      });
      const [run = runs.toRun(described)] = await runs.inFull([described]);
      const looked = run.component ? await look(run) : undefined;
      return {
        ...run,
        status: status.status,
        result: status.result,
        steps,
        airbyte: inAirbyte(run, status, looked),
      };
    },

    /** Asks a run to end; it then undoes what it did. */
    async cancel(token: string): Promise<Cancellation> {
      const run = await runs.describe(token);
      if (executionOf(run) !== 'Running') return alreadyEnded(token);
      const handle = client.workflow.getHandle(token, run.runId);
      const isAsked = async () => {
        await interrupt(handle, run);
        // To some versions of Temporal a run that has ended since we looked is no reason to refuse.
        const after = await handle.describe();
        const isAsked = after.raw.workflowExtendedInfo?.cancelRequested === true;
        return isAsked || executionOf(after) === 'Running';
      };
      try {
        if (!(await repeatedly(client, TO_CHANGE, isAsked))) return await alreadyEnded(token);
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return alreadyEnded(token);
        throw err instanceof SystemProblem ? err : notAnswered(err);
      }
      log.info({ token }, 'run asked to cancel');
      const message =
        'The run was told to end. A provision now undoes what it did; an unprovision stops where it is. Where Airbyte may still do what a step asked for, it first waits: runs show says until when.';
      return { token, outcome: 'cancelling', message };
    },
  };
};
