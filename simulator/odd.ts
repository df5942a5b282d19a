import { z } from 'zod';
import type { ApiName } from './operation';
import type { Odd, Store } from './store';

/** The body of POST /_simulator/odd: what the APIs show of one entity, whatever it is. */
export const OddForm = z.strictObject({
  id: z.guid(),
  /** Values by the names of the public API, such as `{"name": null}`; none: as it is. */
  fields: z.record(z.string(), z.unknown()).default({}),
  /** Fields that are not shown. */
  without: z.array(z.string()).default([]),
});

const CONFIG_NAMES: Record<string, string> = {
  configuration: 'connectionConfiguration',
  schedule: 'scheduleType',
  configurations: 'syncCatalog',
};

const nameIn = (api: ApiName, shown: object, field: string) => {
  if (api === 'public') return field;
  if (field !== 'definitionId') return CONFIG_NAMES[field] ?? field;
  return 'sourceId' in shown ? 'sourceDefinitionId' : 'destinationDefinitionId';
};

/** As an API shows it, with what is odd about it. */
export const oddly = <Shown extends object>(
  api: ApiName,
  { odd }: { odd?: Odd | undefined },
  shown: Shown,
) => {
  if (!odd) return shown;
  const named = (field: string) => nameIn(api, shown, field);
  const without = new Set(odd.without.map(named));
  const fields = Object.entries(odd.fields).map(([field, value]) => [named(field), value] as const);
  return Object.fromEntries(
    Object.entries({ ...shown, ...Object.fromEntries(fields) }).filter(
      ([key]) => !without.has(key),
    ),
  );
};

/** Whether there is such an entity. Its place in lists stays. */
export const makeOdd = (store: Store, { id, ...odd }: z.infer<typeof OddForm>) => {
  for (const rows of [store.source, store.destination]) {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, odd });
    if (row) return true;
  }
  const connection = store.connections.get(id);
  if (connection) store.connections.set(id, { ...connection, odd });
  return connection !== undefined;
};
