import type { Plan } from '../src/descriptor/descriptor';
import type { Place } from '../src/descriptor/places';

/**
 * What the runs of a component say about it. `busy`: one is under way. `provisioned`, `removed`: the
 * newest completed run was a provision, an unprovision. `half-removed`: an unprovision ended later
 * without completing. `failed`: no run that Temporal remembers has completed.
 */
export type State = 'busy' | 'provisioned' | 'removed' | 'half-removed' | 'failed';

/** What is known of a component, and from which run. */
export interface Known {
  state: State;
  token: string;
  runId: string;
  /** All its runs that Temporal's list shows. */
  runIds: ReadonlySet<string>;
  /** When the oldest run that Temporal remembers began: milliseconds since 1970. */
  since: number;
}

/** By component, in the form it has in tokens. */
export type KnownComponents = ReadonlyMap<string, Known>;

export interface Provisioned {
  /** What Temporal remembers now. */
  components(signal: AbortSignal): Promise<KnownComponents>;
  /**
   * The same, with those of the named components as busy that a run has held which Temporal's list
   * of runs does not show yet. The list may lag by seconds; the component's lease does not.
   */
  confirmed(
    known: KnownComponents,
    components: string[],
    signal: AbortSignal,
  ): Promise<KnownComponents>;
  /**
   * Gives the plans of these runs, one after the other, so that no more than one is held; undefined for
   * one whose history is gone or has another form. With where runs before them have put the data.
   */
  eachPlan(
    runs: Known[],
    use: (run: Known, plan: Plan | undefined, former: Place[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Gives the places where these unprovisions have looked for a component's data; none where that is not known. */
  eachPlaces(
    runs: Known[],
    use: (run: Known, places: Place[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Of a component's provisions the first, from the newest on, whose plan is accepted; at most
   * MAX_FORMER different requests are gone through. `key` is the component's.
   */
  findFormer(
    key: string,
    accept: (former: FormerPlan) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<Plan | undefined>;
}

/** What a run was to make. */
export interface FormerPlan {
  plan: Plan;
  /** Whether it did. */
  completed: boolean;
}
