import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { launch, untilReady } from '../../scripts/child';
import { findFreePorts } from '../../scripts/ports';
import { prometheusProgram } from '../../scripts/alerts/prometheus';
import { RULES, hastened } from './alerts';
import { eventually, slowness } from './harness';

/* A Prometheus on this machine, which looks at its rules every second, at its targets every other. */

const Answer = z.object({
  data: z.object({
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});
const Firing = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        state: z.string(),
        labels: z.looseObject({ alertname: z.string() }),
        annotations: z.looseObject({ summary: z.string() }),
      }),
    ),
  }),
});

/** Milliseconds, on a free machine, until an alert fires or is over. */
const PATIENCE = 20_000;

export interface Targets {
  /** host:port */
  gateway: string;
  worker: string;
}

const configOf = ({ gateway, worker }: Targets, scrape: string) => ({
  global: { scrape_interval: scrape, scrape_timeout: scrape, evaluation_interval: '1s' },
  rule_files: ['alerts.yaml'],
  scrape_configs: [
    { job_name: 'provisioner-gateway', static_configs: [{ targets: [gateway] }] },
    { job_name: 'provisioner-worker', static_configs: [{ targets: [worker] }] },
  ],
});

export type Prometheus = Awaited<ReturnType<typeof startPrometheus>>;

export const startPrometheus = async (targets: Targets) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-prometheus-'));
  const pace = Math.max(1, Math.round(slowness() / 3));
  const config = configOf(targets, `${String(2 * pace)}s`);
  writeFileSync(path.join(folder, 'prometheus.yaml'), stringify(config));
  writeFileSync(path.join(folder, 'alerts.yaml'), hastened(RULES, pace));
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${String(port)}`;
  const child = launch({
    name: 'Prometheus',
    command: prometheusProgram('prometheus') ?? '',
    args: [
      `--config.file=${path.join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
      '--log.level=warn',
    ],
    env: { PATH: process.env.PATH },
    logFile: path.join(folder, 'log'),
  });
  process.once('exit', child.kill);
  const isReady = async () => (await fetch(`${url}/-/ready`)).ok;
  await untilReady(child, { isReady, timeout: 60_000 });

  /** By the name of each alert that fires, what it says. */
  const firing = async () => {
    const { alerts } = Firing.parse(await (await fetch(`${url}/api/v1/alerts`)).json()).data;
    return new Map(
      alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels, annotations }) => [labels.alertname, annotations.summary]),
    );
  };

  return {
    url,
    firing,
    /** Whether a query has had any value, other than NaN, within so many seconds. */
    hasValues: async (query: string, since: number) => {
      const end = Date.now() / 1000;
      const asked = { query, start: String(end - since), end: String(end), step: '2' };
      const body = new URLSearchParams(asked);
      const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
      const text = await response.text();
      if (!response.ok) throw new Error(`${query}: ${text}`);
      const { result } = Answer.parse(JSON.parse(text)).data;
      return result.some(({ values }) => values.some(([, value]) => value !== 'NaN'));
    },
    untilFiring: (alert: string) =>
      eventually(async () => (await firing()).get(alert), `${alert} to fire`, PATIENCE),
    /** No alert fires. */
    untilQuiet: () =>
      eventually(
        async () => ((await firing()).size === 0 ? true : undefined),
        'no alert to fire',
        PATIENCE,
      ),
    stop: async () => {
      process.off('exit', child.kill);
      await child.stop();
      rmSync(folder, { recursive: true });
    },
  };
};
