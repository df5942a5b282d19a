import type { AccessSeen, Seen } from '../../../activities/access/access';
import type { Principal } from '../../../src/descriptor/refs';
import type { Grant, Recalled } from './grants';

/** What it takes that exactly those who are wanted have access, as far as it is ours to give. */
export interface AccessPlan {
  grant: Grant[];
  /** Ours, each with its id. */
  revoke: Grant[];
  /** Ours already. */
  kept: Grant[];
  /** Of the wanted, those whom others have given as much or more. */
  already: Principal[];
  /** Remembered, but not there any more. */
  stale: Grant[];
}

/** One that was about to be granted is known by its type: there was none of it before. */
const granted = (seen: Seen | undefined, { id, type }: Grant) =>
  seen?.permissions.find((each) => (id ? each.id === id : each.onWorkspace && each.type === type));

type Known = Pick<AccessSeen, 'people' | 'permissionType'>;

/** Of the remembered grants: what is there still, with its id, and what is not. */
const sorted = (grants: Grant[], { people }: Known) => {
  const there: Grant[] = [];
  const stale: Grant[] = [];
  for (const { key, person, type, id } of grants) {
    const grant: Grant = { key, person, type, id };
    const permission = granted(people[key], grant);
    if (permission) there.push({ ...grant, id: permission.id });
    else stale.push(grant);
  }
  return { there, stale };
};

const planFor = (principal: Principal, remembered: Grant[], known: Known): AccessPlan => {
  const { key } = principal;
  const seen = known.people[key];
  const plan: AccessPlan = { grant: [], revoke: [], kept: [], already: [], stale: [] };
  // Nothing is known of a kind that this Airbyte does not have.
  if (!seen) return plan;
  const { there, stale } = sorted(remembered, known);
  const isRight = ({ type }: Grant) => type === known.permissionType;
  const kept = there.filter(isRight);
  const isCovered = seen.permissions.some(
    (each) => each.covers && !there.some(({ id }) => id === each.id),
  );
  const isMissing = kept.length === 0 && !isCovered;
  return {
    grant: isMissing ? [{ key, person: seen.person, type: known.permissionType }] : [],
    revoke: there.filter((grant) => !isRight(grant)),
    kept,
    already: kept.length === 0 && isCovered ? [principal] : [],
    stale,
  };
};

const joined = (plans: AccessPlan[]): AccessPlan => ({
  grant: plans.flatMap(({ grant }) => grant),
  revoke: plans.flatMap(({ revoke }) => revoke),
  kept: plans.flatMap(({ kept }) => kept),
  already: plans.flatMap(({ already }) => already),
  stale: plans.flatMap(({ stale }) => stale),
});

/** Who leaves keeps what another component wants them to have. */
export const planLeaving = (leaving: Recalled['grants'], known: Known): AccessPlan => {
  const { there, stale } = sorted(
    leaving.filter(({ shared }) => !shared),
    known,
  );
  return { grant: [], revoke: there, kept: [], already: [], stale };
};

export const planAccess = (wanted: Principal[], { grants }: Recalled, known: Known): AccessPlan => {
  const keys = new Set(wanted.map(({ key }) => key));
  const of = (wantedKey: string) => grants.filter(({ key }) => key === wantedKey);
  return joined([
    ...wanted.map((principal) => planFor(principal, of(principal.key), known)),
    planLeaving(
      grants.filter(({ key }) => !keys.has(key)),
      known,
    ),
  ]);
};
