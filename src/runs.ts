import { defineSearchAttributeKey } from '@temporalio/common';
import { isGrpcServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ProvisionInput, Retry, UnprovisionInput } from '../workflows/input';
import type { provision, unprovision } from '../workflows';
import type { Component, Descriptor, KnownIds } from './descriptor';
import { SystemProblem } from './errors';
import { tokenFor } from './token';
import type { Operation } from './token';

/** Milliseconds a start may take; Temporal's client would go on for 19 s. */
const START_DEADLINE = 3000;
const READY_DEADLINE = 1000;
/** Temporal takes 400 bytes of summary; a character may need four. */
const MAX_SUMMARY = 100;
/** gRPC INVALID_ARGUMENT, Temporal's answer to a search attribute it has no mapping for. */
const INVALID_ARGUMENT = 3;

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');
const DATA_PRODUCT = keyword('DataProduct');
const COMPONENT = keyword('Component');
const ENVIRONMENT = keyword('Environment');
const OPERATION = keyword('Operation');

/** How to add the search attributes to a server that lacks them. */
const HOW_TO_ADD = [DATA_PRODUCT, COMPONENT, ENVIRONMENT, OPERATION]
  .map(({ name }) => `--name ${name} --type Keyword`)
  .join(' ');

const attributesOf = (operation: Operation, { environment, ...of }: Component) => [
  { key: DATA_PRODUCT, value: `${of.domain}.${of.product}.${of.major}` },
  { key: COMPONENT, value: `${of.domain}.${of.product}.${of.major}.${of.component}` },
  { key: ENVIRONMENT, value: environment },
  { key: OPERATION, value: operation },
];

const lacksAttributes = (err: unknown) =>
  isGrpcServiceError(rootOf(err)) &&
  Reflect.get(Object(rootOf(err)), 'code') === INVALID_ARGUMENT &&
  /search attribute/i.test(String(rootOf(err)));

const rootOf = (err: unknown): unknown =>
  err instanceof Error && err.cause instanceof Error ? rootOf(err.cause) : err;

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
  taskQueue: string;
  retry: Retry;
  log: Logger;
}

export type Runs = ReturnType<typeof createRuns>;

/**
 * Starts runs. The same request while one runs joins it (same token, same run); after it has
 * closed it starts a new one under the same token, which changes nothing if nothing changed.
 */
export const createRuns = ({ client, taskQueue, retry, log }: RunsDeps) => {
  let withAttributes = true;

  const start = async <Workflow extends typeof provision | typeof unprovision>(
    operation: Operation,
    workflowId: string,
    component: Component,
    args: Parameters<Workflow>,
    lines: string[],
  ): Promise<void> => {
    const begin = () =>
      client.workflow.start<Workflow>(operation, {
        workflowId,
        taskQueue,
        args,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        memo: { phase: 'Waiting for a worker' },
        staticSummary: summaryOf(operation, component),
        staticDetails: detailsOf(component, lines),
        ...(withAttributes && { typedSearchAttributes: attributesOf(operation, component) }),
      });
    try {
      await client.withDeadline(Date.now() + START_DEADLINE, begin);
    } catch (err) {
      if (!withAttributes || !lacksAttributes(err)) throw unreachable(err);
      withAttributes = false;
      log.warn(
        { command: `temporal operator search-attribute create ${HOW_TO_ADD}` },
        'runs start without search attributes, as Temporal lacks them: run the command, then restart',
      );
      return start(operation, workflowId, component, args, lines);
    }
    log.info({ token: workflowId }, 'run started or joined');
  };

  return {
    /** The token of the run that makes the pipeline as the descriptor says. */
    async provision({ plan, known, warnings }: Descriptor): Promise<string> {
      const token = tokenFor('provision', plan.component, plan);
      const input: ProvisionInput = { plan, known, warnings, retry };
      await start<typeof provision>(
        'provision',
        token,
        plan.component,
        [input],
        [
          `- **Source** ${plan.source.name} (${plan.source.connector})`,
          `- **Destination** ${plan.destination.name} (${plan.destination.connector})`,
          `- **Connection** ${plan.connection.name}`,
        ],
      );
      return token;
    },

    /** The token of the run that removes the pipeline, and with `removeData` what it wrote. */
    async unprovision(
      component: Component,
      { known, removeData }: { known: KnownIds; removeData: boolean },
    ): Promise<string> {
      const token = tokenFor('unprovision', component, { removeData });
      const input: UnprovisionInput = { component, known, removeData, retry };
      await start<typeof unprovision>(
        'unprovision',
        token,
        component,
        [input],
        [`- **Data in the destination** ${removeData ? 'removed too' : 'kept'}`],
      );
      return token;
    },

    /** Whether Temporal answers for our namespace. */
    async isReady(): Promise<boolean> {
      const { namespace } = client.options;
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

const unreachable = (cause: unknown) =>
  new SystemProblem('The provisioner could not hand the request to Temporal.', {
    solutions: [
      'Send the request again in a moment: repeating it is safe.',
      'If it goes on, ask the platform operator whether Temporal is up.',
    ],
    cause,
  });
