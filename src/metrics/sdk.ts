import type { Exposition } from './exposition';

/** Milliseconds that the SDK has to tell its metrics: Prometheus waits ten seconds for all. */
const SDK_WITHIN = 3000;

const MISSING =
  "# The metrics of Temporal's SDK are missing: it did not tell them. The worker's log has why.\n";

const metricsAt = async (address: string) => {
  const signal = AbortSignal.timeout(SDK_WITHIN);
  const answer = await fetch(`http://${address}/metrics`, { signal });
  if (!answer.ok) throw new Error(`It answered ${String(answer.status)}.`);
  return answer.text();
};

/** A worker's own metrics, and after them those that the SDK serves at an address; without, where it does not. */
export const withSdk = (
  { type, text }: Exposition,
  { address, missing }: { address: string; missing: (err: unknown) => void },
): Exposition => ({
  type,
  text: async () => {
    const [own, sdk] = await Promise.all([
      text(),
      metricsAt(address).catch((err: unknown) => {
        missing(err);
        return MISSING;
      }),
    ]);
    return own + sdk;
  },
});
