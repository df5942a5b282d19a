import type { Client } from '@temporalio/client';
import { MAX_ID } from '../../workflows/protocol/lengths';
import { RequestError } from '../contract/problems';

/** The databases, by Temporal's names for them, whose ids have MAX_ID characters. */
const BOUNDED = /^(postgres|mysql)/;
/** Milliseconds for the question. */
const PATIENCE = 3000;

/**
 * Throws a RequestError where Temporal's database has no room for an id. Only that of a removal can be
 * so long: what it is to remove may have been made where ids are longer. The server would answer
 * as one that is away does (docs/postgres.md), and fail those who wait behind.
 */
export const judgeId = async (client: Client, id: string): Promise<void> => {
  if (id.length <= MAX_ID) return;
  const asked = () => client.workflowService.getClusterInfo({});
  // Who may not ask, or gets no answer, is told by the start itself.
  const { persistenceStore: database } = await client
    .withDeadline(Date.now() + PATIENCE, asked)
    .catch(() => ({ persistenceStore: '' }));
  if (!BOUNDED.test(database)) return;
  const message = `has names that are too long together: the id of the run would have ${String(id.length)} characters, and this Temporal's database has room for ${String(MAX_ID)}`;
  throw new RequestError([{ path: 'descriptor', message }], {
    solutions: [
      'Nothing can have been made under these names here: there is nothing to remove.',
      'Shorten the environment or a name before it is provisioned.',
    ],
  });
};
