import { createHmac } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import { cut, isWithin } from '../../workflows/words/lengths';

/** Airbyte keeps names of actors in 256 characters (airbyte-platform, table actor). */
const MAX_NAME = 255;

/** The bracket at the end of a name: whose the entity is. */
export const OWNED = / \[([^\s[\]]+)(?: #[0-9a-f]{8})?\]$/;

/** Eight hex digits over what was wanted, secrets included; equal digits mean nothing was rotated. */
export const fingerprintOf = (wanted: object, key: string) =>
  createHmac('sha256', key).update(stringify(wanted)).digest('hex').slice(0, 8);

/** `<name> [<component key> #<digits>]`: whose the entity is, for lists, people and us. */
export const ownedName = (name: string, componentKey: string, fingerprint?: string) => {
  const bracket = ` [${componentKey}${fingerprint ? ` #${fingerprint}` : ''}]`;
  const room = Math.max(0, MAX_NAME - bracket.length);
  return isWithin(name, room) ? `${name}${bracket}` : `${cut(name, room - 1).trimEnd()}…${bracket}`;
};

/** The component key in an entity's name; undefined for what is not ours. */
export const ownerOf = (entityName: string) => OWNED.exec(entityName)?.[1];

/** The digits in an entity's name; undefined where it has none, or is not ours. */
export const fingerprintIn = (entityName: string) => / #([0-9a-f]{8})\]$/.exec(entityName)?.[1];

/** An entity whose secrets nobody can vouch for: without digits, so that the next provision writes it anew. */
export const withoutFingerprint = (entityName: string) =>
  entityName.replace(/ #[0-9a-f]{8}\]$/, ']');

/** `<environment>/<domain>.<product>.<major>.<component>`: not every bracket in a name is ours. */
const COMPONENT_KEY = /^[\w.-]+\/[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+$/;

/** The component in an entity's name; undefined where the bracket holds something else. */
export const componentIn = (entityName: string) => {
  const owner = ownerOf(entityName);
  return owner !== undefined && COMPONENT_KEY.test(owner) ? owner : undefined;
};

/** As a descriptor has it, without the bracket that says whose the entity is. */
export const plainName = (entityName: string) =>
  componentIn(entityName) === undefined
    ? entityName
    : entityName.slice(0, entityName.lastIndexOf(' ['));
