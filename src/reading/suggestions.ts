import { distance } from 'fastest-levenshtein';
import { firstFew } from '../../workflows/protocol/lengths';

const MAX_DISTANCE = 3;
/** What is longer is nobody's slip, and slow to compare. */
const MAX_LENGTH = 100;

/** `datasetName`, `dataset-name` and `dataset_name` are the same word. */
export const plain = (word: string) => word.toLowerCase().replace(/[_\-\s]/g, '');

/** Two letters that changed places are one slip. */
const slips = (one: string, other: string) => {
  const far = distance(one, other);
  const letters = (word: string) => word.split('').sort().join('');
  return far === 2 && letters(one) === letters(other) ? 1 : far;
};

/** The known word that was probably meant: one slip in three letters at most; undefined if none. */
export const closest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > MAX_LENGTH) return undefined;
  const meant = plain(word);
  const near = known
    .filter((candidate) => Math.abs(plain(candidate).length - meant.length) <= MAX_DISTANCE)
    .map((candidate) => ({ candidate, far: slips(meant, plain(candidate)) }))
    .filter(({ far }) => far <= Math.min(MAX_DISTANCE, Math.floor(meant.length / 3)))
    .sort((one, other) => one.far - other.far);
  return near[0]?.candidate;
};

/** `; did you mean orders?`, or nothing. */
export const suggestion = (word: string, known: readonly string[]) => {
  const meant = closest(word, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
};

/** Some of what there is, first what shares a word with what was asked for. */
export const someOf = (known: readonly string[], word: string) => {
  const words = word.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const isNear = (name: string) => words.some((each) => name.toLowerCase().includes(each));
  const names = [...new Set(known)].sort();
  const sorted = [...names.filter(isNear), ...names.filter((name) => !isNear(name))];
  return firstFew(sorted).join(', ');
};
