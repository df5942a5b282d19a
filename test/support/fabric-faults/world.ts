import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { control, listIn } from '../environments';
import { eventually } from '../harness';
import { startFabricWorld } from '../fabric-world';
import type { FabricChanges, FabricWorld, Warehouse } from '../fabric-world';
import { isUndo } from './calls';
import type { Operation } from './calls';
import { PATIENCES } from './kinds';
import type { Patience } from './kinds';

/* What rows of the fabrics' fault table play in: a fabric and an Airbyte, brought to where an operation begins. */

const USERS = ['JANE.DOE', 'JOHN.ROE', 'MARY.MAJOR', 'ANN.OTHER'];
const ref = (name: string) => `user:${name}_example.com`;
const JANE = ref('jane.doe');
const JOHN = ref('john.roe');
const MARY = ref('mary.major');
const ANN = ref('ann.other');

export const COMPONENT = 'payments';
const MOVED: FabricChanges = {
  component: COMPONENT,
  schema: 'MOVED',
  connection: { prefix: 'moved_' },
};
const GRANTED_TO_ANN = { operation: 'grantRole', statement: '"ANN.OTHER@EXAMPLE.COM"' };

interface Request {
  starts: 'with nothing' | 'with a pipeline';
  send: (world: FabricWorld) => Promise<string>;
  /** What has become of the component since, by somebody else. */
  meanwhile?: (world: FabricWorld, role: string) => Promise<void>;
  /** What the run fails of that is undone. */
  brought?: (world: FabricWorld) => Promise<void>;
  /** Of the statements that it fails of in the fabric: the undo comes after the last. */
  until?: RegExp;
}

const provision =
  (changes: FabricChanges = { component: COMPONENT }) =>
  (world: FabricWorld) =>
    world.start('provision', changes);
const unprovision = (removeData: boolean) => (world: FabricWorld) =>
  world.start('unprovision', { component: COMPONENT, removeData });
const access =
  (...refs: string[]) =>
  async (world: FabricWorld) => {
    const { status, text } = await world.startAccess(refs, { component: COMPONENT });
    if (status !== 202) throw new Error(`${String(status)} ${text}`);
    return text;
  };
const withoutGrants = async (world: FabricWorld, role: string) => {
  for (const statement of [
    `REVOKE USAGE ON SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "${role}"`,
    `REVOKE SELECT ON FUTURE VIEWS IN SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "${role}"`,
    'REVOKE USAGE ON SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "AIRBYTE"',
  ])
    await world.sql(statement, 'PROVISIONER');
};

const REQUESTS: Record<Operation, Request> = {
  'first provision': { starts: 'with nothing', send: provision() },
  'schema moves': { starts: 'with a pipeline', send: provision(MOVED) },
  'grants taken away by hand': {
    starts: 'with a pipeline',
    meanwhile: withoutGrants,
    send: provision(),
  },
  'access grows': { starts: 'with a pipeline', send: access(JANE, JOHN, MARY) },
  'access shrinks': { starts: 'with a pipeline', send: access(JANE) },
  unprovision: { starts: 'with a pipeline', send: unprovision(false) },
  'unprovision with removeData': { starts: 'with a pipeline', send: unprovision(true) },
  'undo of a first provision': {
    starts: 'with nothing',
    send: provision(),
    brought: (world) => world.airbyteFault({ operation: 'createConnection', status: 422 }),
  },
  'undo of a moved schema': {
    starts: 'with a pipeline',
    send: provision(MOVED),
    brought: (world) => world.airbyteFault({ operation: 'patchConnection', status: 422 }),
  },
  'undo of access': {
    starts: 'with a pipeline',
    send: access(JANE, MARY, ANN),
    brought: (world) => world.fault({ ...GRANTED_TO_ANN, code: '003001' }),
    until: /^GRANT ROLE .*(MARY|ANN)/,
  },
  'undo of an unprovision': {
    starts: 'with a pipeline',
    send: unprovision(true),
    brought: (world) => world.fault({ operation: 'dropRole', code: '003001' }),
    until: /^DROP ROLE /,
  },
};

