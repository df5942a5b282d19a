import { ApplicationFailure } from '@temporalio/activity';
import type { Kind } from '../src/airbyte/workspace';
import { AirbyteError } from '../src/airbyte/errors';
import { isRecord } from '../src/contract/json';
import { inWords } from './attempt';
import type { FailureDetails } from './attempt';

/** What Airbyte has is in the way of what is wanted: repeating the step would not help. */
export const refused = (problem: string, solution: string) => {
  const details: FailureDetails = { problem: inWords(problem), solution: inWords(solution) };
  return ApplicationFailure.create({
    message: details.problem,
    type: 'AirbyteRefused',
    nonRetryable: true,
    details: [details],
  });
};

/** Somebody has changed what the run has looked at, and a write would go over that. */
export const changedSince = (
  kind: Kind | 'connection',
  { id, name }: { id: string; name: string },
) =>
  refused(
    `The ${kind} "${name}" (${id}) was changed in Airbyte, or what its descriptor refers to, while this run was about to change it.`,
    'Deploy again: the run then begins with what is there by now.',
  );

const isDetails = (value: unknown): value is FailureDetails =>
  isRecord(value) && typeof value.problem === 'string' && typeof value.solution === 'string';

/** What a refusal of our own says; nothing of what Airbyte has refused, or of what has failed. */
export const refusalIn = (err: unknown): FailureDetails | undefined => {
  if (err instanceof AirbyteError && err.kind === 'refused' && err.status === undefined)
    return { problem: err.message, solution: err.solution };
  const details: unknown = err instanceof ApplicationFailure ? err.details?.[0] : undefined;
  return isDetails(details) ? details : undefined;
};

/** The only one, or none. More than one is refused by name: guessing could delete someone's work. */
export const single = <Entity extends { id: string; name: string }>(
  what: string,
  found: Entity[],
): Entity | undefined => {
  if (found.length <= 1) return found[0];
  const names = found.map(({ id, name }) => `"${name}" (${id})`).join(', ');
  throw refused(
    `Airbyte has ${String(found.length)} ${what}s for this component: ${names}.`,
    `Delete all but one ${what} in Airbyte, then try again.`,
  );
};
