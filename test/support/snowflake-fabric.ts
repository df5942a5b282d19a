import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { z } from 'zod';
import { startSnowflakeSimulator } from '../../simulator/snowflake/simulator';
import type { SnowflakeOptions } from '../../simulator/snowflake/simulator';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { LASTING } from '../../src/concurrency/interest';
import type { ComponentFabric, Fabric, Seen, Step } from '../../src/fabrics/fabric';
import { snowflake } from '../../src/fabrics/snowflake';
import { createRedactor } from '../../src/secrets/masking';

/* A fabric of the type snowflake, opened on a stand-in of Snowflake. */

export const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export const KEY = 'development/finance.cashflow.0.ingestion';
export const OTHER_KEY = 'development/finance.cashflow.0.other';

/** The role of who reads what the component of KEY has, and its tag. */
export const ROLE = /^CASHFLOW_0_INGESTION_READ_[0-9A-F]{8}$/;
export const TAG = `provisioner:${KEY}`;

export const MANAGE = {
  schema: true,
  access: true,
  by: { user: 'provisioner', role: 'provisioner', privateKey: { secretRef: 'ADMIN_KEY' } },
};

export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export const end = (changes: Record<string, unknown> = {}) => ({
  connector: 'snowflake',
  configuration: { database: 'ANALYTICS', schema: 'CASHFLOW_0', ...changes },
});

const Grant = z.object({ privilege: z.string(), role: z.string(), grantedBy: z.string() });

const Entities = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      comment: z.string(),
      grants: z.array(Grant),
      schemas: z.array(
        z.object({
          name: z.string(),
          comment: z.string(),
          owner: z.string(),
          managedAccess: z.boolean(),
          grants: z.array(Grant),
          futureGrants: z.array(z.unknown()),
          objects: z.array(z.object({ name: z.string(), rows: z.number() })),
        }),
      ),
    }),
  ),
  roles: z.array(z.object({ name: z.string(), comment: z.string() })),
  members: z.array(
    z.object({ role: z.string(), to: z.string(), name: z.string(), grantedBy: z.string() }),
  ),
});
export type Entities = z.output<typeof Entities>;

const Requests = z.object({
  requests: z.array(
    z.object({
      operation: z.string(),
      statement: z.string().nullish(),
      requestId: z.string().nullish(),
      status: z.number().nullish(),
    }),
  ),
});

let steps = 0;
/** Of a run of its own, unless it is said to be another attempt at one. */
export const step = (id?: string, interest: CallInterest = LASTING): Step => ({
  id: id ?? `test.${String((steps += 1))}`,
  interest,
});

/** What there is when no component has anything. */
export const NOTHING = {
  schemas: [],
  airbyte: [],
  roles: ['PROVISIONER', 'AIRBYTE'],
  members: [],
};

/** All that is the component's, or was granted to Airbyte's role. */
const leftIn = ({ databases, roles, members }: Entities) => ({
  schemas: databases.flatMap(({ schemas }) => schemas.map(({ name, comment }) => [name, comment])),
  airbyte: databases.flatMap(({ grants, schemas }) =>
    [...grants, ...schemas.flatMap((schema) => schema.grants)]
      .filter(({ role }) => role === 'AIRBYTE')
      .map(({ privilege }) => privilege),
  ),
  roles: roles.map(({ name }) => name),
  members: members.filter(({ role }) => ROLE.test(role)).map(({ name }) => name),
});

export interface World {
  url: string;
  secrets: Map<string, string>;
  fabric: (changes?: Record<string, unknown>) => Fabric;
  component: (
    key?: string,
    changes?: Record<string, unknown>,
    settings?: Record<string, unknown>,
  ) => ComponentFabric;
  control: (path: string, body?: unknown, method?: string) => Promise<unknown>;
  sql: (statement: string, role?: string) => Promise<unknown>;
  entities: () => Promise<Entities>;
  left: () => Promise<ReturnType<typeof leftIn>>;
  requests: () => Promise<z.output<typeof Requests>['requests']>;
  writes: () => Promise<z.output<typeof Requests>['requests']>;
  reset: () => void;
  close: () => Promise<void>;
}

/** A call has a minute, as the machine may be busy; less where one is to get no answer. */
export const startWorld = async (
  options: SnowflakeOptions = {},
  { requestTimeout = 60_000 } = {},
): Promise<World> => {
  const { publicKey, privateKey } = keyPair();
  const simulator = await startSnowflakeSimulator({
    running: 5,
    publicKeys: [publicKey],
    ...options,
  });
  const secrets = new Map([
    ['ADMIN_KEY', privateKey],
    ['AIRBYTE_PASSWORD', 'hunter2-of-airbyte'],
  ]);
  const redactor = createRedactor();
  const secretOf = ({ secretRef }: { secretRef: string }) => {
    const secret = secrets.get(secretRef) ?? '';
    redactor.remember(secret);
    return Promise.resolve(secret);
  };
  const control = async (
    path: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
  ) => {
    const response = await fetch(`${simulator.url}/_simulator${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const fabric = (changes: Record<string, unknown> = {}) =>
    snowflake.open(
      snowflake.settings.parse({
        type: 'snowflake',
        team: 'finance',
        host: 'acme-fin.snowflakecomputing.com',
        account: 'simulator',
        apiUrl: simulator.url,
        warehouse: 'PROVISIONING',
        user: 'AIRBYTE',
        role: 'AIRBYTE',
        credentials: { password: { secretRef: 'AIRBYTE_PASSWORD' } },
        manage: MANAGE,
        ...changes,
      }),
      {
        name: 'finance-dev',
        secretOf,
        redactor,
        requestTimeout,
        log: pino({ level: 'silent' }),
      },
    );
  const entities = async () => Entities.parse(await control('/entities'));
  const requests = async () => Requests.parse(await control('/requests')).requests;
  return {
    url: simulator.url,
    secrets,
    fabric,
    component: (key = KEY, changes = {}, settings = {}) =>
      fabric(settings).of({ key, end: end(changes) }),
    control,
    sql: async (statement, role = 'ACCOUNTADMIN') => {
      const answer = await control('/sql', { statement, role });
      const { success, error } = z.object({ rows: z.unknown() }).safeParse(answer);
      if (!success || 'code' in Object(answer))
        throw new Error(`${statement}: ${JSON.stringify(answer)}`, { cause: error });
      return answer;
    },
    entities,
    left: async () => leftIn(await entities()),
    requests,
    writes: async () =>
      (await requests()).filter(({ statement }) => statement && !/^(SHOW|SELECT)/.test(statement)),
    reset: simulator.reset,
    close: simulator.close,
  };
};

/** As the saga does: what is missing is made, and it is looked again. */
export const prepared = async (component: ComponentFabric, id?: string): Promise<Seen> => {
  const of = step(id);
  const { missing } = await component.look(of);
  await component.prepare(missing, of);
  return component.look(step());
};
