import type { Api } from '../airbyte-operations';
import type { Played, Wish, World } from './world';

/*
 * The second table of the fault matrix: not what befalls one call, but what an operation comes upon.
 * situation-laws.ts says when a row is right.
 */

export const SITUATIONS = [
  'refused before any write',
  'secret rotated',
  'secret gone',
  'field that cannot be written back',
  'page shifts',
  'entity of a foreign form',
  'changed by hand',
  'again and again',
] as const;

export const TOUCHED = ['update', 'product', 'updateacl', 'unprovision with removeData'] as const;

export interface SituationEnd {
  status: 'COMPLETED' | 'FAILED';
  /**
   * Of a failed run what differs from before, each with its component where there are two:
   * `source configuration.password`. All of it is named; `named` leaves open what it is.
   */
  differs?: string[] | 'named';
  /** Of a completed run: as this wants it, as before, or gone. */
  leaves?: 'wanted' | 'before' | 'nothing';
  /** Airbyte got no call that changes anything. */
  unwritten?: true;
  /** The former secrets cannot be proved, so that the digits may be dropped. */
  unproven?: true;
  /** Who may do what then. */
  access?: string[];
}

export interface Situation {
  situation: (typeof SITUATIONS)[number];
  operation: (typeof TOUCHED)[number];
  what: string;
  /** It cannot be through the other. */
  only?: Api;
  /** What is there to begin with: a pipeline, unless told otherwise; `none` leaves it to the row. */
  first?: Wish | 'none';
  play: (world: World) => Promise<Played>;
  end: SituationEnd | Record<Api, SituationEnd>;
  /** Wanted, and what completes when nothing is in its way any more. */
  good?: Wish;
}

export const endIn = (api: Api, { end }: Situation): SituationEnd =>
  'status' in end ? end : end[api];

export const nameOf = ({ operation, situation, what }: Situation) =>
  `${operation}: ${situation}: ${what}`;

/** For the document. */
export const outcomeOf = ({ status, differs = [], leaves, access }: SituationEnd) => {
  if (status === 'COMPLETED' && leaves === 'nothing') return 'C, nothing is left';
  if (status === 'COMPLETED') return access ? 'C, access as asked' : 'C, as wanted';
  if (differs === 'named') return 'F, what differs is named';
  return differs.length === 0 ? 'F, as before' : `F, but for ${differs.join(' and ')}: named`;
};
