import { z } from 'zod';
import { closed } from '../reading/closed-objects';

/* Tags of connections: Airbyte public API, Tag. A workspace has each name once, and at most 100. */

/** Of a tag that is made, where the descriptor says none. */
export const DEFAULT_COLOR = '75DCFF';

/** Characters of a tag's name (Airbyte public API, Tag). */
const MAX_TAG = 30;
const TOO_LONG = `must not be longer than ${String(MAX_TAG)} characters, as Airbyte takes no more`;

const name = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TAG, TOO_LONG)
  // As Airbyte's server counts, for whom an emoji is two.
  .refine((text) => text.length <= MAX_TAG, TOO_LONG);

const color = z
  .string()
  .regex(/^#?[0-9a-f]{6}$/i, 'must be six hex digits, for example FF5733')
  .transform((digits) => digits.replace('#', '').toUpperCase());

/** `gdpr`, or `{ name: gdpr, color: FF5733 }`; the colour is that of a tag that is made. */
const tag = z.union([
  name.transform((given) => ({ name: given })),
  closed(z.strictObject({ name, color: color.optional() })),
]);

const isOnce = (tags: { name: string }[]) =>
  new Set(tags.map((each) => each.name)).size === tags.length;

export const Tags = z.array(tag).refine(isOnce, 'must not have a tag twice');
export type Tags = z.infer<typeof Tags>;
