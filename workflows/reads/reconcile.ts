import {
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertMemo,
} from '@temporalio/workflow';
import type { DriftActivities, ToCompare } from '../../activities/drift/drift';
import type { DriftReport } from '../../src/contract/drift';
import { explainedFailure } from '../run/failure';

const { compare } = proxyActivities<DriftActivities>({
  summary: 'Compare what runs have provisioned with what Airbyte and the fabrics have',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '30s', backoffCoefficient: 2 },
});

/** Findings in the details of a check. */
const MAX_SHOWN = 20;

const linesOf = ({ checkedAt, totals, findings, unreached = [] }: DriftReport) => [
  `**Checked at ${checkedAt}**`,
  '',
  ...Object.entries(totals).map(([what, count]) => `- ${what}: ${String(count)}`),
  '',
  ...findings
    .slice(0, MAX_SHOWN)
    .map(
      ({ kind, entity, name, fabric, component }) =>
        `- ${kind} ${entity} "${name}"${fabric === undefined ? '' : ` in ${fabric}`} of ${component}`,
    ),
  ...unreached
    .slice(0, MAX_SHOWN)
    .map(({ fabric, problem }) => `- not compared with ${fabric}: ${problem}`),
];

const failureOf = (err: unknown) =>
  explainedFailure('The check for drift failed.', { type: 'DriftCheckFailed', err });

/**
 * One check for drift, of one environment where a configuration file names them. It changes nothing:
 * repairing is the provision's.
 */
export async function reconcile(given?: ToCompare): Promise<DriftReport> {
  upsertMemo({ phase: 'Comparing' });
  try {
    const report = await (given ? compare(given) : compare());
    upsertMemo({ phase: 'Completed', totals: report.totals });
    setCurrentDetails(linesOf(report).join('\n'));
    return report;
  } catch (err) {
    if (isCancellation(err)) throw err;
    throw failureOf(err);
  }
}
