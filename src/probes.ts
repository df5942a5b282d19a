import express from 'express';
import { createHttpServer } from './http-server';
import type { Exposition } from './metrics/exposition';

interface Probed {
  isReady: () => Promise<boolean>;
  exposition: Exposition;
  /** Where the SDK serves its own metrics. */
  sdkAddress: string;
}

/** Probes and metrics. Ready means polling Temporal for tasks, whether or not Airbyte answers. */
export const createProbes = ({ isReady, exposition, sdkAddress }: Probed) => {
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
    const sdk = await fetch(`http://${sdkAddress}/metrics`).catch(() => undefined);
    if (sdk) res.type(exposition.type).send((await exposition.text()) + (await sdk.text()));
    else res.sendStatus(503);
  });
  return createHttpServer(app);
};
