import { z } from 'zod';
import { parseJson } from '../../contract/json';
import { digestOf } from './names';

/*
 * What of the grants on a schema is ours, as the schema's properties say it. It is written before a grant,
 * and erased after it is revoked: what is there is at most more than what stands.
 */

/** Whom Airbyte writes as, one who reads, and one who read until an undo may want to know it. */
const ROLES = ['loader', 'reader', 'former'] as const;
export type Role = (typeof ROLES)[number];

const Held = z.object({
  principal: z.string().min(1),
  /** Of the schema: those that he had not before. */
  privileges: z.array(z.string()),
  /** Whether he had no USE CATALOG before, or has it by another schema of ours. */
  catalog: z.boolean().default(false),
  /** He is about to lose it, and needs USE CATALOG for it no more. */
  leaving: z.literal(true).optional(),
});

/** What somebody was granted by us. */
export interface Holder extends z.output<typeof Held> {
  role: Role;
}

const PREFIX = 'provisioner.';
const keyOf = ({ role, principal }: Pick<Holder, 'role' | 'principal'>) =>
  `${PREFIX}${role}.${digestOf(principal)}`;

/** Those that the properties of a schema tell of; what is no word of ours is passed over. */
export const holdersIn = (properties: Record<string, string>): Holder[] =>
  Object.entries(properties).flatMap(([key, value]) => {
    const role = ROLES.find((each) => key.startsWith(`${PREFIX}${each}.`));
    const held = Held.safeParse(parseJson(value));
    return role && held.success ? [{ role, ...held.data }] : [];
  });

/** The properties with these in place of those of the same roles; what else they tell stays as it is. */
export const withHolders = (
  properties: Record<string, string>,
  { roles, holders }: { roles: readonly Role[]; holders: readonly Holder[] },
): Record<string, string> => {
  const isMeant = (key: string) => roles.some((role) => key.startsWith(`${PREFIX}${role}.`));
  const others = Object.entries(properties).filter(([key]) => !isMeant(key));
  const ours = holders.map(
    ({ role, ...held }) =>
      [keyOf({ role, principal: held.principal }), JSON.stringify(held)] as const,
  );
  return Object.fromEntries<string>([...others, ...ours]);
};

const inOrder = (properties: Record<string, string>) =>
  JSON.stringify(Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1)));

export const isSame = (a: Record<string, string>, b: Record<string, string>) =>
  inOrder(a) === inOrder(b);
