import type { AccessSeen } from '../../activities/access/access';
import type { ReadersFound, ReadersTold } from '../../activities/fabric/readers';
import type { FailureDetails } from '../protocol/failure-details';
import type { Principal } from '../../src/descriptor/refs';
import type { Info } from '../../src/contract/coordinator';
import type { UpdateAclInput } from '../input';
import { finalFailure } from '../run/failure';
import { MAX_NAMED, firstFew } from '../protocol/lengths';
import type { Run } from '../run/report';

/** What taking away access to former data has come to. */
export interface FormerTold {
  /** By system: how many lost it there. */
  revoked: Map<string, number>;
  /** Places that nobody can look at any more: a sentence each. */
  untold: string[];
  /** Places where those who are to read no more could not all lose it: a sentence each. */
  unchanged: string[];
  /** Who reads where the fabric grants no access any more: a sentence each. */
  staying: string[];
}

const named = (people: Principal[]) => firstFew(people.flatMap(({ refs }) => refs)).join(', ');

export const peopleIn = ({ length }: unknown[]) =>
  length === 1 ? '1 person' : `${String(length)} people`;

/** Says whose access it is, by name as long as there are not too many in all. */
export const namer = () => {
  let left = MAX_NAMED;
  return (keys: string[]) => {
    const most = Math.min(left, keys.length);
    left -= most;
    if (most > 0) return `the access of ${firstFew(keys, most).join(', ')}`;
    return `the access of ${String(keys.length)} more`;
  };
};

/** The first people each alone, and the others together with what is said of the first of these. */
export const apart = <Said>(entries: [key: string, said: Said][]): [string[], Said][] => {
  const alone = entries.slice(0, MAX_NAMED).map(([key, said]): [string[], Said] => [[key], said]);
  const others = entries.slice(MAX_NAMED);
  const [first] = others;
  return first ? [...alone, [others.map(([key]) => key), first[1]]] : alone;
};

/** Of all together, so that nothing is changed for some of them. */
export const refuseUnknown = (unknown: string[], readers?: ReadersFound) => {
  const nobody = [...unknown, ...(readers?.unknown ?? [])];
  if (nobody.length === 0) return;
  const places = [
    ...(unknown.length > 0 ? ['Invite them to Airbyte'] : []),
    ...(readers && readers.unknown.length > 0
      ? [`create them in ${readers.system}, correct how its fabric names principals`]
      : []),
  ].join(', ');
  const details: FailureDetails = {
    problem: `refs: ${nobody.join('; ')}. Nothing was changed.`,
    solution: `${places.charAt(0).toUpperCase()}${places.slice(1)}, or leave them out, then send the request again.`,
  };
  throw finalFailure(details.problem, { type: 'UnknownPrincipals', details });
};

const KINDS = { user: 'users', group: 'groups' };

/** Who cannot be granted anything, as this Airbyte has no such kind. */
export const unmanaged = (
  people: Principal[],
  { without }: Pick<AccessSeen, 'without'>,
  run: Run,
) => {
  const left = people.filter(({ kind }) => without.includes(kind));
  if (left.length > 0)
    run.warn(
      `This Airbyte has no permissions for ${without.map((kind) => KINDS[kind]).join(' and ')} (its edition or version): nothing was granted to ${named(left)}.`,
    );
  return left;
};

export const infoOf = ({ people, info }: UpdateAclInput, left: Principal[]): Info => {
  const withAccess = people.filter(({ kind }) => !left.some((each) => each.kind === kind));
  const isManaged = withAccess.length > 0 || left.length === 0;
  const value = isManaged
    ? named(withAccess) || 'nobody'
    : 'not managed: this Airbyte has no permissions';
  return {
    publicInfo: { ...info.publicInfo, access: { type: 'string', label: 'Access', value } },
    privateInfo: info.privateInfo,
    aclInfo: withAccess.flatMap(({ refs }) =>
      refs.map((identity) => ({ identity, locked: false })),
    ),
  };
};

export interface Counts {
  granted: number;
  kept: number;
  had: number;
  revoked: number;
}

interface Told {
  reading?: (ReadersTold & { system: string }) | undefined;
  former?: FormerTold | undefined;
}

/** What was asked for is not so where nobody could look, or nothing may be changed. */
const untoldOf = ({ untold, unchanged, staying }: FormerTold) =>
  [
    ...(untold.length > 0
      ? [` Not so where its data was before, which could not be looked at: ${untold.join(' ')}`]
      : []),
    ...(unchanged.length > 0
      ? [` Not so where its data was before, which could not be changed: ${unchanged.join(' ')}`]
      : []),
    ...(staying.length > 0 ? [` Not so in a fabric: ${staying.join(' ')}`] : []),
  ].join('');

export const resultOf = (
  { granted, kept, had, revoked }: Counts,
  left: Principal[],
  { reading, former }: Told = {},
) => {
  const count = (items: number, what: string) => (items > 0 ? [`${String(items)} ${what}`] : []);
  const parts = [
    ...count(granted, 'granted'),
    ...count(kept, 'kept'),
    ...count(had, 'had it from others'),
    ...count(revoked, 'revoked'),
    ...count(left.length, 'not granted, as this Airbyte has no such permissions'),
    ...(reading
      ? [
          ...count(reading.granted, `granted the data in ${reading.system}`),
          ...count(reading.revoked, `revoked from the data in ${reading.system}`),
        ]
      : []),
    ...[...(former?.revoked ?? [])].flatMap(([system, revoked]) =>
      count(revoked, `revoked from the former data in ${system}`),
    ),
  ];
  const known = parts.join(', ') || (reading ? 'nothing was to be changed' : 'nobody');
  return `Who has access is as asked: ${known}.${former ? untoldOf(former) : ''}`;
};
