/*
 * What is remembered of the people we have granted something to, and how it changes. No workflow
 * code: it is what the workflow `grantees` keeps.
 */

/** A permission in Airbyte that is ours, or may be: without an id it was about to be granted. */
export interface Granted {
  /** PermissionType of Airbyte's public API. */
  type: string;
  id?: string | undefined;
  /** Airbyte's id of the user or group it was granted to: one who is invited anew has another. */
  of: string;
  organizationId: string;
  /** The run that granted it. */
  run: string;
}

/** What a run has found of a component's, so that it can be put back. */
export interface Before {
  run: string;
  wanted: boolean;
  /** What the run took away. */
  taken: Granted[];
}

/** While a run acts on somebody, nobody else does. */
interface Held {
  /** Who holds: the workflow id and the end of the run id. */
  token: string;
  run: string;
  /**
   * The attempt that holds; an earlier one has nothing to say any more. The name is in what is
   * remembered and in the updates of older workers, and stays, as do all names here.
   */
  turn: string;
  /** Epoch milliseconds. */
  until: number;
}

export interface Grantee {
  /** Digests of the components that want the person to have access. */
  wantedBy: string[];
  granted: Granted[];
  /** By component's digest, while a run goes on or where it could not put back what it found. */
  before?: Record<string, Before>;
  held?: Held | undefined;
}

/** By principal's key: `user:<mail>`, `group:<name>`. */
export type Grantees = Record<string, Grantee>;

/** People whom one workflow remembers. */
export const MAX_GRANTEES = 5000;
/** Components that want one person. */
export const MAX_WANTED_BY = 1000;
/** Of all whom one workflow remembers, together: 1.5 MB of digests at most, of the 2 that Temporal takes. */
const MAX_WANTINGS = 100_000;

export interface Hold {
  /** The component's digest. */
  component: string;
  token: string;
  run: string;
  turn: string;
  /** Milliseconds it holds at most; the attempt has ended by then. */
  lasts: number;
  keys: string[];
  /** Whether the component is to want them; else only those who are remembered are held. */
  wants: boolean;
}

/** What somebody is now remembered with. */
export interface Outcome {
  granted: Granted[];
  wanted: boolean;
  /** Null: nothing is to be put back any more. Absent: as it was. */
  before?: Before | null;
}

export interface Settle extends Pick<Hold, 'component' | 'turn'> {
  outcomes: Record<string, Outcome>;
  /** Ends the hold. */
  isLast: boolean;
}

const isWanted = ({ wantedBy }: Grantee, component: string) => wantedBy.includes(component);

type Obstacle = { heldBy: string } | { full: string };

const overfull = (grantees: Grantees, { component, keys }: Hold): string | undefined => {
  const known = Object.values(grantees);
  const added = keys.filter((key) => !grantees[key]).length;
  if (added > 0 && known.length + added > MAX_GRANTEES)
    return `already remembers ${String(known.length)} people, of ${String(MAX_GRANTEES)}, and was to remember ${String(added)} more`;
  const wanting = keys.filter((key) => !(grantees[key]?.wantedBy ?? []).includes(component));
  const most = wanting.find((key) => (grantees[key]?.wantedBy.length ?? 0) >= MAX_WANTED_BY);
  if (most)
    return `already remembers ${String(MAX_WANTED_BY)} components that give access to ${most}, and takes no more`;
  const wantings = known.reduce((sum, { wantedBy }) => sum + wantedBy.length, 0);
  if (wanting.length > 0 && wantings + wanting.length > MAX_WANTINGS)
    return `already remembers ${String(wantings)} accesses of people through components, of ${String(MAX_WANTINGS)}, and was to remember ${String(wanting.length)} more`;
  return undefined;
};

/** Why nobody of those asked for can be held now; undefined: all can. `now` in epoch milliseconds. */
export const obstacleTo = (grantees: Grantees, hold: Hold, now: number): Obstacle | undefined => {
  for (const key of hold.keys) {
    const held = grantees[key]?.held;
    if (held && held.run !== hold.run && held.until > now) return { heldBy: held.token };
  }
  const full = hold.wants ? overfull(grantees, hold) : undefined;
  return full === undefined ? undefined : { full };
};

/** Holds all who are named, and notes that the component wants them before anything is granted. */
export const holdAll = (grantees: Grantees, hold: Hold, now: number): Grantees => {
  const { component, token, run, turn, keys, wants } = hold;
  const held = { token, run, turn, until: now + hold.lasts };
  const records: Grantees = {};
  for (const key of keys) {
    const known = grantees[key];
    if (!known && !wants) continue;
    const grantee = known ?? (grantees[key] = { wantedBy: [], granted: [] });
    if (wants && !isWanted(grantee, component)) {
      grantee.wantedBy.push(component);
      grantee.before = { ...grantee.before, [component]: { run, wanted: false, taken: [] } };
    }
    grantee.held = held;
    records[key] = grantee;
  }
  return records;
};

const without = <Value>(record: Record<string, Value> = {}, name: string) =>
  Object.fromEntries(Object.entries(record).filter(([each]) => each !== name));

const setBefore = (grantee: Grantee, component: string, before: Before | null) => {
  const others = without(grantee.before, component);
  grantee.before = before ? { ...others, [component]: before } : others;
  if (Object.keys(grantee.before).length === 0) delete grantee.before;
};

const drop = (grantees: Grantees, key: string) => {
  const { wantedBy = [], granted = [], before, held } = grantees[key] ?? {};
  if (wantedBy.length + granted.length === 0 && !before && !held)
    Reflect.deleteProperty(grantees, key);
};

/** Whether the hold is still this attempt's: what one reports that was given up is not believed. */
export const settleAll = (grantees: Grantees, { component, turn, outcomes, isLast }: Settle) => {
  const mine = Object.keys(grantees).filter((key) => grantees[key]?.held?.turn === turn);
  if (Object.keys(outcomes).some((key) => !mine.includes(key))) return false;
  for (const key of mine) {
    const grantee = grantees[key];
    if (!grantee) continue;
    const outcome = outcomes[key];
    if (outcome) {
      const others = grantee.wantedBy.filter((each) => each !== component);
      grantee.wantedBy = outcome.wanted ? [...others, component] : others;
      grantee.granted = outcome.granted;
      if (outcome.before !== undefined) setBefore(grantee, component, outcome.before);
    }
    if (isLast) grantee.held = undefined;
    drop(grantees, key);
  }
  return true;
};

/** A run of the component has ended well: nothing is to be put back. */
export const forgetBefore = (grantees: Grantees, component: string) => {
  for (const [key, grantee] of Object.entries(grantees)) {
    if (grantee.before?.[component]) setBefore(grantee, component, null);
    drop(grantees, key);
  }
};

/** Whom a run of the component has changed, and not put back. */
export const changedBy = (
  grantees: Grantees,
  { component, run }: { component: string; run: string },
) =>
  Object.entries(grantees).flatMap(([key, { granted, before }]) =>
    before?.[component]?.run === run || granted.some((each) => each.run === run) ? [key] : [],
  );

/** What another workflow remembered; safe to repeat. */
export const addAll = (grantees: Grantees, more: Grantees) => {
  for (const [key, { wantedBy, granted }] of Object.entries(more)) {
    const known = (grantees[key] ??= { wantedBy: [], granted: [] });
    known.wantedBy = [...new Set([...known.wantedBy, ...wantedBy])];
    const isKnown = ({ type, id, of }: Granted) =>
      known.granted.some((each) => each.id === id && each.type === type && each.of === of);
    known.granted = [...known.granted, ...granted.filter((each) => !isKnown(each))];
  }
};
