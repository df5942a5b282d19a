import type { Registry } from 'prom-client';
import type { ReloadOutcome } from '../settings/file';
import { createCounter, createGauge } from './instruments';
import type { Described } from './instruments';

const OUTCOMES = ['taken', 'refused'] as const satisfies ReloadOutcome[];

/** What gateway and worker tell of the configuration file, each of its own copy. */
export const SETTINGS = {
  reloads: {
    type: 'counter',
    name: 'provisioner_settings_reloads_total',
    help: 'New contents of the configuration file, by whether they hold from then on',
    labels: { outcome: OUTCOMES },
  },
  settingsBroken: {
    type: 'gauge',
    name: 'provisioner_settings_broken',
    help: '1 if the configuration file is wrong since it changed, and a former content holds; else 0',
    labels: {},
  },
} as const satisfies Record<string, Described>;

/** `isBroken` is asked whenever the metrics are. */
export const createSettingsMetrics = (registry: Registry, isBroken: () => boolean) => {
  const reloads = createCounter(registry, SETTINGS.reloads);
  const broken = createGauge(registry, SETTINGS.settingsBroken);
  return {
    reloaded: (outcome: ReloadOutcome) => {
      reloads({ outcome });
    },
    refresh: () => {
      broken.set(Number(isBroken()));
    },
  };
};
