import { RequestError, SystemProblem } from '../contract/problems';
import { ADD_ATTRIBUTES } from '../runs/search-attributes';
import { lacksAttributes, lastingProblem } from '../temporal/errors';

/* What an operator is told where Temporal has no such run, or does not answer. */

export const noRun = (token: string) =>
  new RequestError([{ path: 'token', message: `there is no run with the token ${token}` }], {
    status: 404,
    reason: 'unknown_run',
    solutions: [
      'Check the token, and that the task queue and the namespace are those of its gateway.',
      'Runs are kept for as long as the retention of the Temporal namespace says.',
    ],
  });

export const notAnswered = (cause: unknown) =>
  lacksAttributes(cause)
    ? new SystemProblem('Temporal lacks the search attributes that this filter needs.', {
        solutions: [`Add them: ${ADD_ATTRIBUTES}`, 'Runs started before cannot be filtered so.'],
        cause,
      })
    : (lastingProblem(cause) ??
      new SystemProblem('Temporal did not answer as expected.', {
        solutions: ['Check that Temporal is up, then try again: repeating is safe.'],
        reason: 'no_temporal',
        cause,
      }));
