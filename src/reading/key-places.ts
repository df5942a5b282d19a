import { z } from 'zod';
import { plain } from './suggestions';
import { discriminatorOf, fieldsOf, isFree, variantsOf, written } from './schema-shape';
import type { Path } from '../contract/problems';

/** Where a schema knows a key: the steps to the object that has it, a list as `streams[]`. */
interface Place {
  at: string[];
  key: string;
  /** The variant of that object it goes with: `mode: verify-ca`. */
  variant?: string | undefined;
}

export type Places = Map<string, Place[]>;

/** Of the places of one key, those that a message names. */
const MAX_PLACES = 2;

/** Required wherever they belong, so that a missing one is told there; or inside any reference. */
const EVERYWHERE = new Set(['name', 'id', 'secretref']);

/** Words that say nothing far from where they belong. */
const COMMON = new Set(['type', 'mode', 'method', 'format', 'key', 'port', 'tags', 'status']);

/** What tells one connector from another. */
const CONNECTOR = 'connector';

const literalsOf = (schema: z.core.$ZodType | undefined): string => {
  const field = schema && written(schema);
  return field instanceof z.ZodLiteral ? [...field.values].join(', ') : '';
};

const variantOf = (option: z.core.$ZodType, by: string | undefined) => {
  if (by === undefined || by === CONNECTOR) return undefined;
  const literals = literalsOf(fieldsOf(option)[by]);
  return literals === '' ? undefined : `${by}: ${literals}`;
};

interface Visit {
  at: string[];
  value: unknown;
  variant?: string | undefined;
  /** The field that tells which variant it is. */
  by?: string | undefined;
  /** The schemas around it: one may contain itself. */
  above: z.core.$ZodType[];
}

const valueAt = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

const collect = (given: z.core.$ZodType, visit: Visit, places: Places): void => {
  const schema = written(given);
  if (visit.above.includes(schema) || isFree(schema)) return;
  const inside = { ...visit, above: [...visit.above, schema] };
  const { at } = visit;
  if (schema instanceof z.ZodArray) {
    const list = [...at.slice(0, -1), `${at.at(-1) ?? ''}[]`];
    collect(schema.def.element, { ...inside, at: list, value: undefined }, places);
  }
  if (schema instanceof z.ZodUnion) {
    const by = discriminatorOf(schema);
    // The other connectors' keys are none of this descriptor's; other variants' are.
    const options = variantsOf(schema, by === CONNECTOR ? visit.value : undefined);
    for (const option of options)
      collect(option, { ...inside, by, variant: variantOf(option, by) ?? visit.variant }, places);
  }
  for (const [key, field] of Object.entries(fieldsOf(schema))) {
    const known = places.get(plain(key)) ?? [];
    const variant = key === visit.by ? undefined : visit.variant;
    places.set(plain(key), [...known, { at, key, variant }]);
    const inner = { at: [...at, key], value: valueAt(visit.value, key), above: inside.above };
    collect(field, inner, places);
  }
};

/** Every key that a schema knows, with all its places; of the connectors that a value names. */
export const placesIn = (schema: z.core.$ZodType, value: unknown): Places => {
  const places: Places = new Map();
  collect(schema, { at: [], value, above: [] }, places);
  return places;
};

/** A path of a value as steps: `connection`, `streams[]`. */
const stepsOf = (path: Path): string[] =>
  path.reduce<string[]>(
    (steps, key) =>
      typeof key === 'number'
        ? [...steps.slice(0, -1), `${steps.at(-1) ?? ''}[]`]
        : [...steps, String(key)],
    [],
  );

const distanceOf = (one: string[], other: string[]) => {
  const parted = one.findIndex((step, index) => step !== other[index]);
  const shared = parted < 0 ? Math.min(one.length, other.length) : parted;
  return one.length + other.length - 2 * shared;
};

/** `[]`, `{}`, `''` and null say nothing, wherever they stand. */
export const isBlank = (value: unknown) =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

const placed = ({ at, variant }: Place, here: string[], root: string) => {
  const isHere = distanceOf(at, here) === 0;
  if (isHere) return variant ? `with ${variant}` : 'here';
  return `under ${[root, ...at].join('.')}${variant ? ` with ${variant}` : ''}`;
};

const isVariantOfOneField = ({ at }: Place, others: Place[]) =>
  others.filter((other) => distanceOf(other.at, at) === 0).length > MAX_PLACES;

/**
 * Where a key belongs that is not known where it stands; undefined where nothing tells. `path` is
 * the key's, below `root`.
 */
export const belongs = (
  places: Places,
  { path, value, root }: { path: Path; value: unknown; root: string },
): string | undefined => {
  const key = String(path.at(-1));
  const word = plain(key);
  if (EVERYWHERE.has(word) || isBlank(value)) return undefined;
  const here = stepsOf(path.slice(0, -1));
  const all = (places.get(word) ?? [])
    .map((place) => ({ ...place, far: distanceOf(place.at, here) }))
    .filter(({ far }) => !COMMON.has(word) || far <= 1)
    .sort((one, other) => one.far - other.far);
  const [nearest] = all;
  if (!nearest) return undefined;
  const near = all.filter(({ far }) => far <= nearest.far + 1);
  const shown = near.map((place) =>
    placed(isVariantOfOneField(place, near) ? { ...place, variant: undefined } : place, here, root),
  );
  const named = [...new Set(shown)].slice(0, MAX_PLACES).join(', or ');
  const spelt = nearest.key === key ? '' : `is ${nearest.key}, and `;
  return `it ${spelt}belongs ${named}`;
};

/** Fields of Witboost's own around `specific`; a template may have more. */
const AROUND = new Set(['source', 'destination', 'prefix']);

/**
 * Keys beside `specific` that belong in it, and are absent there: indented two levels too little, they
 * would be nobody's.
 */
export const strayBeside = (
  places: Places,
  component: Record<string, unknown>,
): { key: string; message: string }[] =>
  Object.entries(component).flatMap(([key, value]) => {
    const word = plain(key);
    const [place] = (places.get(word) ?? []).filter(({ at }) =>
      ['', 'connection', 'connection.schedule', 'connection.streams[]'].includes(at.join('.')),
    );
    const isKnown = place && !EVERYWHERE.has(word) && !COMMON.has(word) && !AROUND.has(word);
    if (!isKnown || isBlank(value)) return [];
    const specific = place.at.reduce<unknown>(
      (inner, step) => valueAt(inner, step),
      component.specific,
    );
    if (valueAt(specific, place.key) !== undefined) return [];
    return [
      {
        key,
        message: `is not known here; it belongs under ${['specific', ...place.at].join('.')}`,
      },
    ];
  });
