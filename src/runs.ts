import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ProvisionInput, Retry, UnprovisionInput } from '../workflows/input';
import type { provision, unprovision } from '../workflows';
import type { ReverseProvisioningRequest, ValidationRequest } from './contract';
import type { Component, Descriptor, KnownIds } from './descriptor';
import { SystemProblem } from './errors';
import type { Templates } from './ours';
import { reverseStart } from './reverse';
import type { Start, StartRun } from './start-run';
import { tokenFor } from './token';
import type { Operation } from './token';
import { validationStart } from './validation';

/** Milliseconds Temporal has to take a signal and a request to cancel. */
const TERMINATE_DEADLINE = 3000;
const READY_DEADLINE = 1000;
/** Temporal takes 400 bytes of summary; a character may need four. */
const MAX_SUMMARY = 100;

const summaryOf = (operation: Operation, { component, product, environment }: Component) =>
  `${operation} ${component} of ${product} in ${environment}`.slice(0, MAX_SUMMARY);

/** Markdown, for the person who opens the run in the Temporal UI. */
const detailsOf = (of: Component, lines: string[]) =>
  [
    `- **Component** ${of.component}`,
    `- **Data product** ${of.domain} / ${of.product}, version ${of.major}`,
    `- **Environment** ${of.environment}`,
    ...lines,
  ].join('\n');

export interface RunsDeps {
  client: Client;
  startRun: StartRun;
  retry: Retry;
  templates: Templates;
  log: Logger;
}

export type Runs = ReturnType<typeof createRuns>;

/**
 * Starts and ends runs. The same request while one runs joins it (same token, same run); after it
 * has closed it starts a new one under the same token, which changes nothing if nothing changed.
 */
export const createRuns = ({ client, startRun, retry, templates, log }: RunsDeps) => {
  let answered = 0;

  const begin = async (what: Start): Promise<string> => {
    await startRun(what).catch(notHandedOver);
    answered = Date.now();
    return what.token;
  };

  const start = async (
    operation: Operation,
    given: { token: string; component: Component; args: unknown[]; lines: string[] },
  ): Promise<string> => {
    const { token, component, args, lines } = given;
    return begin({
      token,
      args,
      after: 'ALLOW_DUPLICATE',
      summary: summaryOf(operation, component),
      details: detailsOf(component, lines),
    });
  };

  return {
    /** The token of the run that makes the pipeline as the descriptor says. */
    provision({ plan, known, warnings }: Descriptor): Promise<string> {
      const input: ProvisionInput = { plan, known, warnings, retry };
      return start('provision', {
        token: tokenFor('provision', plan.component.key, plan),
        component: plan.component,
        args: [input] satisfies Parameters<typeof provision>,
        lines: [
          `- **Source** ${plan.source.name} (${plan.source.connector})`,
          `- **Destination** ${plan.destination.name} (${plan.destination.connector})`,
          `- **Connection** ${plan.connection.name}`,
        ],
      });
    },

    /** The token of the run that removes the pipeline, and with `removeData` what it wrote. */
    unprovision(
      component: Component,
      { known, removeData }: { known: KnownIds; removeData: boolean },
    ): Promise<string> {
      const input: UnprovisionInput = { component, known, removeData, retry };
      return start('unprovision', {
        token: tokenFor('unprovision', component.key, { removeData }),
        component,
        args: [input] satisfies Parameters<typeof unprovision>,
        lines: [`- **Data in the destination** ${removeData ? 'removed too' : 'kept'}`],
      });
    },

    /** The token of the run that says what is wrong with a descriptor, Airbyte included. */
    validate: (request: ValidationRequest) => begin(validationStart(request, { retry, templates })),

    /** The token of the run that tells a connection of Airbyte as fields of a descriptor. */
    reverseProvision: (request: ReverseProvisioningRequest) => begin(reverseStart(request, retry)),

    /** Whether the token has a run that goes on; that one then undoes what it did and ends. */
    async terminate(token: string): Promise<boolean> {
      const handle = client.workflow.getHandle(token);
      try {
        // The signal says who cancels: only a run ended by the Coordinator is TERMINATED.
        await client.withDeadline(Date.now() + TERMINATE_DEADLINE, async () => {
          await handle.signal('terminate');
          await handle.cancel();
        });
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return false;
        return notHandedOver(err);
      }
      log.info({ token }, 'run told to terminate');
      return true;
    },

    /** Whether Temporal answers for our namespace. */
    async isReady(): Promise<boolean> {
      const { namespace } = client.options;
      // A busy Temporal is asked no more than it is already.
      if (Date.now() - answered < READY_DEADLINE) return true;
      try {
        await client.withDeadline(Date.now() + READY_DEADLINE, () =>
          client.workflowService.describeNamespace({ namespace }),
        );
        return true;
      } catch (err) {
        log.debug({ err }, 'Temporal does not answer');
        return false;
      }
    },
  };
};

const notHandedOver = (cause: unknown): never => {
  if (cause instanceof SystemProblem) throw cause;
  throw new SystemProblem('The provisioner could not hand the request to Temporal.', {
    solutions: [
      'Send the request again in a moment: repeating it is safe.',
      'If it goes on, ask the platform operator whether Temporal is up.',
    ],
    cause,
  });
};
