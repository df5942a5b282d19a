import { z } from 'zod';
import type { Fault, Harness } from '../harness';

/* What belongs to others: so much that Airbyte's lists have pages, or in a form that nobody expects. */

/** A page of Airbyte's lists, as the provisioner asks for them. */
const PAGE = 100;
const ORGANIZATION = '00000000-0000-0000-0000-000000000000';

const Seeded = z.object({
  sources: z.array(z.string()),
  destinations: z.array(z.string()),
  connections: z.array(z.string()),
});

/** A page of sources, one of destinations and one of connections, before what comes later. */
export const crowd = async (harness: Harness) => {
  const counts = { sources: PAGE, destinations: PAGE, connections: PAGE };
  await harness.control('POST', '/seed', counts);
};

/** Something of the first page is deleted before the second is asked for. */
export const shifted = (operation: string): Fault => ({ operation, shift: { delete: 1 } });

/** Groups of others, and `zulu`, which the second page begins with. */
export const crowdOfGroups = async (harness: Harness) => {
  const others = Array.from({ length: PAGE - 2 }, (_, index) => `theirs ${String(index)}`);
  const groups = [...others, 'zulu'].map((name) => ({ name }));
  await harness.control('POST', '/people', { groups });
};

/** One of each kind that lacks what all have. */
export const strangers = async (harness: Harness) => {
  const counts = { sources: 1, destinations: 1, connections: 1, at: 'start' };
  const seeded = Seeded.parse(await harness.control('POST', '/seed', counts));
  const odd = (ids: string[], fields: object, without: string[]) =>
    harness.control('POST', '/odd', { id: ids[0], fields, without });
  await odd(seeded.sources, { name: null }, ['configuration']);
  await odd(seeded.destinations, { configuration: 'none' }, ['definitionId']);
  await odd(seeded.connections, { configurations: 7, schedule: null }, ['status']);
};

const Rows = z.looseObject({ data: z.array(z.unknown()) });

/** A group without a name, and permissions without a type, among those that Airbyte has. */
export const strangeAccess = async (harness: Harness): Promise<Fault[]> => {
  const at = `/groups?organizationId=${ORGANIZATION}`;
  const groups = Rows.parse(await harness.airbyte('GET', at));
  const nameless = { groupId: ORGANIZATION, organizationId: ORGANIZATION, name: null };
  return [
    {
      operation: 'listGroups',
      times: 0,
      status: 200,
      body: { ...groups, data: [nameless, ...groups.data] },
    },
    {
      operation: 'listPermissions',
      status: 200,
      body: { data: [{ permissionId: ORGANIZATION, permissionType: null, scope: 'dataplane' }] },
    },
  ];
};
