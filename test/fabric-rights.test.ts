import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { ROOT } from '../scripts/child';
import { DEFAULTS, startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import { LASTING } from '../src/concurrency/interest';
import { databricks } from '../src/fabrics/databricks';
import type { Check, ComponentFabric, Fabric } from '../src/fabrics/fabric';
import { createRedactor } from '../src/secrets/masking';
import { keyPair, startWorld, step } from './support/snowflake-fabric';
import type { World } from './support/snowflake-fabric';

/* The statements of docs/fabrics.md that give a fabric's user its rights: all are enough, and none is too many. */

const document = readFileSync(path.join(ROOT, 'docs', 'fabrics.md'), 'utf8');

/** The statements of the block of SQL that follows these words. */
const statementsAfter = (words: string) => {
  const [, rest = ''] = document.split(words);
  const [, block = ''] = /^[^]*?```sql\n([^]*?)```/.exec(rest) ?? [];
  const statements = block
    .replaceAll(/^--.*\n/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  if (statements.length === 0) throw new Error(`No statements follow "${words}".`);
  return statements;
};

const ended = (act: Promise<unknown>) =>
  act.then(
    () => '',
    (err: unknown) => String(err),
  );

/** A component's whole life; the first failure, or ''. */
const live = async (component: ComponentFabric, principal: string) => {
  const { missing } = await component.look(step());
  await component.prepare(missing, step());
  const after = await component.look(step());
  if (after.missing.length > 0) throw new Error('Something is still missing.');
  const { known } = await component.principalsOf([principal], step());
  await component.grant(Object.values(known), step());
  const { ours } = await component.readers(step());
  if (ours.length !== 1) throw new Error('Nobody reads.');
  await component.cleanup((await component.look(step())).present, step());
  const { present } = await component.look(step());
  if (present.length > 0) throw new Error('Something is left.');
};

const notPassed = (checks: Check[]) =>
  checks.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name);

describe('Snowflake', () => {
  const MANAGES = statementsAfter('What the managing role needs, to copy.');
  const LOADS = statementsAfter('role needs beside what it is granted');
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ people: ['JANE.DOE@EXAMPLE.COM'], user: 'FIRST', role: 'FIRST' });
  });
  afterAll(() => world.close());

  const { publicKey, privateKey } = keyPair();

  /** An account with the example's names, in which all but some of the statements were run. */
  const accountWithout = async (left?: RegExp) => {
    world.reset();
    world.secrets.set('ADMIN_KEY', privateKey);
    await world.control('/users', { name: 'PROVISIONER' });
    await world.control('/keys', { user: 'PROVISIONER', publicKeys: [publicKey] });
    await world.control('/warehouses', { name: 'LOAD_WH' });
    for (const statement of ['CREATE DATABASE FINANCE', 'CREATE ROLE AIRBYTE_LOADER'])
      await world.sql(statement);
    for (const statement of [...MANAGES, ...LOADS])
      // Users are made by control: the stand-in knows no CREATE USER.
      if (left?.test(statement) !== true && !statement.startsWith('CREATE USER'))
        await world.sql(statement);
  };
  const by = {
    user: 'PROVISIONER',
    role: 'PROVISIONER_FIN',
    privateKey: { secretRef: 'ADMIN_KEY' },
  };
  const settings = {
    warehouse: 'LOAD_WH',
    role: 'AIRBYTE_LOADER',
    manage: { database: true, schema: true, access: true, by },
  };
  const KEY = 'development/finance.cashflow.0.rights';
  const componentIn = (database: string) =>
    world.component(KEY, { database, schema: 'RIGHTS' }, settings);
  const failing = async () => {
    const component = componentIn('FINANCE');
    const lives = [
      await ended(live(component, 'user:jane.doe_example.com')),
      await ended(live(componentIn('NEW'), 'user:jane.doe_example.com')),
    ].filter((problem) => problem !== '');
    return lives;
  };
  const checks = async () =>
    [
      ...(await world.fabric(settings).check(step())),
      ...(await componentIn('FINANCE').check(step())),
    ].filter(({ name }) => name !== 'connection of Airbyte');

  test('all of them let the user do all', async () => {
    await accountWithout();
    expect(notPassed(await checks())).toEqual([]);
    expect(await failing()).toEqual([]);
  });

  /** What else gives the same right is left out, too: it would hide the loss. */
  const SAME: [RegExp, string][] = [
    [/^GRANT ROLE \w+ TO USER/, 'connection'],
    [/ ON DATABASE \w+ TO ROLE \w+ WITH GRANT OPTION$/, 'create schema'],
    [/^GRANT CREATE SCHEMA .* PROVISIONER_FIN$/, 'create schema'],
    [/^GRANT (ROLE AIRBYTE_LOADER|MANAGE GRANTS)/, 'tables'],
    [/^GRANT MANAGE GRANTS/, 'users'],
    [/^GRANT CREATE ROLE/, 'create role'],
    [/^GRANT CREATE DATABASE/, 'create database'],
    [/ ON WAREHOUSE \w+ TO ROLE PROVISIONER_FIN$|^GRANT ROLE AIRBYTE_LOADER/, 'warehouse'],
    [/ ON WAREHOUSE \w+ TO ROLE AIRBYTE_LOADER$/, 'warehouse'],
    [/^GRANT CREATE SCHEMA .* AIRBYTE_LOADER$/, 'internal schema'],
  ];

  test.each(SAME)('without %s the check of %s has not passed', async (left, check) => {
    await accountWithout(left);
    expect(notPassed(await checks())).toContain(check);
  });

  test.each(['PROVISIONER_FIN', 'AIRBYTE_LOADER'])(
    'that %s may not use the warehouse is told with the GRANT',
    async (role) => {
      await accountWithout(
        new RegExp(` ON WAREHOUSE \\w+ TO ROLE ${role}$|^GRANT ROLE AIRBYTE_LOADER`),
      );
      expect((await checks()).find(({ name }) => name === 'warehouse')).toEqual({
        name: 'warehouse',
        outcome: 'failed',
        message: `The role ${role} may not use the warehouse LOAD_WH.`,
        solution: `Ask an administrator of the account to run GRANT USAGE ON WAREHOUSE "LOAD_WH" TO ROLE "${role}";`,
      });
    },
  );

  test('each of them is known to a check', () => {
    const unknown = [...MANAGES, ...LOADS].filter(
      (each) => !each.startsWith('CREATE ') && !SAME.some(([left]) => left.test(each)),
    );
    expect(unknown).toEqual([]);
  });
});

