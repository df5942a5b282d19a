import type { Column } from '../store';
import { type Cursor, cursorOf, type Parameters } from './cursor';
import { sqlError } from './errors';
import type { Expression, SecurableWord, Source, Statement, Value } from './statement';

const ifNotExists = (at: Cursor) => at.takes('IF', 'NOT', 'EXISTS');
const ifExists = (at: Cursor) => at.takes('IF', 'EXISTS');
const schemaWord = (at: Cursor) => at.takes('SCHEMA') || at.takes('DATABASE');

/** One thing or more, with commas between them. */
const several = <Item>(at: Cursor, one: () => Item): Item[] => {
  const items = [one()];
  while (at.takes(',')) items.push(one());
  return items;
};

const INT_MAX = 2_147_483_647;

const literal = (at: Cursor): Value => {
  const isNegative = at.takes('-');
  const { kind, value } = at.peek();
  if (kind === 'number') {
    at.next();
    const whole = Number(value) > INT_MAX ? 'BIGINT' : 'INT';
    return {
      type: value.includes('.') ? 'DOUBLE' : whole,
      value: isNegative ? `-${value}` : value,
    };
  }
  if (isNegative) return at.fail();
  if (kind === 'text') return { type: 'STRING', value: at.next().value };
  if (kind === 'marker') return at.parameter(at.next().value);
  if (at.takes('NULL')) return { type: 'VOID', value: null };
  if (at.takes('TRUE')) return { type: 'BOOLEAN', value: 'true' };
  if (at.takes('FALSE')) return { type: 'BOOLEAN', value: 'false' };
  return at.fail();
};

const CALLS = ['current_user', 'current_catalog', 'current_schema'] as const;

const bare = (at: Cursor): Expression => {
  if (at.takes('*')) return { kind: 'all' };
  if (at.takes('COUNT', '(', '*', ')')) return { kind: 'count', label: 'count(1)' };
  for (const call of CALLS)
    if (at.takes(call.toUpperCase(), '(', ')')) return { kind: 'call', call, label: `${call}()` };
  const { kind, raw, value } = at.peek();
  const isColumn = kind === 'quoted' || (kind === 'word' && !/^(NULL|TRUE|FALSE)$/i.test(raw));
  if (isColumn) {
    at.next();
    return { kind: 'column', column: value, label: value };
  }
  const first = literal(at);
  if (!at.takes('+')) return { kind: 'value', value: first, label: first.value ?? 'NULL' };
  const terms = [first, literal(at)];
  while (at.takes('+')) terms.push(literal(at));
  if (terms.some(({ type }) => type !== 'INT' && type !== 'BIGINT')) at.fail();
  const texts = terms.map((term) => String(term.value));
  return { kind: 'sum', terms: texts, label: `(${texts.join(' + ')})` };
};

const expression = (at: Cursor): Expression => {
  const read = bare(at);
  return read.kind !== 'all' && at.takes('AS') ? { ...read, label: at.identifier() } : read;
};

const numberOf = (at: Cursor) => {
  const { kind, value } = at.peek();
  if (kind !== 'number' || value.includes('.')) return at.fail();
  at.next();
  return Number(value);
};

const source = (at: Cursor): Source => {
  if (!at.takes('RANGE', '(')) return { kind: 'table', name: at.name() };
  const to = numberOf(at);
  at.expect(')');
  return { kind: 'range', to };
};

const select = (at: Cursor): Statement => {
  const expressions = several(at, () => expression(at));
  const from = at.takes('FROM') ? source(at) : undefined;
  const limit = at.takes('LIMIT') ? { limit: numberOf(at) } : {};
  return { kind: 'select', expressions, from, ...limit };
};

const securable = (at: Cursor): SecurableWord => {
  if (at.takes('CATALOG')) return 'CATALOG';
  if (at.takes('TABLE')) return 'TABLE';
  return schemaWord(at) ? 'SCHEMA' : at.fail();
};

const show = (at: Cursor): Statement => {
  const like = () => (at.takes('LIKE') ? at.text() : undefined);
  const within = () => at.takes('IN') || at.takes('FROM');
  if (at.takes('CATALOGS')) return { kind: 'showCatalogs' };
  if (at.takes('SCHEMAS') || at.takes('DATABASES'))
    return { kind: 'showSchemas', catalog: within() ? at.identifier() : undefined, like: like() };
  if (at.takes('TABLES'))
    return { kind: 'showTables', schema: within() ? at.name() : undefined, like: like() };
  if (!at.takes('GRANTS')) at.expect('GRANT');
  const principal = at.takes('ON') ? undefined : at.identifier();
  if (principal !== undefined) at.expect('ON');
  return { kind: 'showGrants', principal, on: securable(at), name: at.name() };
};

