import { explain } from '../run/failure';
import type { Run } from '../run/report';
import type { Steps } from '../run/steps';
import type { Undo } from '../run/saga';

/**
 * The undo of a connection, after which tags go that the run has made and nobody uses. One that stays
 * harms nobody: it is told, and holds up nothing.
 */
export const withTagsRemoved = <Kind extends string>(
  connection: Undo<Kind>,
  names: string[] = [],
  { steps, run }: { steps: Steps; run: Run },
): Undo<Kind> => {
  if (names.length === 0) return connection;
  const remove = async () => {
    try {
      const removed = await steps(`Take away the tags ${names.join(', ')}`).removeTags({ names });
      if (removed.length > 0) run.info(`Undone: the tags ${removed.join(', ')} deleted`);
    } catch (err) {
      run.warn(`The tags ${names.join(', ')} may stay in Airbyte. ${explain(err).problem}`);
    }
  };
  const undo = async () => {
    const isUndone = await connection.undo();
    await remove();
    return isUndone;
  };
  return { ...connection, undo };
};
