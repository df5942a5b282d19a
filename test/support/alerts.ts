import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../scripts/child';
import { shellBlocks } from '../../scripts/commands';
import { prometheusProgram } from '../../scripts/alerts/prometheus';

/* The alerts, what the runbook says of them, and what of Prometheus is there to try them. */

export const promtool = prometheusProgram('promtool');
/** Of jest: skipped without Prometheus. */
export const withPrometheus = promtool ? test : test.skip;
if (!promtool)
  process.stderr.write(
    'SKIPPED: the alerts are not tried, as there is no Prometheus: npm run test:alerts gets it.\n',
  );

export const OPS = path.join(ROOT, 'ops');
export const RULES = readFileSync(path.join(ROOT, 'chart', 'rules', 'alerts.yaml'), 'utf8');
const RUNBOOK = readFileSync(path.join(ROOT, 'docs', 'runbook.md'), 'utf8');

const Alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.string(),
  }),
});
export type Alert = z.infer<typeof Alert>;

const Rules = z.object({ groups: z.tuple([z.object({ rules: z.array(Alert) })]) });
export const ALERTS: Alert[] = Rules.parse(parse(RULES)).groups[0].rules;

/**
 * The same alerts with shorter durations, and nothing else: what they look back on, how long something
 * has to be so, and the age of runs and of workers. `pace`: how many times longer they are on a machine
 * that has too much to do.
 */
export const hastened = (rules: string, pace = 1): string =>
  rules
    .replaceAll(/\[\d+[mh]\]/g, `[${String(10 * pace)}s]`)
    .replaceAll(/for: \d+m/g, `for: ${String(2 * pace)}s`)
    .replaceAll(/(time\(\) - .*) > \d+/g, `$1 > ${String(3 * pace)}`)
    .replaceAll(/(time\(\) - .*) < \d+/g, `$1 < ${String(10 * pace)}`);

/** By the name of its alert, a section of the runbook. */
export const SECTIONS: ReadonlyMap<string, string> = new Map(
  RUNBOOK.split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text]),
);

/** The commands of a section, in the order in which they stand: block by block. */
export const commandsOf = (alert: string): string[] => shellBlocks(SECTIONS.get(alert) ?? '');
