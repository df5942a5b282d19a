import { FAILED, MALFORMED, UNREAD, answer, answerOf, refused, takes, tokenLike } from './paths';
import type { Examples, Route, Routes } from './paths';
import { TOKENS } from './examples';
import { componentsOf } from './schemas';
import * as commands from '../contract/commands';
import * as operator from '../contract/operator';
import type { Cancellation, Replay, Run, RunDetails, RunList, Step } from '../contract/operator';

/* The operator's routes, which are served where they are switched on. */

const TOKEN = TOKENS.provision;
const token = tokenLike(TOKEN);

const run: Run = {
  token: TOKEN,
  operation: 'provision',
  environment: 'development',
  dataProduct: 'finance.cashflow.0',
  component: 'finance.cashflow.0.bookings',
  execution: 'Failed',
  phase: 'Failed',
  startedAt: '2026-01-31T06:00:00.000Z',
  closedAt: '2026-01-31T06:15:00.000Z',
  runId: '019c1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  why: 'Airbyte answered 503 to POST /sources for the source "Bookings".',
  cause: 'Airbyte answered 503',
};
const stuck: Run = {
  ...run,
  execution: 'Running',
  phase: 'Putting source and destination in place',
  closedAt: undefined,
  attempts: 9,
  givesUpAt: '2026-01-31T06:15:00.000Z',
};
const step: Step = {
  name: 'putSource',
  activity: 'putSource',
  state: 'failed',
  attempts: 12,
  lastError: 'Airbyte answered 503 to POST /sources for the source "Bookings".',
  solution: 'See whether Airbyte is up, then replay the run.',
};
const details: RunDetails = {
  ...run,
  status: 'FAILED',
  result:
    'The component was not provisioned. Airbyte answered 503 to POST /sources for the source "Bookings".',
  steps: [step],
  airbyte: { now: [], ids: {}, leftBehind: [], note: 'Nothing of the component is in Airbyte.' },
};
const list: RunList = {
  runs: [run],
  causes: [
    {
      cause: 'Airbyte answered 503',
      open: 1,
      superseded: 0,
      since: run.startedAt,
      token: TOKEN,
    },
  ],
  more: false,
};
const replayed: Replay = { token: TOKEN, outcome: 'replayed' };
const cancelling: Cancellation = {
  token: TOKEN,
  outcome: 'cancelling',
  message: 'The run is told to end, and undoes what it did.',
};
const ended: Cancellation = {
  token: TOKEN,
  outcome: 'had ended',
  status: 'COMPLETED',
  message: 'The run had ended before.',
};

const NO_RUN = answer('There is no run with the token', 'RequestValidationError', {
  unknown: refused({
    field: 'token',
    problem: `there is no run with the token ${TOKEN}`,
    solution: 'List the runs to see their tokens.',
  }),
});
const MISREAD = answer('The request was not understood', 'RequestValidationError', {
  malformed: MALFORMED,
});
const IN_THE_WAY = answer(
  'It completed or was superseded, and is not forced',
  'RequestValidationError',
  {
    completed: refused({
      field: 'token',
      problem: 'the run has completed',
      userMessage: 'The run was not replayed: the problem says what stands in the way.',
      solution: 'Replay it with force if it is to be done again.',
    }),
  },
);

const post = (body: { id: string; examples: Examples }, ok: Record<number, object>) => ({
  ...takes(body.id, body.examples),
  responses: { ...ok, 400: MISREAD, ...UNREAD, 500: FAILED },
});

/** The query of a list, from the filter's own schema. */
const filterParameters = () => {
  const { properties = {} } = componentsOf([commands]).RunFilter ?? {};
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
};

export const OPERATOR = {
  listRuns: {
    method: 'get',
    path: '/operations/runs',
    words: {
      summary: 'Runs, each token once: those that go on first, then those that ended last',
      parameters: filterParameters(),
      responses: {
        200: answer('The runs', 'RunList', { one: list, stuck: { ...list, runs: [stuck] } }),
        400: MISREAD,
        500: FAILED,
      },
    },
  },
  replayFailedRuns: {
    method: 'post',
    path: '/operations/runs/replay',
    words: {
      summary: 'Replay all runs that failed and that no later request has superseded',
      ...post(
        {
          id: 'ReplayFailedRequest',
          examples: { look: { failed: true, since: '24h', dryRun: true }, all: { failed: true } },
        },
        { 200: answer('What was done with each', 'Replays', { one: operator.summed([replayed]) }) },
      ),
    },
  },
  showRun: {
    method: 'get',
    path: '/operations/runs/:token',
    words: {
      summary: 'A run: its steps, attempts and last errors, and what is in Airbyte',
      parameters: token,
      responses: {
        200: answer('The run', 'RunDetails', { failed: details }),
        404: NO_RUN,
        500: FAILED,
      },
    },
  },
  replayRun: {
    method: 'post',
    path: '/operations/runs/:token/replay',
    words: {
      summary: 'Do again what a run was to do, under the same token',
      parameters: token,
      ...post(
        { id: 'ReplayRequest', examples: { failed: {}, completed: { force: true } } },
        {
          200: answer('The run was started again, or goes on', 'Replay', { replayed }),
          404: NO_RUN,
          409: IN_THE_WAY,
        },
      ),
    },
  },
  cancelRun: {
    method: 'post',
    path: '/operations/runs/:token/cancel',
    words: {
      summary: 'End a run: a provision undoes what it did, an unprovision stops where it is',
      parameters: token,
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { type: 'object', maxProperties: 0 },
            examples: { cancel: { value: {} } },
          },
        },
      },
      responses: {
        200: answer('The run had ended before', 'Cancellation', { ended }),
        202: answer('The run is told to end', 'Cancellation', { cancelling }),
        400: MISREAD,
        404: NO_RUN,
        ...UNREAD,
        500: FAILED,
      },
    },
  },
} satisfies Routes;

const probe = (path: string, responses: object): Route => ({
  method: 'get',
  path,
  words: { summary: 'For the container platform', responses },
});

export const PROBES = {
  getLiveness: probe('/livez', {
    200: answerOf('The gateway is alive', { examples: { alive: { alive: true } } }),
  }),
  getReadiness: probe('/readyz', {
    200: answerOf('The gateway takes requests', { examples: { ready: { ready: true } } }),
    503: answerOf('It takes none', {
      examples: { noTemporal: { ready: false, problem: 'no Temporal' } },
    }),
  }),
  getMetrics: {
    method: 'get',
    path: '/metrics',
    words: {
      summary: 'For Prometheus',
      responses: {
        200: answerOf("The gateway's metrics", {
          mime: 'text/plain',
          type: 'string',
          examples: { refusals: 'provisioner_http_refusals_total{reason="unknown_run"} 3\n' },
        }),
      },
    },
  },
} satisfies Routes;
