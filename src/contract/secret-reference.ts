import { isRecord } from './json';

/** No path: a name that begins with two dots is one of Kubernetes' own in a mounted directory. */
export const SECRET_NAME = /^(?!\.\.)(?!\.$)[A-Za-z0-9._-]+$/;

/** The name in a descriptor's place for a secret, `{ secretRef: NAME }`; undefined for all else. */
export const referenceIn = (value: unknown): string | undefined =>
  isRecord(value) &&
  Object.keys(value).join() === 'secretRef' &&
  typeof value.secretRef === 'string'
    ? value.secretRef
    : undefined;

export const isReference = (value: unknown) => referenceIn(value) !== undefined;
