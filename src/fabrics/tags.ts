/* The comment by which what is a component's is known in a fabric, whatever its type. */

const TAG = 'provisioner:';

/** The comment of what is one component's. */
export const tagOf = (key: string) => `${TAG}${key}`;

/** `development/finance`: the environment and the domain of a component, or of all that the domain shares. */
export const domainOf = (key: string) => /^[^/]*\/[^.]*/.exec(key)?.[0] ?? key;

/** The comment of what all components of a domain share. */
export const domainTagOf = (key: string) => tagOf(domainOf(key));

const CLOSING = ' (being removed)';

/** The same while it is being removed: who comes then waits till it is gone, or open again. */
export const closingTagOf = (key: string) => `${domainTagOf(key)}${CLOSING}`;

/** Whose something is, as its comment says; undefined: it is no tag. */
export const keyIn = (comment: string | undefined) =>
  comment?.startsWith(TAG) && comment.length > TAG.length ? comment.slice(TAG.length) : undefined;

/** Whose is what a domain shares, also while it is being removed; undefined: it is nothing of the kind. */
export const domainIn = (comment: string | undefined) => {
  const key = keyIn(comment);
  const domain = key?.endsWith(CLOSING) ? key.slice(0, -CLOSING.length) : key;
  return domain !== undefined && /^[^/]+\/[^/.]+$/.test(domain) ? domain : undefined;
};

export const isTagged = (comment: string | undefined) => keyIn(comment) !== undefined;
