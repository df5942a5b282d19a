import { isCancellation } from '@temporalio/workflow';
import type { ReverseActivities } from '../../activities/reverse/reverse';
import type { ReverseProvisioningStatus } from '../../src/contract/coordinator';
import { explain, finalFailure } from '../run/failure';
import type { ReverseInput } from '../input';
import { startRun } from '../run/report';
import { activitiesFor, inPatience } from '../run/steps';

/** The status goes into the failure's details, where it can be read without a worker. */
const fail = (err: unknown, status: ReverseProvisioningStatus): never => {
  const type = 'ReverseProvisioningFailed';
  throw finalFailure(explain(err).problem, { type, details: status, cause: err });
};

/**
 * The fields of a descriptor whose pipeline is the one that a connection in Airbyte is part of.
 * Changes nothing. A connection that is not there, or not the only one, is an answer, told by the
 * status FAILED of a run that completes.
 */
export async function reverseProvision(input: ReverseInput): Promise<ReverseProvisioningStatus> {
  const { wanted, references, readable } = input;
  const steps = activitiesFor<ReverseActivities>(inPatience(input.retry));
  const run = startRun();
  const refuse = ({ problem, solution }: { problem: string; solution: string }) => {
    run.phase('Failed');
    run.error(`${problem} ${solution}`);
    return { status: 'FAILED' as const, updates: {}, logs: run.logs };
  };
  if ('problem' in wanted) return refuse(wanted);
  try {
    run.phase('Reading the connection');
    const found = await steps('Read the connection, its source and its destination').readPipeline({
      wanted,
      references,
      readable,
    });
    if ('problem' in found) return refuse(found);
    run.info(`Read the connection "${found.name}"`, found.href);
    for (const { level, message } of found.notes) (level === 'INFO' ? run.info : run.warn)(message);
    run.phase('Completed');
    return { status: 'COMPLETED', updates: found.updates, logs: run.logs };
  } catch (err) {
    if (isCancellation(err)) throw err;
    return fail(err, refuse(explain(err)));
  }
}
