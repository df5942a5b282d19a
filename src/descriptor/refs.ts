import { RequestError } from '../contract/problems';
import type { Problem } from '../contract/problems';
import { isWithin, shortened } from '../../workflows/words/lengths';

/** A user or group that shall have access, as Witboost names it and as Airbyte can find it. */
export interface Principal {
  /** The same for all refs that mean the same: `user:name.surname@domain.tld`, `group:name`. */
  key: string;
  kind: 'user' | 'group';
  /** A user's mail, a group's name. */
  name: string;
  /** The refs that stand for it. */
  refs: string[];
}

/** Of one request. */
const MAX_REFS = 5000;
/** Characters of a ref: of the longest mail, or a group's name, and what stands before it. */
const MAX_REF = 330;
/** Bytes of all refs of a request together, as JSON: the input of its run has each three times. */
const MAX_REFS_SIZE = 750_000;
/** Characters of a mail (RFC 5321: 64 before the @, 255 after it), and of a group's name. */
const MAX_MAIL = 320;
const MAX_GROUP = 255;
const MAX_SHOWN = 80;

const MAIL = /^[^\s@/:<>"]+@[^\s@/:<>"]+\.[^\s@/:<>"]+$/;
/** As in a list, a control character in a name is a mistake. */
const GROUP = /^\P{Cc}+$/u;

const FORMS = 'neither a Witboost user nor a group: user:name.surname_domain.tld, group:name';

/** The domain follows the last underscore, as no domain has one; a mail is taken as it is. */
const mailIn = (name: string) => {
  if (name.includes('@')) return name;
  const at = name.lastIndexOf('_');
  return at < 0 ? undefined : `${name.slice(0, at)}@${name.slice(at + 1)}`;
};

const shown = (ref: string) => JSON.stringify(shortened(ref, MAX_SHOWN));

type Read = Omit<Principal, 'refs'> | { problem: string };

const readUser = (ref: string, name: string): Read => {
  const mail = mailIn(name)?.toLowerCase();
  if (mail === undefined)
    return {
      problem: `${shown(ref)} cannot be matched to a mail: it has no underscore before the domain`,
    };
  if (mail.length > MAX_MAIL)
    return {
      problem: `${shown(ref)} stands for a mail of ${String(mail.length)} characters; at most ${String(MAX_MAIL)} are taken`,
    };
  if (!MAIL.test(mail))
    return { problem: `${shown(ref)} does not stand for a mail such as name.surname@domain.tld` };
  return { key: `user:${mail}`, kind: 'user', name: mail };
};

const readRef = (ref: string): Read => {
  if (ref.length > MAX_REF)
    return {
      problem: `${shown(ref)} has ${String(ref.length)} characters; at most ${String(MAX_REF)} are taken`,
    };
  const [kind, ...rest] = ref.split(':');
  const name = rest.join(':').trim();
  if (kind === 'user' && name) return readUser(ref, name);
  if (kind !== 'group' || !name) return { problem: `${shown(ref)} is ${FORMS}` };
  if (!GROUP.test(name)) return { problem: `${shown(ref)} does not name a group` };
  if (!isWithin(name, MAX_GROUP))
    return {
      problem: `${shown(ref)} names a group with more than the ${String(MAX_GROUP)} characters that are taken`,
    };
  return { key: `group:${name}`, kind: 'group', name };
};

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
