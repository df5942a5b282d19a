import { isRecord } from '../../src/contract/json';
import { MASK, secretsIn } from '../../src/secrets/masking';

/** Also with more beside it, as what has references in it may have a field of this name. */
const hasReference = (value: unknown): value is { secretRef: string } =>
  isRecord(value) && typeof value.secretRef === 'string';

const isEmpty = (value: unknown) => isRecord(value) && Object.keys(value).length === 0;

/**
 * A configuration without its secrets and without nulls; a secret to which the component has a
 * reference becomes that reference. `left` are the paths of the others.
 */
export const withoutSecrets = (
  configuration: Record<string, unknown>,
  references: unknown,
): { configuration: Record<string, unknown>; left: string[] } => {
  const secrets = new Set(secretsIn(configuration).map((path) => path.join('.')));
  const left: string[] = [];

  const fieldsOf = (record: Record<string, unknown>, reference: unknown, path: string[]) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([key, value]): [string, unknown][] => {
        const inner = clean(value, isRecord(reference) ? reference[key] : undefined, [
          ...path,
          key,
        ]);
        const isHollow = isEmpty(inner) && !isEmpty(value);
        return inner === undefined || inner === null || isHollow ? [] : [[key, inner]];
      }),
    );

  const clean = (value: unknown, reference: unknown, path: string[]): unknown => {
    if (hasReference(reference) && !isRecord(value)) return { secretRef: reference.secretRef };
    if (value === MASK || secrets.has(path.join('.'))) {
      left.push(path.join('.'));
      return undefined;
    }
    if (Array.isArray(value))
      return value
        .map((item: unknown, index) => clean(item, undefined, [...path, String(index)]))
        .filter((item) => item !== undefined);
    return isRecord(value) ? fieldsOf(value, reference, path) : value;
  };

  return { configuration: fieldsOf(configuration, references, []), left };
};