const sorted = (all: unknown[]) => all.map((each) => JSON.stringify(each)).sort();

/** The read role of the component, as a list of the fabric has it. */
const ROLE = /CASHFLOW_0_PAYMENTS_READ_[0-9A-F]{8}/g;
const ROLE_PATTERN = /CASHFLOW\\\\_0\\\\_PAYMENTS\\\\_READ\\\\_[0-9A-F]{8}/g;

/** What there is of the component, and of all others, each in an order of its own. */
const fabricState = ({ databases, roles, members }: Warehouse) => {
  const schemas = databases.flatMap((database) =>
    database.schemas.map((each) => ({ in: database.name, ...each })),
  );
  return {
    S: sorted(schemas.map(({ grants: _grants, futureGrants: _future, ...each }) => each)),
    R: sorted(roles),
    G: sorted([
      ...databases.flatMap(({ name, grants }) => grants.map((each) => [name, each])),
      ...schemas.flatMap(({ in: database, name, grants, futureGrants }) =>
        [...grants, ...futureGrants].map((each) => [database, name, each]),
      ),
    ]),
    M: sorted(members),
  };
};

const FINGERPRINT = / #[0-9a-f]{8}\]/g;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const KINDS = ['sources', 'destinations', 'connections'];

export type State = Record<'P' | 'S' | 'R' | 'G' | 'M', string[]>;

/** Without what is put back without its fingerprint, on purpose. */
const stateIn = async (world: FabricWorld): Promise<State> => {
  const { airbyte, snowflake } = await world.state();
  const P = KINDS.flatMap((kind) => sorted(listIn(airbyte, kind))).map((text) =>
    text.replaceAll(FINGERPRINT, ']'),
  );
  return { P, ...fabricState(snowflake) };
};

/** The same whatever ids Airbyte gave, and when. */
export const withoutIds = ({ P, ...state }: State): State => ({
  P: P.map((text) =>
    text.replaceAll(UUID, 'id').replace(/"createdAt":\d+/, '"createdAt":0'),
  ).sort(),
  ...state,
});

const Faults = z.object({
  faults: z.array(z.looseObject({ statement: z.string().optional(), hits: z.number() })),
  late: z.number(),
  running: z.number(),
});

export type Play = Awaited<ReturnType<typeof startPlay>>;

/** Of runs of a component Temporal remembers so many that former secrets are looked for. */
const MAX_ROWS = 50;

