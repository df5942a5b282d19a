import type {
  Info,
  ProvisioningRequest,
  ProvisioningStatus,
  ReverseProvisioningRequest,
  ReverseProvisioningStatus,
  UpdateAclRequest,
  ValidationRequest,
  ValidationStatus,
} from '../contract/coordinator';
import { refused } from './paths';

/* Examples of what the operations of the contract take and answer. */

const COMPONENT = `dataProduct:
  id: urn:dmb:dp:finance:cashflow:0
  name: Cash Flow
  domain: finance
  version: 0.1.0
  environment: development
  components:
    - kind: workload
      id: urn:dmb:cmp:finance:cashflow:0:bookings
      name: Bank bookings
      version: 0.1.0
      infrastructureTemplateId: urn:dmb:itm:airbyte-provisioner:0
      specific:
        source:
          name: Bank bookings
          connectionConfiguration:
            url: https://files.example.com/finance/cashflow.csv
            format: csv
            dataset_name: bookings
        destination:
          name: Warehouse
          connectionConfiguration:
            database: FINANCE
            schema: CASHFLOW_0
        connection:
          name: Bank bookings to warehouse
          schedule:
            scheduleType: cron
            cronExpression: 0 0 6 * * ?
componentIdToProvision: urn:dmb:cmp:finance:cashflow:0:bookings
`;

export const TOKENS = {
  provision: 'provision.development.finance.cashflow.0.bookings.9d1c0a7b52e4',
  unprovision: 'unprovision.development.finance.cashflow.0.bookings.4be0d2a91f37',
  updateacl: 'updateacl.development.finance.cashflow.0.bookings.70a3c5d98e16',
  plan: 'plan.development.finance.cashflow.0.bookings.5e7a90d3b1c2',
  validate: 'validate.development.finance.cashflow.0.bookings.c2f81e6d3b05',
  reverseProvision: 'reverseProvision.development.5a94f0b7c1d8',
};

const component: ProvisioningRequest = {
  descriptorKind: 'COMPONENT_DESCRIPTOR',
  descriptor: COMPONENT,
};
const broken: ProvisioningRequest = {
  ...component,
  descriptor: COMPONENT.replace('format: csv', 'format: cvs'),
};
const updateAcl: UpdateAclRequest = {
  refs: ['user:jane.doe_example.com', 'group:finance'],
  provisionInfo: { request: COMPONENT, result: 'Provisioned.' },
};
const validation: ValidationRequest = { descriptor: COMPONENT };
const reverse: ReverseProvisioningRequest = {
  useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
  environment: 'development',
  params: { connectionId: '4f0f3a1c-7f0e-4d3b-9a54-0c1f6f2d8b11' },
};

/** By what they show; each is sent to a gateway in test/openapi-examples.test.ts. */
export const REQUESTS = {
  validate: { valid: component, invalid: broken },
  provision: { component },
  unprovision: { component: { ...component, removeData: true } },
  updateacl: { grant: updateAcl, revokeAll: { ...updateAcl, refs: [] } },
  asyncValidate: { component, descriptorAlone: validation },
  reverseProvisioning: { connection: reverse },
};

const ids = {
  workspaceId: '00000000-0000-4000-8000-000000000001',
  sourceId: '0b9d3c52-8f6e-4a51-bb0a-5d1f0c7a2e10',
  destinationId: '6e1a7d94-2c3b-4f58-9d07-81f4e5b6c322',
  connectionId: '4f0f3a1c-7f0e-4d3b-9a54-0c1f6f2d8b11',
};
const info: Info = {
  publicInfo: {
    connection: {
      type: 'string',
      label: 'Connection',
      value: 'Bank bookings to warehouse',
      href: `https://airbyte.example.com/workspaces/${ids.workspaceId}/connections/${ids.connectionId}`,
    },
  },
  privateInfo: ids,
};
const log = (message: string, phase: string) => ({
  timestamp: '2026-01-31T06:00:00.000Z',
  level: 'INFO' as const,
  message,
  phase,
});

export const PROVISIONING = {
  running: {
    status: 'RUNNING',
    result: 'Discovering the streams of the source',
    logs: [log('The source was created.', 'Creating the source')],
  },
  completed: { status: 'COMPLETED', result: 'Provisioned.', info },
  failed: {
    status: 'FAILED',
    result:
      'The component was not provisioned. Airbyte refuses the credentials of the provisioner.\nWhat to do: Ask the platform operator to correct them.',
  },
} satisfies Record<string, ProvisioningStatus>;
export const TERMINATED = {
  terminated: {
    status: 'TERMINATED',
    result: 'The component was not provisioned. The run was ended by a DELETE of its token.',
  },
} satisfies Record<string, ProvisioningStatus>;

const FORMAT = 'specific.source.connectionConfiguration.format (line 17): must be one of csv, json';

export const VERDICTS = {
  valid: { valid: true },
  invalid: { valid: false, error: { errors: [FORMAT] } },
};
export const VALIDATION = {
  running: { status: 'RUNNING' },
  valid: { status: 'COMPLETED', info: { publicInfo: VERDICTS.valid } },
  invalid: { status: 'COMPLETED', info: { publicInfo: VERDICTS.invalid } },
} satisfies Record<string, ValidationStatus>;
export const REVERSE = {
  running: { status: 'RUNNING', updates: {} },
  completed: {
    status: 'COMPLETED',
    updates: {
      'spec.mesh.specific.connection.name': 'Bank bookings to warehouse',
      'spec.mesh.specific.connection.schedule': { scheduleType: 'manual' },
    },
  },
  failed: {
    status: 'FAILED',
    updates: {},
    logs: [
      { ...log('There is no such connection.', 'Looking for the connection'), level: 'ERROR' },
    ],
  },
} satisfies Record<string, ReverseProvisioningStatus>;

const userMessage =
  'The request or its descriptor is not valid: each problem is listed with its path.';

export const NOT_VALID = {
  format: {
    errors: [FORMAT],
    userMessage,
    inputErrorField: 'specific.source.connectionConfiguration.format',
    moreInfo: {
      problems: [FORMAT],
      solutions: ['Correct the descriptor at the paths named above, then send the request again.'],
    },
  },
};
export const NOT_AN_IDENTITY = {
  ref: refused({
    field: 'refs[0]',
    problem: 'jane.doe is neither a user nor a group of Witboost',
    userMessage,
    solution: 'Write user:name.surname_domain.tld or group:name.',
  }),
};
export const NO_FIELD = {
  environment: refused({
    field: 'environment',
    problem: 'is required',
    userMessage,
    solution: 'Send a ReverseProvisioningRequest.',
  }),
};
/** One for each family of tokens. */
export const unknownToken = (token: string) => ({
  unknown: refused({
    field: 'token',
    problem: `there is no run with the token ${token}`,
    userMessage,
    solution: 'Check the token: it is the bare text of the 202 answer.',
  }),
});
