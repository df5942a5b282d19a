import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';
import type { Component } from './descriptor';
import { inToken } from './ownership';

export type Operation = 'provision' | 'unprovision';

const TOKEN = /^(provision|unprovision)\.[A-Za-z0-9._-]+\.[0-9a-f]{12}$/;

/**
 * The token of a request, which is its run's workflow id: readable, safe in a URL, and the same for
 * the same request. `what` is all that decides what the run would do.
 */
export const tokenFor = (operation: Operation, component: Component, what: object) => {
  const canonical = stringify({ operation, component: component.key, ...what }) ?? '';
  const digits = createHash('sha256').update(canonical).digest('hex').slice(0, 12);
  return `${operation}.${inToken(component.key)}.${digits}`;
};

/** What a token tells of its run. Of its parts only the environment may have dots of its own. */
export const readToken = (token: string) => {
  const [operation = '', ...parts] = token.split('.').slice(0, -1);
  return {
    operation,
    environment: parts.slice(0, -4).join('.'),
    /** `<domain>.<product>.<major>` */
    dataProduct: parts.slice(-4, -1).join('.'),
    /** `<domain>.<product>.<major>.<component>` */
    component: parts.slice(-4).join('.'),
  };
};

/** Whether a text could be a token of this provisioner; the workflow may still not exist. */
export const isToken = (text: string) => text.length <= 1000 && TOKEN.test(text);
