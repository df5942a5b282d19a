import type { Access, Permission, Person } from '../../src/airbyte/people';
import { covers, isNotOffered } from '../../src/airbyte/permissions';
import type { Principal } from '../../src/descriptor/refs';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { firstFew } from '../../workflows/protocol/lengths';
import type { PersonId } from './people';
import { attempt } from '../attempt';
import { adoptable, stillThere } from '../unclear-answers';

/** Somebody Airbyte knows, and what they may do in the workspace. */
export interface Seen {
  person: Person;
  permissions: (Permission & {
    /** Gives all that is to be granted, or more. */ covers: boolean;
  })[];
}

export interface AccessSeen {
  /** By principal's key, those asked for and those held. */
  people: Record<string, Seen>;
  /** What is wrong with those asked for whom Airbyte does not know: a line each. */
  unknown: string[];
  /** Kinds of principals that this edition or version of Airbyte does not have. */
  without: Person['kind'][];
  /** What is to be granted: a PermissionType. */
  permissionType: string;
}

interface Look {
  wanted: Principal[];
  /** Whom we have granted something, by principal's key; looked at even if nobody asks for them. */
  held: Record<string, Person>;
}

interface PeopleFound extends Pick<AccessSeen, 'unknown' | 'without'> {
  /** By principal's key. */
  people: Record<string, PersonId>;
}

interface Giving {
  person: Person;
  type: string;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
  /** It was there before, and may still be. */
  isBack?: boolean;
}

/** The permission's id, and whether it was not there before. */
interface Given {
  id: string;
  isNew: boolean;
}

interface AccessDeps {
  accessFor: (interest: CallInterest) => Access;
  /** What updateacl grants: a PermissionType. */
  accessPermission: string;
}

export type AccessActivities = ReturnType<typeof createAccessActivities>;

/** Undefined where this Airbyte has no such thing. */
const ifOffered = async <Result>(asked: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await asked;
  } catch (err) {
    if (isNotOffered(err)) return undefined;
    throw err;
  }
};

const inEach = async (
  organizations: string[],
  look: (organizationId: string) => Promise<Person[]>,
): Promise<Person[]> => (await Promise.all(organizations.map(look))).flat();

const nameOf = ({ kind, name }: Pick<Person, 'kind' | 'name'>) =>
  `${kind}:${kind === 'user' ? name.toLowerCase() : name}`;

/** By how they are called. A user who is in several organizations has the same id in each. */
const byName = (people: Person[]) => {
  const named = new Map<string, Map<string, Person>>();
  for (const person of people) {
    const same = named.get(nameOf(person)) ?? new Map<string, Person>();
    named.set(nameOf(person), same.set(person.id, person));
  }
  return (principal: Principal) => [...(named.get(nameOf(principal))?.values() ?? [])];
};

const unknownOf = ({ kind, name, refs }: Principal, found: Person[]) => {
  const named = `${refs.join(', ')}${kind === 'user' ? ` (${name})` : ''}`;
  if (found.length === 0) return `Airbyte has no ${kind} for ${named}`;
  const ids = found.map(({ id }) => id).join(', ');
  return `Airbyte has ${String(found.length)} ${kind}s for ${named}: ${ids}`;
};

