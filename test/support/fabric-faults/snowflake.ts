import { z } from 'zod';
import { eventually } from '../harness';
import type { FabricChanges, FabricWorld, Warehouse } from '../fabric-world';
import type { Operation, Seen } from './calls';
import { failsInAirbyte, sorted } from './play';
import type { Request, Side } from './play';

/* Snowflake, as the rows of the fabrics' fault table use it. */

const USERS = ['JANE.DOE', 'JOHN.ROE', 'MARY.MAJOR', 'ANN.OTHER'];
const ref = (name: string) => `user:${name}_example.com`;
const JANE = ref('jane.doe');
const JOHN = ref('john.roe');
const MARY = ref('mary.major');
const ANN = ref('ann.other');

export const SNOWFLAKE = { running: 0, people: USERS.map((name) => `${name}@EXAMPLE.COM`) };

const COMPONENT = 'payments';
const MOVED: FabricChanges = {
  component: COMPONENT,
  schema: 'MOVED',
  connection: { prefix: 'moved_' },
};
const GRANTED_TO_ANN = { operation: 'grantRole', statement: '"ANN.OTHER@EXAMPLE.COM"' };

/** The read role of the component, as a list of the fabric has it. */
const ROLE = /CASHFLOW_0_PAYMENTS_READ_[0-9A-F]{8}/g;
const ROLE_PATTERN = /CASHFLOW\\\\_0\\\\_PAYMENTS\\\\_READ\\\\_[0-9A-F]{8}/g;

/** What there is of the component, and of all others, each in an order of its own. */
const stateIn = ({ databases, roles, members }: Warehouse) => {
  const schemas = databases.flatMap((database) =>
    database.schemas.map((each) => ({ in: database.name, ...each })),
  );
  return {
    S: sorted(
      schemas.map(({ grants: _grants, futureGrants: _future, objects, ...each }) => ({
        ...each,
        objects: objects.map(({ grants: _granted, ...object }) => object),
      })),
    ),
    R: sorted(roles),
    G: sorted([
      ...databases.flatMap(({ name, grants }) => grants.map((each) => [name, each])),
      ...schemas.flatMap(({ in: database, name, grants, futureGrants, objects }) => [
        ...[...grants, ...futureGrants].map((each) => [database, name, each]),
        ...objects.map((object) => [database, name, object.name, object.grants]),
      ]),
    ]),
    M: sorted(members),
  };
};

const Faults = z.object({
  faults: z.array(z.looseObject({ statement: z.string().optional(), hits: z.number() })),
  late: z.number(),
  running: z.number(),
});

/** Privileges, and what lets a role have them, are in what to do about a refusal. */
const tells: Side['tells'] = ({ writes }, result) =>
  writes
    ? result.includes('run GRANT ')
    : /what the role \w+ of the fabric \S+ may see/.test(result);

