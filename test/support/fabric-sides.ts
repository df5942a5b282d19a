import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { FabricChanges, FabricWorld } from './fabric-world';
import { catalog, clientId, clientSecret, loader } from './lakehouse';

/* A world's two fabrics as a test of both looks at them: the words differ, the laws do not. */

/** What befalls calls; `refused`: who calls lacks a privilege. */
interface Effect {
  refused?: true;
  times?: number;
  skip?: number;
  hang?: 'before' | 'after';
  /** Milliseconds. */
  delay?: number;
  commitLater?: number;
  status?: number;
  body?: string;
}

/** Calls that a test lets fail: those that prepare a grant, let read, take it back, the first of these, and drop. */
type Target = 'prepare' | 'grant' | 'revoke' | 'first' | 'drop';

export interface Held {
  name: string;
  tables: number;
  /** Who has anything on it, its owner aside. */
  grantees: string[];
}

interface FabricSide {
  system: string;
  /** What of a request is another than in the fixture. */
  of: (component: string, changes?: FabricChanges) => FabricChanges;
  /** A schema as the fabric writes it, and as people know it. */
  schema: (name: string) => string;
  place: (name: string) => string;
  /** How it calls a user of Witboost. */
  user: (name: string) => string;
  state: () => Promise<unknown>;
  /** What carries the tag of the component. */
  schemasOf: (component: string) => Promise<Held[]>;
  /** Who may read through what is the component's, whoever granted it. */
  readersOf: (component: string) => Promise<string[]>;
  addTable: (schema: string) => Promise<void>;
  /** A schema of somebody else's, with this comment; and its end. */
  addSchema: (schema: string, comment: string) => Promise<void>;
  dropSchema: (schema: string) => Promise<void>;
  /** Lets a user read what is the component's, as an administrator does. */
  letRead: (component: string, user: string) => Promise<void>;
  /** Takes a grant of Airbyte's user away that each component has. */
  revokeOne: (schema: string) => Promise<void>;
  /** Whether all who are to read are changed by one call. */
  grantsAtOnce: boolean;
  /** Operations or statements that write, since they were forgotten. */
  writes: () => Promise<string[]>;
  forget: () => Promise<void>;
  fault: (target: Target, effect: Effect) => Promise<void>;
  /** No call of the fabric is answered but with 503, or with this status. */
  silence: (status?: number) => Promise<void>;
  /** Who calls is not shown who there is. */
  hideUsers: () => Promise<void>;
  clearFaults: () => Promise<void>;
  /** Faults that have hit no call yet, and changes that are still to come about. */
  faults: () => Promise<{ faults: unknown[]; late: number }>;
  /** The name of the secret by which the fabric is managed, and what it is. */
  secret: string;
  secretOf: () => string;
}

const tagOf = ({ environment }: FabricWorld, component: string) =>
  `provisioner:${environment}/finance.cashflow.0.${component}`;

const Faults = z.looseObject({ faults: z.array(z.unknown()), late: z.number() });
const faultsOf = async (url: string) =>
  Faults.parse(await (await fetch(`${url}/_simulator/faults`)).json());

const isWrite = (text: string) => !/^(SHOW|SELECT) /.test(text);

export const snowflakeSide = (world: () => FabricWorld): FabricSide => {
  const upper = (name: string) => name.toUpperCase().replaceAll('-', '_');
  const warehouse = () => world().warehouse();
  const roleOf = async (component: string) =>
    (await warehouse()).roles.find(({ comment }) => comment === tagOf(world(), component))?.name ??
    '';
  const OPERATIONS = {
    prepare: 'grantPrivileges',
    grant: 'grantRole',
    revoke: 'revokeRole',
    first: 'revokeRole',
    drop: 'dropRole',
  };
  return {
    system: 'Snowflake',
    of: (component, changes) => ({ component, schema: upper(component), ...changes }),
    schema: upper,
    place: (name) => `ANALYTICS.${upper(name)}`,
    user: (name) => `${name.toUpperCase()}@EXAMPLE.COM`,
    state: warehouse,
    schemasOf: async (component) =>
      (await warehouse()).databases
        .flatMap(({ schemas }) => schemas)
        .filter(({ comment }) => comment === tagOf(world(), component))
        .map(({ name, objects, grants, futureGrants, owner }) => ({
          name,
          tables: objects.length,
          grantees: [...new Set([...grants, ...futureGrants].map(({ role }) => role))].filter(
            (role) => role !== owner,
          ),
        })),
    readersOf: async (component) => {
      const role = await roleOf(component);
      return (await warehouse()).members
        .filter((each) => each.role === role)
        .map(({ name }) => name)
        .sort();
    },
    addTable: (schema) =>
      world().control('/objects', { database: 'ANALYTICS', schema: upper(schema), name: 'ROWS' }),
    addSchema: (schema, comment) =>
      world().sql(`CREATE SCHEMA "ANALYTICS"."${upper(schema)}" COMMENT = '${comment}'`),
    // As its owner, whoever that is.
    dropSchema: async (schema) => {
      const found = (await warehouse()).databases
        .flatMap(({ schemas }) => schemas)
        .find(({ name }) => name === upper(schema));
      await world().sql(`DROP SCHEMA "ANALYTICS"."${upper(schema)}"`, found?.owner);
    },
    letRead: async (component, user) =>
      world().sql(`GRANT ROLE "${await roleOf(component)}" TO USER "${user}"`),
    revokeOne: (schema) =>
      world().sql(
        `REVOKE CREATE TABLE ON SCHEMA "ANALYTICS"."${upper(schema)}" FROM ROLE "AIRBYTE"`,
      ),
    writes: async () =>
      (await world().requests()).flatMap(({ statement }) =>
        statement && isWrite(statement) ? [statement] : [],
      ),
    forget: () => world().forgetRequests(),
    fault: (target, { refused, ...effect }) =>
      world().fault({
        operation: OPERATIONS[target],
        ...(refused && { code: '003001' }),
        ...effect,
      }),
    silence: (status = 503) => world().fault({ operation: 'submitStatement', status, times: 0 }),
    hideUsers: () => world().fault({ operation: 'showUsers', code: '003001', times: 0 }),
    clearFaults: () => world().clearFaults(),
    faults: () => faultsOf(world().snowflake.url),
    grantsAtOnce: false,
    secret: 'ADMIN_KEY',
    secretOf: () => world().keys.privateKey,
  };
};

