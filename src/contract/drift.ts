import { z } from 'zod';

/** The kinds of finding, the most pressing first. */
export const KINDS = [
  'missing',
  'changed',
  'foreign',
  'duplicate',
  'orphaned',
  'unfinished',
  'untraced',
] as const;

/** Where what Airbyte or a fabric has and what the runs have left there do not agree. Names, never values. */
export const Finding = z.object({
  kind: z.enum(KINDS),
  /** The component's key; of a database that was made for a domain the environment and the domain. */
  component: z.string(),
  entity: z.enum([
    'source',
    'destination',
    'connection',
    'database',
    'schema',
    'role',
    /** One or several: what `differs` names. */
    'grant',
  ]),
  /** As Airbyte or the fabric has it or, where it is missing, as the descriptor calls it. */
  name: z.string(),
  /** The fabric it is of; absent: it is of Airbyte. */
  fabric: z.string().optional(),
  /** In Airbyte: none where it is missing, several where there are duplicates. */
  ids: z.array(z.string()),
  /** The fields that are not as the run has left them. */
  differs: z.array(z.string()).optional(),
  /** The run that decides what should be there. */
  token: z.string().optional(),
  /** What to do about it. */
  remedy: z.string(),
});
export type Finding = z.infer<typeof Finding>;

/** A fabric of which little or nothing could be told. */
export const Unreached = z.object({
  fabric: z.string(),
  /** As people call it: Snowflake. */
  system: z.string(),
  /** Components that were not compared with what it has. */
  components: z.number(),
  /** The keys of some of them. */
  some: z.array(z.string()).optional(),
  problem: z.string(),
  solution: z.string(),
});
export type Unreached = z.infer<typeof Unreached>;

/** Data that a removed component has left in a fabric. No finding: nobody may have asked for its removal. */
export const Kept = z.object({
  component: z.string(),
  name: z.string(),
  fabric: z.string(),
  /** The unprovision. */
  token: z.string(),
});
export type Kept = z.infer<typeof Kept>;

export const DriftReport = z.object({
  checkedAt: z.string(),
  totals: z.object({
    /** Components compared: those whose newest completed run is a provision. */
    components: z.number(),
    /** Components with a run under way; nothing is said about them. */
    busy: z.number(),
    /** Components whose deciding run cannot be read; nothing is said about them. */
    unreadable: z.number(),
    missing: z.number(),
    changed: z.number(),
    /** Older workers do not count them. */
    foreign: z.number().default(0),
    duplicate: z.number(),
    orphaned: z.number(),
    unfinished: z.number(),
    untraced: z.number(),
  }),
  findings: z.array(Finding),
  /** Tokens of runs under way. */
  busy: z.array(z.string()),
  /** Absent: none. What Airbyte has was compared all the same. */
  unreached: z.array(Unreached).optional(),
  /** Absent: none. Not in the totals. */
  kept: z.array(Kept).optional(),
  /** Whether there is more than the lists hold; the totals count all. */
  truncated: z.boolean(),
});
export type DriftReport = z.infer<typeof DriftReport>;

/** How many findings there are of all kinds. */
export const countOf = ({ totals }: DriftReport) =>
  KINDS.reduce((sum, kind) => sum + totals[kind], 0);

const TOTALS = ['components', 'busy', 'unreadable', ...KINDS] as const;

const besidesIn = (all: DriftReport[]) => {
  const unreached = all.flatMap((report) => report.unreached ?? []);
  const kept = all.flatMap((report) => report.kept ?? []);
  return { ...(unreached.length > 0 && { unreached }), ...(kept.length > 0 && { kept }) };
};

/** Reports of several environments as one, as old as the oldest; each has its own share of findings. */
export const joinedReports = ([first, ...others]: [DriftReport, ...DriftReport[]]): DriftReport => {
  const all = [first, ...others];
  const totals = { ...first.totals };
  for (const { totals: more } of others) for (const what of TOTALS) totals[what] += more[what];
  const findings = all.flatMap((report) => report.findings);
  return {
    checkedAt: all.map(({ checkedAt }) => checkedAt).reduce((a, b) => (a < b ? a : b)),
    totals,
    findings: KINDS.flatMap((kind) => findings.filter((finding) => finding.kind === kind)),
    busy: all.flatMap(({ busy }) => busy),
    ...besidesIn(all),
    truncated: all.some(({ truncated }) => truncated),
  };
};