export const snowflakeSide = (world: FabricWorld): Side => {
  let role = '';

  const provision =
    (changes: FabricChanges = { component: COMPONENT }) =>
    () =>
      world.start('provision', changes);
  const unprovision = (removeData: boolean) => () =>
    world.start('unprovision', { component: COMPONENT, removeData });
  const access =
    (...refs: string[]) =>
    async () => {
      const { status, text } = await world.startAccess(refs, { component: COMPONENT });
      if (status !== 202) throw new Error(`${String(status)} ${text}`);
      return text;
    };
  const withoutGrants = async () => {
    for (const statement of [
      `REVOKE USAGE ON SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "${role}"`,
      `REVOKE SELECT ON FUTURE VIEWS IN SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "${role}"`,
      'REVOKE USAGE ON SCHEMA "ANALYTICS"."PAYMENTS" FROM ROLE "AIRBYTE"',
    ])
      await world.sql(statement, 'PROVISIONER');
  };
  const afterLast =
    (pattern: RegExp) =>
    (calls: Seen[]): number =>
      calls.findLastIndex(({ statement }) => pattern.test(statement)) + 1;

  const faults = async () =>
    Faults.parse(await (await fetch(`${world.snowflake.url}/_simulator/faults`)).json());
  const refused = (of: object) => ({
    brought: (delay = 0) => world.fault({ ...of, code: '003001', ...(delay > 0 && { delay }) }),
    hasCome: async () => (await faults()).faults.length === 0,
  });

  const requests: Partial<Record<Operation, Request>> = {
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
      ...failsInAirbyte(world, 'createConnection'),
      undoes: 'first provision',
    },
    'undo of a moved schema': {
      starts: 'with a pipeline',
      send: provision(MOVED),
      ...failsInAirbyte(world, 'patchConnection'),
      undoes: 'schema moves',
    },
    'undo of access': {
      starts: 'with a pipeline',
      send: access(JANE, MARY, ANN),
      ...refused(GRANTED_TO_ANN),
      begins: afterLast(/^GRANT ROLE .*(MARY|ANN)/),
    },
    'undo of an unprovision': {
      starts: 'with a pipeline',
      send: unprovision(true),
      ...refused({ operation: 'dropRole' }),
      begins: afterLast(/^DROP ROLE /),
    },
  };

  const real = (statement: string) => {
    const isPattern = statement.startsWith('SHOW ROLES LIKE');
    return statement
      .replaceAll('$ROLE', isPattern ? role.replaceAll('_', '\\\\_') : role)
      .replaceAll('$TAG', `provisioner:${world.environment}/finance.cashflow.0.${COMPONENT}`);
  };

  const settled = () =>
    eventually(async () => {
      const all = await faults();
      return all.late + all.running > 0 ? undefined : all.faults;
    }, 'what the fabric does late');

  const TAG = `provisioner:${world.environment}/finance.cashflow.0.`;
  /** By its comment, which its owner may change; or by making it. */
  const takeOver =
    (kind: 'SCHEMA' | 'ROLE', nameFor: (operation: Operation) => string) =>
    async (operation: Operation) => {
      const name = nameFor(operation);
      const quoted = name
        .split('.')
        .map((part) => `"${part}"`)
        .join('.');
      const comment = (component: string) =>
        world.sql(`COMMENT ON ${kind} ${quoted} IS '${TAG}${component}'`, 'PROVISIONER');
      const { databases, roles } = await world.warehouse();
      const names = [
        ...roles.map((each) => each.name),
        ...databases.flatMap((each) => each.schemas.map((one) => `${each.name}.${one.name}`)),
      ];
      if (names.includes(name)) {
        await comment('theirs');
        return { name, giveBack: () => comment(COMPONENT) };
      }
      await world.sql(`CREATE ${kind} ${quoted} COMMENT = '${TAG}theirs'`);
      return { name, giveBack: () => world.sql(`DROP ${kind} ${quoted}`) };
    };
  const schemaOf = (operation: Operation) =>
    /moves|moved/.test(operation) ? 'ANALYTICS.MOVED' : 'ANALYTICS.PAYMENTS';

  return {
    system: 'snowflake',
    requests,
    takeOver: { schema: takeOver('SCHEMA', schemaOf), role: takeOver('ROLE', () => role) },
    begin: () => Promise.resolve({ provision: provision(), access: access(JANE, JOHN) }),
    move: provision(MOVED),
    control: (action) => world.control(`/${action}`),
    others: () =>
      world.control('/seed', { schemas: 3, roles: 3, database: 'ANALYTICS', name: 'THEIRS' }),
    furnish: async () => {
      await world.sql(`GRANT ROLE "${role}" TO ROLE "THEIRS_1"`);
      await world.control('/objects', { database: 'ANALYTICS', schema: 'PAYMENTS', name: 'ROWS' });
    },
    // As the fabric names it is a rule of the product's: it is learnt of the first that is made.
    learn: async () => {
      role ||=
        (await world.warehouse()).roles.find(({ name }) =>
          name.startsWith('CASHFLOW_0_PAYMENTS_READ_'),
        )?.name ?? '';
    },
    state: async () => stateIn(await world.warehouse()),
    calls: async () =>
      (await world.requests()).flatMap(({ statement: text }) => {
        if (!text) return [];
        const statement = text
          .replaceAll(ROLE_PATTERN, '$ROLE')
          .replaceAll(ROLE, '$ROLE')
          .replaceAll(/provisioner:[^']*/g, '$TAG');
        return { statement, target: statement };
      }),
    forgetCalls: world.forgetRequests,
    fault: ({ statement, of, skip }, { fault }) =>
      world.fault({
        operation: of === 'look' ? 'getStatement' : 'submitStatement',
        statement: real(statement),
        skip,
        ...fault,
      }),
    clearFaults: world.clearFaults,
    wasMet: async ({ statement }) => {
      const meant = real(statement);
      return (await settled()).every((each) => each.statement !== meant || each.hits > 0);
    },
    tells,
  };
};
