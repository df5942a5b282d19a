import { isWithin, shortened } from '../../workflows/protocol/lengths';

/* A ref of Witboost's, which stands for a user or a group: `user:name.surname_domain.tld`, `group:name`. */

/** Whom a ref stands for. */
export interface Meant {
  /** The same for all refs that mean the same: `user:name.surname@domain.tld`, `group:name`. */
  key: string;
  kind: 'user' | 'group';
  /** A user's mail in lower case, a group's name. */
  name: string;
}

/** Characters of a ref: of the longest mail, or a group's name, and what stands before it. */
const MAX_REF = 330;
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

type Read = Meant | { problem: string };

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

/** Whom a ref stands for, or why for nobody, which tells the ref. */
export const readRef = (ref: string): Read => {
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
