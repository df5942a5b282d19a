import { z } from 'zod';
import {
  MAX_PLACES,
  MAX_PLACE_FIELDS,
  MAX_PLACE_VALUE,
  isWithin,
} from '../../workflows/protocol/lengths';
import { isRecord } from '../contract/json';
import type { Product } from '../connectors/fields';
import type { Destination } from '../fabrics/fabric';
import { typeFor } from '../fabrics/types';
import { destinationFor } from './specific';

/** What of a destination leads to where its data is: in a run's input, and in what a run told. */
export interface Place extends Destination {
  /** The component does not write there any more, and has left something there. */
  isFormer?: true | undefined;
}

const value = z.string().refine((text) => isWithin(text, MAX_PLACE_VALUE));
const fields = z
  .record(value, value)
  .refine((given) => Object.keys(given).length <= MAX_PLACE_FIELDS);
const KnownPlace = z.strictObject({
  connector: value,
  fabric: value,
  configuration: fields,
  where: fields.optional(),
  isFormer: z.literal(true).optional(),
});

/** Those that former runs told of, the present one first; what is none is left out. */
export const readPlaces = (given: unknown): Place[] =>
  (Array.isArray(given) ? given.slice(0, MAX_PLACES) : []).flatMap((each): Place[] => {
    const { data } = KnownPlace.safeParse(each);
    const place = data && placeOf(data);
    if (!place) return [];
    const { where, isFormer } = data;
    return [{ ...place, ...(where && { where }), ...(isFormer && { isFormer }) }];
  });

/** The place that a component's descriptor names now; undefined: it names none, or that part of it cannot be read. */
export const placeIn = (component: unknown, product: Product): Place | undefined => {
  const specific = isRecord(component) ? component.specific : undefined;
  const given = isRecord(specific) ? specific.destination : undefined;
  const { data } = destinationFor(product).safeParse(given);
  return data && placeOf(data);
};

const fieldsOf = (configuration: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(
    names.flatMap((name) => (name in configuration ? [[name, configuration[name]]] : [])),
  );

/**
 * Of a destination: what leads to its data, and nothing else of its configuration. Undefined where that is in
 * no fabric, for its connector or because the descriptor brings an account of its own.
 */
export const placeOf = ({ connector, configuration, fabric }: Destination): Place | undefined => {
  const type = typeFor(connector);
  if (!type || type.bringsAccount(configuration)) return undefined;
  return {
    connector,
    configuration: fieldsOf(configuration, type.placedBy),
    ...(fabric !== undefined && { fabric }),
  };
};
