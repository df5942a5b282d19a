import type { Registry } from 'prom-client';
import type { Checked } from '../../activities/drift/drift';
import { APIS, CALLS } from '../airbyte/apis';
import type { Called } from '../airbyte/apis';
import type { ObserveLoad } from '../concurrency/load';
import { KINDS } from '../contract/drift';
import type { FabricCalled } from '../fabrics/http';
import { RUNS } from '../runs/open-runs';
import { createRegistry, expositionOf } from './exposition';
import { createCounter, createGauge, createHistogram } from './instruments';
import type { Described } from './instruments';
import { ANSWERS, ATTEMPTS, ENTITIES, FAILURE_CAUSES, RUN_ENDS, STEPS, UNDO_ENDS } from './labels';
import type { AttemptEnd } from './labels';
import { SETTINGS, createSettingsMetrics } from './settings';

/** Environments that have series of their own in what is told of drift; nobody else lists them. */
const MOST_ENVIRONMENTS = 20;

/** Systems of fabrics, and their operations, that have series of their own: only the types of fabrics list them. */
const MOST_SYSTEMS = 10;
const MOST_CALLS = 100;

/** What a worker counts and measures. */
export const WORKER = {
  ...SETTINGS,
  ready: {
    type: 'gauge',
    name: 'provisioner_ready',
    help: '1 if /readyz answers 200, else 0',
    labels: {},
  },
  runs: {
    type: 'counter',
    name: 'provisioner_runs_total',
    help: 'Runs that have ended on this worker; those of the components of a data product count too',
    labels: { operation: RUNS, outcome: RUN_ENDS },
  },
  runFailures: {
    type: 'counter',
    name: 'provisioner_run_failures_total',
    help: 'Runs that have failed on this worker, by what made them fail',
    labels: { operation: RUNS, cause: FAILURE_CAUSES },
  },
  runDuration: {
    type: 'histogram',
    name: 'provisioner_run_duration_seconds',
    help: 'From the start of a run until its end, its waits included',
    labels: { operation: RUNS },
    buckets: [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400],
  },
  undos: {
    type: 'counter',
    name: 'provisioner_compensations_total',
    help: 'Steps of runs that failed, by whether they were taken back',
    labels: { entity: ENTITIES, outcome: UNDO_ENDS },
  },
  leftBehind: {
    type: 'counter',
    name: 'provisioner_left_behind_total',
    help: 'What statuses of failed runs name as left behind',
    labels: { operation: RUNS },
  },
  attempts: {
    type: 'counter',
    name: 'provisioner_step_attempts_total',
    help: 'Attempts of steps, by how they ended',
    labels: { step: STEPS, outcome: ATTEMPTS },
  },
  stepDuration: {
    type: 'histogram',
    name: 'provisioner_step_duration_seconds',
    help: 'From when a step was scheduled until its last attempt ended, all waits included',
    labels: { step: STEPS },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86_400],
  },
  calls: {
    type: 'counter',
    name: 'provisioner_airbyte_calls_total',
    help: 'Calls to Airbyte, by what was answered',
    labels: { api: APIS, operation: CALLS, status: ANSWERS },
  },
  callDuration: {
    type: 'histogram',
    name: 'provisioner_airbyte_call_duration_seconds',
    help: 'From when a call was sent until all of its answer had come, or none was waited for',
    labels: { api: APIS, operation: CALLS },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  calling: {
    type: 'gauge',
    name: 'provisioner_airbyte_calls_in_flight',
    help: 'Calls to Airbyte that are under way',
    labels: {},
  },
  uncalled: {
    type: 'gauge',
    name: 'provisioner_airbyte_calls_waiting',
    help: 'Calls to Airbyte that wait for others to end',
    labels: {},
  },
  fabricCalls: {
    type: 'counter',
    name: 'provisioner_fabric_calls_total',
    help: 'Calls to fabrics, by what was answered; of a statement that fails after it was taken the answer may be 200',
    labels: { system: { first: MOST_SYSTEMS }, operation: { first: MOST_CALLS }, status: ANSWERS },
  },
  fabricCallDuration: {
    type: 'histogram',
    name: 'provisioner_fabric_call_duration_seconds',
    help: 'From when a call to a fabric was sent until all of its answer had come, or none was waited for',
    labels: { system: { first: MOST_SYSTEMS }, operation: { first: MOST_CALLS } },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  drift: {
    type: 'gauge',
    name: 'provisioner_drift_entities',
    help: 'Findings of the last check for drift that this worker did',
    labels: { environment: { first: MOST_ENVIRONMENTS }, kind: KINDS },
  },
  driftCheckedAt: {
    type: 'gauge',
    name: 'provisioner_drift_checked_timestamp_seconds',
    help: 'When that check ended; one of all environments, where no configuration file names any, has no label',
    labels: { environment: { first: MOST_ENVIRONMENTS } },
  },
} as const satisfies Record<string, Described>;

const environmentOf = (component: string) => component.split('/')[0] ?? '';

type Series = readonly [labels: { environment: string; kind: string }, value: number];

const seriesOf = ({ environment: only, components, findings }: Checked): Series[] => {
  const met = only === undefined ? components.map(environmentOf) : [only];
  const none = [...new Set(met)].flatMap((environment) =>
    KINDS.map((kind): Series => [{ environment, kind }, 0]),
  );
  const found = findings.map(({ component, kind }): Series => [
    { environment: environmentOf(component), kind },
    1,
  ]);
  return [...none, ...found];
};

/** What the last check of each environment has found, and when. */
const createDriftGauges = (registry: Registry) => {
  const entities = createGauge(registry, WORKER.drift);
  const checkedAt = createGauge(registry, WORKER.driftCheckedAt);
  /** By the environment; undefined: of all, where there is no configuration file. */
  const last = new Map<string | undefined, { at: number; series: Series[] }>();
  const show = () => {
    entities.replace([...last.values()].flatMap(({ series }) => series));
    checkedAt.replaceByLargest([
      [{}, 0],
      ...[...last].map(
        ([environment, { at }]) => [environment === undefined ? {} : { environment }, at] as const,
      ),
    ]);
  };
  show();
  return {
    checked: (check: Checked) => {
      const at = Math.floor(Date.parse(check.checkedAt) / 1000);
      last.set(check.environment, { at, series: seriesOf(check) });
      show();
    },
    /** Nobody checks the others any more. */
    keepOnly: (environments: readonly string[]) => {
      for (const known of last.keys())
        if (known === undefined || !environments.includes(known)) last.delete(known);
      show();
    },
  };
};

/** Calls to several Airbytes, added up. */
const createLoadGauges = (registry: Registry) => {
  const calling = createGauge(registry, WORKER.calling);
  const uncalled = createGauge(registry, WORKER.uncalled);
  const all = { busy: 0, waiting: 0 };
  return (): ObserveLoad => {
    let former = { busy: 0, waiting: 0 };
    return (load) => {
      all.busy += load.busy - former.busy;
      all.waiting += load.waiting - former.waiting;
      former = load;
      calling.set(all.busy);
      uncalled.set(all.waiting);
    };
  };
};

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

interface Sources {
  isReady: () => Promise<boolean>;
  isSettingsBroken?: () => boolean;
}

export const createWorkerMetrics = ({ isReady, isSettingsBroken = () => false }: Sources) => {
  const registry = createRegistry();
  const settings = createSettingsMetrics(registry, isSettingsBroken);
  const ready = createGauge(registry, WORKER.ready);
  const runs = createCounter(registry, WORKER.runs);
  const runFailures = createCounter(registry, WORKER.runFailures);
  const runDuration = createHistogram(registry, WORKER.runDuration);
  const undos = createCounter(registry, WORKER.undos);
  const leftBehind = createCounter(registry, WORKER.leftBehind);
  const attempts = createCounter(registry, WORKER.attempts);
  const stepDuration = createHistogram(registry, WORKER.stepDuration);
  const calls = createCounter(registry, WORKER.calls);
  const callDuration = createHistogram(registry, WORKER.callDuration);
  const fabricCalls = createCounter(registry, WORKER.fabricCalls);
  const fabricCallDuration = createHistogram(registry, WORKER.fabricCallDuration);
  const loadOfOne = createLoadGauges(registry);
  const drift = createDriftGauges(registry);

  return {
    reloaded: settings.reloaded,
    runs: {
      ended: (operation: string, { outcome, seconds }: { outcome: string; seconds: number }) => {
        runs({ operation, outcome });
        runDuration({ operation }, seconds);
      },
      failed: (operation: string, cause: string) => {
        runFailures({ operation, cause });
      },
      undone: (entity: string, outcome: string) => {
        undos({ entity, outcome });
      },
      leftBehind: (operation: string, count: number) => {
        leftBehind({ operation }, count);
      },
    },
    steps: {
      attempted: (step: string, outcome: AttemptEnd) => {
        attempts({ step, outcome });
      },
      ended: (step: string, seconds: number) => {
        stepDuration({ step }, seconds);
      },
    },
    called: ({ api, operation, status, seconds }: Called) => {
      calls({ api, operation, status: String(status) });
      callDuration({ api, operation }, seconds);
    },
    fabricCalled: ({ system, operation, outcome, seconds }: FabricCalled) => {
      fabricCalls({ system, operation, status: String(outcome) });
      fabricCallDuration({ system, operation }, seconds);
    },
    /** For the client of one Airbyte: hears how many calls it has under way. */
    loadOfOne,
    checkedForDrift: drift.checked,
    /** The environments of the configuration file: what was found in others is told no more. */
    driftOnlyOf: drift.keepOnly,
    exposition: expositionOf(registry, async () => {
      ready.set(Number(await isReady()));
      settings.refresh();
    }),
  };
};
