import { isRecord } from '../contract/json';
import { SECRET_NAME, referenceIn } from '../contract/secret-reference';
import { Unresolved } from './lookup';
import type { SecretLookup } from './lookup';
import { NotInSettings, Refusal, formatPath } from '../contract/problems';
import type { Path } from '../contract/problems';

/** Every reference in a configuration, and where it is. */
export const referencesIn = (value: unknown, at: Path = []): { path: Path; name: string }[] => {
  const name = referenceIn(value);
  if (name !== undefined) return [{ path: at, name }];
  if (Array.isArray(value))
    return value.flatMap((item, index) => referencesIn(item, [...at, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => referencesIn(inner, [...at, key]));
};

/** A copy with each reference replaced. */
export const withReferences = (value: unknown, secretOf: (name: string) => string): unknown => {
  const name = referenceIn(value);
  if (name !== undefined) return secretOf(name);
  if (Array.isArray(value)) return value.map((item) => withReferences(item, secretOf));
  return isRecord(value) ? recordWith(value, secretOf) : value;
};

const recordWith = (
  record: Record<string, unknown>,
  secretOf: (name: string) => string,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, inner]) => [key, withReferences(inner, secretOf)]),
  );

const problemOf = (
  unresolved: { path: Path; err: Unresolved }[],
  { mayChange = false }: Allowance,
) => {
  const problem = unresolved
    .map(({ path: at, err }) => `${formatPath(at)}: ${err.message}.`)
    .join(' ');
  const remedy = [...new Set(unresolved.map(({ err }) => err.remedy))].join(' ');
  const isOutdated = mayChange && unresolved.every(({ err }) => err instanceof NotAllowed);
  return isOutdated ? new NotInSettings(problem, remedy) : new Refusal(problem, remedy);
};

/** A name that descriptors may not use, or not by the settings of this program. */
class NotAllowed extends Unresolved {}

/** Which secrets descriptors may name. */
export interface Allowance {
  /** For the component of this key. */
  namesFor: (key: string) => readonly string[];
  /** What to do about one that is not among them. */
  remedyFor: (name: string, key: string) => string;
  /** Whether it may change while programs run. */
  mayChange?: boolean;
}

export type SecretReferences = ReturnType<typeof createSecretReferences>;

/** The secrets that descriptors name, as far as they may. */
export const createSecretReferences = (lookUp: SecretLookup, allowance: Allowance) => {
  const allowed = async (name: string, key: string) => {
    if (SECRET_NAME.test(name) && allowance.namesFor(key).includes(name)) return lookUp(name);
    throw new NotAllowed(
      `the secret "${name}" is not one that descriptors may use`,
      allowance.remedyFor(name, key),
    );
  };

  return {
    /** The configuration of a component's part with its secrets in clear; refused with every one that cannot be had. */
    resolve: async (
      configuration: Record<string, unknown>,
      { at, key }: { at: Path; key: string },
    ) => {
      const references = referencesIn(configuration);
      const names = [...new Set(references.map(({ name }) => name))];
      const found = new Map<string, string>();
      const failed = new Map<string, Unresolved>();
      // Each is looked up once, and none waits for another's file.
      const lookUpOne = async (name: string) => {
        try {
          found.set(name, await allowed(name, key));
        } catch (err) {
          if (!(err instanceof Unresolved)) throw err;
          failed.set(name, err);
        }
      };
      await Promise.all(names.map(lookUpOne));
      const unresolved = references.flatMap(({ path: inside, name }) => {
        const err = failed.get(name);
        return err ? [{ path: [...at, ...inside], err }] : [];
      });
      if (unresolved.length > 0) throw problemOf(unresolved, allowance);
      return recordWith(configuration, (name) => found.get(name) ?? '');
    },
  };
};
