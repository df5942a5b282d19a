import { Registry, collectDefaultMetrics } from 'prom-client';

/** What a program serves at `/metrics`, in Prometheus' text format. */
export interface Exposition {
  type: string;
  text: () => Promise<string>;
}

/**
 * A registry with what Prometheus knows of every process and what Node tells of itself, but for its
 * handles: they take a gauge's time for each open connection, and have names of counters.
 */
export const createRegistry = () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_active_')) registry.removeSingleMetric(name);
  return registry;
};

/** `refresh` sets what is looked up only when somebody asks for it. */
export const expositionOf = (registry: Registry, refresh: () => Promise<void>): Exposition => ({
  type: registry.contentType,
  text: async () => {
    await refresh();
    return registry.metrics();
  },
});