describe('Databricks', () => {
  const MANAGES = statementsAfter('What the managing service principal needs, to copy:');
  const { catalog, clientId, clientSecret, warehouseId } = DEFAULTS;
  const ADMIN = 'platform@example.com';
  let simulator: DatabricksSimulator;
  beforeAll(async () => {
    simulator = await startDatabricksSimulator({ startDuration: 10 });
  });
  afterAll(() => simulator.close());

  const control = async (at: string, body: object) => {
    const url = `${simulator.url}/_simulator/${at}`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
  };

  /** As the catalog's owner, by SQL. */
  const run = async (statement: string) => {
    const answer = await fetch(`${simulator.url}/api/2.0/sql/statements`, {
      method: 'POST',
      headers: { authorization: 'Bearer dapi-admin', 'content-type': 'application/json' },
      body: JSON.stringify({
        warehouse_id: warehouseId,
        wait_timeout: '30s',
        statement: statement
          .replaceAll('`finance`', `\`${catalog}\``)
          .replaceAll('`5f1a2b3c-…`', `\`${clientId}\``),
      }),
    });
    const text = await answer.text();
    if (!answer.ok || !text.includes('"SUCCEEDED"')) throw new Error(`${statement}: ${text}`);
  };

  const catalogWithout = async (left?: string) => {
    simulator.reset();
    await control('tokens', { principal: ADMIN, token: 'dapi-admin' });
    for (const principal of ['account users', clientId])
      await control('grants', {
        on: 'catalog',
        name: catalog,
        principal,
        remove: ['USE_CATALOG', 'CREATE_SCHEMA'],
      });
    for (const statement of MANAGES) if (statement !== left) await run(statement);
  };

  const open = (): Fabric =>
    databricks.open(
      databricks.settings.parse({
        type: 'databricks',
        team: 'finance',
        host: simulator.url,
        warehouseId,
        catalog,
        auth: { oauth: { clientId, clientSecret: { secretRef: 'SECRET' } } },
        manage: { schema: true, access: true, catalogUse: true },
      }),
      {
        name: 'lakehouse',
        secretOf: () => Promise.resolve(clientSecret),
        redactor: createRedactor(),
        requestTimeout: 2000,
        log: pino({ level: 'silent' }),
      },
    );
  const component = () =>
    open().of({
      key: 'development/finance.cashflow.0.rights',
      end: { connector: 'databricks', configuration: { schema: 'rights' } },
    });
  const checks = async () => [
    ...(await open().check({ interest: LASTING, id: 'check' })),
    ...(await component().check(step())),
  ];

  test('all of them let the user do all', async () => {
    await catalogWithout();
    expect(notPassed(await checks())).toEqual([]);
    expect(await ended(live(component(), 'user:alice_example.com'))).toBe('');
  });

  test.each(MANAGES.filter((statement) => !statement.includes('account users')))(
    'without %s a check has not passed',
    async (left) => {
      await catalogWithout(left);
      expect(notPassed(await checks())).not.toEqual([]);
    },
  );

  test('where nobody lets readers into the catalog, catalogUse does', async () => {
    await catalogWithout(MANAGES.find((statement) => statement.includes('account users')));
    expect(await ended(live(component(), 'user:alice_example.com'))).toBe('');
  });
});
