import type { PlanStatus } from '../contract/plan';
import { start, status } from './coordinator';
import { NOT_VALID, REQUESTS, TOKENS } from './examples';
import type { Routes } from './paths';

/* What a deployment would do, for who writes descriptors: no operation of the Coordinator's contract. */

const planned: PlanStatus = {
  status: 'COMPLETED',
  result: 'A deployment would create 1, change 1, take over 0, retire 0 and keep 1.',
  components: [
    {
      component: 'development/finance.cashflow.0.bookings',
      at: 'specific',
      entities: [
        {
          kind: 'source',
          action: 'change',
          name: 'Bank bookings [development/finance.cashflow.0.bookings #2260b0ed]',
          id: '439b4c5b-c918-4359-bdd4-c9a4b04a2933',
          differs: ['configuration.url'],
        },
        {
          kind: 'destination',
          action: 'keep',
          name: 'Warehouse [development/finance.cashflow.0.bookings #c67d802e]',
          id: '692ee78c-cc42-4b86-be76-50a8f5ec9659',
        },
        { kind: 'connection', action: 'create', name: 'Bank bookings to warehouse' },
      ],
      warnings: [],
      open: [
        'The streams are looked at when it is deployed, as the source is not yet in Airbyte as the descriptor wants it.',
      ],
    },
  ],
  warnings: [],
};
const refused: PlanStatus = {
  status: 'COMPLETED',
  result:
    'A deployment would be refused before it writes anything: 1 of 1 components cannot be provisioned.',
  components: [
    {
      component: 'development/finance.cashflow.0.bookings',
      at: 'specific',
      entities: [],
      warnings: [],
      open: [],
      refused: {
        problem: 'specific.connection.streams[0].name: has no stream order; did you mean orders?',
        solution: 'Correct specific.connection.streams in the descriptor, or the source it reads.',
      },
    },
  ],
};

export const PLANNING = {
  startPlan: start('/v1/plan', {
    summary:
      'What a provision would create, change and overwrite in Airbyte, and make in fabrics; writes nothing',
    body: 'ProvisioningRequest',
    requests: REQUESTS.provision,
    token: TOKENS.plan,
    problems: NOT_VALID,
  }),
  getPlan: status('/v1/plan/:token/status', {
    summary: 'The status of a plan, and the plan',
    token: TOKENS.plan,
    body: 'PlanStatus',
    examples: {
      running: { status: 'RUNNING', result: 'Comparing with what Airbyte has' },
      planned,
      refused,
    },
  }),
} satisfies Routes;
