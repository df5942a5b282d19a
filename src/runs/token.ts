import { OPERATIONS } from '../../workflows/protocol/run-names';
import type { Family, Operation } from '../../workflows/protocol/run-names';
import stringify from 'safe-stable-stringify';
import { digestOf, hasTokenForm } from '../contract/ids';
import { inToken } from '../../workflows/protocol/ids';

/** How many parts a token has for whom it is about, after the environment. */
const PARTS: Record<string, number> = {
  provision: 4,
  unprovision: 4,
  updateacl: 4,
  validate: 4,
  provisionProduct: 3,
  unprovisionProduct: 3,
  validateProduct: 3,
  plan: 4,
  planProduct: 3,
};

const FAMILIES: Family[] = ['provisioning', 'validation', 'reverse-provisioning', 'planning'];

/**
 * The token of a request, which is its run's workflow id: readable, safe in a URL, and the same for
 * the same request. `key` says whom it is about: a component's or a data product's key, or an
 * environment alone. `what` is all that decides what the run would do.
 */
export const tokenFor = (operation: Operation, key: string, what: object) => {
  const canonical = stringify({ operation, component: key, ...what }) ?? '';
  return `${operation}.${inToken(key)}.${digestOf(canonical)}`;
};

/** What a token tells of its run. Of its parts only the environment may have dots of its own. */
export const readToken = (token: string) => {
  const [operation = '', ...rest] = token.split('.').slice(0, -1);
  const count = PARTS[operation] ?? 0;
  const from = rest.length > count ? rest.length - count : rest.length;
  const about = rest.slice(from);
  return {
    operation,
    environment: rest.slice(0, from).join('.'),
    /** `<domain>.<product>.<major>`; empty where the token is of no data product. */
    dataProduct: about.slice(0, 3).join('.'),
    /** `<domain>.<product>.<major>.<component>`; empty where the token is of no component. */
    component: about.length === 4 ? about.join('.') : '',
  };
};

/** Whether a text could be a token of this provisioner; the workflow may still not exist. */
export const isToken = (text: string, family: Family = 'provisioning') => {
  const [operation] = text.split('.');
  const isKnown = OPERATIONS[family].some((known) => known === operation);
  return isKnown && hasTokenForm(text);
};

/** The same, whatever it is asked by. */
export const isRunToken = (text: string) => FAMILIES.some((family) => isToken(text, family));
