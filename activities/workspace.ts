import type { Actor, Airbyte, ConnectionRead } from '../src/airbyte/workspace';
import { ownerOf } from '../src/airbyte/names';

/** What a workspace has, or what of it is a component's. */
export interface Entities {
  source: Actor[];
  destination: Actor[];
  connection: ConnectionRead[];
}

/** Whether each component has one: as long as not, it may be new, or hidden by a page that moved. */
export const hasAll = (keys: string[]) => (found: Actor[]) => {
  const owners = new Set(found.map(({ name }) => ownerOf(name)));
  return keys.every((key) => owners.has(key));
};

/** Each list is looked through twice unless `until` holds for it. */
export const actorsIn = async (airbyte: Airbyte, until: (found: Actor[]) => boolean) => {
  const [source, destination] = await Promise.all([
    airbyte.listActors('source', { until }),
    airbyte.listActors('destination', { until }),
  ]);
  return { source, destination };
};
