import { isDeepStrictEqual } from 'node:util';
import { isRecord, parseJson } from '../../src/contract/json';

const optionsIn = (text: unknown) => {
  const options = typeof text === 'string' ? parseJson(text) : undefined;
  return isRecord(options) ? options : undefined;
};

/**
 * The File source's `reader_options` (JSON text) as a descriptor needs them to get the same: only
 * where they differ from the ones it gets by itself. Undefined: it needs none. What pandas does with
 * an option that Airbyte has not, and we would add, has to be said.
 */
export const ownOptions = (current: unknown, byItself: unknown): string | undefined => {
  const options = current === undefined ? {} : optionsIn(current);
  const defaults = optionsIn(byItself);
  if (!options || !defaults) return typeof current === 'string' ? current : undefined;
  const pandas = {
    keep_default_na: true,
    ...(options.keep_default_na === false && { na_values: [] }),
  };
  const added = Object.entries(pandas).filter(([key]) => key in defaults && !(key in options));
  const own = Object.entries(options).filter(
    ([key, value]) => !isDeepStrictEqual(value, defaults[key]),
  );
  const all = Object.fromEntries([...added, ...own]);
  return Object.keys(all).length === 0 ? undefined : JSON.stringify(all);
};
