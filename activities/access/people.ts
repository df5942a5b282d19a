import { ApplicationFailure } from '@temporalio/activity';
import type { Access, Permission, Person } from '../../src/airbyte/people';
import { isRefused } from '../../src/contract/call-error';
import { tillSeen } from '../../src/concurrency/call-interest';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { covers, isNotOffered } from '../../src/airbyte/permissions';
import type { Granted, Grantee } from '../../workflows/grantees/records';
import { adoptable, stillThere } from '../unclear-answers';
import type { Attempt } from '../attempt';

/** Airbyte's ids of a principal. */
export interface PersonId {
  of: string;
  organizationId: string;
}

/** A permission of ours that is there. */
export interface Seen extends Granted {
  id: string;
  /** Its type now: somebody may have changed it. */
  actual: string;
}

/** What there is of somebody's access. */
interface Look {
  /** Ours. */
  there: Seen[];
  /** Of the person asked for, all that counts in the workspace. */
  permissions: Permission[];
}

export const personOf = (key: string, { of: id, organizationId }: PersonId): Person => ({
  kind: key.startsWith('user:') ? 'user' : 'group',
  id,
  organizationId,
  name: key.slice(key.indexOf(':') + 1),
});

/** None where this Airbyte has no permissions. */
const permissionsOf = async (access: Access, person: Person): Promise<Permission[]> => {
  try {
    return await access.permissionsOf(person);
  } catch (err) {
    if (isNotOffered(err)) return [];
    throw err;
  }
};

/** One that was about to be granted is known by its type: there was none of it before. */
const isIt = ({ id, type }: Granted, permission: Permission) =>
  id ? permission.id === id : permission.onWorkspace && permission.type === type;

const asGranted = ({ type, id, of, organizationId, run }: Granted): Granted => ({
  type,
  id,
  of,
  organizationId,
  run,
});

/** What is remembered of those that are there. */
export const remembered = (seen: Seen[]) => seen.map(asGranted);

interface Asked {
  key: string;
  record: Grantee;
  person?: PersonId | undefined;
}

/** Looks at all that somebody has, under each of the ids that the person had when something was granted. */
export const lookAt = async (access: Access, { key, record, person }: Asked): Promise<Look> => {
  const ids = new Map<string, PersonId>();
  for (const each of [...record.granted, ...(person ? [person] : [])]) ids.set(each.of, each);
  const all = new Map<string, Permission[]>();
  for (const [of, each] of ids) all.set(of, await permissionsOf(access, personOf(key, each)));
  const there = record.granted.flatMap((grant): Seen[] => {
    const permission = all.get(grant.of)?.find((each) => isIt(grant, each));
    return permission ? [{ ...asGranted(grant), id: permission.id, actual: permission.type }] : [];
  });
  return { there, permissions: person ? (all.get(person.of) ?? []) : [] };
};

/** What it takes that somebody has the permission, as far as it is ours to give. */
export const planFor = ({ there, permissions }: Look, person: PersonId, wanted: string) => {
  // One that a person has raised since in Airbyte stays as it is.
  const isRight = ({ of, type, actual }: Seen) =>
    of === person.of && type === wanted && covers(actual, wanted);
  const kept = there.filter(isRight);
  const wrong = there.filter((each) => !isRight(each));
  const isCovered = permissions.some(
    ({ id, type }) => covers(type, wanted) && !there.some((each) => each.id === id),
  );
  return { kept, wrong, isMissing: kept.length === 0 && !isCovered };
};

/** The id of the permission that an earlier attempt has granted unseen, or that is granted now. */
export const grant = async (
  access: Access,
  { person, type, mayBeThere }: { person: Person; type: string; mayBeThere: boolean },
  { settlesAt }: Attempt,
): Promise<string> => {
  const look = async () =>
    (await access.permissionsOf(person)).find((each) => each.onWorkspace && each.type === type)?.id;
  const found = mayBeThere ? await adoptable(look, { settlesAt }) : undefined;
  return found ?? access.grant(person, type);
};

/** Gone is what is seen to be gone. */
export const revoke = async (
  accessFor: (interest: CallInterest) => Access,
  { interest }: Pick<Attempt, 'interest'>,
  { key, grants }: { key: string; grants: Seen[] },
) => {
  const looking = accessFor(tillSeen(interest));
  for (const each of grants) {
    const person = personOf(key, each);
    await accessFor(interest).revoke(person, each.id);
    const left = (await looking.permissionsOf(person)).find(({ id }) => id === each.id);
    if (left) throw stillThere('permission', `${left.id} of ${key}`);
  }
};

/** Whether Airbyte has said no, so that nothing of it will come about. */
export const isFinal = (err: unknown): boolean =>
  isRefused(err) || (err instanceof ApplicationFailure && err.nonRetryable === true);
