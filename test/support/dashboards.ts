import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { OPS } from './alerts';

/* Dashboards of ops/grafana, and the queries in them. */

const Datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const Panel = z.looseObject({
  id: z.number(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource: Datasource.optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z
    .array(z.looseObject({ refId: z.string(), expr: z.string(), legendFormat: z.string() }))
    .default([]),
});
const Dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(Panel),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
});

const FOLDER = path.join(OPS, 'grafana');

export const DASHBOARDS = readdirSync(FOLDER).map((file) => ({
  file,
  ...Dashboard.parse(JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'))),
}));

/** What Grafana puts for its variables; `since`: seconds that are shown. */
const asGrafana = (expr: string, since: number) =>
  expr
    .replaceAll('$gateway', 'provisioner-gateway')
    .replaceAll('$worker', 'provisioner-worker')
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', `${String(since)}s`);

/** Every query of every dashboard, with where it stands. */
export const queriesOf = (since: number) =>
  DASHBOARDS.flatMap(({ file, panels }) =>
    panels.flatMap(({ title, targets }) =>
      targets.map(({ expr, refId }) => ({
        where: `${file}: ${title} (${refId})`,
        query: asGrafana(expr, since),
      })),
    ),
  );