export const startPlay = async (patience: Patience) => {
  const { requestTimeout, giveUpAfter } = PATIENCES[patience];
  const world = await startFabricWorld({
    env: {
      AIRBYTE_REQUEST_TIMEOUT: `${String(requestTimeout)}ms`,
      AIRBYTE_GIVE_UP_AFTER: `${String(giveUpAfter)}ms`,
      AIRBYTE_RETRY_INITIAL: '50ms',
      AIRBYTE_RETRY_MAX_INTERVAL: '200ms',
      AIRBYTE_SETTLE_TIME: '800ms',
    },
    snowflake: { running: 0, people: USERS.map((name) => `${name}@EXAMPLE.COM`) },
  });
  let begun: { with: Request['starts']; rows: number } | undefined;
  let role = '';

  const both = async (action: 'reset' | 'save' | 'restore') => {
    await control(world.airbyte, { at: `/${action}` });
    await world.control(`/${action}`);
  };

  const ended = async (token: string) => {
    await world.client.workflow
      .getHandle(token)
      .result()
      .catch(() => undefined);
    return world.status(token);
  };

  const complete = async (what: string, send: (world: FabricWorld) => Promise<string>) => {
    await eventually(
      async () => ((await ended(await send(world))).status === 'COMPLETED' ? true : undefined),
      what,
    );
  };

  const others = async () => {
    await world.control('/seed', { schemas: 3, roles: 3, database: 'ANALYTICS', name: 'THEIRS' });
  };

  // As the fabric names it is a rule of the product's: it is learnt of the first that is made.
  const learnRole = async () => {
    role ||=
      (await world.warehouse()).roles.find(({ name }) =>
        name.startsWith('CASHFLOW_0_PAYMENTS_READ_'),
      )?.name ?? '';
  };

  const begin = async (starts: Request['starts']) => {
    if (begun?.with === starts && begun.rows < MAX_ROWS) {
      begun.rows += 1;
      await both('restore');
      return;
    }
    await both('reset');
    await others();
    if (starts === 'with a pipeline') {
      await complete('a pipeline', provision());
      await complete('its readers', access(JANE, JOHN));
      await learnRole();
      await world.sql(`GRANT ROLE "${role}" TO ROLE "THEIRS_1"`);
      await world.control('/objects', { database: 'ANALYTICS', schema: 'PAYMENTS', name: 'ROWS' });
    }
    await both('save');
    begun = { with: starts, rows: 1 };
  };

  const real = (statement: string) => {
    const isPattern = statement.startsWith('SHOW ROLES LIKE');
    return statement
      .replaceAll('$ROLE', isPattern ? role.replaceAll('_', '\\\\_') : role)
      .replaceAll('$TAG', `provisioner:${world.environment}/finance.cashflow.0.${COMPONENT}`);
  };

  const statements = async () =>
    (await world.requests()).flatMap(({ statement }) =>
      statement
        ? statement
            .replaceAll(ROLE_PATTERN, '$ROLE')
            .replaceAll(ROLE, '$ROLE')
            .replaceAll(/provisioner:[^']*/g, '$TAG')
        : [],
    );

  /** The run has begun to undo: what lasts ends, as an outage does. */
  const lifted = (token: string) =>
    eventually(async () => {
      const { status, result } = await world.status(token);
      if (status !== 'RUNNING') return true;
      if (!result.startsWith('Failed;')) return undefined;
      await world.clearFaults();
      return true;
    }, `the undoing of ${token}`);

  const settled = () =>
    eventually(async () => {
      const all = Faults.parse(
        await (await fetch(`${world.snowflake.url}/_simulator/faults`)).json(),
      );
      return all.late + all.running > 0 ? undefined : all.faults;
    }, 'what the fabric does late');

  const begins = async (operation: Operation) => {
    const request = REQUESTS[operation];
    await begin(request.starts);
    await request.meanwhile?.(world, role);
    await world.forgetRequests();
    return request;
  };

  const wanted = new Map<Operation, State>();

  return {
    world,
    real,
    state: () => stateIn(world),
    settled,
    statements,
    begins,
    resetAirbyte: () => Promise.resolve(),
    stop: world.stop,

    /** Sends it, and waits for the end. */
    run: async (request: Request, lifts = false) => {
      const token = await request.send(world);
      if (lifts) await lifted(token);
      return ended(token);
    },

    /** What a run asks that nothing befalls but what it is undone for; and how that begins. */
    async asks(operation: Operation) {
      const request = await begins(operation);
      await request.brought?.(world);
      const before = await stateIn(world);
      const { status, result } = await this.run(request);
      const all = await statements();
      const after = await stateIn(world);
      // What Airbyte had does not come back after an unprovision.
      const isAsBefore =
        !isUndo(operation) || isDeepStrictEqual({ ...after, P: [] }, { ...before, P: [] });
      const undone = request.until
        ? all.findLastIndex((each) => request.until?.test(each)) + 1
        : undefined;
      return { status, result, statements: all, undone, isAsBefore };
    },

    /** As it is once the operation has completed; learnt once. */
    async wanted(operation: Operation) {
      const known = wanted.get(operation);
      if (known) return known;
      const request = await begins(operation);
      const { status, result } = await this.run(request);
      if (status !== 'COMPLETED') throw new Error(`${operation} alone ended ${status}: ${result}`);
      await learnRole();
      const state = withoutIds(await stateIn(world));
      wanted.set(operation, state);
      return state;
    },
  };
};
