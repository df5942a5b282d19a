import type {
  Put,
  SeenBefore,
  SeenActor,
  SeenConnection,
} from '../../activities/pipeline/step-answers';
import type { Snapshot } from '../../activities/former/snapshot';
import type { Actor, ConnectionRead } from '../../src/airbyte/workspace';

/*
 * What a run was told of what exists: ids, names and digests. Older workers told whole entities, and
 * their runs have those in their histories.
 */

type FoundActor = SeenActor | Actor;
type FoundConnection = SeenConnection | ConnectionRead;

const inShort = ({ id, name, isAsWanted, digest }: SeenBefore): SeenBefore => ({
  id,
  name,
  ...(isAsWanted && { isAsWanted }),
  ...(digest !== undefined && { digest }),
});

/** For the step that changes it. */
export const seenActor = (found: FoundActor | undefined): SeenBefore | Actor | undefined =>
  !found || 'configuration' in found ? found : inShort(found);
export const seenConnection = (
  found: FoundConnection | undefined,
): SeenBefore | ConnectionRead | undefined =>
  !found || 'configurations' in found ? found : inShort(found);

/** What a step would answer of what is as wanted; undefined where it has to be asked. */
export const asItIs = (
  found: FoundActor | FoundConnection | undefined,
): Promise<Put> | undefined => {
  if (!found || !('href' in found)) return undefined;
  const { id, name, href } = found;
  return Promise.resolve({ id, name, href, action: 'unchanged' });
};

/** For its undo; undefined of one of which the run has nothing to change. */
export const formerActor = (found: FoundActor): Snapshot<Actor> | undefined =>
  'configuration' in found ? found : found.former;
export const formerConnection = (found: FoundConnection): Snapshot<ConnectionRead> | undefined =>
  'configurations' in found ? found : found.former;

/** What the update of it leaves, so far as the look could tell. */
export const leavesOf = (found: FoundActor) =>
  'configuration' in found ? undefined : found.leaves;