const properties = (at: Cursor): Record<string, string> => {
  if (!at.takes('WITH')) return {};
  at.expect('DBPROPERTIES', '(');
  const pairs = several(at, () => {
    const key = at.text();
    at.expect('=');
    return [key, at.text()] as const;
  });
  at.expect(')');
  return Object.fromEntries(pairs);
};

const column = (at: Cursor): Column => {
  const name = at.identifier();
  return { name, type: at.identifier().toUpperCase() };
};

const create = (at: Cursor): Statement => {
  const comment = () => (at.takes('COMMENT') ? at.text() : undefined);
  if (schemaWord(at)) {
    const isTolerant = ifNotExists(at);
    const name = at.name();
    const text = comment();
    return {
      kind: 'createSchema',
      name,
      ifNotExists: isTolerant,
      comment: text,
      properties: properties(at),
    };
  }
  at.expect('TABLE');
  const isTolerant = ifNotExists(at);
  const name = at.name();
  at.expect('(');
  const columns = several(at, () => column(at));
  at.expect(')');
  return { kind: 'createTable', name, ifNotExists: isTolerant, columns, comment: comment() };
};

const drop = (at: Cursor): Statement => {
  if (!schemaWord(at)) {
    at.expect('TABLE');
    const isTolerant = ifExists(at);
    return { kind: 'dropTable', name: at.name(), ifExists: isTolerant };
  }
  const isTolerant = ifExists(at);
  const name = at.name();
  const cascade = at.takes('CASCADE');
  if (!cascade) at.takes('RESTRICT');
  return { kind: 'dropSchema', name, ifExists: isTolerant, cascade };
};

/** A name of one word or more: USE SCHEMA, ALL PRIVILEGES. */
const privilege = (at: Cursor): string => {
  const words = [at.identifier()];
  while (at.peek().kind === 'word' && !/^ON$/i.test(at.peek().value)) words.push(at.identifier());
  return words.join(' ');
};

const grant = (at: Cursor, kind: 'grant' | 'revoke'): Statement => {
  const privileges = several(at, () => privilege(at));
  at.expect('ON');
  const on = securable(at);
  const name = at.name();
  at.expect(kind === 'grant' ? 'TO' : 'FROM');
  return { kind, privileges, on, name, principal: at.identifier() };
};

const insert = (at: Cursor): Statement => {
  at.expect('INTO');
  at.takes('TABLE');
  const name = at.name();
  at.expect('VALUES');
  const rows = several(at, () => {
    at.expect('(');
    const row = several(at, () => literal(at).value);
    at.expect(')');
    return row;
  });
  return { kind: 'insert', name, rows };
};

const commentOn = (at: Cursor): Statement => {
  at.expect('ON');
  if (!schemaWord(at)) at.fail();
  const name = at.name();
  at.expect('IS');
  return { kind: 'commentOn', name, comment: at.takes('NULL') ? undefined : at.text() };
};

const alter = (at: Cursor): Statement => {
  if (!schemaWord(at)) at.fail();
  const name = at.name();
  at.takes('SET');
  at.expect('OWNER', 'TO');
  return { kind: 'alterOwner', name, owner: at.identifier() };
};

const describe = (at: Cursor): Statement => {
  if (!schemaWord(at)) at.fail();
  at.takes('EXTENDED');
  return { kind: 'describeSchema', name: at.name() };
};

const undrop = (at: Cursor): Statement => {
  at.expect('TABLE');
  return { kind: 'undropTable', name: at.name() };
};

const STATEMENTS: [string, (at: Cursor) => Statement][] = [
  ['SELECT', select],
  ['SHOW', show],
  ['DESCRIBE', describe],
  ['DESC', describe],
  ['CREATE', create],
  ['DROP', drop],
  ['UNDROP', undrop],
  ['ALTER', alter],
  ['COMMENT', commentOn],
  ['GRANT', (at) => grant(at, 'grant')],
  ['REVOKE', (at) => grant(at, 'revoke')],
  ['INSERT', insert],
];

/** One statement, strictly: what is not known is a syntax error, and so is a second statement. */
export const parseStatement = (sql: string, parameters: Parameters): Statement => {
  const at = cursorOf(sql, parameters);
  if (at.peek().kind === 'end' || at.peek().raw === ';')
    throw sqlError('PARSE_EMPTY_STATEMENT', '42617', 'Syntax error, unexpected empty statement.');
  for (const [word, parse] of STATEMENTS) {
    if (!at.takes(word)) continue;
    const statement = parse(at);
    at.takes(';');
    return at.peek().kind === 'end' ? statement : at.fail();
  }
  return at.fail();
};
