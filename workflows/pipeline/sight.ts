import type { Put, Sight, SeenActor, SeenConnection } from '../../activities/pipeline/found';
import type { Snapshot } from '../../activities/former/snapshot';
import type { Actor, ConnectionRead } from '../../src/airbyte/workspace';

/*
 * What a run was told of what exists: ids, names and digests. Older workers told whole entities, and
 * their runs have those in their histories.
 */

type ToldActor = SeenActor | Actor;
type ToldConnection = SeenConnection | ConnectionRead;

const inShort = ({ id, name, isAsWanted, digest }: Sight): Sight => ({
  id,
  name,
  ...(isAsWanted && { isAsWanted }),
  ...(digest !== undefined && { digest }),
});

/** For the step that changes it. */
export const sightOfActor = (told: ToldActor | undefined): Sight | Actor | undefined =>
  !told || 'configuration' in told ? told : inShort(told);
export const sightOfConnection = (
  told: ToldConnection | undefined,
): Sight | ConnectionRead | undefined => (!told || 'configurations' in told ? told : inShort(told));

/** What a step would answer of what is as wanted; undefined where it has to be asked. */
export const asItIs = (told: ToldActor | ToldConnection | undefined): Promise<Put> | undefined => {
  if (!told || !('href' in told)) return undefined;
  const { id, name, href } = told;
  return Promise.resolve({ id, name, href, action: 'unchanged' });
};

/** For its undo; undefined of one of which the run has nothing to change. */
export const formerActor = (told: ToldActor): Snapshot<Actor> | undefined =>
  'configuration' in told ? told : told.former;
export const formerConnection = (told: ToldConnection): Snapshot<ConnectionRead> | undefined =>
  'configurations' in told ? told : told.former;

/** What the update of it leaves, so far as the look could tell. */
export const leavesOf = (told: ToldActor) => ('configuration' in told ? undefined : told.leaves);
