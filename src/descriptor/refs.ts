import { RequestError } from '../contract/problems';
import type { Problem } from '../contract/problems';
import { readRef } from '../contract/ref';
import type { Meant } from '../contract/ref';

/** A user or group that shall have access, as Witboost names it and as Airbyte can find it. */
export interface Principal extends Meant {
  /** The refs that stand for it. */
  refs: string[];
}

/** Of one request. */
const MAX_REFS = 5000;
/** Bytes of all refs of a request together, as JSON: the input of its run has each three times. */
const MAX_REFS_SIZE = 750_000;

/** What is wrong with any of the refs; empty when all are good. */
export const problemsIn = (refs: string[]): Problem[] => {
  if (refs.length > MAX_REFS)
    return [
      {
        path: 'refs',
        message: `has ${String(refs.length)} entries; at most ${String(MAX_REFS)} are taken: use groups`,
      },
    ];
  const problems = refs.flatMap((ref, index) => {
    const read = readRef(ref);
    return 'problem' in read ? [{ path: `refs[${String(index)}]`, message: read.problem }] : [];
  });
  const size = new TextEncoder().encode(JSON.stringify(refs)).length;
  if (problems.length > 0 || size <= MAX_REFS_SIZE) return problems;
  const message = `take ${String(size)} bytes together; at most ${String(MAX_REFS_SIZE)} are taken: use groups`;
  return [{ path: 'refs', message }];
};

/** Who is meant, each once, in an order of their own. Throws a RequestError that names every bad ref. */
export const readRefs = (refs: string[]): Principal[] => {
  const problems = problemsIn(refs);
  if (problems.length > 0)
    throw new RequestError(problems, {
      solutions: [
        'Give each ref as user:name.surname_domain.tld or group:name; who is left out loses access, so put people into groups where they are too many.',
      ],
    });
  const people = new Map<string, Principal>();
  for (const ref of [...new Set(refs)].sort()) {
    const read = readRef(ref);
    if ('problem' in read) continue;
    const known = people.get(read.key);
    people.set(read.key, { ...read, refs: [...(known?.refs ?? []), ref] });
  }
  return [...people.values()];
};
