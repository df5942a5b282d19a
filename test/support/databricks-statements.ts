import { commentStatement, dropStatement, grantStatement } from '../../src/fabrics/databricks/sql';

/* Every text of SQL that the Databricks fabric makes, with names that would break out of their quotes. */

export const HOSTILE_NAMES = [
  'cash_flow_0',
  'a`b',
  '``',
  "it's",
  'x; DROP SCHEMA y; --',
  '/* x */',
  'größe',
  'back\\slash',
  'select',
  '😀',
  'x'.repeat(255),
];

const CATALOG_USE = ['USE_CATALOG', 'CREATE_SCHEMA'];
const LOADS = [
  'USE_SCHEMA',
  'CREATE_TABLE',
  'SELECT',
  'MODIFY',
  'CREATE_VOLUME',
  'READ_VOLUME',
  'WRITE_VOLUME',
];

/** For a grammar that is not ours: each is to be taken (sqlfluff, dialect databricks). */
export const STATEMENTS = HOSTILE_NAMES.flatMap((name) => [
  grantStatement({ catalog: name, privileges: CATALOG_USE, principal: name }),
  grantStatement({ catalog: name, schema: name, privileges: LOADS, principal: name }),
  commentStatement(name, name, `provisioner:${name}`),
  dropStatement(name, name),
]);

/** Databricks documents the privilege MANAGE, which that grammar does not know (sqlfluff 4.5). */
export const MANAGE_STATEMENTS = HOSTILE_NAMES.flatMap((name) => [
  grantStatement({ catalog: name, privileges: ['MANAGE'], principal: name }),
  grantStatement({ catalog: name, schema: name, privileges: ['MANAGE'], principal: name }),
]);
