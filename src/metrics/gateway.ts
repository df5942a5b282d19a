import { REFUSALS } from '../contract/problems';
import type { RefusalReason } from '../contract/problems';
import { COUNTED } from '../openapi/document';
import { RUNS, STATES } from '../runs/open-runs';
import type { OpenRun } from '../runs/open-runs';
import type { Load } from '../concurrency/load';
import { createRegistry, expositionOf } from './exposition';
import { OTHER, createCounter, createGauge, createHistogram } from './instruments';
import type { Described } from './instruments';
import { SETTINGS, createSettingsMetrics } from './settings';

/** Of a request's answer; 408 is Node's own and comes before any of ours, as 431 is for headers that are too large. `left`: nobody was there to get it. */
const STATUSES = [
  '200',
  '202',
  '302',
  '304',
  '400',
  '401',
  '403',
  '404',
  '409',
  '413',
  '415',
  '429',
  '431',
  '500',
  '503',
  'left',
] as const;

/** What a gateway counts and measures. */
export const GATEWAY = {
  ...SETTINGS,
  tlsBroken: {
    type: 'gauge',
    name: 'provisioner_tls_broken',
    help: '1 if the listener does not serve what gateway.tls says, or serves what has expired; else 0',
    labels: {},
  },
  ready: {
    type: 'gauge',
    name: 'provisioner_ready',
    help: '1 if /readyz answers 200, else 0',
    labels: {},
  },
  requests: {
    type: 'histogram',
    name: 'provisioner_http_request_duration_seconds',
    help: 'From the headers of a request until its answer is sent; probes and metrics not counted',
    labels: { route: Object.keys(COUNTED), status: STATUSES },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120],
  },
  refusals: {
    type: 'counter',
    name: 'provisioner_http_refusals_total',
    help: 'Requests that were not answered as was hoped',
    labels: { reason: REFUSALS },
  },
  open: {
    type: 'gauge',
    name: 'provisioner_http_open_requests',
    help: 'Requests without an answer as yet',
    labels: {},
  },
  held: {
    type: 'gauge',
    name: 'provisioner_http_held_bytes',
    help: 'Kept of bodies, and of what was made of them',
    labels: {},
  },
  reading: {
    type: 'gauge',
    name: 'provisioner_reading_threads_busy',
    help: 'Threads that read a body',
    labels: {},
  },
  unread: {
    type: 'gauge',
    name: 'provisioner_reading_bodies_waiting',
    help: 'Bodies that wait for a thread',
    labels: {},
  },
  starting: {
    type: 'gauge',
    name: 'provisioner_starts_in_flight',
    help: 'Runs that Temporal is asked to start',
    labels: {},
  },
  unstarted: {
    type: 'gauge',
    name: 'provisioner_starts_waiting',
    help: 'Runs that wait in the gateway to be handed to Temporal',
    labels: {},
  },
  runs: {
    type: 'gauge',
    name: 'provisioner_open_runs',
    help: "Runs that go on, of this deployment, by Temporal's list; each gateway has all of them",
    labels: { operation: RUNS, state: STATES },
  },
  oldest: {
    type: 'gauge',
    name: 'provisioner_open_runs_oldest_start_timestamp_seconds',
    help: 'When the oldest of them started',
    labels: { state: STATES },
  },
} as const satisfies Record<string, Described>;

interface Answered {
  /** The name of its operation; undefined: none of ours. */
  route: string | undefined;
  status: number | 'left';
  seconds: number;
}

interface Sources {
  isReady: () => Promise<boolean>;
  /** Undefined where Temporal does not tell. */
  openRuns: () => Promise<OpenRun[] | undefined>;
  isSettingsBroken: () => boolean;
  isTlsBroken: () => boolean;
}

/** When the oldest of each kind started, in seconds since 1970. */
const oldestOf = (runs: OpenRun[]) => {
  const oldest = new Map<OpenRun['state'], number>();
  for (const { state, startedAt } of runs)
    oldest.set(state, Math.min(oldest.get(state) ?? Infinity, startedAt / 1000));
  return [...oldest].map(([state, at]) => [{ state }, at] as const);
};

const NONE = RUNS.flatMap((operation) => STATES.map((state) => [{ operation, state }, 0] as const));

export const createGatewayMetrics = ({
  isReady,
  openRuns,
  isSettingsBroken,
  isTlsBroken,
}: Sources) => {
  const registry = createRegistry();
  const settings = createSettingsMetrics(registry, isSettingsBroken);
  const tlsBroken = createGauge(registry, GATEWAY.tlsBroken);
  const ready = createGauge(registry, GATEWAY.ready);
  const requests = createHistogram(registry, GATEWAY.requests);
  const refusals = createCounter(registry, GATEWAY.refusals);
  const reading = createGauge(registry, GATEWAY.reading);
  const unread = createGauge(registry, GATEWAY.unread);
  const starting = createGauge(registry, GATEWAY.starting);
  const unstarted = createGauge(registry, GATEWAY.unstarted);
  const runs = createGauge(registry, GATEWAY.runs);
  const oldest = createGauge(registry, GATEWAY.oldest);

  const refresh = async () => {
    const [isOk, open] = await Promise.all([isReady(), openRuns()]);
    ready.set(Number(isOk));
    settings.refresh();
    tlsBroken.set(Number(isTlsBroken()));
    runs.replace(open ? [...NONE, ...open.map((run) => [run, 1] as const)] : []);
    oldest.replace(open ? oldestOf(open) : []);
  };

  return {
    reloaded: settings.reloaded,
    answered: ({ route = OTHER, status, seconds }: Answered) => {
      requests({ route, status: String(status) }, seconds);
    },
    refused: (reason: RefusalReason) => {
      refusals({ reason });
    },
    open: createGauge(registry, GATEWAY.open).set,
    held: createGauge(registry, GATEWAY.held).set,
    readings: ({ busy, waiting }: Load) => {
      reading.set(busy);
      unread.set(waiting);
    },
    starts: ({ busy, waiting }: Load) => {
      starting.set(busy);
      unstarted.set(waiting);
    },
    exposition: expositionOf(registry, refresh),
  };
};

/** What is told to metrics, and asked of them, where requests are answered. */
export type GatewayMetrics = Pick<
  ReturnType<typeof createGatewayMetrics>,
  'answered' | 'refused' | 'open' | 'held' | 'exposition'
>;
