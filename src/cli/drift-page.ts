import { table } from './tables';
import { KINDS } from '../contract/drift';
import type { DriftReport, Finding, Kept, Unreached } from '../contract/drift';
import { firstFew } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';

/** What became of one component's repair. */
export interface Repair {
  component: string;
  token: string;
  status: string;
  result: string;
}

export const plural = (count: number, what: string) =>
  `${String(count)} ${what}${count === 1 ? '' : 's'}`;

const rowOf = ({ kind, component, entity, name, fabric, ids, token, differs = [] }: Finding) => [
  kind,
  [component, ...(token === undefined ? [] : [token])].join('\n'),
  [
    `${entity} ${inOneLine(name)}`,
    ...(fabric === undefined ? [] : [`in ${inOneLine(fabric)}`]),
    ...ids,
  ].join('\n'),
  differs.join('\n'),
];

/** Tokens of runs under way that are named; --json has all that are listed. */
const MAX_BUSY = 5;
/** What to do, of what is in the way in fabrics by itself; --json has each with its finding. */
const MAX_REMEDIES = 20;

const unreachedLine = ({ fabric, system, components, some = [], problem, solution }: Unreached) =>
  `Not compared with the fabric ${fabric} (${system}): ${plural(components, 'component')}${some.length > 0 ? ` (${firstFew(some).join(', ')})` : ''}. ${inOneLine(problem)} What to do: ${inOneLine(solution)}`;

/** Data that is named; --json has all that is listed. */
const MAX_KEPT = 20;

const keptLines = (kept: Kept[]) =>
  kept.length === 0
    ? []
    : [
        'Data of components that were unprovisioned is there still. Undeploy them again, with removeData, where it is to go:',
        ...firstFew(
          kept.map(
            ({ component, name, fabric }) => `  ${component}: ${inOneLine(name)} in ${fabric}`,
          ),
          MAX_KEPT,
        ),
      ];

const summaryOf = ({ checkedAt, totals, busy: tokens, unreached = [], kept = [] }: DriftReport) => {
  const found = KINDS.filter((kind) => totals[kind] > 0);
  const counted = found.map((kind) => `${String(totals[kind])} ${kind}`).join(', ');
  const { components, busy, unreadable } = totals;
  return [
    `${plural(components, 'component')} compared at ${checkedAt}: ${counted || 'no drift'}.`,
    ...(busy > 0
      ? [
          `Not compared, as a run is under way: ${String(busy)}.`,
          ...firstFew(tokens, MAX_BUSY).map((token) => `  ${token}`),
        ]
      : []),
    ...(unreadable > 0
      ? [`Not compared, as their run cannot be read: ${String(unreadable)}.`]
      : []),
    ...unreached.map(unreachedLine),
    ...keptLines(kept),
  ];
};

const remediesOf = (findings: Finding[]) => {
  const remedies = new Set(findings.map(({ kind, remedy }) => `  ${kind}: ${inOneLine(remedy)}`));
  return firstFew([...remedies], MAX_REMEDIES);
};

/** Its findings as a table, what was compared, and what to do. */
export const pageOf = (report: DriftReport) => {
  const { findings, truncated } = report;
  if (findings.length === 0) return summaryOf(report).join('\n');
  return [
    table(['FINDING', 'COMPONENT', 'ENTITY', 'DIFFERS'], findings.map(rowOf)),
    ...(truncated ? ['There are more: the list is cut off.'] : []),
    ...summaryOf(report),
    'What to do:',
    ...remediesOf(findings),
  ].join('\n');
};

export const repairsPage = (repairs: Repair[]) =>
  table(
    ['STATUS', 'COMPONENT', 'RESULT'],
    repairs.map(({ status, component, token, result }) => [
      status,
      component,
      `${token}\n${result}`,
    ]),
  );
