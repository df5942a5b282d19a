import { isRecord } from './json';

/** The name in a descriptor's place for a secret, `{ secretRef: NAME }`; undefined for all else. */
export const referenceIn = (value: unknown): string | undefined =>
  isRecord(value) &&
  Object.keys(value).join() === 'secretRef' &&
  typeof value.secretRef === 'string'
    ? value.secretRef
    : undefined;

export const isReference = (value: unknown) => referenceIn(value) !== undefined;