export const databricksSide = (world: () => FabricWorld): FabricSide => {
  const lower = (name: string) => name.toLowerCase().replaceAll('-', '_');
  const lakehouse = () => {
    const { lakehouse: found } = world();
    if (!found) throw new Error('The world has no lakehouse.');
    return found;
  };
  const tagged = async (component: string) =>
    (await lakehouse().state()).schemas.filter(
      ({ comment }) => comment === tagOf(world(), component),
    );
  const onSchema = (schema: string) => ({ on: 'schema', name: `${catalog}.${lower(schema)}` });
  const OPERATIONS = {
    prepare: 'updateGrants',
    grant: 'updateGrants',
    revoke: 'updateGrants',
    // What is about to be revoked is written down.
    first: 'updateSchema',
    drop: 'deleteSchema',
  };
  return {
    system: 'Databricks',
    of: (component, changes) => ({
      component,
      schema: lower(component),
      fabric: 'lakehouse',
      ...changes,
    }),
    schema: lower,
    place: (name) => `${catalog}.${lower(name)}`,
    user: (name) => `${name}@example.com`,
    state: () => lakehouse().state(),
    schemasOf: async (component) => {
      const [schemas, { tables }] = [await tagged(component), await lakehouse().state()];
      return schemas.map(({ name, id, grants }) => ({
        name,
        tables: tables.filter(({ schemaId }) => schemaId === id).length,
        grantees: Object.keys(grants),
      }));
    },
    readersOf: async (component) => {
      const [schema] = await tagged(component);
      return Object.entries(schema?.grants ?? {})
        .filter(([name, privileges]) => name !== loader && privileges.includes('SELECT'))
        .map(([name]) => name)
        .sort();
    },
    addTable: (schema) =>
      lakehouse().control('/objects', { catalog, schema: lower(schema), table: 'rows' }),
    addSchema: (schema, comment) =>
      // It shows whose it is to who makes schemas.
      lakehouse().control('/objects', {
        catalog,
        schema: lower(schema),
        owner: clientId,
        ...(comment && { comment }),
      }),
    dropSchema: async (schema) => {
      const { state } = lakehouse();
      const before = await state();
      const url = `${lakehouse().url}/api/2.1/unity-catalog/schemas/${catalog}.${lower(schema)}`;
      const headers = { authorization: 'Bearer dapi-simulator' };
      const gone = await fetch(`${url}?force=true`, { method: 'DELETE', headers });
      if (!gone.ok || isDeepStrictEqual(before, await state())) throw new Error(await gone.text());
    },
    letRead: async (component, principal) => {
      const [schema] = await tagged(component);
      const add = ['USE_SCHEMA', 'SELECT'];
      await lakehouse().control('/grants', { ...onSchema(schema?.name ?? ''), principal, add });
    },
    revokeOne: (schema) =>
      lakehouse().control('/grants', {
        ...onSchema(schema),
        principal: loader,
        remove: ['CREATE_TABLE'],
      }),
    writes: async () =>
      (await lakehouse().requests()).flatMap(({ operation, changes }) =>
        changes && operation !== null && operation !== 'issueToken' ? [operation] : [],
      ),
    forget: () => lakehouse().control('/requests', undefined, 'DELETE'),
    fault: (target, { refused, ...effect }) =>
      lakehouse().control('/faults', {
        operation: OPERATIONS[target],
        ...(refused && { status: 403 }),
        ...effect,
      }),
    silence: (status = 503) => lakehouse().control('/faults', { operation: '*', status, times: 0 }),
    hideUsers: () =>
      lakehouse().control('/faults', {
        operation: 'listUsers',
        status: 200,
        body: '{"Resources":[]}',
        times: 0,
      }),
    clearFaults: () => lakehouse().control('/faults', undefined, 'DELETE'),
    faults: () => faultsOf(lakehouse().url),
    grantsAtOnce: true,
    secret: 'LAKEHOUSE',
    secretOf: () => clientSecret,
  };
};
