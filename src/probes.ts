import express from 'express';
import type { Logger } from 'pino';
import { createHttpServer } from './http-server';
import type { Exposition } from './metrics/exposition';

/** Milliseconds that the SDK has to tell its metrics: Prometheus waits ten seconds for all. */
const SDK_WITHIN = 3000;

const MISSING =
  "# The metrics of Temporal's SDK are missing: it did not tell them. The worker's log has why.\n";

interface Probed {
  isReady: () => Promise<boolean>;
  exposition: Exposition;
  /** Where the SDK serves its own metrics. */
  sdkAddress: string;
  log: Logger;
}

const metricsAt = async (address: string) => {
  const signal = AbortSignal.timeout(SDK_WITHIN);
  const answer = await fetch(`http://${address}/metrics`, { signal });
  if (!answer.ok) throw new Error(`It answered ${String(answer.status)}.`);
  return answer.text();
};

/** Probes and metrics. Ready means polling Temporal for tasks, whether or not Airbyte answers. */
export const createProbes = ({ isReady, exposition, sdkAddress, log }: Probed) => {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_req, res) => {
    res.json({ alive: true });
  });
  app.get('/readyz', async (_req, res) => {
    const ready = await isReady();
    res.status(ready ? 200 : 503).json({ ready });
  });
  app.get('/metrics', async (_req, res) => {
    const [own, sdk] = await Promise.all([
      exposition.text(),
      metricsAt(sdkAddress).catch((err: unknown) => {
        log.warn({ err, address: sdkAddress }, "the SDK's metrics are missing from /metrics");
        return MISSING;
      }),
    ]);
    res.type(exposition.type).send(own + sdk);
  });
  return createHttpServer(app);
};
