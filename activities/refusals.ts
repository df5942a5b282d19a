import type { Kind } from '../src/airbyte/workspace';
import { Refusal } from '../src/contract/problems';

/** Somebody has changed what the run has looked at, and a write would go over that. */
export const changedSince = (
  kind: Kind | 'connection',
  { id, name }: { id: string; name: string },
) =>
  new Refusal(
    `The ${kind} "${name}" (${id}) was changed in Airbyte, or what its descriptor refers to, while this run was about to change it.`,
    'Try again: the run then begins with what is there by now.',
  );

/** The only one, or none. More than one is refused by name: guessing could delete someone's work. */
export const single = <Entity extends { id: string; name: string }>(
  what: string,
  found: Entity[],
): Entity | undefined => {
  if (found.length <= 1) return found[0];
  const names = found.map(({ id, name }) => `"${name}" (${id})`).join(', ');
  throw new Refusal(
    `Airbyte has ${String(found.length)} ${what}s for this component: ${names}.`,
    `Delete all but one ${what} in Airbyte, then try again.`,
  );
};
