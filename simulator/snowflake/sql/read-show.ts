import type { Reader } from './reader';
import {
  type GrantsShown,
  type Narrowed,
  OTHER_CONTENTS,
  PARTS,
  type Statement,
} from './statement';

const like = (reader: Reader) => (reader.took('LIKE') ? { like: reader.text() } : {});

const limit = (reader: Reader) => (reader.took('LIMIT') ? { limit: Number(reader.number()) } : {});

const rest = (reader: Reader): Narrowed => ({
  ...(reader.took('STARTS', 'WITH') && { startsWith: reader.text() }),
  ...limit(reader),
  ...(reader.took('FROM') && { from: reader.text() }),
});

const inAccount = (reader: Reader) => ({ ...like(reader), ...rest(reader) });

const showSchemas = (reader: Reader): Statement => {
  const hasDropped = reader.took('HISTORY');
  const pattern = like(reader);
  const place = reader.took('IN', 'ACCOUNT') ? {} : inDatabase(reader);
  return { kind: 'showSchemas', hasDropped, ...place, narrowed: { ...pattern, ...rest(reader) } };
};

const inDatabase = (reader: Reader) =>
  reader.took('IN', 'DATABASE') ? { database: reader.name() } : {};

const objectsShown = (reader: Reader) => {
  const pattern = like(reader);
  reader.expect('IN', 'SCHEMA');
  return { schema: reader.path(2), narrowed: { ...pattern, ...rest(reader) } };
};

const showContents = (reader: Reader, of: keyof typeof OTHER_CONTENTS): Statement => {
  const { narrowed, schema } = objectsShown(reader);
  return { kind: 'showContents', of: OTHER_CONTENTS[of], schema, narrowed };
};

const PLACES = ['DATABASE', 'WAREHOUSE', 'SCHEMA', 'TABLE', 'VIEW', 'ROLE'] as const;
const grantsShown = (reader: Reader): GrantsShown => {
  if (reader.took('OF', 'ROLE')) return { of: 'ROLE', name: reader.name() };
  if (reader.took('TO')) return { to: reader.oneOf(['ROLE', 'USER']), name: reader.name() };
  reader.expect('ON');
  if (reader.took('ACCOUNT')) return { on: 'ACCOUNT', path: [] };
  const on = reader.oneOf(PLACES);
  return { on, path: reader.path(PARTS[on]) };
};

const futureShown = (reader: Reader) => {
  if (reader.took('IN', 'SCHEMA')) return { schema: reader.path(2) };
  reader.expect('TO', 'ROLE');
  return { role: reader.name() };
};

const KINDS = [
  'WAREHOUSES',
  'DATABASES',
  'SCHEMAS',
  'OBJECTS',
  'STAGES',
  'FILE FORMATS',
  'SEQUENCES',
  'PIPES',
  'STREAMS',
  'TASKS',
  'USER FUNCTIONS',
  'PROCEDURES',
  'ROLES',
  'USERS',
  'GRANTS',
  'FUTURE GRANTS',
] as const;

const shows: Record<(typeof KINDS)[number], (reader: Reader) => Statement> = {
  WAREHOUSES: (reader) => ({ kind: 'showWarehouses', narrowed: inAccount(reader) }),
  DATABASES: (reader) => ({
    kind: 'showDatabases',
    hasDropped: reader.took('HISTORY'),
    narrowed: inAccount(reader),
  }),
  SCHEMAS: showSchemas,
  OBJECTS: (reader) => ({ kind: 'showObjects', ...objectsShown(reader) }),
  STAGES: (reader) => showContents(reader, 'STAGES'),
  'FILE FORMATS': (reader) => showContents(reader, 'FILE FORMATS'),
  SEQUENCES: (reader) => showContents(reader, 'SEQUENCES'),
  PIPES: (reader) => showContents(reader, 'PIPES'),
  STREAMS: (reader) => showContents(reader, 'STREAMS'),
  TASKS: (reader) => showContents(reader, 'TASKS'),
  'USER FUNCTIONS': (reader) => showContents(reader, 'USER FUNCTIONS'),
  PROCEDURES: (reader) => showContents(reader, 'PROCEDURES'),
  ROLES: (reader) => ({ kind: 'showRoles', narrowed: inAccount(reader) }),
  USERS: (reader) => ({ kind: 'showUsers', narrowed: inAccount(reader) }),
  GRANTS: (reader) => ({ kind: 'showGrants', shown: grantsShown(reader), ...limit(reader) }),
  'FUTURE GRANTS': (reader) => ({
    kind: 'showFutureGrants',
    shown: futureShown(reader),
    ...limit(reader),
  }),
};

export const readShow = (reader: Reader): Statement => shows[reader.oneOf(KINDS)](reader);