/** Looking at and changing who may use the workspace. Each is safe to repeat. */
export const createAccessActivities = ({ accessFor, accessPermission }: AccessDeps) => {
  const find = async (access: Access, wanted: Principal[]) => {
    const kinds = [...new Set(wanted.map(({ kind }) => kind))];
    const organizations = wanted.length > 0 && (await ifOffered(access.listOrganizations()));
    const mails = wanted.flatMap(({ kind, name }) => (kind === 'user' ? [name] : []));
    const finders = {
      user: (id: string) => access.findUsers(id, mails),
      group: (id: string) => access.listGroups(id),
    };
    const looks = kinds.map(async (kind) => ({
      kind,
      found: organizations ? await ifOffered(inEach(organizations, finders[kind])) : undefined,
    }));
    const all = await Promise.all(looks);
    return {
      without: all.flatMap(({ kind, found }) => (found ? [] : [kind])),
      people: all.flatMap(({ found }) => found ?? []),
    };
  };

  /** Each of the wanted with all whom Airbyte has of that name. */
  const match = async (access: Access, wanted: Principal[]) => {
    const { people, without } = await find(access, wanted);
    const named = byName(people);
    const sought = wanted.filter(({ kind }) => !without.includes(kind));
    const matches = sought.map((principal) => ({ principal, found: named(principal) }));
    const unknown = matches
      .filter(({ found }) => found.length !== 1)
      .map(({ principal, found }) => unknownOf(principal, found));
    return { matches, unknown, without };
  };

  const seen = async (access: Access, person: Person): Promise<Seen> => ({
    person,
    permissions: ((await ifOffered(access.permissionsOf(person))) ?? []).map((permission) => ({
      ...permission,
      covers: covers(permission.type, accessPermission),
    })),
  });

  /** Permissions of the type on the workspace. */
  const granted = async (access: Access, person: Person, type: string) =>
    (await access.permissionsOf(person)).filter((each) => each.onWorkspace && each.type === type);

  return {
    /** Who is meant. Unless all are known nobody is told. */
    findPeople: ({ wanted }: Pick<Look, 'wanted'>): Promise<PeopleFound> =>
      attempt(async ({ interest }) => {
        const { matches, unknown, without } = await match(accessFor(interest), wanted);
        const people = matches.flatMap(({ principal: { key }, found: [one] }) =>
          one ? [[key, { of: one.id, organizationId: one.organizationId }] as const] : [],
        );
        return {
          people: unknown.length > 0 ? {} : Object.fromEntries(people),
          unknown: firstFew(unknown),
          without,
        };
      }),

    /** Who is meant, and what they may do. Unless all are known nothing more is looked at. */
    lookAtAccess: ({ wanted, held }: Look): Promise<AccessSeen> =>
      attempt(async ({ interest }) => {
        const access = accessFor(interest);
        const { matches, unknown, without } = await match(access, wanted);
        const nothing = { people: {}, unknown, without, permissionType: accessPermission };
        if (unknown.length > 0) return nothing;
        const known: Record<string, Person> = { ...held };
        for (const { principal, found } of matches)
          for (const person of found) known[principal.key] = person;
        const looks = Object.entries(known).map(async ([key, person]): Promise<[string, Seen]> => [
          key,
          await seen(access, person),
        ]);
        return { ...nothing, people: Object.fromEntries(await Promise.all(looks)) };
      }),

    /** An attempt after the first looks for what an earlier one has granted unseen. */
    grantAccess: (given: Giving): Promise<Given> =>
      attempt(async ({ number, settlesAt, interest }) => {
        const { person, type, isBack } = given;
        const access = accessFor(interest);
        const look = async () => (await granted(access, person, type))[0]?.id;
        const looks = number > 1 || isBack;
        const found = looks ? await adoptable(look, { settlesAt }) : undefined;
        if (found) return { id: found, isNew: number > 1 };
        return { id: await access.grant(person, type), isNew: true };
      }, given.settleTime),

    /** Whether there was any. Without an id: whatever of the type is on the workspace. */
    revokeAccess: (given: { person: Person; type: string; id?: string | undefined }) =>
      attempt(async ({ interest }): Promise<boolean> => {
        const { person, type, id } = given;
        const access = accessFor(interest);
        const there = async () =>
          (await access.permissionsOf(person)).filter((each) =>
            id ? each.id === id : each.onWorkspace && each.type === type,
          );
        const found = await there();
        for (const each of found) await access.revoke(person, each.id);
        const [left] = found.length > 0 ? await there() : [];
        if (left) throw stillThere('permission', left.id);
        return found.length > 0;
      }),
  };
};
