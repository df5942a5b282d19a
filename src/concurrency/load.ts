/** How many are under way of those that may be at once, and how many wait for that. */
export interface Load {
  busy: number;
  waiting: number;
}

/** Hears of each change. */
export type ObserveLoad = (load: Load) => void;
