import { z } from 'zod';

/** Why a pipeline is left as it is, in the order in which they are told. */
export const REASONS = {
  shared: 'its source or destination is used by other connections too',
  several: 'more than one connection is for the component',
  own: 'the component has a pipeline already',
  incomplete: 'its source or destination is not in the workspace, or cannot be read',
  unnamed: 'its name is of the form, but does not end with the name of a component',
  forbidden: 'its domain is of no team that has the environment',
  busy: 'a run of the component is under way',
  refused: 'it changed meanwhile, or Airbyte refused',
  remains: 'a source or destination that no connection uses, left by a failed run',
  absent: 'Airbyte has no connection of that name',
  owned: 'it belongs to another component',
  foreign: 'its names are not of the form',
} as const;

const Reason = z.enum([
  'shared',
  'several',
  'own',
  'incomplete',
  'unnamed',
  'forbidden',
  'busy',
  'refused',
  'remains',
  'absent',
  'owned',
  'foreign',
]);
export type Reason = z.infer<typeof Reason>;

/** Those that an operator has to do something about before the next deployment of the component. */
const OPEN: readonly Reason[] = [
  ...([
    'shared',
    'several',
    'own',
    'incomplete',
    'unnamed',
    'forbidden',
    'busy',
    'refused',
  ] as const),
];

const Row = z.object({
  /** The component's key. */
  key: z.string(),
  name: z.string(),
  connectionId: z.string(),
  sourceId: z.string(),
  destinationId: z.string(),
});
/** A connection that becomes a component's. */
export type Row = z.infer<typeof Row>;

const Left = z.object({ reason: Reason, name: z.string(), id: z.string(), detail: z.string() });
/** What is left as it is. */
export type Left = z.infer<typeof Left>;

const Totals = z.object({
  /** To be taken over. */
  take: z.number(),
  /** Taken over by this run. */
  taken: z.number(),
  /** The components' already; the name is in reports that Temporal keeps, and stays. */
  ours: z.number(),
  left: z.partialRecord(Reason, z.number()),
});

/** A plan, or what came of it. The lists are cut off; the totals are not. */
export const AdoptionReport = z.object({
  totals: Totals,
  take: z.array(Row),
  left: z.array(Left),
});
export type AdoptionReport = z.infer<typeof AdoptionReport>;

/** What is to be taken over: by the names of the form in an environment, or by descriptors. */
export type AdoptionQuery =
  { environment: string } | { wanted: { key: string; connection: string }[] };

/** The only environment that a query is about. */
export const adoptionEnvironment = (query: AdoptionQuery): string =>
  'environment' in query ? query.environment : (query.wanted[0]?.key.split('/')[0] ?? '');

/** Descriptors that one run is given. */
export const MAX_WANTED = 1000;

export const countOpen = ({ totals: { left } }: AdoptionReport) =>
  OPEN.reduce((sum, reason) => sum + (left[reason] ?? 0), 0);
