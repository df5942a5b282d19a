import {
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
} from '@temporalio/workflow';
import type { FailureDetails } from '../words/failure-details';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { explain } from '../run/failure';

const isStatus = (value: unknown): value is ProvisioningStatus =>
  typeof value === 'object' && value !== null && 'status' in value && 'result' in value;

const first = (value: string | string[] | undefined) => [value].flat()[0];

const inStatus = ({ result, info }: ProvisioningStatus): FailureDetails => ({
  problem: first(info?.privateInfo.problems) ?? result,
  solution: first(info?.privateInfo.solutions) ?? 'Look at the run of the component.',
});

const withoutWords = (cause: unknown): FailureDetails => {
  if (cause instanceof CancelledFailure)
    return {
      problem: 'Its run was cancelled.',
      solution: 'Send the request again when it may go on.',
    };
  if (cause instanceof TerminatedFailure)
    return {
      problem: 'An operator terminated its run; nothing of it was undone.',
      solution: 'Deploy the component again to put it in order, or undeploy it.',
    };
  return explain(cause);
};

/** How the run of a component ended that did not complete, in its own words if it could say any. */
export const endOfChild = (
  err: unknown,
): { status?: ProvisioningStatus; problem: FailureDetails } => {
  const cause = err instanceof ChildWorkflowFailure ? err.cause : err;
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  if (!isStatus(details)) return { problem: withoutWords(cause) };
  return { status: details, problem: inStatus(details) };
};
