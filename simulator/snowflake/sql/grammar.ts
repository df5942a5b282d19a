import { createReader, type Reader } from './reader';
import { readData } from './read-data';
import { readGrant, readRevoke } from './read-grants';
import { readShow } from './read-show';
import type { Statement } from './statement';

const ifNotExists = (reader: Reader) => reader.took('IF', 'NOT', 'EXISTS');
const ifExists = (reader: Reader) => reader.took('IF', 'EXISTS');

const comment = (reader: Reader) => {
  reader.expect('COMMENT', '=');
  return reader.text();
};
const ifCommented = (reader: Reader) => (reader.isNext('COMMENT') ? comment(reader) : '');

const readCreate = (reader: Reader): Statement => {
  const kind = reader.oneOf(['DATABASE', 'SCHEMA', 'ROLE', 'TABLE']);
  if (kind === 'TABLE') return readData.createTable(reader);
  const isLenient = ifNotExists(reader);
  if (kind === 'DATABASE')
    return { kind: 'createDatabase', isLenient, name: reader.name(), comment: ifCommented(reader) };
  if (kind === 'ROLE')
    return { kind: 'createRole', isLenient, name: reader.name(), comment: ifCommented(reader) };
  return {
    kind: 'createSchema',
    isLenient,
    schema: reader.path(2),
    isManaged: reader.took('WITH', 'MANAGED', 'ACCESS'),
    comment: ifCommented(reader),
  };
};

const readDrop = (reader: Reader): Statement => {
  const kind = reader.oneOf(['DATABASE', 'SCHEMA', 'ROLE']);
  const isLenient = ifExists(reader);
  if (kind === 'ROLE') return { kind: 'dropRole', isLenient, name: reader.name() };
  const path = reader.path(kind === 'SCHEMA' ? 2 : 1);
  // Either guards foreign keys only, never data; and there are none here.
  if (!reader.took('CASCADE')) reader.took('RESTRICT');
  return kind === 'SCHEMA'
    ? { kind: 'dropSchema', isLenient, schema: path }
    : { kind: 'dropDatabase', isLenient, name: path.join('') };
};

const readUndrop = (reader: Reader): Statement => {
  return reader.oneOf(['DATABASE', 'SCHEMA']) === 'SCHEMA'
    ? { kind: 'undropSchema', schema: reader.path(2) }
    : { kind: 'undropDatabase', name: reader.name() };
};

const readComment = (reader: Reader): Statement => {
  reader.expect('ON');
  const on = reader.oneOf(['DATABASE', 'SCHEMA', 'ROLE']);
  const path = reader.path(on === 'SCHEMA' ? 2 : 1);
  reader.expect('IS');
  return { kind: 'commentOn', on, path, comment: reader.text() };
};

/** The other way to write COMMENT ON ROLE. */
const readAlterRole = (reader: Reader): Statement => {
  const path = reader.path(1);
  reader.expect('SET');
  return { kind: 'commentOn', on: 'ROLE', path, comment: comment(reader) };
};

const readAlter = (reader: Reader): Statement => {
  if (reader.took('ROLE')) return readAlterRole(reader);
  reader.expect('WAREHOUSE');
  const name = reader.name();
  reader.expect('RESUME');
  return { kind: 'resumeWarehouse', name, isLenient: reader.took('IF', 'SUSPENDED') };
};

const readers: Record<string, (reader: Reader) => Statement> = {
  SELECT: readData.select,
  INSERT: readData.insert,
  SHOW: readShow,
  CREATE: readCreate,
  DROP: readDrop,
  UNDROP: readUndrop,
  COMMENT: readComment,
  ALTER: readAlter,
  GRANT: readGrant,
  REVOKE: readRevoke,
};

/** The one statement of this text; SqlProblem where it is none that the simulator knows. */
export const readStatement = (sql: string): Statement => {
  const reader = createReader(sql);
  const verb = reader.oneOf(Object.keys(readers));
  const statement = readers[verb]?.(reader) ?? reader.fail();
  reader.end();
  return statement;
};
