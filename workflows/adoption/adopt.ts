import {
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertMemo,
} from '@temporalio/workflow';
import type { AdoptionActivities } from '../../activities/adoption/adoption';
import type { AdoptionQuery, AdoptionReport, Left, Row } from '../../src/contract/adoption';
import { MAX_REPORTED } from '../protocol/lengths';
import { explainedFailure } from '../run/failure';
import type { Named } from '../input';
import { leaseId, takeLease } from '../run/lease';

/*
 * What the existing provisioner has made becomes the components', a page at a time. Each component is
 * held while it is renamed, as its own runs hold it; who is held already is left for another time.
 */

/** Components of one page, after which the run starts anew: its history stays below 5,000 events. */
const PAGE = 500;
/** Components held at once, and renamed by one step. */
const BATCH = 100;

const steps = proxyActivities<AdoptionActivities>({
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '30m',
  retry: { initialInterval: '1s', maximumInterval: '30s', backoffCoefficient: 2 },
});

interface AdoptInput extends Named {
  query: AdoptionQuery;
  /** The only one that it is about; absent: whatever the query says, as a command of before asked. */
  environment?: string;
  /** Whether to do what is planned; else it is only told. */
  perform: boolean;
  /** Of the plan, how many are told. */
  limit: number;
  /** What was told before is of components up to this one. */
  after?: string;
  /** What runs before this one have done. */
  done?: AdoptionReport;
}

const busy = ({ key, name, connectionId }: Row): Left => ({
  reason: 'busy',
  name,
  id: connectionId,
  detail: key,
});

/** Those that were left. The components are let go when it is done. */
const adoptBatch = async (
  rows: Row[],
  { environment, deployment }: Pick<AdoptInput, 'environment' | 'deployment'>,
): Promise<Left[]> => {
  const scope = new CancellationScope();
  try {
    const held = await scope.run(() =>
      Promise.all(rows.map(({ key }) => takeLease(leaseId('component', { key, deployment })))),
    );
    const own = rows.filter((_row, index) => held[index]);
    const theirs = rows.filter((_row, index) => !held[index]).map(busy);
    const left = own.length > 0 ? await steps.adoptRows({ rows: own, environment }) : [];
    return [...theirs, ...left];
  } finally {
    scope.cancel();
  }
};

/** What has been done, and what is left of it. */
const withBatch = (done: AdoptionReport, rows: Row[], left: Left[]): AdoptionReport => {
  const counts = { ...done.totals.left };
  for (const { reason } of left) counts[reason] = (counts[reason] ?? 0) + 1;
  return {
    totals: {
      ...done.totals,
      taken: done.totals.taken + rows.length - left.length,
      left: counts,
    },
    take: [],
    left: [...left, ...done.left].slice(0, MAX_REPORTED),
  };
};

const show = ({ totals }: AdoptionReport) => {
  const left = Object.entries(totals.left).map(([reason, n]) => `- left, ${reason}: ${String(n)}`);
  setCurrentDetails(
    [
      `**Taken over: ${String(totals.taken)} of ${String(totals.take)}**`,
      `- already: ${String(totals.ours)}`,
      ...left,
    ].join('\n'),
  );
};

const failureOf = (err: unknown) =>
  explainedFailure('Not all was taken over.', { type: 'AdoptionFailed', err });

/** Plans, and if asked does, what `provisioner adopt` is for. Repeating it is harmless. */
export async function adopt(input: AdoptInput): Promise<AdoptionReport> {
  const { query, environment, perform, limit, after, done } = input;
  try {
    upsertMemo({ phase: perform ? 'Taking over' : 'Planning' });
    const page = { query, environment, after, limit: perform ? PAGE : limit };
    const plan = await steps.planAdoption(page);
    if (!perform) return plan;
    let report = done ?? { ...plan, take: [] };
    show(report);
    for (let at = 0; at < plan.take.length; at += BATCH) {
      const rows = plan.take.slice(at, at + BATCH);
      report = withBatch(report, rows, await adoptBatch(rows, input));
      show(report);
    }
    const last = plan.take.at(-1);
    if (!last || plan.take.length < PAGE) return report;
    return await continueAsNew<typeof adopt>({ ...input, after: last.key, done: report });
  } catch (err) {
    if (isCancellation(err) || err instanceof ContinueAsNew) throw err;
    throw failureOf(err);
  }
}
