import express from 'express';
import { createHttpServer } from './http-server';
import type { Exposition } from './metrics/exposition';

interface Probed {
  isReady: () => Promise<boolean>;
  /** What somebody should mend, and nothing waits for. */
  warning?: (() => string | undefined) | undefined;
  exposition: Exposition;
}

/** Probes and metrics. Ready means polling Temporal for tasks, whether or not Airbyte answers. */
export const createProbes = ({ isReady, warning, exposition }: Probed) => {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_req, res) => {
    res.json({ alive: true });
  });
  app.get('/readyz', async (_req, res) => {
    const ready = await isReady();
    res.status(ready ? 200 : 503).json({ ready, warning: warning?.() });
  });
  app.get('/metrics', async (_req, res) => {
    res.type(exposition.type).send(await exposition.text());
  });
  return createHttpServer(app);
};
