import { z } from 'zod';
import { readYaml } from './yaml';

/** Ids of what a former run made (`info.privateInfo`); hints, believed only if Airbyte agrees. */
export interface KnownIds {
  sourceId?: string | undefined;
  destinationId?: string | undefined;
  connectionId?: string | undefined;
}

/** A component of a descriptor, by its id. */
export const isCalled = (id: string) => (component: unknown) =>
  typeof component === 'object' && component !== null && Reflect.get(component, 'id') === id;

/** Garbage in `latestEnrichedDescriptor` is never the caller's failure: then the ids are unknown. */
const Enriched = z.object({
  components: z.array(z.unknown()),
});
const EnrichedComponent = z.object({
  info: z.object({
    privateInfo: z.object({
      sourceId: z.guid().optional().catch(undefined),
      destinationId: z.guid().optional().catch(undefined),
      connectionId: z.guid().optional().catch(undefined),
    }),
  }),
});

/** What a former run told of a component. */
export const readKnown = (text: string | null | undefined, id: string): KnownIds => {
  if (!text) return {};
  const { value } = readYaml(text, 'latestEnrichedDescriptor');
  const product = Enriched.safeParse(Reflect.get(Object(value), 'dataProduct') ?? value);
  const component = EnrichedComponent.safeParse(product.data?.components.find(isCalled(id)));
  return component.data?.info.privateInfo ?? {};
};
