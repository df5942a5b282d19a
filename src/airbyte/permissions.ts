import { AirbyteError } from './errors';

/** Weakest first. One on an organization counts on each of its workspaces. */
const ROLES = ['reader', 'runner', 'editor', 'admin'];

/** How much a PermissionType of Airbyte's lets somebody do; -1: nothing in a workspace. */
const strengthOf = (type: string) => {
  if (type === 'workspace_owner') return ROLES.length;
  return ROLES.indexOf(type.split('_')[1] ?? '');
};

/** Whether who has the one may do all that the other would let them. */
export const covers = (type: string, wanted: string) => strengthOf(type) >= strengthOf(wanted);

const isWebPage = (message: string) => message.includes('a web page instead of JSON');

/** Not the words for a caller who may not do it: they speak of permissions and roles. */
const isUnlicensed = ({ status, message }: AirbyteError) =>
  (status === 402 || status === 403) && /licen[cs]e|entitle/i.test(message);

/**
 * Whether Airbyte says that this edition or version has no such operation: community answers 501,
 * an older version 404 or its web application's page, an unlicensed one 403.
 */
export const isNotOffered = (err: unknown): boolean =>
  err instanceof AirbyteError &&
  err.kind === 'refused' &&
  ([404, 405, 501].includes(err.status ?? 0) || isUnlicensed(err) || isWebPage(err.message));
