import type { Kind } from '../../src/airbyte/workspace';
import { Refusal } from '../../src/contract/problems';
import type { Perhaps } from '../../workflows/protocol/failure-details';
import { firstFew } from '../../workflows/protocol/lengths';
import type { Place } from './secrets';
import { dotted } from './secrets';

/** Something that is not as it was, as a reader of the status would say it, and what to do about it. */
export interface Left {
  what: string;
  remedy: string;
}

/** What came of putting an entity back. */
export interface Restored {
  /** Whether there was anything to put back. */
  changed: Perhaps;
  left: Left[];
}

/** It is as it was: untouched, unless an attempt before this one has put it back. */
export const asItWas = (hasWritten: Perhaps): Restored => ({ changed: hasWritten, left: [] });

/** Whose secrets, or fields, a message is about. */
export interface Named {
  kind: Kind | 'connection';
  name: string;
  /** Its page in Airbyte's user interface. */
  href: string;
}

const called = ({ kind, name }: Named) => `the ${kind} "${name}"`;
const pathsOf = (places: Place[]) => firstFew(places.map(dotted)).join(', ');

/** It was there when the run began, and somebody has deleted it since. */
export const noLongerThere = ({ kind, name }: Named) =>
  new Refusal(
    `Airbyte has the ${kind} "${name}" no more: somebody has deleted it since the run began.`,
    'Deploy the component again: what is missing is then made anew.',
  );

/** Written back by reference; whether the value is the former one nobody can tell. */
export const secretsUnproven = (of: Named, places: Place[], why: string): Left => ({
  what: `${called(of)}: its secret ${pathsOf(places)} may not be the former one, as ${why}`,
  remedy: `If the former secret was another one, enter it in Airbyte (${of.href}), or deploy the component again.`,
});

/** Not written back at all: without its secrets it would not work, or they would go elsewhere. */
export const staysAsWritten = (of: Named, places: Place[], why: string): Left => ({
  what: `${called(of)}: it stays as this run wrote it, as its former secret ${pathsOf(places)} cannot be had back: ${why}`,
  remedy: `Put the ${of.kind} back by hand in Airbyte, with its former secret (${of.href}), or deploy the component again.`,
});

/** Written back, but Airbyte did not take it. */
export const fieldsLeft = (of: Named, fields: string[], why: string): Left[] =>
  fields.length === 0
    ? []
    : [
        {
          what: `${called(of)}: ${fields.join(', ')} could not be put back${why && `: ${why}`}`,
          remedy: `Set ${fields.join(', ')} of the ${of.kind} by hand in Airbyte (${of.href}), or deploy the component again.`,
        },
      ];
