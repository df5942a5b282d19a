import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { readStatement } from '../simulator/snowflake/sql/grammar';
import { SqlProblem } from '../simulator/snowflake/sql/problems';
import statements from './fixtures/snowflake-statements.json';

/* Which texts are statements. */

/** Its kind, or the code of what is wrong with it. */
const readOrRefused = (statement: string) => {
  try {
    return readStatement(statement).kind;
  } catch (err) {
    return err instanceof SqlProblem ? err.code : err;
  }
};

test.each(statements)('takes %s', (statement) => {
  expect(readStatement(statement).kind).toMatch(/^[a-z]/);
});

test('the document names the statements that it takes, and no others', () => {
  const document = readFileSync(path.join(ROOT, 'docs', 'simulator-snowflake.md'), 'utf8');
  const [, rest = ''] = document.split('\n## Statements\n');
  const cells = (rest.split('\n## ')[0] ?? '').matchAll(/^\| (`[^|]+`) +\|/gm);
  const named = [...cells].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, form = '']) => form),
  );
  const begins = (statement: string, form: string) => `${statement} `.startsWith(`${form} `);
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((form) => !statements.some((each) => begins(each, form)))).toEqual([]);
  expect(statements.filter((each) => !named.some((form) => begins(each, form)))).toEqual([]);
});

test.each([
  ['nothing', ' '],
  ['another verb', 'MERGE INTO T'],
  ['what comes behind', 'DROP ROLE "R" CASCADE'],
  ['a quote that does not end', 'DROP ROLE "R'],
  ['a text that does not end', 'COMMENT ON ROLE "R" IS \'x'],
  ['a text where a name belongs', "DROP ROLE 'R'"],
  ['an empty name', 'DROP ROLE ""'],
  ['a name with NUL', 'DROP ROLE "a\0b"'],
  ['a name of 256 characters', `DROP ROLE "${'a'.repeat(256)}"`],
  ['a privilege of another kind', 'GRANT SELECT ON DATABASE "D" TO ROLE "R"'],
  ['a bind in the place of a name', 'DROP ROLE ?'],
  ['four parts of a name', 'SELECT * FROM "A"."B"."C"."D"'],
  ['USE', 'USE ROLE "R"'],
])('refuses %s as syntax', (_case, statement) => {
  expect(readOrRefused(statement)).toBe('001003');
});

test('a name has 255 characters at most', () => {
  expect(readStatement(`DROP ROLE "${'a'.repeat(255)}"`).kind).toBe('dropRole');
});

test('names without quotes are in upper case, and comments are none of it', () => {
  expect(readStatement('drop /* "x" */ schema d."s" -- end')).toEqual({
    kind: 'dropSchema',
    isLenient: false,
    schema: ['D', 's'],
  });
});

test('a backslash in a text is dropped unless it is written twice', () => {
  expect(readStatement("SHOW ROLES LIKE 'a\\_b\\\\_c\\n'")).toMatchObject({
    narrowed: { like: 'a_b\\_c\n' },
  });
});

test.each([
  ['two statements', 'DROP ROLE "A"; DROP ROLE "B"', '000008'],
  ['one with its end', 'DROP ROLE "A";', 'dropRole'],
])('counts %s', (_case, statement, outcome) => {
  expect(readOrRefused(statement)).toBe(outcome);
});
