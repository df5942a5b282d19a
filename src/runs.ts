import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Retry } from '../workflows/input';
import type { AccessRequest } from './access-request';
import type { ReverseProvisioningRequest, ValidationRequest } from './contract';
import { deploymentOf } from './deployment';
import { RequestError, SystemProblem } from './errors';
import { accessStart, productRun, provisionPart, unprovisionPart } from './parts';
import type { Identities, Plans } from './product';
import { reverseStart } from './reverse';
import type { Start, StartRun } from './start-run';
import { TO_CHANGE, repeatedly } from './temporal-calls';
import { isTooLarge, refusalOf } from './temporal-error';
import { validationStart } from './validation';
import type { ReadingRules } from './validation';

const READY_DEADLINE = 1000;

export interface RunsDeps {
  client: Client;
  startRun: StartRun;
  /** Whose workers do the runs. */
  taskQueue: string;
  retry: Retry;
  log: Logger;
}

export type Runs = ReturnType<typeof createRuns>;

/**
 * Starts and ends runs. The same request while one runs joins it (same token, same run); after it
 * has closed it starts a new one under the same token, which changes nothing if nothing changed.
 */
export const createRuns = ({ client, startRun, taskQueue, retry, log }: RunsDeps) => {
  const deployment = deploymentOf(taskQueue);
  const given = { retry, taskQueue, deployment };
  let answered = 0;

  const start = async (run: Omit<Start, 'after'>): Promise<string> => {
    await startRun({ ...run, after: 'ALLOW_DUPLICATE' }).catch((err: unknown) => {
      throw isTooLarge(err) ? tooLarge(run) : notHandedOver(err);
    });
    answered = Date.now();
    return run.token;
  };

  return {
    /** The token of the run that makes the pipeline, or those of a data product, as wanted. */
    provision({ product, descriptors, warnings, notes }: Plans): Promise<string> {
      const parts = descriptors.map((descriptor) => provisionPart(descriptor, given));
      const run = product
        ? productRun('provisionProduct', product, { parts, warnings, notes, deployment })
        : onlyOne(parts);
      return start({ ...run, args: [run.input] });
    },

    /** The token of the run that removes them, and with `removeData` what they wrote. */
    unprovision(
      { product, identities, warnings, notes }: Identities,
      { removeData }: { removeData: boolean },
    ): Promise<string> {
      const parts = identities.map((identity) =>
        unprovisionPart(identity, { removeData, ...given }),
      );
      const run = product
        ? productRun('unprovisionProduct', product, { parts, warnings, notes, deployment })
        : onlyOne(parts);
      return start({ ...run, args: [run.input] });
    },

    /** The token of the run that gives access to exactly those who are named. */
    updateAcl: (request: AccessRequest) => start(accessStart(request, given)),

    /** The token of the run that says what is wrong with a descriptor, Airbyte included. */
    validate: (request: ValidationRequest, rules: ReadingRules) =>
      start(validationStart(request, { ...given, ...rules })),

    /** The token of the run that tells a connection of Airbyte as fields of a descriptor. */
    reverseProvision: (request: ReverseProvisioningRequest) => start(reverseStart(request, given)),

    /** Whether the token has a run that goes on; that one then undoes what it did and ends. */
    async terminate(token: string): Promise<boolean> {
      const handle = client.workflow.getHandle(token);
      const end = async () => {
        if ((await handle.describe()).taskQueue !== taskQueue) return false;
        // The signal says who cancels: only a run ended by the Coordinator is TERMINATED.
        await handle.signal('terminate');
        await handle.cancel();
        return true;
      };
      try {
        if (!(await repeatedly(client, TO_CHANGE, end))) return false;
      } catch (err) {
        if (err instanceof WorkflowNotFoundError) return false;
        throw notHandedOver(err);
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

const onlyOne = <Part>([part]: Part[]): Part => {
  if (part === undefined) throw new Error('A request without a component was taken.');
  return part;
};

/** Sizes are judged where the request is read; this is for what they let through. */
const tooLarge = ({ args }: Pick<Start, 'args'>) => {
  const size = (Buffer.byteLength(JSON.stringify(args)) / 2 ** 20).toFixed(1);
  const message = `asks for a run whose input is ${size} MiB, too large for Temporal, which takes 2 MiB when it is compressed`;
  return new RequestError([{ path: 'body', message }], {
    solutions: ['Ask for less at once: fewer components, fewer streams, shorter configurations.'],
  });
};

const notHandedOver = (cause: unknown): SystemProblem => {
  if (cause instanceof SystemProblem) return cause;
  return (
    refusalOf(cause) ??
    new SystemProblem('The provisioner could not hand the request to Temporal.', {
      solutions: [
        'Send the request again in a moment: repeating it is safe.',
        'If it goes on, ask the platform operator whether Temporal is up.',
      ],
      cause,
    })
  );
};
